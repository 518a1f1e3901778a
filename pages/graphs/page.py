"""Graphs: which images a network finds alike, drawn as a graph, beside what a second network finds."""

from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from depara_core import drawings, layouts, pairs
from depara_core.comparison import Comparison
from depara_core.drawings import choose_shared, nearest
from depara_core.figures import probe_graphs, rank_density
from depara_core.graphs import short_names
from depara_core.grids import grid_text
from pages.graphs.selection import VIEWS, Graphs
from pages.shared import cache, charts, comparisons, downloads, ranks, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.selection import Data, Look, Pair
from pages.why.selection import Why

NEAREST = 8  # images in the list of nearest ones
LISTED = 6  # pairs in the list of pairs
KINDS = {"spring": "Springs", "kamada_kawai": "Path lengths", "spectral": "Spectral"}
LINKS = {"attributions": "What do they look at?", "models": "Compare all models", "layers": "At which layer?"}


def draw() -> None:
    """Draw the page."""
    data, two = selection.read(Data), selection.read(Graphs).view == "two"
    heading, controls = st.container(horizontal=True), st.container()
    with controls:
        comparison = comparisons.require(data, layers=("output",))
        two = two and len(comparison.probes) > 1
        chosen = _choose(comparison, two)
        graphs = tuple(comparisons.graph(comparison, data, model, layer) for model, layer in chosen)
    with heading:
        _headline(graphs, comparison)
    drawn = _drawings(comparison, graphs)
    with heading:
        downloads.graphs(comparison, graphs, drawn)
    if len(graphs) == 2:
        _ranked_pairs(comparison, *graphs)
    _selected(comparison, graphs)
    with st.container(horizontal=True, key="graphs-links", gap="medium"):
        if len(graphs) == 2:
            ends = {"source": graphs[0].model, "source_layer": graphs[0].layer}
            ends |= {"target": graphs[1].model, "target_layer": graphs[1].layer}
            pair, there = selection.read(Pair), selection.read(Why)
            if pair.other_probe is not None or pair.region is not None:
                there = replace(there, view="pairs")
            selection.link("why", "Why are they alike?", replace(pair, **ends), there, icon=widgets.ICONS["why"])
        for page, label in LINKS.items():
            selection.link(page, label, icon=widgets.ICONS[page])


def _choose(comparison: Comparison, two: bool) -> list[tuple[str, str]]:
    """Draw the controls and return the chosen (model, layer) pairs."""
    pair, models = selection.read(Pair), list(comparison.models)
    layers = {spec.id: spec.layers for spec in comparison.specs}
    with st.container(horizontal=True, vertical_alignment="bottom", key="graphs-controls"):
        st.segmented_control(
            "Draw",
            list(VIEWS),
            format_func=VIEWS.get,
            **selection.bind(Graphs, "view", "graphs.view", "two" if two else "one"),
        )
        first = next((model for model in models if model != pair.target), models[0])
        a = widgets.choose_model("Network A", "source", "graphs.source", models, default=first)
        chosen = [(a, widgets.choose_layer("Layer of A", "source_layer", "graphs.source_layer", layers[a]))]
        if two:
            other = next((model for model in models if model != a), a)
            b = widgets.choose_model("Network B", "target", "graphs.target", models, default=other)
            chosen.append((b, widgets.choose_layer("Layer of B", "target_layer", "graphs.target_layer", layers[b])))
        with st.popover("Drawing", icon=":material/hub:"):
            _drawing_controls(len(comparison.probes))
    return chosen


def _drawing_controls(count: int) -> None:
    """Draw how many images and neighbours are shown, and which layout."""
    look, kind = selection.read(Look), selection.bind(Graphs, "layout", "graphs.layout")
    st.selectbox("Layout", list(layouts.LAYOUTS), format_func=KINDS.get, **kind)
    near = selection.bind(Look, "neighbours", "graphs.neighbours", min(12, look.neighbours))
    st.slider("Strongest neighbours of each image", 1, 12, **near)
    most = min(probe_graphs.MAX_THUMBNAILS, count)
    if most > 4:
        drawn = selection.bind(Look, "drawn", "graphs.drawn", max(4, min(look.drawn, most)))
        st.slider("Images drawn", 4, most, **drawn)
    around = selection.bind(Graphs, "around", "graphs.around")
    st.toggle("Only those most alike to the selected image", **around)


def _headline(graphs: tuple[Graph, ...], comparison: Comparison) -> None:
    """Draw the question and its answer."""
    count = len(graphs[0])
    pairs = count * (count - 1) // 2
    names = [f"*{widgets.plain(name)}*" for name in short_names(*graphs)]
    if len(graphs) == 1:
        answer = f"{count} images, {pairs:,} pairs · width of a line: cosine of the two images' features"
        widgets.header(f"Which images does {names[0]} find alike?", answer)
        return
    similarity = cache.similarity(*graphs, grid=comparison.grid)
    widgets.header(
        "Which images do these networks find alike?",
        f"s_E = :orange[**{text.number(similarity.edge)}**]: how alike {names[0]} and {names[1]} rank the "
        f"{pairs:,} pairs of {count} images (1 the same order, 0 unrelated) · "
        f"s_V = :blue[**{text.number(similarity.node)}**] · {grid_text(comparison.grid)}",
    )


def _drawings(comparison: Comparison, graphs: tuple[Graph, ...]) -> list[Any]:
    """Draw one graph, or two side by side in one frame, and return the figures."""
    pair, look, mine, probes = selection.read(Pair), selection.read(Look), selection.read(Graphs), comparison.probes
    chosen = choose_shared(graphs, look.drawn, pair.probe, pair.other_probe, around=mine.around)
    drawings = cache.drawn_beside(graphs, chosen, kind=mine.layout, neighbours=min(look.neighbours, 12))
    bounds = probe_graphs.extent(*(drawing.positions for drawing in drawings))
    names = [probes.names[i] for i in chosen]
    how = "Near = alike. Lines join each image to its strongest neighbours"
    says = [f"{how}; thick = high cosine. Click an image or the dot on a line."]
    if len(graphs) == 2:
        a, b = (widgets.plain(name) for name in short_names(*graphs))
        says = [
            f"{how}. Green: ranked higher here than in {b}; purple: lower; grey: both agree.",
            f"The same images, turned onto the first drawing. Green: ranked higher here than in {a}; purple: lower.",
        ]
    figures = []
    for place, graph, name, drawing, said in zip(
        st.columns(len(graphs)), graphs, short_names(*graphs), drawings, says, strict=True
    ):
        with place, widgets.card(widgets.plain(name), said, key=f"card-graph-{len(says)}-{drawings.index(drawing)}"):
            key = f"graphs.drawing{drawings.index(drawing)}.{hash(chosen)}"  # other images: no earlier click is theirs
            figure = probe_graphs.network(
                drawing.positions,
                drawing.pairs,
                drawing.strength,
                names=names,
                images=probes.images[list(chosen)],
                disagreement=drawing.disagreement,
                selected=drawing.place(pair.probe),
                selected_pair=_places(drawing, pair.probe, pair.other_probe),
                bounds=bounds,
                dark=widgets.dark(),
            )
            charts.chart(figure, key, partial(_clicked, chosen))
            figures.append(figure)
            missing = int(graph.no_feature.sum())
            if missing:
                st.caption(f"{missing} of {len(graph)} images have no feature at this layer: cosine 0 to all others.")
    return figures


def _places(drawing: drawings.Drawing, probe: int, other: int | None) -> tuple[int, int] | None:
    ends = drawing.place(probe), drawing.place(other)
    return None if ends[0] is None or ends[1] is None or ends[0] == ends[1] else (ends[0], ends[1])


def _clicked(chosen: tuple[int, ...], place: charts.Place) -> None:
    """Select the image or the pair that was clicked in a drawing."""
    kind, i, *rest = place
    if kind == "probe":
        selection.update(Pair, probe=chosen[int(i)], other_probe=None)
    else:
        selection.update(Pair, probe=chosen[int(i)], other_probe=chosen[int(rest[0])])


def _ranked_pairs(comparison: Comparison, a: Graph, b: Graph) -> None:
    """Draw the ranks against each other, and the pairs in the part of it that was chosen."""
    names = short_names(a, b)
    table = cache.pair_table(a, b)
    bins = pairs.rank_bins(len(table))
    left, right = st.columns([5, 7])
    with (
        left,
        widgets.card(
            "Edges, rank against rank",
            f"Every pair of images. On the diagonal both agree; the cloud's correlation is s_E = "
            f":orange[**{text.number(cache.similarity(a, b, grid=comparison.grid).edge)}**]. Click, or drag a box, to "
            "list its pairs.",
            key="card-ranks",
        ),
    ):
        figure = rank_density.rank_density(
            table["rank_a"].to_numpy(), table["rank_b"].to_numpy(), names=names, bins=bins, dark=widgets.dark()
        )
        ranks.chart(figure, f"graphs.ranks.{a.digest[:8]}.{b.digest[:8]}", bins)
    region = selection.read(Pair).region
    found = pairs.pairs_within(table, region.source, region.target) if region else pairs.pairs_within(table)
    title = f"{len(found):,} pairs in the brushed region" if region else "The most disputed pairs"
    with (
        right,
        widgets.card(
            title, "Rank 1 = the most alike of all pairs, 0 = the least. Click one to look closer.", key="card-pairs"
        ),
    ):
        _pairs(comparison, found, names)


def _pairs(comparison: Comparison, found: pd.DataFrame, names: tuple[str, str]) -> None:
    """List pairs of images with their cosine and rank in both graphs."""
    shown = found.head(LISTED)
    rows = [
        [
            _image(comparison, int(pair.i), int(pair.j)),
            _image(comparison, int(pair.j), int(pair.i)),
            Cell(None, f"rank {pair.rank_a:.2f}\ncosine {text.number(pair.cosine_a, 3)}"),
            Cell(None, f"rank {pair.rank_b:.2f}\ncosine {text.number(pair.cosine_b, 3)}"),
        ]
        for pair in shown.itertuples()
    ]
    headings = [Heading("image"), Heading("image"), Heading(names[0]), Heading(names[1])]
    pair = selection.read(Pair)
    chosen = {pair.probe, pair.other_probe}
    at = next((k for k, row in enumerate(shown.itertuples()) if {row.i, row.j} == chosen), None)
    clicked = image_table(
        "graphs.pairs", headings, rows, selected=at, pictures=2, size=70, largest=84, label="Pairs of images"
    )
    if pair.region:
        st.button("Back to all pairs", key="graphs.all", **selection.click(Pair, region=None))
    if len(found) > LISTED:
        st.caption(f"the {LISTED} with the largest difference of ranks, of {len(found):,}")
    if clicked is not None and clicked[0] >= 0:
        row = shown.iloc[clicked[0]]
        selection.update(Pair, probe=int(row.i), other_probe=int(row.j))
        st.rerun()


def _image(comparison: Comparison, i: int, other: int) -> Cell:
    names = comparison.probes.names
    return Cell(cache.thumbnail(comparison.probes, i, 96), names[i], f"{names[i]} and {names[other]}")


def _selected(comparison: Comparison, graphs: tuple[Graph, ...]) -> None:
    """Show the selected image's nearest ones in each graph, and the selected pair."""
    pair, probes = selection.read(Pair), comparison.probes
    probe = min(pair.probe, len(probes) - 1)
    other = pair.other_probe if pair.other_probe is not None and pair.other_probe < len(probes) else None
    left, right = st.columns([7, 5]) if other is not None else (st.container(), None)
    with (
        left,
        widgets.card(
            f"Most alike to {widgets.plain(probes.names[probe])}",
            "The nearest images in each network, with the cosine of the features. Click one to compare the two.",
            key="card-nearest",
        ),
    ):
        order = [nearest(graph, probe)[:NEAREST].tolist() for graph in graphs]
        rows = [
            [Cell(cache.thumbnail(probes, probe, 96), name, f"{probes.names[probe]} in {name}")]
            + [_near(comparison, graph, probe, i) for i in near]
            for graph, name, near in zip(graphs, short_names(*graphs), order, strict=True)
        ]
        clicked = image_table(
            "graphs.nearest",
            [Heading("in"), *(Heading(f"{k + 1}") for k in range(len(order[0])))],
            rows,
            size=52,
            largest=104,
            label="Nearest images",
        )
    if clicked is not None and clicked[0] >= 0 and clicked[1]:
        selection.update(Pair, other_probe=int(order[clicked[0]][clicked[1] - 1]))
        st.rerun()
    if right is not None:
        with right:
            _pair(comparison, graphs, probe, other)


def _near(comparison: Comparison, graph: Graph, probe: int, i: int) -> Cell:
    cosine, name = text.number(graph.edges[probe, i], 3), comparison.probes.names[i]
    return Cell(cache.thumbnail(comparison.probes, i, 96), cosine, f"{name}, cosine {cosine}")


def _pair(comparison: Comparison, graphs: tuple[Graph, ...], probe: int, other: int) -> None:
    """Show two images side by side with what each network says of them."""
    probes = comparison.probes
    with widgets.card("The selected pair", "How alike each network finds these two images.", key="card-pair"):
        for place, index in zip(st.columns(2), (probe, other), strict=True):
            name = probes.names[index]
            place.image(cache.thumbnail(probes, index, 256), caption=widgets.plain(name), width="stretch", alt=name)
        for graph, name in zip(graphs, short_names(*graphs), strict=True):
            rank = cache.pair_ranks(graph)[probe, other]
            st.markdown(
                f"**{widgets.plain(name)}**: cosine :orange[**{text.number(graph.edges[probe, other], 3)}**], "
                f"more alike than {100 * rank:.0f} % of all pairs"
            )
        st.button("Close the pair", key="graphs.close", **selection.click(Pair, other_probe=None))


draw()
