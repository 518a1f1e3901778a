"""The metrics against each other on the Evaluate page: two of them target by target, and all of them on two zoos."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from depara_core.benchmark import held_out
from depara_core.benchmark.titles import kind, paper, title
from depara_core.evaluation import MEASURES, Evaluation, PairedComparison
from depara_core.formatting import score, signed
from pages.evaluate.selection import Evaluate
from pages.evaluate.view import View
from pages.shared import charts, selection, text, widgets
from pages.shared.cache import evaluation as cache
from pages.shared.parts import Pair

ANSWERS = {"yes": ":green[**Yes.**]", "no": ":red[**No, it is worse.**]", "cannot tell": "**Cannot tell.**"}


def pair_card(view: View) -> None:
    """Choose two metrics, and say whether one is better here: the answer, its interval and every target behind it."""
    reading = "A dot a target; right of 0 the first metric is ahead. Click a dot to open its target."
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
        compared = view.result.compare(metric, rival, view.measure)
        st.markdown(answer(compared))

        def clicked(place: charts.Place) -> None:
            selection.update(Pair, target=str(place[1]))
            selection.update(Evaluate, tab="targets")

        picture = cache.target_differences(
            view.by_target[metric],
            view.by_target[rival],
            (view.looks[metric], view.looks[rival]),
            view.measure,
            interval=(compared.difference, compared.low, compared.high),
            dark=view.dark,
        )
        charts.chart(picture, f"evaluate.differences.{view.key}", clicked)
        chance = cache.chance(view.scored, view.lam, view.budget, metric, view.measure)
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
    """Draw every metric by the chosen measure, best first, here and, where it is measured, on a zoo of another seed.

    Returns the figure of those here.
    """
    other = cache.held_out_assessed(view.budget) if view.scored.benchmark == "rooms" and held_out.is_here() else None
    left, right = st.columns(2) if other is not None else (st.container(), None)
    reading = f"{MEASURES[view.measure].reading} Click a dot to look at its metric."
    with left, widgets.card(f"All metrics by {view.measure}", reading, key="metrics", height="stretch"):
        rows = _best_first(view.found, view.measure)
        picture = _draw(view, view.result, rows, shown, "measures")
        with st.expander(f"All {len(MEASURES)} ranking measures as a table"):
            order = rows["metric"].tolist()
            explained = {name: st.column_config.Column(help=one.reading) for name, one in MEASURES.items()}
            table = table_of(view.found, order)
            chosen = partial(_chosen, order)
            charts.table(table, f"evaluate.table.{view.key}", chosen, column_config=explained)
    if other is None or right is None:
        return picture
    reading = "Twenty other encoders, of another seed: no metric, variant or λ was chosen on them."
    with right, widgets.card("On a zoo that no choice was made on", reading, key="held-out", height="stretch"):
        found = cache.held_out_summary(view.budget)
        rows = _best_first(found, view.measure)
        _draw(view, other, rows, shown, "heldout")
        metric, rival = view.pair
        if {metric, rival} <= set(rows["metric"]):
            names = " better than ".join(f"**{text.plain(title(name))}**" for name in (metric, rival))
            st.markdown(f"Is {names} there? {answer(other.compare(metric, rival, view.measure))}")
    return picture


def _chosen(order: Sequence[str], row: int) -> None:
    selection.update(Evaluate, metric=order[row])


def _best_first(found: pd.DataFrame, measure: str) -> pd.DataFrame:
    rows = found.xs(measure, level="measure").reset_index()
    return rows.sort_values("mean", ascending=not MEASURES[measure].higher_is_better, kind="stable")


def _draw(view: View, result: Evaluation, rows: pd.DataFrame, shown: Sequence[str], key: str) -> Any:
    measure, targets = view.measure, result.per_target["target"].nunique()

    def clicked(place: charts.Place) -> None:
        selection.update(Evaluate, metric=str(place[1]))

    picture = cache.measure_by_metric(
        rows,
        view.every_look,
        measure,
        random=result.random[measure],
        oracle=result.oracle[measure],
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
    """Write every measure of every metric with its interval, the metrics in the given order."""
    cells = found.apply(lambda row: f"{score(row['mean'])} [{score(row['low'])}, {score(row['high'])}]", axis=1)
    names = {"metric": [title(name) for name in order], "kind": [kind(name) for name in order]}
    wide = cells.unstack("measure").loc[order, list(MEASURES)]
    return pd.DataFrame(names, index=order).join(wide).assign(paper=[paper(name) for name in order])
