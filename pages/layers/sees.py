"""What the cut sees: the maps of the layer under the lens, of its neighbours and of the cut, beside the target's."""

import streamlit as st

from depara_core import tour
from depara_core.formatting import number, short_name
from pages.layers.pair import LayerPair
from pages.shared import cache, closeup, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.legends import legend
from pages.shared.parts import Data, Look, Pair

ROWS = 3  # images shown, the selected one first
ENLARGED = "layers.enlarged"  # in the session: the layer whose map was just clicked


def draw(shown: LayerPair) -> None:
    """Draw a few images through the layers round the chosen one and the target's output; a click enlarges a map."""
    layers, look, dark = shown.comparison.of(shown.source), selection.read(Look), widgets.dark()
    at = next(place for place, graph in enumerate(layers) if graph.layer == shown.layer)
    near = {at - 1, at, at + 1, next(place for place, graph in enumerate(layers) if graph.layer == shown.cut)}
    around = tuple(graph for place, graph in enumerate(layers) if place in near)
    graphs, rows = (*around, *([shown.goal] if shown.known is None else [])), _rows(shown)
    source, goal = text.model(shown.source), text.model(shown.target)
    beside = (
        f", beside the output of {goal}. The :blue[number] is the cosine with its map" if shown.known is None else ""
    )
    told = (
        f"{source} at {text.plain(shown.layer)}, the layer under the lens, before and after it, and at the recommended "
        f"cut{beside}. "
        f"{closeup.reading(look)} Click a map to enlarge it."
    )
    with widgets.card("What the cut sees", told, key="card-sees"):
        clicked = image_table(
            "layers.sees",
            _headings(shown, around),
            _cells(shown, graphs, layers[at], rows),
            selected=0,
            lens=1 + around.index(layers[at]),
            legend=legend(signed=look.maps != "magnitude", dark=dark),
            largest=200,
            label="Maps before, at and after the cut",
        )
    if clicked is not None and clicked[0] >= 0:
        graph = graphs[clicked[1] - 1] if 0 < clicked[1] <= len(graphs) else layers[at]
        st.session_state[ENLARGED] = graph.layer if graph is not shown.goal else ""
        selection.update(Pair, probe=rows[clicked[0]])
        st.rerun()
    _enlarge(shown, around, rows[0])


def _rows(shown: LayerPair) -> tuple[int, ...]:
    """Return the selected image and a few others, spread over all."""
    count = len(shown.comparison.probes)
    probe = min(selection.read(Pair).probe, count - 1)
    return (probe, *[one for one in tour.spread(count, ROWS) if one != probe][: ROWS - 1])


def _headings(shown: LayerPair, around: tuple[Graph, ...]) -> list[Heading]:
    notes = {shown.layer: "under the lens"} | {shown.cut: "recommended cut"}
    layers = [Heading(graph.layer, notes.get(graph.layer, ""), graph.label) for graph in around]
    if shown.known is not None:
        return [Heading("image"), *layers]
    goal = Heading(short_name(shown.target), "target's output", shown.goal.label)
    return [Heading("image"), *layers, goal, Heading("both look", "red both, ochre the lens, blue the target")]


def _cells(shown: LayerPair, graphs: tuple[Graph, ...], lens: Graph, rows: tuple[int, ...]) -> list[list[Cell]]:
    """Return a row for each image: itself, its map in every graph over the cosine with the target's, where both look.

    The last is of the layer under the lens and the target's output.
    """
    probes, look, seed = shown.comparison.probes, selection.read(Look), selection.read(Data).rooms_seed
    drawn = cache.overlays(probes, graphs, rows, dark=widgets.dark(), rooms_seed=seed, **look.painted)
    cosines = [cache.cosines(graph, shown.goal, shown.comparison.grid) for graph in graphs]
    cells = []
    agreed = cache.look_maps(probes, lens, shown.goal, rows, dark=widgets.dark())
    for probe, line, both in zip(rows, drawn, agreed, strict=True):
        image = probes.names[probe]
        row = [Cell(cache.thumbnail(probes, probe, 112), image, image)]
        for graph, png, cosine in zip(graphs, line, cosines, strict=True):
            words = (
                "" if shown.known is not None or graph is shown.goal or png is None else number(float(cosine[probe]))
            )
            row.append(Cell(png, words, f"{image} in {graph.label}", missing=png is None, number=True))
        if shown.known is None:
            row.append(Cell(both, "", f"{image}: where both look", missing=both is None))
        cells.append(row)
    return cells


def _enlarge(shown: LayerPair, around: tuple[Graph, ...], probe: int) -> None:
    """Enlarge the map that was just clicked, beside the target's."""
    layer = st.session_state.pop(ENLARGED, None)
    graph = next((one for one in around if one.layer == layer), None)
    if layer == "":
        closeup.closeup(shown.comparison, probe, (shown.goal,))
    elif graph is not None and shown.known is not None:
        closeup.closeup(shown.comparison, probe, (graph,))
    elif graph is not None:
        cosine = float(cache.cosines(graph, shown.goal, shown.comparison.grid)[probe])
        closeup.closeup(shown.comparison, probe, (graph, shown.goal), cosine)
