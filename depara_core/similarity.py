"""How alike two deep attribution graphs are: node similarity, edge similarity, and their sum S.

Symbols: N probes, P numbers in a node, E = N(N-1)/2 edges, R and C graphs in the rows and columns of a matrix.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Float32

from depara_core.errors import OptionError
from depara_core.extraction.device import resolve_device
from depara_core.extraction.numerics import exact_float32
from depara_core.graphs import AttributionGraph

Grid = tuple[int, int, int]  # channels, height, width

MAX_LAM = 1e6  # s_V is then below what a score is read to
WORTH_MOVING = 2**33  # multiplications of a matrix, below which moving the nodes to a GPU costs more than it gains


def check_lam(lam: object) -> float:
    """Return the weight of the edges in S = s_V + lam * s_E, or refuse what is none.

    Parameters
    ----------
    lam
        A finite number, 0 to `MAX_LAM`.

    Raises
    ------
    OptionError
        For anything else: a negative number, NaN, infinity, a word.
    """
    if isinstance(lam, int | float | np.floating | np.integer) and not isinstance(lam, bool) and 0 <= lam <= MAX_LAM:
        return float(lam)
    raise OptionError(
        f"lambda, the weight of the edges in S, should be a number from 0 to {MAX_LAM:g}, such as 1; {lam!r} came."
    )


@dataclass(frozen=True)
class Similarity:
    """s_V and s_E of two graphs, each in [-1, 1], and the grid that their maps were compared on."""

    node: float
    edge: float
    grid: Grid
    undefined: int  # probes without attribution or feature in either graph; they count as 0

    def total(self, lam: float) -> float:
        """S = s_V + lam * s_E (DEPARA, Eq. 5)."""
        return self.node + check_lam(lam) * self.edge


@dataclass(frozen=True, eq=False)
class SimilarityMatrix:
    """s_V and s_E of every row graph (a source) with every column graph (a target), all on one grid."""

    rows: tuple[AttributionGraph, ...]
    columns: tuple[AttributionGraph, ...]
    node: Float[np.ndarray, "R C"]
    edge: Float[np.ndarray, "R C"]
    grid: Grid

    def total(self, lam: float) -> Float[np.ndarray, "R C"]:
        """S = s_V + lam * s_E for every pair."""
        return self.node + check_lam(lam) * self.edge

    def to_frame(self, lam: float) -> pd.DataFrame:
        """S as a table with the graphs' labels on both sides."""
        return pd.DataFrame(self.total(lam), index=labels(self.rows), columns=labels(self.columns))


def labels(graphs: Sequence[AttributionGraph]) -> list[str]:
    """Name graphs by their models, or by model and layer where a model occurs with several layers."""
    models = [graph.model for graph in graphs]
    layered = len(set(models)) < len(models)
    return [graph.label if layered else graph.model for graph in graphs]


def similarity(a: AttributionGraph, b: AttributionGraph, *, grid: Grid | None = None) -> Similarity:
    """Compare two graphs over the same probes.

    s_V = mean_i cosine(v_i^A, v_i^B) (DEPARA, Eq. 5, first term); s_E = Spearman's correlation of the E edges, ties by
    average rank (second term).

    Parameters
    ----------
    a, b
        Graphs over the same N probes.
    grid
        (channels, height, width) that the maps are compared on; None: the common grid of these two. A pair of a larger
        comparison is compared on the comparison's grid, else its s_V is another number.

    Returns
    -------
    Similarity
        s_V and s_E, each in [-1, 1], with the grid.

    Raises
    ------
    OptionError
        Where the graphs are not over the same probes, or their maps cannot be brought to the grid.
    """
    grid = common_grid([a, b], grid)
    silent = a.no_attribution | b.no_attribution | a.no_feature | b.no_feature
    node = float(probe_cosines(a, b, grid).mean())
    edge = min(1.0, max(-1.0, float(a.ranks @ b.ranks)))  # rounding must not carry a correlation past its bounds
    return Similarity(node, edge, grid, int(silent.sum()))


def similarity_matrix(
    rows: Sequence[AttributionGraph],
    columns: Sequence[AttributionGraph] | None = None,
    *,
    grid: Grid | None = None,
    device: str = "auto",
) -> SimilarityMatrix:
    """Compare all row graphs with all column graphs over the same probes.

    With unit nodes and standardised ranks a graph is a point and both similarities are inner products, so all pairs are
    two Gram matrices: no pair is compared by itself.

    Parameters
    ----------
    rows, columns
        R sources and C targets, over the same N probes; no columns: the rows.
    grid
        (channels, height, width) that all maps are compared on; None: the common grid of all these graphs.
    device
        Where nodes are multiplied; "auto" takes a GPU where there is one and the work is worth the way to it.

    Returns
    -------
    SimilarityMatrix
        s_V and s_E of every pair (R, C), each in [-1, 1], with the grid.

    Raises
    ------
    OptionError
        For no graphs, different probes, a grid that the maps cannot be brought to, or a device that is not there.
    """
    columns = rows if columns is None else columns
    grid = common_grid([*rows, *columns], grid)
    count = len(rows[0])
    small = len(rows) * len(columns) * count * int(np.prod(grid)) < WORTH_MOVING
    place = resolve_device("cpu" if device == "auto" and small else device)
    node = np.zeros((len(rows), len(columns)))
    step = max(1, 2**24 // (max(len(rows), len(columns)) * int(np.prod(grid))))  # at most 64 MiB a side at once
    left = _Side(rows, grid, min(step, count), place)
    right = left if columns is rows else _Side(columns, grid, min(step, count), place)
    for start in range(0, count, step):
        block = slice(start, min(start + step, count))
        vectors = left.read(block)
        node += _products(vectors, vectors if right is left else right.read(block), place)
    left_ranks = np.stack([graph.ranks for graph in rows])
    edge = left_ranks @ (left_ranks if columns is rows else np.stack([graph.ranks for graph in columns])).T
    node, edge = np.clip(node / count, -1, 1), np.clip(edge, -1, 1)
    node.setflags(write=False)
    edge.setflags(write=False)
    return SimilarityMatrix(tuple(rows), tuple(columns), node, edge, grid)


def common_grid(graphs: Sequence[AttributionGraph], grid: Grid | None = None) -> Grid:
    """Return the grid that the maps of all these graphs are compared on.

    Parameters
    ----------
    graphs
        One or more, over the same probes.
    grid
        (channels, height, width), checked and returned where it is given. None: the smallest height and width among
        the maps, and their channels where all agree, else 1: channels are then averaged.

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
    if grid is None:
        return smallest_grid([graph.shape for graph in graphs])
    channels, height, width = grid
    for graph in graphs:
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
    """Return unit node vectors on `grid`: maps averaged over area, and over channels if need be, then scaled."""
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


def agreements(graphs: Sequence[AttributionGraph], reference: AttributionGraph, grid: Grid) -> Float[np.ndarray, "M N"]:
    """Return cosine(v_i, v_i of the reference) for each of M graphs and each probe i; a row's mean is s_V."""
    return np.stack([probe_cosines(graph, reference, grid) for graph in graphs])


class _Side:
    """The rows or the columns of a matrix: node vectors of graphs, a block of probes at a time, in one buffer."""

    def __init__(self, graphs: Sequence[AttributionGraph], grid: Grid, probes: int, place: torch.device) -> None:
        self.graphs, self.grid, self.length = graphs, grid, int(np.prod(grid))
        self.buffer = torch.empty((len(graphs), probes * self.length), pin_memory=place.type == "cuda")

    def read(self, block: slice) -> Float32[torch.Tensor, "M np"]:
        """Fill the buffer with the vectors of these probes, one row a graph; the next call overwrites it."""
        filled = self.buffer[:, : (block.stop - block.start) * self.length]
        for row, graph in zip(filled.numpy(), self.graphs, strict=True):
            row[:] = node_vectors(graph, self.grid, block).ravel()
        return filled


def _products(
    left: Float32[torch.Tensor, "R k"], right: Float32[torch.Tensor, "C k"], place: torch.device
) -> Float32[np.ndarray, "R C"]:
    """Return all inner products of rows, made by a GPU unless other work has taken its memory."""
    if place.type == "cuda":
        with contextlib.suppress(torch.OutOfMemoryError), exact_float32():
            there = left.to(place)
            return (there @ (there if right is left else right.to(place)).T).cpu().numpy()
    a, b = left.numpy(), right.numpy()
    return a @ b.T  # numpy knows a symmetric product, which takes half the time


def _area_weights(size: int, target: int) -> Float32[np.ndarray, "target size"]:
    """Row t holds the share of each of `size` pixels in the t-th of `target` equal intervals; rows sum to 1."""
    edges = np.arange(target + 1) * size / target
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.clip(overlap, 0, None) * target / size).astype(np.float32)
