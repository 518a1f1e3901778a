"""The selected image on the Graphs page: its nearest ones in each graph, and the pair it makes with another."""

import streamlit as st

from depara_core.comparison import Comparison
from depara_core.drawings import nearest
from depara_core.formatting import number, percent
from depara_core.graphs import distinct_names
from pages.shared import cache, selection, text, widgets
from pages.shared.cache import Graph, Graphs
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.parts import Pair

NEAREST = 8  # images in the list


def draw(comparison: Comparison, graphs: Graphs) -> None:
    """Show the selected image's nearest ones in each graph, and the selected pair."""
    pair, probes = selection.read(Pair), comparison.probes
    probe = min(pair.probe, len(probes) - 1)
    if pair.other_probe is None or pair.other_probe >= len(probes):
        _list(comparison, graphs, probe)
        return
    left, right = st.columns([7, 5])
    with left:
        _list(comparison, graphs, probe)
    with right:
        draw_pair(comparison, graphs, probe, pair.other_probe)


def _list(comparison: Comparison, graphs: Graphs, probe: int) -> None:
    """List the nearest images in each graph; a click makes a pair with the selected one."""
    probes = comparison.probes
    told = "The nearest images in each network, with the cosine of the features. Click one to compare the two."
    with widgets.card(f"Most alike to {text.plain(probes.names[probe])}", told, key="card-nearest"):
        order = [nearest(graph, probe)[:NEAREST].tolist() for graph in graphs]
        rows = [
            [
                Cell(cache.thumbnail(probes, probe, 96), name, f"{probes.names[probe]} in {name}"),
                *(_near(comparison, graph, probe, i) for i in near),
            ]
            for graph, name, near in zip(graphs, distinct_names(*graphs), order, strict=True)
        ]
        headings = [Heading("in"), *(Heading(f"{k + 1}") for k in range(len(order[0])))]
        clicked = image_table("graphs.nearest", headings, rows, size=52, largest=104, label="Nearest images")
    if clicked is not None and clicked[0] >= 0 and clicked[1]:
        selection.update(Pair, other_probe=order[clicked[0]][clicked[1] - 1])
        st.rerun()


def _near(comparison: Comparison, graph: Graph, probe: int, i: int) -> Cell:
    cosine, name = number(graph.edges[probe, i], 3), comparison.probes.names[i]
    return Cell(cache.thumbnail(comparison.probes, i, 96), cosine, f"{name}, cosine {cosine}")


def draw_pair(comparison: Comparison, graphs: Graphs, probe: int, other: int) -> None:
    """Show two images side by side with what each network says of them."""
    probes = comparison.probes
    with widgets.card("The selected pair", "How alike each network finds these two images.", key="card-pair"):
        for place, index in zip(st.columns(2), (probe, other), strict=True):
            name = probes.names[index]
            place.image(cache.thumbnail(probes, index, 256), caption=text.plain(name), width="stretch", alt=name)
        for graph, name in zip(graphs, distinct_names(*graphs), strict=True):
            rank, cosine = cache.pair_ranks(graph)[probe, other], number(graph.edges[probe, other], 3)
            st.markdown(
                f"**{text.plain(name)}**: cosine :orange[**{cosine}**], more alike than {percent(rank)} of all pairs"
            )
        st.button("Close the pair", key="graphs.close", **selection.click(Pair, other_probe=None))
