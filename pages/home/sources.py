"""The best sources for the example's target, and the choice of another target."""

import streamlit as st

from depara_core.figures import curves, theme
from pages.home.example import Example
from pages.shared import charts, selection, text, widgets
from pages.shared.parts import Pair
from pages.shared.questions import question

TOP = 8  # sources drawn


def draw(example: Example) -> None:
    """Draw the ranking; a click puts a source under the lens."""
    comparison, source, target = example.comparison, example.source.model, example.target.model

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source=str(place[1]), target=target)

    how = (
        f"{theme.NODE} blue, λ·{theme.EDGE} orange; whisker: 95 % interval over images. Overlapping: cannot tell. "
        "Click a bar to look at its source."
    )
    with widgets.card(f"Best sources for {text.model(target)}", how, key="sources"):
        widgets.choose_model("Target", "target", "home.target", comparison.models, default=target)
        count, lam, dark = len(comparison.probes), selection.read(Pair).lam, widgets.dark()
        figure = curves.ranking(example.ranking, lam, probes=count, top=TOP, selected=source, dark=dark)
        charts.chart(figure, f"home.ranking.{comparison.key[:12]}", clicked)
        with st.expander(f"All {len(example.ranking)} as a table"):
            names = example.ranking["source"]
            charts.table(
                example.ranking, f"home.table.{comparison.key[:12]}", lambda row: clicked([row, names.iloc[row]])
            )
        asked = question(text.model(source), text.model(target), example.similarity.total(lam), lam)
        selection.link("why", asked, example.chosen(), icon=widgets.ICONS["why"])
