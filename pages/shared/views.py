"""What the Attributions and Graphs pages compute, kept once for all sessions like everything in `_cached`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core import layouts
from depara_core.comparison import Comparison
from depara_core.figures import attribution_maps, tiles
from depara_core.similarity import Grid, agreements
from pages.shared import cached
from pages.shared.atlas import Legend
from pages.shared.selection import Data

Graph = depara.AttributionGraph
Graphs = tuple[Graph, ...]


def graph(comparison: Comparison, data: Data, model: str, layer: str) -> Graph:
    """Return one layer of one model, or draw the progress of its computing and stop the page here."""
    for kept in (comparison, *cached.at_hand(data)):
        found = kept.graph(model, layer)
        if found is not None:
            return found
    return cached.require(data, layers=(layer,), models=(model,)).graphs[0]


@st.cache_data(show_spinner=False, max_entries=16, hash_funcs=cached._BY_DIGEST)
def agreement(graphs: Graphs, reference: Graph, grid: Grid) -> np.ndarray:
    """Return cosine(v_i, v_i of the reference) for each graph and probe, (M, N); the mean over probes is s_V."""
    return agreements(graphs, reference, grid)


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs=cached._BY_DIGEST)
def overlays(
    probes: depara.ProbeSet,
    graphs: Graphs,
    indices: tuple[int, ...],
    *,
    signed: bool,
    shared: bool,
    smooth: bool,
    opacity: float,
    dark: bool,
    size: int = 112,
    limit: float | None = None,
) -> list[list[bytes | None]]:
    """Return a row of PNGs for each probe, one a graph; None where there is no attribution."""
    look = {"signed": signed, "shared": shared, "smooth": smooth, "opacity": opacity, "size": size, "dark": dark}
    rows = tiles.attribution_tiles(probes.images, graphs, indices, limit=limit, **look)
    return [[None if tile is None else tiles.small_png(tile) for tile in row] for row in rows]


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs=cached._BY_DIGEST)
def full_strength(graphs: Graphs, indices: tuple[int, ...], *, signed: bool, smooth: bool, size: int) -> float:
    """Return the value shown at full strength in the maps of some probes, for others on the same scale."""
    return tiles.full_strength(graphs, indices, signed=signed, smooth=smooth, size=size)


@st.cache_data(show_spinner=False, max_entries=4)
def legend(*, signed: bool, dark: bool) -> Legend:
    """Return the colour scale of the overlays."""
    low, high = ("lowers the feature", "raises it") if signed else ("does not matter", "matters most")
    return Legend(attribution_maps.to_png(attribution_maps.scale_bar(signed=signed, dark=dark)), low, high)


@st.cache_resource(show_spinner=False, max_entries=48, hash_funcs=cached._BY_DIGEST)
def drawings(graphs: Graphs, chosen: Sequence[int], kind: str, neighbours: int) -> list[layouts.Drawing]:
    """Return the drawing of one graph, or of two, the second aligned to the first and both coloured by disagreement."""
    first, *rest = graphs
    other = rest[0] if rest else None
    drawn = [layouts.draw(first, chosen, kind=kind, neighbours=neighbours, other=other)]
    if other is not None:
        drawn.append(layouts.draw(other, chosen, kind=kind, neighbours=neighbours, other=first, onto=drawn[0]))
    return drawn


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=cached._BY_DIGEST)
def panorama(graphs: Graphs, chosen: tuple[int, ...], neighbours: int) -> list[layouts.Drawing]:
    """Return a drawing of each graph, all turned onto the first, so that they can be compared by eye."""
    first = layouts.draw(graphs[0], chosen, neighbours=neighbours)
    return [first, *(layouts.draw(graph, chosen, neighbours=neighbours, onto=first) for graph in graphs[1:])]


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=cached._BY_DIGEST)
def pair_table(a: Graph, b: Graph) -> pd.DataFrame:
    """Return every pair of probes with its cosine and rank in both graphs."""
    return layouts.pair_table(a, b)


@st.cache_data(show_spinner=False, max_entries=32, hash_funcs=cached._BY_DIGEST)
def similarity(a: Graph, b: Graph, grid: Grid) -> depara.Similarity:
    """Return s_V and s_E of two graphs, maps compared on the comparison's grid."""
    return depara.similarity(a, b, grid=grid)


def chosen_probes(graphs: Graphs, count: int, probe: int, other: int | None, around: bool) -> tuple[int, ...]:
    """Return the probes to draw: a seeded sample, or those most alike to `probe` in any graph; both ends always."""
    if around:
        share = -(-count // len(graphs))
        found = [layouts.choose_probes(graph, share, around=min(probe, len(graph) - 1)) for graph in graphs]
    else:
        found = [layouts.choose_probes(graphs[0], count)]
    ends = {i for i in (probe, other) if i is not None and i < len(graphs[0])}
    return tuple(sorted(ends.union(*(map(int, indices) for indices in found))))


def nearest(graph: Graph, probe: int, count: int) -> list[int]:
    """Return the probes most alike to one, the most alike first."""
    return [int(i) for i in layouts.nearest(graph, probe)[:count]]


@st.cache_data(show_spinner=False, max_entries=8, hash_funcs=cached._BY_DIGEST)
def pair_ranks(graph: Graph) -> np.ndarray:
    """Return the rank of every pair of probes in a graph, 0 the least and 1 the most alike."""
    return layouts.pair_ranks(graph.edges)


def number(value: float, digits: int = 2) -> str:
    """Write a cosine with a true minus sign and no negative zero."""
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")
