"""The metrics against each other on the Evaluate page: two of them target by target, and all of them on two zoos."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from depara_core.benchmark.titles import kind, paper, title
from depara_core.evaluation import MEASURES, Evaluation, PairedComparison
from depara_core.figures import differences, evaluation
from depara_core.formatting import score, signed
from pages.evaluate import measured
from pages.evaluate.measured import View
from pages.evaluate.selection import Evaluate
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.selection import Pair

measure_by_metric = cache.figure(evaluation.measure_by_metric)
compared_by_target = cache.figure(differences.differences)

ANSWERS = {"yes": ":green[**Yes.**]", "no": ":red[**No, it is worse.**]", "cannot tell": "**Cannot tell.**"}


def pair_card(view: View) -> None:
    """Choose two metrics, and say whether one is better here: the answer, its interval and every target behind it."""
    reading = "A dot a target; right of 0 the first metric is ahead. Click a dot to open its target below."
    with widgets.card("Is one really better?", reading, key="pair", height="stretch"):
        metric, rival = view.pair
        others = [name for name in view.looks if name != metric]
        left, right = st.columns(2)
        for place, label, field, options, value in (
            (left, "Is", "metric", list(view.looks), metric),
            (right, "better than", "rival", others, rival),
        ):
            bound = selection.bind(Evaluate, field, f"evaluate.{field}", value)
            place.selectbox(label, options, format_func=title, **bound)
        compared = view.result.compare(metric, rival, view.figure)
        st.markdown(answer(compared))

        def clicked(place: charts.Place) -> None:
            selection.update(Pair, target=str(place[1]))

        picture = compared_by_target(
            view.by_target[metric],
            view.by_target[rival],
            (view.looks[metric], view.looks[rival]),
            view.figure,
            interval=(compared.difference, compared.low, compared.high),
            dark=view.dark,
        )
        charts.chart(picture, f"evaluate.differences.{view.key}", clicked)
        chance = measured.chance(view.material, view.lam, view.budget, metric, view.figure)
        name = text.plain(title(metric))
        st.caption(f"Chance: a random order does as well as {name} with p = {chance:.2g} (permutation test).")


def answer(compared: PairedComparison) -> str:
    """Say as markdown whether a metric is better, by how much, and how surely."""
    better = "" if MEASURES[compared.measure].higher_is_better else " (lower is better)"
    return (
        f"{ANSWERS[compared.verdict]} {compared.measure} differs by **{signed(compared.difference)}** "
        f"\\[{signed(compared.low)}, {signed(compared.high)}\\] on average over {compared.targets} "
        f"targets{better}."
    )


def metrics_cards(view: View, shown: tuple[str, ...]) -> Any:
    """Draw every metric by the chosen figure, best first, here and, where it is measured, on a zoo of another seed.

    Returns the figure of those here.
    """
    other = measured.held_out(view.budget) if view.material.world == "rooms" else None
    left, right = st.columns(2) if other is not None else (st.container(), None)
    reading = f"{MEASURES[view.figure].reading} Click a dot to look at its metric."
    with left, widgets.card(f"All metrics by {view.figure}", reading, key="metrics", height="stretch"):
        rows = _best_first(view.found, view.figure)
        picture = _draw(view, view.result, rows, shown, "measures")
        with st.expander(f"All {len(MEASURES)} figures as a table"):
            st.dataframe(table_of(view.found, rows["metric"].tolist()), hide_index=True)
    if other is None or right is None:
        return picture
    reading = "Twenty other encoders, of another seed: no metric, variant or λ was chosen on them."
    with right, widgets.card("On a zoo that no choice was made on", reading, key="held-out", height="stretch"):
        found = measured.held_out_summary(view.budget)
        rows = _best_first(found, view.figure)
        _draw(view, other, rows, shown, "heldout")
        metric, rival = view.pair
        if {metric, rival} <= set(rows["metric"]):
            names = " better than ".join(f"**{text.plain(title(name))}**" for name in (metric, rival))
            st.markdown(f"Is {names} there? {answer(other.compare(metric, rival, view.figure))}")
    return picture


def _best_first(found: pd.DataFrame, figure: str) -> pd.DataFrame:
    rows = found.xs(figure, level="measure").reset_index()
    return rows.sort_values("mean", ascending=not MEASURES[figure].higher_is_better, kind="stable")


def _draw(view: View, result: Evaluation, rows: pd.DataFrame, shown: Sequence[str], key: str) -> Any:
    figure, targets = view.figure, result.per_target["target"].nunique()

    def clicked(place: charts.Place) -> None:
        selection.update(Evaluate, metric=str(place[1]))

    picture = measure_by_metric(
        rows,
        view.every_look,
        figure,
        random=result.random[figure],
        oracle=result.oracle[figure],
        targets=targets,
        shown=shown,
        selected=view.pair,
        dark=view.dark,
    )
    charts.chart(picture, f"evaluate.{key}.{view.key}", clicked)
    if result.undefined:
        told = ", ".join(f"{title(name)} ({len(missing)})" for name, missing in result.undefined.items())
        st.caption(f"Not defined on some targets, which are left out there: {text.plain(told)}.")
    return picture


def table_of(found: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Write every figure of every metric with its interval, the metrics in the given order."""
    cells = found.apply(lambda row: f"{score(row['mean'])} [{score(row['low'])}, {score(row['high'])}]", axis=1)
    names = {"metric": [title(name) for name in order], "kind": [kind(name) for name in order]}
    wide = cells.unstack("measure").loc[order, list(MEASURES)]
    return pd.DataFrame(names, index=order).join(wide).assign(paper=[paper(name) for name in order])
