"""Why, against a third model: what nodes, edges and probes speak for one source, and what for the other."""

import streamlit as st

from depara_core import explanation
from depara_core.explanation import Contrast
from depara_core.figures import contributions, waterfall
from depara_core.formatting import signed
from depara_core.graphs import distinct_names
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.image_table import contribution_table
from pages.shared.parts import Pair
from pages.why import probes
from pages.why.batches import batch, pager
from pages.why.explained import Explained
from pages.why.selection import Why


def draw(pair: Explained) -> None:
    """Hold the source against another one."""
    choices = {graph.model: graph for graph in pair.rivals if graph.label != pair.source.label}
    if not choices:
        widgets.empty("There is no third model.", "Choose at least three models to compare two sources.", page="setup")
        return
    left, right = st.columns([5, 7])
    with left, widgets.card("A third model", "Why is the one a better source than the other?", key="card-third"):
        third = choices[widgets.choose_model("Held against", "third", "why.third", list(choices))]
        found = pair.contrast(third)
        _draw_difference(pair, third, found)
    with right:
        clicked = _list_probes(pair, third, found)
    probes.select(clicked)


def _draw_difference(pair: Explained, third: Graph, found: Contrast) -> None:
    """Say and draw how the two scores differ."""
    graphs = (pair.source, pair.target, third)
    sure = cache.contrast_intervals(pair.target, pair.source, third, pair.lam, pair.grid)
    short = dict(zip((graph.label for graph in graphs), distinct_names(*graphs), strict=True))
    st.markdown(text.sentence(explanation.contrast_sentence(found, intervals=sure), short))
    node, edge = ((part.low, part.value, part.high) for part in (sure.node, sure.edge))
    (other,) = distinct_names(third)
    figure = waterfall.bridge(found.other.total, node, edge, (other, pair.names[0]), dark=widgets.dark())

    def opened(place: charts.Place) -> None:
        if place[0] == "from":  # the two change places
            selection.update(Pair, source=third.model, source_layer=third.layer, third=pair.source.model)
            selection.update(Why, page=0)
        elif place[0] == "to":
            selection.update(Why, view="probes", page=0)

    charts.chart(figure, f"why.bridge.{pair.source.digest[:8]}.{third.digest[:8]}", opened)
    st.caption("Click the bar of a score to see what that one is made of.")


def _list_probes(pair: Explained, third: Graph, found: Contrast) -> int | None:
    """List the probes by what they say of the two sources; return the one just clicked."""
    ranked = found.to_frame()
    (source, target), (other,) = pair.names, distinct_names(third)
    told = (
        f"To the right: the image speaks for {text.plain(source)}; to the left: for {text.plain(other)}. All "
        f"{len(ranked)} add up to {signed(found.total)}, the difference of S, and are per cent of it. Click to select."
    )
    with widgets.card("Images by what they say of the two", told, key="card-contrast"):
        shown, dark = batch(ranked), widgets.dark()
        maps = probes.overlays(pair, (pair.source, third, pair.target), shown.probes)
        graphs = (pair.target, pair.source, third)
        gains = cache.advantage_maps(pair.probes, graphs, pair.grid, shown.probes, dark=dark)
        whose = (source, other, target, f"better by {source}")
        rows = [
            probes.row(pair.probes, entry, place, (*line, gain), whose, found.total)
            for entry, place, line, gain in zip(shown.rows.to_dict("records"), shown.places, maps, gains, strict=True)
        ]
        clicked = contribution_table(
            "why.contrast",
            rows,
            pictures=("image", source, other, target, "gain"),
            bar="node and edge share",
            size=66,
            texts=("difference",),
            selected=shown.selected,
            gap=shown.gap,
            label="Images by their difference",
            extent=contributions.bar_extent(ranked["node"], ranked["edge"]),
        )
        pager("why.contrast", shown)
    return None if clicked is None else shown.probes[clicked]
