"""Pairs of probes: their ranks in two graphs, and which of them to list.

Symbols: N probes, E = N(N-1)/2 pairs i < j row by row, n pairs listed.
"""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph, relative_ranks, standard_ranks

Range = tuple[float, float]  # low, high, both included

# Each kind: the sign of what its pairs add, and on which side of the middle rank they lie (None: on either) in A and B.
_KINDS: dict[str, tuple[int, int | None, int | None]] = {
    "agree": (1, None, None),
    "differ": (-1, None, None),
    "both alike": (1, 1, 1),
    "both unlike": (1, -1, -1),
    "only A alike": (-1, 1, -1),
    "only B alike": (-1, -1, 1),
}
PAIR_KINDS = tuple(_KINDS)


def of_kind(a: Float[np.ndarray, " E"], b: Float[np.ndarray, " E"], kind: str, top: int) -> Int[np.ndarray, " n"]:
    """Return the places of at most `top` pairs of a kind, by a * b, strongest first; ties by place.

    `a` and `b` are standardised ranks. The order is the same for every lambda, 0 included.
    """
    if kind not in _KINDS:
        raise OptionError(f"The kind of pairs {kind!r} is unknown. Expected one of: {', '.join(PAIR_KINDS)}.")
    sign, side_a, side_b = _KINDS[kind]
    products = sign * a * b
    kept = products > 0
    for ranks, side in ((a, side_a), (b, side_b)):
        if side is not None:
            kept &= ranks * side > 0
    return strongest(products, kept, top)


def strongest(values: Float[np.ndarray, " E"], kept: Bool[np.ndarray, " E"], top: int) -> Int[np.ndarray, " n"]:
    """Return the places of the `top` highest of the values that are kept, highest first; ties by place."""
    if top < 1:
        raise OptionError(f"top={top} was given. Expected 1 or more pairs.")
    places = np.flatnonzero(kept)
    chosen = values[places]
    if len(places) > top:  # a partition first: half a million pairs are not sorted to show ten
        least = np.partition(chosen, len(chosen) - top)[len(chosen) - top]
        places, chosen = places[chosen >= least], chosen[chosen >= least]
    return places[np.argsort(-chosen, kind="stable")[:top]]


def ends(places: Int[np.ndarray, " n"], count: int) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Return the two probes i < j of pairs given by their place among the E pairs of `count` probes."""
    rows = np.arange(count)
    starts = rows * (count - 1) - rows * (rows - 1) // 2  # the place of (i, i + 1)
    i = np.searchsorted(starts[: max(count - 1, 1)], places, side="right") - 1
    return i, places - starts[i] + i + 1


def within(
    ranks_a: Float[np.ndarray, " E"], ranks_b: Float[np.ndarray, " E"], a: Range, b: Range
) -> Bool[np.ndarray, " E"]:
    """Tell which pairs have their relative ranks in two graphs in a box, both ends included."""
    return (ranks_a >= a[0]) & (ranks_a <= a[1]) & (ranks_b >= b[0]) & (ranks_b <= b[1])


def pair_ranks(edges: Float[np.ndarray, "N N"]) -> Float[np.ndarray, "N N"]:
    """Relative rank of each pair i < j among all pairs, from 0 (least alike) to 1 (most alike); see `relative_ranks`.

    Symmetric, zero diagonal; the Pearson correlation of two such upper triangles is the Spearman s_E (paper, Eq. 5).
    """
    upper = np.triu_indices(len(edges), 1)
    ranks = np.zeros(edges.shape)
    ranks[upper] = relative_ranks(standard_ranks(edges[upper]))
    return ranks + ranks.T


def disagreement(a: AttributionGraph, b: AttributionGraph) -> Float[np.ndarray, "N N"]:
    """Rank of each pair in `a` minus that in `b`, in [-1, 1]: positive where `a` finds the two images more alike."""
    _same_probes(a, b)
    return pair_ranks(a.edges) - pair_ranks(b.edges)


def pair_table(a: AttributionGraph, b: AttributionGraph) -> pd.DataFrame:
    """List the E pairs i < j, row by row: i, j, cosine_a, cosine_b, rank_a, rank_b, difference = rank_a - rank_b."""
    _same_probes(a, b)
    i, j = np.triu_indices(len(a), 1)
    rank_a, rank_b = pair_ranks(a.edges)[i, j], pair_ranks(b.edges)[i, j]
    return pd.DataFrame(
        {
            "i": i,
            "j": j,
            "cosine_a": a.edges[i, j],
            "cosine_b": b.edges[i, j],
            "rank_a": rank_a,
            "rank_b": rank_b,
            "difference": rank_a - rank_b,
        }
    )


def pairs_within(table: pd.DataFrame, a: Range = (0, 1), b: Range = (0, 1)) -> pd.DataFrame:
    """Keep the pairs of a `pair_table` whose ranks lie in a box, as in `within`, the most disputed first."""
    kept = table[within(table["rank_a"].to_numpy(), table["rank_b"].to_numpy(), a, b)]
    return kept.loc[kept["difference"].abs().sort_values(ascending=False, kind="stable").index]


def rank_bins(pairs: int) -> int:
    """Return how many bins a side show the ranks of so many pairs: about three pairs a bin, 8 to 40 bins."""
    return int(np.clip(np.sqrt(pairs / 3), 8, 40))


def _same_probes(a: AttributionGraph, b: AttributionGraph) -> None:
    """Refuse to compare pairs of different images."""
    if len(a) != len(b) or a.probes != b.probes:
        raise OptionError(
            f"Expected two graphs over the same probes: {a.label} has {len(a)} ({a.probes[:8]}), "
            f"{b.label} has {len(b)} ({b.probes[:8]}). Build both with one probe set."
        )
