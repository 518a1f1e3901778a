"""Graphs as short points whose inner products estimate S at any lambda, and how far those may be off.

A graph is the pair of vectors v (its unit nodes / sqrt N) and e (its standardised ranks): s_V and s_E are their inner
products. Each is projected by a count sketch P (Charikar, Chen and Farach-Colton, 2002): every number is added, with a
random sign, to one of w places, so that E<Px, Py> = <x, y>. As the norms are known, so is how far the projection has
moved them; corrected by that (Li, Hastie and Church, 2006),

    t = (|x|^2 + |y|^2 - |Px - Py|^2) / 2 = <Px, Py> + c_x + c_y,    c_x = (|x|^2 - |Px|^2) / 2,

is unbiased too, and its variance, (|x - y|^4 - sum_i (x_i - y_i)^4) / 2w, vanishes where graphs are equal: those that a
search is after are told apart best. Stored as [Pv, c_v, Pe, c_e], queried as [Pv, 1, lambda Pe, lambda], a point needs
no lambda before it is searched.

Symbols: N probes, E edges, W numbers a part (W - 1 of its sketch, and its correction), K points.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, node_vectors

BLOCK = 2**22  # numbers that are projected at a time
NODES, EDGES = 0, 1  # streams of the projection


@dataclass(frozen=True)
class Estimates:
    """What points tell of S with a query.

    Attributes
    ----------
    total
        (K,) S = s_V + lambda s_E, unbiased.
    error
        (K,) its standard error, from the points themselves.
    """

    total: Float[np.ndarray, " K"]
    error: Float[np.ndarray, " K"]


def point(graph: AttributionGraph, grid: Grid, *, width: int, seed: int) -> Float32[np.ndarray, " two_W"]:
    """Return a graph's point [Pv, c_v, Pe, c_e].

    Parameters
    ----------
    graph
        Over N probes.
    grid
        (channels, height, width) that maps are compared on.
    width
        W, numbers a part.
    seed
        Of the projection: points of another one cannot be compared.

    Returns
    -------
    array
        (2 W,) float32.
    """
    count = len(graph)
    step = max(1, BLOCK // int(np.prod(grid)))
    nodes = (
        node_vectors(graph, grid, slice(start, start + step)) / np.float32(np.sqrt(count))
        for start in range(0, count, step)
    )
    parts = (sketch(nodes, width - 1, (seed, NODES)), sketch([graph.ranks], width - 1, (seed, EDGES)))
    return np.concatenate([[*projected, (square - projected @ projected) / 2] for projected, square in parts]).astype(
        np.float32
    )


def sketch(blocks: Iterable[np.ndarray], width: int, seed: tuple[int, ...]) -> tuple[Float[np.ndarray, " w"], float]:
    """Return the count sketch of a vector that comes in blocks, and the vector's squared norm.

    Places and signs are a bit generator's raw stream, which is the same in every version of NumPy.
    """
    stream = np.random.PCG64(seed)
    total, square = np.zeros(width), 0.0
    for block in blocks:
        values = np.asarray(block, dtype=np.float64).ravel()
        drawn = stream.random_raw(len(values))
        signed = np.where(drawn & np.uint64(1), values, -values)
        total += np.bincount((drawn >> np.uint64(1)) % np.uint64(width), signed, minlength=width)
        square += float(values @ values)
    return total, square


def query(point: Float32[np.ndarray, " two_W"], lam: float) -> Float32[np.ndarray, " two_W"]:
    """Return [Pv, 1, lambda Pe, lambda]: its inner products with points rank them by S at this lambda."""
    asked = point.copy()
    width = len(point) // 2
    asked[width - 1] = 1
    asked[-1] = 1
    asked[width:] *= lam
    return asked


def estimates(point: Float32[np.ndarray, " two_W"], others: Float32[np.ndarray, "K two_W"], lam: float) -> Estimates:
    """Estimate S of a point with each of K others, and its standard error."""
    width = len(point) // 2
    total, variance = np.zeros(len(others)), np.zeros(len(others))
    for part, weight in ((slice(0, width), 1.0), (slice(width, None), lam)):
        mine, theirs = point[part].astype(np.float64), others[:, part].astype(np.float64)
        total += weight * (theirs[:, :-1] @ mine[:-1] + theirs[:, -1] + mine[-1])
        distance = ((theirs[:, :-1] - mine[:-1]) ** 2).sum(axis=1)  # |Px - Py|^2, of mean |x - y|^2
        variance += weight**2 * distance**2 / (2 * (width - 1))
    return Estimates(total, np.sqrt(variance))
