"""Graphs: which images a network finds alike, drawn as a graph, beside what a second network finds."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from depara_core import layouts
from depara_core.figures import networks, ranks
from pages import _cached, _charts, _state, _takeaway, _views, _widgets
from pages._atlas import Cell, Heading, atlas
from pages._shelf import Comparison

NEAREST = 8  # images in the list of nearest ones
LISTED = 6  # pairs in the list of pairs
KINDS = {"spring": "Springs", "kamada_kawai": "Path lengths", "spectral": "Spectral"}
VIEWS = {"two": "Two networks", "one": "One network"}
LINKS = {"attributions": "What do they look at?", "models": "Compare all models", "layers": "At which layer?"}


def draw() -> None:
    """Draw the page."""
    two = _state.read().view != "one"
    heading, controls = st.container(horizontal=True), st.container()
    with controls:
        comparison = _cached.require(_state.read(), layers=("output",))
        two = two and len(comparison.probes) > 1
        chosen = _choose(comparison, two)
        graphs = tuple(_views.graph(comparison, _state.read(), model, layer) for model, layer in chosen)
    with heading:
        _headline(graphs)
    drawn = _drawings(comparison, graphs)
    with heading:
        _takeaway.graphs(comparison, graphs, drawn)
    if len(graphs) == 2:
        _ranked_pairs(comparison, *graphs)
    _selected(comparison, graphs)
    with st.container(horizontal=True, key="graphs-links", gap="medium"):
        if len(graphs) == 2:
            ends = {"a": graphs[0].model, "b": graphs[1].model}
            layers = {"layer_a": graphs[0].layer, "layer_b": graphs[1].layer}
            view = "" if _state.read().other is None else "pairs"
            _state.link("why", "Why are they alike?", icon=_widgets.ICONS["why"], view=view, **ends, **layers)
        for page, label in LINKS.items():
            _state.link(page, label, icon=_widgets.ICONS[page], view="")


def _choose(comparison: Comparison, two: bool) -> list[tuple[str, str]]:
    """Draw the controls and return the chosen (model, layer) pairs."""
    selection, models = _state.read(), list(comparison.models)
    layers = {spec.id: spec.layers for spec in comparison.specs}
    with st.container(horizontal=True, vertical_alignment="bottom", key="graphs-controls"):
        st.segmented_control(
            "Draw", list(VIEWS), format_func=VIEWS.get,
            **_state.bind("view", "graphs.view", "two" if two else "one"),
        )  # fmt: skip
        a = _widgets.choose_model("Network A", "a", "graphs.a", models, default=selection.target)
        chosen = [(a, _widgets.choose_layer("Layer of A", "layer_a", "graphs.layer_a", layers[a]))]
        if two:
            other = next((model for model in (selection.target, *models) if model in models and model != a), a)
            b = _widgets.choose_model("Network B", "b", "graphs.b", models, default=other)
            chosen.append((b, _widgets.choose_layer("Layer of B", "layer_b", "graphs.layer_b", layers[b])))
        with st.popover("Drawing", icon=":material/hub:"):
            _drawing_controls(len(comparison.probes))
    return chosen


def _drawing_controls(count: int) -> None:
    """Draw how many images and neighbours are shown, and which layout."""
    selection = _state.read()
    kind = selection.layout if selection.layout in layouts.LAYOUTS else "spring"
    st.selectbox("Layout", list(layouts.LAYOUTS), format_func=KINDS.get, **_state.bind("layout", "graphs.layout", kind))
    st.slider("Strongest neighbours of each image", 1, 12, **_state.bind(
        "neighbours", "graphs.neighbours", min(12, selection.neighbours)))  # fmt: skip
    most = min(networks.MAX_THUMBNAILS, count)
    if most > 4:
        st.slider("Images drawn", 4, most, **_state.bind("drawn", "graphs.drawn", max(4, min(selection.drawn, most))))
    st.toggle("Only those most alike to the selected image", **_state.bind("around", "graphs.around"))


def _headline(graphs: _views.Graphs) -> None:
    """Draw the question and its answer."""
    count = len(graphs[0])
    pairs = count * (count - 1) // 2
    names = [f"*{_widgets.plain(name)}*" for name in _names(graphs)]
    if len(graphs) == 1:
        answer = f"{count} images, {pairs:,} pairs · width of a line: cosine of the two images' features"
        _widgets.header(f"Which images does {names[0]} find alike?", answer)
        return
    similarity = _views.similarity(*graphs)
    _widgets.header(
        "Which images do these networks find alike?",
        f"s_E = :orange[**{_views.number(similarity.edge)}**]: how alike {names[0]} and {names[1]} rank the "
        f"{pairs:,} pairs of {count} images (1 the same order, 0 unrelated) · "
        f"s_V = :blue[**{_views.number(similarity.node)}**]",
    )


def _drawings(comparison: Comparison, graphs: _views.Graphs) -> list[Any]:
    """Draw one graph, or two side by side in one frame, and return the figures."""
    selection, probes = _state.read(), comparison.probes
    chosen = _views.chosen_probes(graphs, selection.drawn, selection.probe, selection.other, selection.around)
    kind = selection.layout if selection.layout in layouts.LAYOUTS else "spring"
    drawings = _views.drawings(graphs, chosen, kind, min(selection.neighbours, 12))
    bounds = networks.extent(*(drawing.positions for drawing in drawings))
    names = [probes.names[i] for i in chosen]
    how = "Near = alike. Lines join each image to its strongest neighbours"
    says = [f"{how}; thick = high cosine. Click an image or the dot on a line."]
    if len(graphs) == 2:
        a, b = (_widgets.plain(name) for name in _names(graphs))
        says = [
            f"{how}. Green: ranked higher here than in {b}; purple: lower; grey: both agree.",
            f"The same images, turned onto the first drawing. Green: ranked higher here than in {a}; purple: lower.",
        ]
    figures = []
    for place, graph, name, drawing, said in zip(
        st.columns(len(graphs)), graphs, _names(graphs), drawings, says, strict=True
    ):
        with place, _widgets.card(_widgets.plain(name), said, key=f"card-graph-{len(says)}-{drawings.index(drawing)}"):
            key = f"graphs.drawing{drawings.index(drawing)}.{hash(chosen)}"  # other images: no earlier click is theirs
            figure = networks.network(
                drawing.positions, drawing.pairs, drawing.strength, names=names, images=probes.images[list(chosen)],
                disagreement=drawing.disagreement, selected=drawing.place(selection.probe),
                selected_pair=_places(drawing, selection.probe, selection.other), bounds=bounds, dark=_widgets.dark(),
            )  # fmt: skip
            _charts.chart(figure, key, partial(_clicked, chosen))
            figures.append(figure)
            missing = int(graph.no_feature.sum())
            if missing:
                st.caption(f"{missing} of {len(graph)} images have no feature at this layer: cosine 0 to all others.")
    return figures


def _places(drawing: layouts.Drawing, probe: int, other: int | None) -> tuple[int, int] | None:
    ends = drawing.place(probe), drawing.place(other)
    return None if ends[0] is None or ends[1] is None or ends[0] == ends[1] else (ends[0], ends[1])


def _clicked(chosen: tuple[int, ...], place: _charts.Place) -> None:
    """Select the image or the pair that was clicked in a drawing."""
    kind, i, *rest = place
    if kind == "probe":
        _state.update(probe=chosen[int(i)], other=None)
    else:
        _state.update(probe=chosen[int(i)], other=chosen[int(rest[0])])


def _ranked_pairs(comparison: Comparison, a: _views.Graph, b: _views.Graph) -> None:
    """Draw the ranks against each other, and the pairs in the part of it that was chosen."""
    names = _names((a, b))
    table = _views.pair_table(a, b)
    bins = layouts.rank_bins(len(table))
    left, right = st.columns([5, 7])
    with (
        left,
        _widgets.card(
            "Edges, rank against rank",
            f"Every pair of images. On the diagonal both agree; the cloud's correlation is s_E = "
            f":orange[**{_views.number(_views.similarity(a, b).edge)}**]. Click, or drag a box, to list its pairs.",
            key="card-ranks",
        ),
    ):
        figure = ranks.rank_density(
            table["rank_a"].to_numpy(), table["rank_b"].to_numpy(), names=names, bins=bins, dark=_widgets.dark()
        )
        figure.update_layout(dragmode="select")
        key = f"graphs.ranks.{a.digest[:8]}.{b.digest[:8]}"
        event = st.plotly_chart(
            figure, theme=None, config=_charts.camera(key), key=key,
            selection_mode=("points", "box"), on_select="rerun",
        )  # fmt: skip
    cells = [_charts.cell(point["customdata"]) for point in event.selection.points]
    found = layouts.pairs_within(table, cells or None, bins)
    title = f"{len(found):,} pairs in the chosen part" if cells else "The most disputed pairs"
    with right, _widgets.card(title, "Rank 1 = the most alike of all pairs, 0 = the least. Click one to look closer.",
                              key="card-pairs"):  # fmt: skip
        _pairs(comparison, found, names)


def _pairs(comparison: Comparison, found: pd.DataFrame, names: tuple[str, str]) -> None:
    """List pairs of images with their cosine and rank in both graphs."""
    shown = found.head(LISTED)
    rows = [
        [
            _image(comparison, int(pair.i), int(pair.j)),
            _image(comparison, int(pair.j), int(pair.i)),
            Cell(None, f"rank {pair.rank_a:.2f}\ncosine {_views.number(pair.cosine_a, 3)}"),
            Cell(None, f"rank {pair.rank_b:.2f}\ncosine {_views.number(pair.cosine_b, 3)}"),
        ]
        for pair in shown.itertuples()
    ]
    headings = [Heading("image"), Heading("image"), Heading(names[0]), Heading(names[1])]
    chosen = {_state.read().probe, _state.read().other}
    at = next((k for k, pair in enumerate(shown.itertuples()) if {pair.i, pair.j} == chosen), None)
    clicked = atlas(
        "graphs.pairs", headings, rows, selected=at, pictures=2, size=70, largest=84, label="Pairs of images"
    )
    if len(found) > LISTED:
        st.caption(f"the {LISTED} with the largest difference of ranks, of {len(found):,}")
    if clicked is not None and clicked[0] >= 0:
        pair = shown.iloc[clicked[0]]
        _state.update(probe=int(pair.i), other=int(pair.j))
        st.rerun()


def _image(comparison: Comparison, i: int, other: int) -> Cell:
    names = comparison.probes.names
    return Cell(_cached.thumbnail(comparison.probes, i, 96), names[i], f"{names[i]} and {names[other]}")


def _selected(comparison: Comparison, graphs: _views.Graphs) -> None:
    """Show the selected image's nearest ones in each graph, and the selected pair."""
    selection, probes = _state.read(), comparison.probes
    probe = min(selection.probe, len(probes) - 1)
    other = selection.other if selection.other is not None and selection.other < len(probes) else None
    left, right = st.columns([7, 5]) if other is not None else (st.container(), None)
    with (
        left,
        _widgets.card(
            f"Most alike to {_widgets.plain(probes.names[probe])}",
            "The nearest images in each network, with the cosine of the features. Click one to compare the two.",
            key="card-nearest",
        ),
    ):
        order = [_views.nearest(graph, probe, NEAREST) for graph in graphs]
        rows = [
            [Cell(_cached.thumbnail(probes, probe, 96), name, f"{probes.names[probe]} in {name}")]
            + [_near(comparison, graph, probe, i) for i in near]
            for graph, name, near in zip(graphs, _names(graphs), order, strict=True)
        ]
        clicked = atlas("graphs.nearest", [Heading("in"), *(Heading(f"{k + 1}") for k in range(len(order[0])))], rows,
                        size=52, largest=104, label="Nearest images")  # fmt: skip
    if clicked is not None and clicked[0] >= 0 and clicked[1]:
        _state.update(other=int(order[clicked[0]][clicked[1] - 1]))
        st.rerun()
    if right is not None:
        with right:
            _pair(comparison, graphs, probe, other)


def _near(comparison: Comparison, graph: _views.Graph, probe: int, i: int) -> Cell:
    cosine, name = _views.number(graph.edges[probe, i], 3), comparison.probes.names[i]
    return Cell(_cached.thumbnail(comparison.probes, i, 96), cosine, f"{name}, cosine {cosine}")


def _pair(comparison: Comparison, graphs: _views.Graphs, probe: int, other: int) -> None:
    """Show two images side by side with what each network says of them."""
    probes = comparison.probes
    with _widgets.card("The selected pair", "How alike each network finds these two images.", key="card-pair"):
        for place, index in zip(st.columns(2), (probe, other), strict=True):
            name = probes.names[index]
            place.image(_cached.thumbnail(probes, index, 256), caption=_widgets.plain(name), width="stretch", alt=name)
        for graph, name in zip(graphs, _names(graphs), strict=True):
            rank = _views.pair_ranks(graph)[probe, other]
            st.markdown(
                f"**{_widgets.plain(name)}**: cosine :orange[**{_views.number(graph.edges[probe, other], 3)}**], "
                f"more alike than {100 * rank:.0f} % of all pairs"
            )
        st.button("Close the pair", key="graphs.close", on_click=_state.update, kwargs={"other": None})


def _names(graphs: _views.Graphs) -> tuple[str, ...]:
    """Name graphs as short as they stay apart: the layer only where it is not the output."""
    shorts = [_widgets.short(g.model) + ("" if g.layer == "output" else f" · {g.layer}") for g in graphs]
    return tuple(g.label for g in graphs) if len(set(shorts)) < len(shorts) else tuple(shorts)


draw()
