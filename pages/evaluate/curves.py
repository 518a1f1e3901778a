"""The first card of the Evaluate page: how much of what is best a metric finds, by how many sources are tried."""

from typing import Any

import streamlit as st

from depara_core.benchmark import scoring
from depara_core.benchmark.published import published_precision
from depara_core.benchmark.titles import title
from depara_core.grids import grid_text
from pages.evaluate.selection import CURVES, Evaluate
from pages.evaluate.view import View
from pages.shared import charts, selection, text, widgets
from pages.shared.cache import evaluation as cache

SHOWN = ("depara", "nodes", "edges", "rsa", "cka", "logme", *scoring.CONTROLS)  # the metrics shown at first
STATICS = (
    "Size and published ImageNet accuracy, which any score must beat, tell nothing apart here: these networks have one "
    "size, and none has a published accuracy."
)
DEPTHS = {"P@1": 1, "P@5": 5}  # measures that are points of the precision curve


def card(view: View) -> tuple[tuple[str, ...], Any]:
    """Draw precision against K or recall; return the metrics that are shown, and the figure."""
    reading = (
        "Higher is better, between a random order and measured transfer. Whiskers: 95 % over targets. "
        "Click a point to look at its metric."
    )
    reading += f" {STATICS}"
    if view.scored.graphs:
        reading += f" DEPARA's {grid_text(view.scored.grid)}."
    with widgets.card("How much of what is best is found", reading, key="curves", height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", key="evaluate-curve-controls"):
            st.segmented_control(
                "Against",
                list(CURVES),
                format_func=CURVES.__getitem__,
                label_visibility="collapsed",
                required=True,
                **selection.bind(Evaluate, "against", "evaluate.against"),
            )
            chosen = _choose_metrics(view, list(view.looks))
        picture = _draw(view, chosen)
    return chosen, picture


def shown(view: View) -> tuple[str, ...]:
    """Return the metrics that are drawn beside each other: the address's, else a few that say most."""
    known = list(view.looks)
    named = [name for name in view.mine.metrics if name in known]
    return tuple(named or [name for name in SHOWN if name in known] or known)


def _choose_metrics(view: View, known: list[str]) -> tuple[str, ...]:
    """Choose the metrics that are drawn beside each other, and the published curves over them."""
    chosen = list(shown(view))
    with st.popover(f"{len(chosen)} of {len(known)} metrics", icon=":material/checklist:"):
        bound = selection.bind(Evaluate, "metrics", "evaluate.metrics", chosen, store=tuple)
        st.multiselect("Metrics shown", known, format_func=title, **bound)
        st.toggle("Published curves laid over", **selection.bind(Evaluate, "published", "evaluate.published"))
    return tuple(chosen)


def _draw(view: View, shown: tuple[str, ...]) -> Any:
    """Draw the curves of the metrics shown, the looked at one with its intervals, and the published ones if wanted."""
    drawn, best, random = cache.curves(view.scored, view.lam, view.budget, shown)
    metric, overlaid = view.pair[0], view.mine.published

    def clicked(place: charts.Place) -> None:
        measures = {depth: name for name, depth in DEPTHS.items()}
        if place[1]:
            measure = measures.get(int(place[0]), view.measure)
            selection.update(Evaluate, metric=str(place[1]), measure=measure)

    rows = view.found.loc[[(metric, name) for name in DEPTHS]].reset_index()
    table = cache.published_table("depara_models")
    picture = cache.precision_curves(
        drawn,
        view.looks,
        best=best,
        random=random,
        targets=view.targets,
        against=view.mine.against,
        whiskers={metric: rows.assign(k=rows["measure"].map(DEPTHS))},
        published=published_precision(table) if overlaid else None,
        dark=view.dark,
    )
    charts.chart(picture, f"evaluate.curves.{view.key}", clicked)
    if overlaid:
        about = f"{text.plain(table['source'])}; {table['precision_targets']} targets of Taskonomy"
        st.caption(f"Dashed and hollow: published ({about}).")
    return picture
