"""The targets on the Evaluate page: what each metric is worth for each, and one target's sources place by place."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from depara_core.evaluation import MEASURES
from depara_core.formatting import short_name
from pages.evaluate.selection import Evaluate
from pages.evaluate.view import View
from pages.shared import charts, comparisons, selection, text, widgets
from pages.shared.cache import evaluation as cache
from pages.shared.parts import Pair


def cards(view: View, shown: tuple[str, ...]) -> None:
    """Draw every target's measure; of the chosen one, its sources' predicted places against the measured ones."""
    names = list(view.transfer.columns)
    target = next(name for name in (view.chosen.target, comparisons.TARGET, *names) if name in names)

    def chosen(place: charts.Place) -> None:
        selection.update(Pair, target=str(place[2]))
        selection.update(Evaluate, metric=str(place[3]))

    left, right = st.columns([1, 1.1])
    reading = f"{MEASURES[view.measure].reading} Click a cell, or choose a target: it opens beside it."
    with left, widgets.card("Target by target", reading, key="targets", height="stretch"):
        bound = selection.bind(Pair, "target", "evaluate.target", target)
        st.selectbox("Target", names, format_func=short_name, **bound)
        values = view.by_target.reindex(index=names)[[name for name in shown if name in view.by_target]]
        picture = cache.measure_by_target(
            values, view.looks, view.measure, groups=view.groups, target=target, dark=view.dark
        )
        charts.chart(picture, f"evaluate.targets.{view.key}", chosen)
    goal, by = (text.plain(name) for name in (short_name(target), view.looks[view.pair[0]].label))
    reading = f"Places of the sources, as measured and by {by}. On the line both agree. Click a source for its pair."
    with right, widgets.card(f"Predicted against measured for {goal}", reading, key="ranks", height="stretch"):
        _draw_ranks(view, target)


def _draw_ranks(view: View, target: str) -> None:
    metric = view.pair[0]
    label = view.looks[metric].label
    source = view.chosen.source
    predicted, measured = view.scored.candidates(metric, target, view.lam, view.budget)
    if predicted.isna().any():
        st.caption(f"{text.plain(label)} is not defined for this target. Choose another metric or target.")
        return

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source=str(place[1]), target=target)

    picture = cache.rank_scatter(
        predicted, measured, metric=label, groups=view.groups, selected=source or None, dark=view.dark
    )
    charts.chart(picture, f"evaluate.ranks.{view.key}", clicked)
    with st.expander("These sources as a table"):
        known = pd.DataFrame({"source": measured.index, label: predicted.to_numpy(), "measured": measured.to_numpy()})
        known = known.sort_values("measured", ascending=False, kind="stable", ignore_index=True)
        charts.table(known, f"evaluate.sources.{view.key}", lambda row: clicked([row, known["source"].iloc[row]]))
    best = str(measured.idxmax())
    _draw_links(source if source in measured.index else best, target, best=best)


def _draw_links(source: str, target: str, *, best: str) -> None:
    """Name the pair under the lens, with the ways to its evidence."""
    a, b = (text.model(name) for name in (source, target))
    st.markdown(f"**{a}** for **{b}**" + (", the best source as measured" if source == best else ""))
    here = replace(selection.read(Pair), source=source, target=target)
    with st.container(horizontal=True, key="evaluate-links", gap="medium"):
        selection.link("why", "Why this score?", here, icon=widgets.ICONS["why"])
        selection.link("models", "All sources", here, icon=widgets.ICONS["models"])
        selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])
