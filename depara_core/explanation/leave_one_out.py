"""Spearman's correlation of two graphs' edges without each probe, without sorting N times.

Symbols: N probes, E = N(N-1)/2 edges, F = (N-1)(N-2)/2 edges without one probe's.

u are the average ranks of all edges less their mean. Without probe i the rank of an edge falls by the number of i's
edges below it, ties counting half, and the mean by (N-1)/2; the difference of the two is d_i(e), so that the new
centred rank is u(e) - d_i(e), exactly. The covariance is then a sum over all edges less one over i's own.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

from depara_core.graphs import AttributionGraph


@dataclass(frozen=True, eq=False)
class _Order:
    """The edges of one graph in the order of their values."""

    places: Int[np.ndarray, " E"]  # the edges, lowest value first
    ranks: Float[np.ndarray, " E"]  # u, of the edges in their own order
    first: Int[np.ndarray, "N others"]  # of each probe's edges: where the values equal to it begin in that order
    last: Int[np.ndarray, "N others"]  # and where they end
    own: Float[np.ndarray, "N others"]  # u of each probe's edges
    steps: Int[np.ndarray, "N steps"]  # where d_i rises by one half, lowest first


def rank_correlations(a: AttributionGraph, b: AttributionGraph) -> Float[np.ndarray, " N"]:
    """Return s_E without each probe, the remaining edges ranked anew: N * E steps."""
    count = len(a)
    left, right = _order(a), _order(b)
    covariance = left.ranks @ right.ranks - _crossed(left, right) - _crossed(right, left) + _both_fall(left, right)
    covariance -= np.vecdot(left.own - _falls(a, left), right.own - _falls(b, right))
    whole = np.sqrt((left.ranks @ left.ranks) * (right.ranks @ right.ranks))
    return _correlation(covariance, _spread(left, count), _spread(right, count), whole)


def kept_rank_correlations(a: AttributionGraph, b: AttributionGraph) -> Float[np.ndarray, " N"]:
    """Return the same for edges that keep the rank they have among all E: E steps, as nothing is sorted again.

    Of vectors with mean 0 and norm 1 what is left has the covariance s_E less the probe's own products, less the
    product of the means; the remaining ranks sum to minus the probe's own.
    """
    left, right = _square(a), _square(b)
    edges = max((len(a) - 1) * (len(a) - 2) // 2, 1)
    sums = left.sum(axis=1), right.sum(axis=1)
    covariance = a.ranks @ b.ranks - np.vecdot(left, right) - sums[0] * sums[1] / edges
    left_square, right_square = (
        1 - np.vecdot(own, own) - total**2 / edges for own, total in zip((left, right), sums, strict=True)
    )
    return _correlation(covariance, left_square, right_square, 1.0)


def _square(graph: AttributionGraph) -> Float[np.ndarray, "N N"]:
    """Write the ranks as a matrix, 0 on its diagonal."""
    upper = np.triu_indices(len(graph), k=1)
    ranks = np.zeros((len(graph), len(graph)))
    ranks[upper] = ranks.T[upper] = graph.ranks
    return ranks


def _correlation(
    covariance: Float[np.ndarray, " N"], left: Float[np.ndarray, " N"], right: Float[np.ndarray, " N"], whole: float
) -> Float[np.ndarray, " N"]:
    """Divide by the spreads; a spread below 1e-9 of the `whole` sample's is rounding, and nothing is left to rank."""
    spread = np.sqrt(left.clip(0) * right.clip(0))
    return np.clip(np.divide(covariance, spread, out=np.zeros(len(spread)), where=spread > 1e-9 * whole), -1, 1)


def _order(graph: AttributionGraph) -> _Order:
    """Sort the edges once."""
    count = len(graph)
    upper = np.triu_indices(count, k=1)
    values = graph.edges[upper]
    places = np.argsort(values, kind="stable")
    begins = np.flatnonzero(np.diff(values[places], prepend=np.nan) != 0)
    sizes = np.diff(begins, append=len(values))
    group = np.empty(len(values), dtype=np.int64)
    group[places] = np.repeat(np.arange(len(begins)), sizes)
    first, last = begins[group], (begins + sizes)[group]
    ranks = (first + last - len(values)) / 2
    own = np.empty((count, count), dtype=np.int64)  # the place of each pair among the edges
    own[upper] = own.T[upper] = np.arange(len(values))
    mine = own[~np.eye(count, dtype=bool)].reshape(count, count - 1)
    steps = np.sort(np.concatenate([first[mine], last[mine]], axis=1), axis=1)
    return _Order(places, ranks, first[mine], last[mine], ranks[mine], steps)


def _falls(graph: AttributionGraph, order: _Order) -> Float[np.ndarray, "N others"]:
    """Return d_i of probe i's own edges: their rank among themselves, centred."""
    return rankdata(order.own, axis=1) - 0.5 - (len(graph) - 1) / 2


def _crossed(moved: _Order, still: _Order) -> Float[np.ndarray, " N"]:
    """Return for every probe i the sum over all edges of d_i in one graph times u in the other.

    Each of i's edges adds 1 to d_i of all edges above it, and 1/2 where they tie: a sum over the end of the order.
    """
    sums = np.concatenate([np.cumsum(still.ranks[moved.places][::-1])[::-1], [0.0]])
    return (sums[moved.first] + sums[moved.last]).sum(axis=1) / 2


def _both_fall(left: _Order, right: _Order) -> Float[np.ndarray, " N"]:
    """Return for every probe i the sum over all edges of d_i in one graph times d_i in the other.

    The one sum of N * E terms. 2 d_i is a staircase of whole numbers along its graph's order: the right one is written
    out and turned into the left order, where it is summed over each stair of the left one.
    """
    edges, others = len(left.places), left.first.shape[1]
    levels = np.arange(2 * others + 1) - others
    small = levels.astype(np.int16)  # a graph of more than 32,767 probes would not fit any memory
    backward = np.empty(edges, dtype=np.intp)
    backward[right.places] = np.arange(edges)
    to_right = backward[left.places]  # where the edges in the left order stand in the right one
    result, turned = np.empty(len(left.steps)), np.empty(edges, dtype=np.int16)
    for i, (a, b) in enumerate(zip(left.steps, right.steps, strict=True)):
        written = np.repeat(small, np.diff(b, prepend=0, append=edges))
        np.take(written, to_right, out=turned, mode="clip")  # no place is outside: no check
        starts = np.concatenate([[0], a])
        wide = np.diff(starts, append=edges) > 0
        result[i] = levels[wide] @ np.add.reduceat(turned, starts[wide], dtype=np.int64) / 4
    return result


def _spread(order: _Order, count: int) -> Float[np.ndarray, " N"]:
    """Return the sum of squares of the remaining centred ranks: (F^3 - F) / 12 less (m^3 - m) / 12 for each m ties."""
    remaining = (count - 1) * (count - 2) / 2

    def cubes(sizes: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        return sizes**3 - sizes

    sizes = (order.last - order.first).astype(np.float64)
    gone = rankdata(order.own, "max", axis=1) - rankdata(order.own, "min", axis=1) + 1.0  # of equal edges, how many
    starts = order.ranks[order.places]
    all_sizes = np.diff(np.flatnonzero(np.diff(starts, prepend=np.nan) != 0), append=len(starts)).astype(np.float64)
    ties = cubes(all_sizes).sum() + ((cubes(sizes - gone) - cubes(sizes)) / gone).sum(axis=1)
    return (remaining**3 - remaining - ties) / 12
