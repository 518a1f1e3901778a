"""Pairs of probes in the order of what they add to a score.

Symbols: N probes, E = N(N-1)/2 pairs i < j row by row, n pairs listed.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from depara_core.errors import OptionError

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
