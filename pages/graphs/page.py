"""Graphs: which images a network finds alike, drawn as a graph, beside what a second network finds."""

from dataclasses import replace

import streamlit as st

from depara_core.comparison import Comparison
from depara_core.figures import probe_graphs
from depara_core.formatting import number
from depara_core.graphs import distinct_names
from depara_core.grids import grid_text
from depara_core.selection import few_probes
from pages.graphs import differences, drawings, nearest, pairs, takeaway
from pages.graphs.selection import VIEWS, Graphs
from pages.shared import cache, comparisons, selection, targets, text, widgets
from pages.shared.parts import Data, Look, Pair
from pages.shared.titles import QUESTIONS
from pages.why.selection import Why

KINDS = {"kamada_kawai": "Path lengths", "spring": "Springs", "spectral": "Spectral"}
LINKS = {"attributions": "What do they look at?", "models": "Compare all models", "layers": "At which layer?"}


def choose(comparison: Comparison, two: bool) -> list[tuple[str, str]]:
    """Draw the controls and return the chosen (model, layer) pairs; the second may be a target without a network."""
    models, aim = list(comparison.models), targets.aim(comparison)
    layers = {spec.id: spec.layers for spec in comparison.specs}
    with st.container(horizontal=True, vertical_alignment="bottom", key="graphs-controls"):
        view = selection.bind(Graphs, "view", "graphs.view", "two" if two else "one")
        st.segmented_control("Draw", list(VIEWS), format_func=VIEWS.__getitem__, **view)
        a = widgets.choose_model("Network A", "source", "graphs.source", models, default=aim.source)
        chosen = [(a, widgets.choose_layer("Layer of A", "source_layer", "graphs.source_layer", layers[a]))]
        if two:
            every = [*models, *targets.names(comparison.probes)]
            b = widgets.choose_model("Network B", "target", "graphs.target", every, default=aim.target)
            layer = "output"
            if b in layers:
                layer = widgets.choose_layer("Layer of B", "target_layer", "graphs.target_layer", layers[b])
            chosen.append((b, layer))
        with st.popover("Drawing", icon=":material/hub:"):
            choose_drawing(len(comparison.probes))
    return chosen


def of(comparison: Comparison, data: Data, model: str, layer: str) -> cache.Graph:
    """Return the graph of a network's layer, or of a target without a network."""
    known = targets.graph(comparison.probes, model) if targets.is_known(model) else None
    return comparisons.graph(comparison, data, model, layer) if known is None else known


def choose_drawing(count: int) -> None:
    """Draw how many images and neighbours are shown, and which layout."""
    look, kind = selection.read(Look), selection.bind(Graphs, "layout", "graphs.layout")
    st.selectbox("Layout", list(KINDS), format_func=KINDS.__getitem__, **kind)
    near = selection.bind(Look, "neighbours", "graphs.neighbours", min(12, look.neighbours))
    st.slider("Strongest neighbours of each image", 1, 12, **near)
    most = min(probe_graphs.MAX_THUMBNAILS, count)
    if most > 4:
        drawn = selection.bind(Look, "drawn", "graphs.drawn", max(4, min(look.drawn, most)))
        st.slider("Images drawn", 4, most, **drawn)
    around = selection.bind(Graphs, "around", "graphs.around")
    st.toggle("Only those most alike to the selected image", **around)


def headline(graphs: cache.Graphs, comparison: Comparison) -> None:
    """Draw the question and its answer."""
    count = len(graphs[0])
    few = f" · {few}" if (few := few_probes(count)) else ""
    edges = f"{count * (count - 1) // 2:,}"
    names = [f"*{text.plain(name)}*" for name in distinct_names(*graphs)]
    if len(graphs) == 1:
        answer = f"{count} images, {edges} pairs · width of a line: cosine of the two images' features"
        widgets.header(f"Which images does {names[0]} find alike?", answer)
        return
    similarity = cache.similarity(graphs[0], graphs[1], grid=comparison.grid)
    widgets.header(
        QUESTIONS["graphs"],
        f"s_E = :orange[**{number(similarity.edge)}**]: how alike {names[0]} and {names[1]} rank the "
        f"{edges} pairs of {count} images (1 the same order, 0 unrelated) · "
        f"s_V = :blue[**{number(similarity.node)}**] · {grid_text(comparison.grid)}{few}",
    )


def links(graphs: cache.Graphs) -> None:
    """Draw the links to other pages, the two graphs taken along."""
    with st.container(horizontal=True, key="graphs-links", gap="medium"):
        if len(graphs) == 2:
            pair, there = selection.read(Pair), selection.read(Why)
            if pair.other_probe is not None or pair.region is not None:
                there = replace(there, view="pairs")
            (a, b), icon = graphs, widgets.ICONS["why"]
            both = replace(pair, source=a.model, source_layer=a.layer, target=b.model, target_layer=b.layer)
            selection.link("why", "Why are they alike?", both, there, icon=icon)
        for page, label in LINKS.items():
            selection.link(page, label, icon=widgets.ICONS[page])


def main() -> None:
    """Draw the page."""
    two, data = selection.read(Graphs).view == "two", selection.read(Data)
    heading, controls = st.container(horizontal=True), st.container()
    with controls:
        comparison = comparisons.require(data, layers=("output",))
        chosen = choose(comparison, two and len(comparison.probes) > 1)
        graphs = tuple(of(comparison, data, model, layer) for model, layer in chosen)
        targets.say(next((graph for graph in graphs if graph.edges_only), None))
    with heading:
        headline(graphs, comparison)
    with controls:
        aim = targets.aim(comparison)
        widgets.not_here(widgets.unknown_models(comparison.models, aim.source, aim.target))
    if len(graphs) == 2:
        differences.draw(comparison, *graphs)
    drawn = drawings.draw(comparison, graphs)
    with heading:
        takeaway.draw(comparison, graphs, drawn)
    if len(graphs) == 2:
        pairs.draw(comparison, *graphs)
    else:
        nearest.draw(comparison, graphs)
    links(graphs)


main()
