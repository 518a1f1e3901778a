"""The graphs drawn on the Graphs page: one alone, or two side by side, turned alike and coloured by disagreement."""

from functools import partial
from typing import Any

import streamlit as st

from depara_core.comparison import Comparison
from depara_core.drawings import Drawing, choose_shared
from depara_core.figures import probe_graphs
from depara_core.graphs import distinct_names
from pages.graphs.selection import Graphs
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.parts import Look, Pair

MOST_NEIGHBOURS = 12


def draw(comparison: Comparison, graphs: cache.Graphs) -> list[Any]:
    """Draw the graphs and return the figures."""
    pair, look, mine, probes = selection.read(Pair), selection.read(Look), selection.read(Graphs), comparison.probes
    chosen = choose_shared(graphs, look.drawn, pair.probe, pair.other_probe, around=mine.around)
    neighbours = min(look.neighbours, MOST_NEIGHBOURS)
    drawings = cache.drawn_beside(graphs, chosen, kind=mine.layout, neighbours=neighbours)
    bounds = probe_graphs.extent(*(drawing.positions for drawing in drawings))
    names, figures = distinct_names(*graphs), []
    for number, place in enumerate(st.columns(len(graphs))):
        drawing, graph = drawings[number], graphs[number]
        key = f"card-graph-{len(graphs)}-{number}"
        with place, widgets.card(text.plain(names[number]), _reading(names, number), key=key):
            figure = probe_graphs.network(
                drawing.positions,
                drawing.pairs,
                drawing.strength,
                names=[probes.names[i] for i in chosen],
                images=probes.images[list(chosen)],
                disagreement=drawing.disagreement,
                selected=drawing.place(pair.probe),
                selected_pair=_ends(drawing, pair),
                bounds=bounds,
                dark=widgets.dark(),
            )
            # a drawing of other images has another key: no earlier click is theirs
            charts.chart(figure, f"graphs.drawing{number}.{hash(chosen)}", partial(_select, chosen))
            figures.append(figure)
            missing = int(graph.no_feature.sum())
            if missing:
                st.caption(f"{missing} of {len(graph)} images have no feature at this layer: cosine 0 to all others.")
    return figures


def _reading(names: tuple[str, ...], number: int) -> str:
    how = "Near = alike. Lines join each image to its strongest neighbours"
    if len(names) == 1:
        return f"{how}; thick = high cosine. Click an image or the dot on a line."
    other = text.plain(names[1 - number])
    if number == 0:
        return f"{how}. Green: ranked higher here than in {other}; purple: lower; grey: both agree."
    return f"Every image at its place in the first drawing. Green: ranked higher here than in {other}; purple: lower."


def _ends(drawing: Drawing, pair: Pair) -> tuple[int, int] | None:
    one, other = drawing.place(pair.probe), drawing.place(pair.other_probe)
    return None if one is None or other is None or one == other else (one, other)


def _select(chosen: tuple[int, ...], place: charts.Place) -> None:
    """Select the image or the pair that was clicked in a drawing."""
    kind, i, *rest = place
    other = None if kind == "probe" else chosen[int(rest[0])]
    selection.update(Pair, probe=chosen[int(i)], other_probe=other)
