"""Attributions: the same images through the eyes of several models, or of several layers of one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from depara_core.comparison import Comparison
from depara_core.figures.map_table import map_table
from depara_core.grids import grid_text
from pages.attributions import pair
from pages.attributions.selection import SORTS, VIEWS, Attributions
from pages.shared import cache, comparisons, selection, taken, text, widgets
from pages.shared.cache import Graph, Graphs
from pages.shared.image_table import Cell, Heading, image_table, legend
from pages.shared.selection import Data, Look, Pair

ROWS = 6  # probes on one screen
COLUMNS = 8  # models shown at first: more are too small to read


def draw() -> None:
    """Draw the page."""
    data, by_layer = selection.read(Data), selection.read(Attributions).view == "layers"
    heading, controls, place = st.container(horizontal=True), st.container(), st.container()
    with controls, st.container(horizontal=True, vertical_alignment="bottom", key="attribution-controls"):
        st.segmented_control(
            "Compare", list(VIEWS), format_func=VIEWS.get, **selection.bind(Attributions, "view", "attributions.view")
        )
        ours = st.container(horizontal=True, vertical_alignment="bottom")
    with heading:
        comparison = comparisons.require(data, layers=("output",))
    graphs, reference = (_layers if by_layer else _models)(comparison, ours)
    agreement = cache.agreement(graphs, reference, comparison.grid)
    with heading:
        _headline(graphs, reference, agreement, by_layer, comparison)
    with place:
        drawn, told = _table(comparison, graphs, reference, agreement, by_layer)
        widgets.links(graphs="Which images do they find alike?", models="Compare all models", layers="At which layer?")
    with heading:
        taken.attributions(comparison, graphs, reference, drawn, told)


def _models(comparison: Comparison, place: st.delta_generator.DeltaGenerator) -> tuple[Graphs, Graph]:
    """Choose the models: the reference first, the others from most to least alike."""
    models = list(comparison.models)
    with place:
        name = widgets.choose_model("Reference", "target", "attributions.target", models)
        reference = comparison.graph(name)
        ranked = _by_agreement(comparison, reference)
        shown = [model for model in selection.read(Attributions).shown if model in models]
        if not shown:
            lens = [model for model in models if model == selection.read(Pair).source]
            shown = list(dict.fromkeys([*_spread([g.model for g in ranked]), *lens]))
        with st.popover(f"{len({name, *shown})} of {len(models)} models", icon=":material/checklist:"):
            st.multiselect(
                "Models shown",
                models,
                format_func=widgets.short,
                **selection.bind(Attributions, "shown", "attributions.shown", shown, store=tuple),
            )
            st.caption("The reference is always shown. Columns go from most to least alike to it.")
        _order_and_looks()
    return tuple(graph for graph in ranked if graph.model in {name, *shown}), reference


def _layers(comparison: Comparison, place: st.delta_generator.DeltaGenerator) -> tuple[Graphs, Graph]:
    """Choose the model and have all its layers computed, from input to output."""
    with place:
        model = widgets.choose_model("Model", "source", "attributions.source", list(comparison.models))
        _order_and_looks()
    graphs = comparisons.require(selection.read(Data), layers=("all",), models=(model,)).of(model)
    return graphs, graphs[-1]


def _order_and_looks() -> None:
    """Draw the order of the probes and how maps are painted."""
    order = selection.bind(Attributions, "sort", "attributions.sort")
    st.selectbox("Images", list(SORTS), format_func=SORTS.get, **order)
    painted = selection.bind(Look, "maps", "attributions.maps")
    st.segmented_control("Show", ["signed", "magnitude"], format_func=str.capitalize, **painted)
    with st.popover("Display", icon=":material/contrast:"):
        st.slider("Opacity of the maps", 0.0, 1.0, step=0.05, **selection.bind(Look, "opacity", "attributions.opacity"))
        st.radio(
            "Colour scale",
            ["shared", "own"],
            horizontal=True,
            format_func={"shared": "One for all maps", "own": "One for each map"}.get,
            help="One for all: equally strong colours are equal values. One for each: every map reaches full colour.",
            **selection.bind(Look, "scale", "attributions.scale"),
        )
        exact = selection.bind(Look, "sharp", "attributions.sharp")
        st.toggle("Pixel-exact", help="Each value of the map as one square, not smoothed.", **exact)


def _headline(graphs: Graphs, reference: Graph, agreement: np.ndarray, by_layer: bool, comparison: Comparison) -> None:
    """Draw the question and, as its answer, who looks at the same pixels as the reference."""
    means = {_name(graph, by_layer): float(row.mean()) for graph, row in zip(graphs, agreement, strict=True)}
    own = _name(reference, by_layer)
    others = {name: mean for name, mean in means.items() if name != own}
    answer = f"{len(reference)} images. Choose a second {'layer' if by_layer else 'model'} to compare."
    if others:
        best, least = max(others, key=others.get), min(others, key=others.get)
        answer = (
            f"Most like *{widgets.plain(own)}*: {widgets.plain(best)}, "
            f"s_V = :blue[**{text.number(others[best])}**] · least: {widgets.plain(least)}, "
            f":blue[**{text.number(others[least])}**] · mean over {len(reference)} images "
            f"· {grid_text(comparison.grid)}"
        )
    title = f"What does each layer of *{widgets.plain(widgets.short(reference.model))}* look at?"
    widgets.header(title if by_layer else "What do these networks look at?", answer)


def _table(
    comparison: Comparison, graphs: Graphs, reference: Graph, agreement: np.ndarray, by_layer: bool
) -> tuple[Callable[[], Any], str]:
    """Draw one page of the table, probes down and graphs across; a click selects the probe, a heading the reference.

    Returns what draws the table as one figure to be taken away, and how to read it.
    """
    mine, look, selected = selection.read(Attributions), selection.read(Look), selection.read(Pair).probe
    probes = comparison.probes
    order = _order(mine.sort, graphs, reference, agreement)
    pages = -(-len(order) // ROWS)
    page = min(mine.page, pages - 1)
    rows = [int(i) for i in order[page * ROWS : (page + 1) * ROWS]]
    signed, dark = look.maps == "signed", widgets.dark()
    seen = pair.find(graphs, reference, by_layer)
    what = "Colour says which pixels the feature rests on" if signed else "Bright pixels matter most to the feature"
    whose = "the output's" if by_layer else f"{widgets.plain(widgets.short(reference.model))}'s"
    told = f"{what}. The {{}} is the cosine with {whose} map: 1 the same pixels, 0 unrelated, −1 opposed."
    pictures = cache.overlays(
        probes,
        graphs,
        tuple(rows),
        signed=signed,
        shared=look.scale == "shared",
        smooth=not look.sharp,
        opacity=look.opacity,
        dark=dark,
    )
    means = [float(mean) for mean in agreement.mean(axis=1)]
    reading = told.format(":blue[number]") + " Click a map to hold it against that one."
    with widgets.card("Attribution maps", reading, key="card-attributions"):
        headings = [Heading("image")]
        headings += [_heading(graph, reference, mean, by_layer) for graph, mean in zip(graphs, means, strict=True)]
        cells = [
            [Cell(cache.thumbnail(probes, probe, 112), probes.names[probe], f"Select {probes.names[probe]}")]
            + [
                _cell(graph, graph is reference, probes.names[probe], png, float(agreement[column, probe]), by_layer)
                for column, (graph, png) in enumerate(zip(graphs, line, strict=True))
            ]
            for probe, line in zip(rows, pictures, strict=True)
        ]
        clicked = image_table(
            "attributions.table",
            headings,
            cells,
            selected=rows.index(selected) if selected in rows else None,
            lens=1 + graphs.index(seen) if seen is not None else None,
            legend=legend(signed=signed, dark=dark),
            label="Attribution maps, probes down and models across",
        )
        _unattributed(graphs, rows)
        _pager(order, page, pages)
        if seen is not None:
            pair.draw(comparison, seen, reference, float(agreement[graphs.index(seen), selected]))
    if clicked is not None:
        _clicked(clicked, rows, graphs, reference, by_layer)
    named = [(heading.text, heading.note) for heading in headings]
    maps = [[(cell.image, cell.text) for cell in row] for row in cells]
    return partial(map_table, named, maps, dark=dark), told.format("number")


def _clicked(clicked: tuple[int, int], rows: list[int], graphs: Graphs, reference: Graph, by_layer: bool) -> None:
    """Select the image of the row, put the map's network or layer under the lens, or choose the heading's reference."""
    row, column = clicked
    chosen = graphs[column - 1] if column else None
    if row < 0:
        if chosen is not None and not by_layer:
            selection.update(Pair, target=chosen.model)
    elif chosen is None or chosen is reference:
        selection.update(Pair, probe=rows[row])
    else:
        pair.put(chosen, reference, rows[row], by_layer)
    st.rerun()


def _heading(graph: Graph, reference: Graph, mean: float, by_layer: bool) -> Heading:
    if graph is reference:
        return Heading(_name(graph, by_layer), "reference", graph.label)
    hint = graph.label if by_layer else f"Make {graph.model} the reference"
    return Heading(_name(graph, by_layer), f"s_V {text.number(mean)}", hint, clickable=not by_layer)


def _cell(graph: Graph, own: bool, probe: str, png: bytes | None, cosine: float, by_layer: bool) -> Cell:
    name = _name(graph, by_layer)
    if png is None:
        return Cell(None, "", f"{name} has no attribution for {probe}", missing=True)
    if own:
        return Cell(png, "", f"{probe} in {name}")
    return Cell(png, text.number(cosine), f"{probe} in {name}, agreement {text.number(cosine)}", number=True)


def _unattributed(graphs: Graphs, rows: list[int]) -> None:
    """Explain the word "none" where it stands, and count it over all probes."""
    if any(graph.no_attribution[rows].any() for graph in graphs):
        counts = [
            f"{widgets.plain(graph.label)}: {int(graph.no_attribution.sum())} of {len(graph)}"
            for graph in graphs
            if graph.no_attribution.any()
        ]
        st.caption(
            "**none**: no pixel changes this feature (its gradient is zero everywhere, as behind a dead ReLU). "
            "Such a probe counts with cosine 0. " + " · ".join(counts)
        )


def _pager(order: np.ndarray, page: int, pages: int) -> None:
    """Draw the steps through the probes, and the way to the selected one where it is elsewhere."""
    if pages < 2:
        return
    probe = selection.read(Pair).probe
    at = int(np.flatnonzero(order == probe)[0]) // ROWS if probe in order else page
    with st.container(horizontal=True, vertical_alignment="center", key="attribution-pager"):
        for name, icon, step in (("Previous images", "chevron_left", -1), ("Next images", "chevron_right", 1)):
            st.button(
                f":material/{icon}:",
                key=f"attributions.step{step:+d}",
                help=name,
                disabled=not 0 <= page + step < pages,
                **selection.click(Attributions, page=page + step),
            )
        st.caption(f"{page * ROWS + 1} to {min((page + 1) * ROWS, len(order))} of {len(order)} images")
        if at != page:
            there = selection.click(Attributions, page=at)
            st.button("Go to the selected image", key="attributions.selected", **there)


def _order(sort: str, graphs: Graphs, reference: Graph, agreement: np.ndarray) -> np.ndarray:
    """Return the probes in the chosen order; agreement is the mean over the graphs beside the reference."""
    others = [row for graph, row in zip(graphs, agreement, strict=True) if graph is not reference]
    if sort == "number" or not others:
        return np.arange(len(reference))
    mean = np.mean(others, axis=0)
    return np.argsort(mean if sort == "least" else -mean, kind="stable")


def _by_agreement(comparison: Comparison, reference: Graph) -> list[Graph]:
    graphs = comparison.graphs
    means = cache.agreement(graphs, reference, comparison.grid).mean(axis=1)
    return [graphs[i] for i in sorted(range(len(graphs)), key=lambda i: (graphs[i] is not reference, -means[i]))]


def _spread(models: list[str]) -> list[str]:
    """Return at most eight of the ranked models, evenly from the most to the least alike."""
    places = np.linspace(0, len(models) - 1, min(COLUMNS, len(models))).round().astype(int)
    return [models[i] for i in places]


def _name(graph: Graph, by_layer: bool) -> str:
    return graph.layer if by_layer else widgets.short(graph.model)


draw()
