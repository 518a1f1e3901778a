"""How alike two deep attribution graphs are: node similarity, edge similarity, and their sum S.

Symbols: N probes, P numbers in a node, E = N(N-1)/2 edges, R and C graphs in the rows and columns of a matrix.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Float32, Int

from depara_core import notebook
from depara_core.errors import OptionError
from depara_core.extraction.device import resolve_device
from depara_core.extraction.numerics import exact_float32
from depara_core.extraction.spill import Scratch, let_go
from depara_core.files import Progress
from depara_core.formatting import score
from depara_core.graphs import MOST_RANKED, AttributionGraph, doubled_ranks
from depara_core.grids import Grid, common_grid, grid_text, node_vectors, probe_cosines

MAX_LAM = 1e6  # s_V is then below what a score is read to
EDGES_AT_ONCE = 2**18  # of the ranks of many probes
RANKS_IN_MEMORY = 2**28  # bytes of them; more lie in files
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
    """s_V and s_E of two graphs.

    Attributes
    ----------
    node
        s_V in [-1, 1].
    edge
        s_E in [-1, 1].
    grid
        (channels, height, width) that maps were compared on.
    undefined
        How many probes have no attribution or no feature in either graph; they count as 0.
    """

    node: float
    edge: float
    grid: Grid
    undefined: int

    def total(self, lam: float) -> float:
        """Return S = s_V + lam * s_E (DEPARA, Eq. 5).

        Parameters
        ----------
        lam
            Weight of the edges, 0 to 10^6.

        Returns
        -------
        float
            S in [-1 - lam, 1 + lam].
        """
        return self.node + check_lam(lam) * self.edge


@dataclass(frozen=True, eq=False)
class SimilarityMatrix:
    """s_V and s_E of every row graph (a source) with every column graph (a target), all on one grid.

    Attributes
    ----------
    rows, columns
        The R and C graphs.
    node, edge
        (R, C) s_V and s_E, each in [-1, 1].
    grid
        (channels, height, width) that maps were compared on.
    """

    rows: tuple[AttributionGraph, ...]
    columns: tuple[AttributionGraph, ...]
    node: Float[np.ndarray, "R C"]
    edge: Float[np.ndarray, "R C"]
    grid: Grid

    def total(self, lam: float) -> Float[np.ndarray, "R C"]:
        """Return S = s_V + lam * s_E of every pair.

        Parameters
        ----------
        lam
            Weight of the edges, 0 to 10^6.

        Returns
        -------
        array
            (R, C).
        """
        return self.node + check_lam(lam) * self.edge

    def to_frame(self, lam: float) -> pd.DataFrame:
        """Return S as a table.

        Parameters
        ----------
        lam
            Weight of the edges, 0 to 10^6.

        Returns
        -------
        DataFrame
            R rows and C columns under the graphs' labels.
        """
        return pd.DataFrame(self.total(lam), index=labels(self.rows), columns=labels(self.columns))

    def _repr_html_(self) -> str:
        total = self.total(1.0)
        written = [[score(value) for value in row] for row in total]
        title = f"S = s_V + λ s_E at λ = 1, {grid_text(self.grid)}; a row a source, a column a target"
        return notebook.shades(title, labels(self.rows), labels(self.columns), written, (total / 2).tolist())


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
    progress: Progress | None = None,
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
    progress
        progress(done, total, message) counts blocks of probes and graphs; what it raises stops the work.

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
    tell = _Steps(progress, -(-count // step) + len(rows) + (0 if columns is rows else len(columns)))
    for start in range(0, count, step):
        tell.step("Comparing maps")
        block = slice(start, min(start + step, count))
        vectors = left.read(block)
        node += _products(vectors, vectors if right is left else right.read(block), place)
    edge = _edge_products(rows, columns, tell)
    node, edge = np.clip(node / count, -1, 1), np.clip(edge, -1, 1)
    node.setflags(write=False)
    edge.setflags(write=False)
    return SimilarityMatrix(tuple(rows), tuple(columns), node, edge, grid)


class _Steps:
    """Counts the steps of a matrix for `progress`."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def step(self, message: str) -> None:
        """Tell that the next step begins."""
        if self.progress is not None:
            self.progress(self.done, self.total, message)
        self.done += 1


def _edge_products(
    rows: Sequence[AttributionGraph], columns: Sequence[AttributionGraph], tell: _Steps
) -> Float[np.ndarray, "R C"]:
    """Return Spearman's correlation of the edges of every pair.

    The ranks of many probes lie in files, as twice their value, which is a whole number, so that nothing is rounded;
    they are standardised and multiplied block by block.
    """
    if len(rows[0]) <= MOST_RANKED:
        left = np.stack([graph.ranks for graph in rows])
        return left @ (left if columns is rows else np.stack([graph.ranks for graph in columns])).T
    first = _ranks(rows, tell)
    second = first if columns is rows else _ranks(columns, tell)
    products, middle = np.zeros((len(rows), len(columns))), first.shape[1] + 1.0
    squares = [np.zeros(len(rows)), np.zeros(len(columns))]
    for start in range(0, first.shape[1], EDGES_AT_ONCE):
        a, b = (side[:, start : start + EDGES_AT_ONCE] - middle for side in (first, second))
        products += a @ b.T
        squares[0] += np.einsum("ij,ij->i", a, a)
        squares[1] += np.einsum("ij,ij->i", b, b)
    norms = np.sqrt(np.outer(*squares))
    return np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)


def _ranks(graphs: Sequence[AttributionGraph], tell: _Steps) -> Int[np.ndarray, "M E"]:
    count = len(graphs[0])
    ranks = Scratch(RANKS_IN_MEMORY).array((len(graphs), count * (count - 1) // 2)).view(np.int32)
    upper = np.triu(np.ones((count, count), bool), k=1)
    for row, graph in zip(ranks, graphs, strict=True):
        tell.step("Ranking the pairs of probes")
        row[:] = doubled_ranks(graph.edges[upper])
        let_go(ranks)
    return ranks


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
