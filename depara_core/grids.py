"""The grid that attribution maps are compared on, and nodes brought to it.

Symbols: N probes, P numbers in a node, p of them on the grid, M graphs.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph

Grid = tuple[int, int, int]  # channels, height, width


def common_grid(graphs: Sequence[AttributionGraph], grid: Grid | None = None) -> Grid:
    """Return the grid that the maps of all these graphs are compared on.

    Parameters
    ----------
    graphs
        One or more, over the same probes.
    grid
        (channels, height, width), checked and returned where it is given. None: the smallest height and width among
        the maps, and their channels where all agree, else 1: channels are then averaged. A graph of edges alone has no
        maps and no say.

    Returns
    -------
    Grid
        (channels, height, width).

    Raises
    ------
    OptionError
        For no graphs, different probes, or a grid finer than a map or of channels that a map does not have.
    """
    if not graphs:
        raise OptionError("No graphs to compare: expected at least one row and one column, got none.")
    first = graphs[0]
    for graph in graphs:
        if graph.probes != first.probes or len(graph) != len(first):
            raise OptionError(
                f"Graphs can be compared only over the same probes: {first.label} has {len(first)} probes "
                f"({first.probes[:8]}), {graph.label} has {len(graph)} ({graph.probes[:8]}). Build both with one set."
            )
    drawn = [graph for graph in graphs if not graph.edges_only]
    if grid is None:
        return smallest_grid([graph.shape for graph in drawn]) if drawn else (1, 1, 1)
    channels, height, width = grid
    for graph in drawn:
        fits = 1 <= height <= graph.shape[1] and 1 <= width <= graph.shape[2]
        if not fits or channels not in (1, graph.shape[0]):
            raise OptionError(
                f"The maps of {graph.label}, {graph.shape} (channels, height, width), cannot be compared on the grid "
                f"{tuple(grid)}. Expected no finer a grid, with 1 channel or as many as every map has."
            )
    return grid


def grid_text(grid: Grid) -> str:
    """Say what maps are compared on, e.g. "maps compared at 64 × 64"."""
    return f"maps compared at {grid[1]} × {grid[2]}"


def smallest_grid(shapes: Sequence[Grid]) -> Grid:
    """Return the smallest height and width among maps, and their channels where all agree, else 1."""
    channels, heights, widths = (set(sizes) for sizes in zip(*shapes, strict=True))
    return (channels.pop() if len(channels) == 1 else 1, min(heights), min(widths))


def node_vectors(graph: AttributionGraph, grid: Grid, block: slice = slice(None)) -> Float32[np.ndarray, "n p"]:
    """Return unit node vectors on `grid`: maps averaged over area, and over channels if need be, then scaled.

    A graph of edges alone has zeros, whose cosine to everything is 0.
    """
    if graph.edges_only:
        return np.zeros((len(graph.nodes[block]), int(np.prod(grid))), dtype=np.float32)
    if graph.shape == grid:
        return graph.nodes[block]
    maps = graph.maps[block]
    if graph.shape[0] != grid[0]:
        maps = maps.mean(axis=1, keepdims=True)
    rows, columns = (_area_weights(size, target) for size, target in zip(graph.shape[1:], grid[1:], strict=True))
    vectors = (rows @ maps @ columns.T).reshape(len(maps), -1)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)


def probe_cosines(a: AttributionGraph, b: AttributionGraph, grid: Grid) -> Float[np.ndarray, " N"]:
    """Return cosine(v_i^A, v_i^B) for every probe i: the terms whose mean is s_V."""
    return np.clip(np.vecdot(node_vectors(a, grid), node_vectors(b, grid)).astype(np.float64), -1, 1)


def _area_weights(size: int, target: int) -> Float32[np.ndarray, "target size"]:
    """Row t holds the share of each of `size` pixels in the t-th of `target` equal intervals; rows sum to 1."""
    edges = np.arange(target + 1) * size / target
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.clip(overlap, 0, None) * target / size).astype(np.float32)
