"""Where two graphs differ most: an image's nearest ones in both or in one, and the images with fewest in common."""

import streamlit as st

from depara_core.comparison import Comparison
from depara_core.formatting import number
from depara_core.graphs import distinct_names
from depara_core.neighbourhoods import Neighbourhoods
from pages.graphs import nearest
from pages.shared import cache, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.image_table import Cell, Heading, image_grid, image_table
from pages.shared.parts import Pair

CHANGED = 8  # images listed


def draw(comparison: Comparison, a: Graph, b: Graph) -> None:
    """Draw the selected image's neighbours beside the images whose neighbours change most, or the selected pair."""
    pair, probes, found = selection.read(Pair), comparison.probes, cache.neighbourhoods(a, b)
    probe = min(pair.probe, len(probes) - 1)
    left, right = st.columns([7, 5])
    with left:
        _neighbours(comparison, a, b, found, probe)
    with right:
        if pair.other_probe is None or pair.other_probe >= len(probes):
            _changed(comparison, found, probe)
        else:
            nearest.draw_pair(comparison, (a, b), probe, pair.other_probe)


def _neighbours(comparison: Comparison, a: Graph, b: Graph, found: Neighbourhoods, probe: int) -> None:
    """List the neighbours of the selected image that both find, and those of one network only."""
    probes, names = comparison.probes, distinct_names(a, b)
    lists = (
        ("in both", a, found.kept(probe)),
        (f"only {names[0]}", a, found.lost(probe)),
        (f"only {names[1]}", b, found.gained(probe)),
    )
    image = text.plain(probes.names[probe])
    told = (
        f"Its {found.size} nearest images in each network, the most alike first, with their cosine there. Click one to "
        "compare the pair."
    )
    title = f"Nearest to {image}: {found.shared[probe]} of {found.size} the same"
    with widgets.card(title, told, key="card-nearest", height="stretch"):
        most = max(len(chosen) for _, _, chosen in lists)
        rows = [
            [
                Cell(None, f"{label}: {len(chosen)}"),
                *(_near(comparison, graph, probe, i) for i in chosen),
                *[Cell(None)] * (most - len(chosen)),
            ]
            for label, graph, chosen in lists
        ]
        headings = [Heading(""), *(Heading(f"{k + 1}") for k in range(most))]
        clicked = image_table("graphs.nearest", headings, rows, size=50, largest=72, label="Nearest images")
    if clicked is not None and clicked[0] >= 0 and 0 < clicked[1] <= len(lists[clicked[0]][2]):
        selection.update(Pair, other_probe=lists[clicked[0]][2][clicked[1] - 1])
        st.rerun()


def _near(comparison: Comparison, graph: Graph, probe: int, i: int) -> Cell:
    cosine, name = number(graph.edges[probe, i], 2), comparison.probes.names[i]
    return Cell(cache.thumbnail(comparison.probes, i, 96), cosine, f"{name}, cosine {cosine}")


def _changed(comparison: Comparison, found: Neighbourhoods, probe: int) -> None:
    """List the images whose neighbours change most; a click selects one."""
    chosen, probes = found.most_changed(CHANGED), comparison.probes
    told = (
        f"Of the {found.size} nearest of an image, **{number(found.overlap * found.size, 1)}** on average are the same "
        f"in both networks; by chance {number(found.chance * found.size, 1)}. These images share fewest. Click one."
    )
    with widgets.card("Where they differ most", told, key="card-changed", height="stretch"):
        at = chosen.index(probe) if probe in chosen else None
        shared = [int(found.shared[i]) for i in chosen]
        clicked = image_grid(
            "graphs.changed",
            [cache.thumbnail(probes, i, 128) for i in chosen],
            [f"{count} of {found.size}" for count in shared],
            selected=at,
            columns=4,
            alts=[
                f"{probes.names[i]}: {count} of {found.size} the same" for i, count in zip(chosen, shared, strict=True)
            ],
            label="Images whose neighbours change most",
        )
    if clicked is not None:
        selection.update(Pair, probe=chosen[clicked], other_probe=None)
        st.rerun()
