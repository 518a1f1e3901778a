"""The published ranking measures beside our own on the Evaluate page."""

import pandas as pd
import streamlit as st

from depara_core.benchmark.published import published_measures
from pages.evaluate.selection import Evaluate
from pages.evaluate.view import View
from pages.shared import charts, selection, text, widgets
from pages.shared.cache import evaluation as cache

MEASURES = ("P@1", "P@5", "Spearman")  # those that were published


def card(view: View) -> None:
    """Draw the paper's table 1 beside our own measures."""
    table = cache.published_table("depara_models")
    methods = {method: name for method, name in table["methods"].items() if name in view.looks}  # the paper's -> ours
    rows = [
        {"method": method, "measure": measure, **view.found.loc[(name, measure)].to_dict()}
        for method, name in methods.items()
        for measure in MEASURES
    ]
    reading = (
        "Filled: ours, with 95 % intervals over targets. Hollow: published, by the images the scores were computed on. "
        "Other models, other targets: near is encouraging, equal is chance. Click one of ours to look at its metric."
    )

    def clicked(place: charts.Place) -> None:
        selection.update(Evaluate, metric=table["methods"][str(place[0])], measure=str(place[1]))

    with widgets.card("The published figures beside ours", reading, key="published"):
        picture = cache.published_measures(
            pd.DataFrame(rows, columns=["method", "measure", "mean", "low", "high"]),
            published_measures(table),
            colours={method: view.every_look[name].colour for method, name in table["methods"].items()},
            targets=(view.targets, int(table["table_targets"])),
            dark=view.dark,
        )
        charts.chart(picture, f"evaluate.published.{view.key}", clicked)
        st.caption(f"{text.plain(table['source'])}. Spearman: {text.plain(table['spearman_source'])}.")
