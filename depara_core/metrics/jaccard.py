"""Nearest-neighbour Jaccard: do two models find the same probes nearest to each probe?

Symbols: N probes, D and E features, k neighbours.
"""

import numpy as np
from jaxtyping import Bool, Float

from depara_core.metrics.matrices import centred, unit_rows
from depara_core.metrics.metric import Metric

NEIGHBOURS = 10
DECIMALS = 12  # of cosines that are ranked, so that rounding breaks no ties


def jaccard(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return the mean over probes of |A n B| / |A u B|, A and B its k = 10 nearest others, in [0, 1].

    Nearest by the cosine of centred features.
    Of fewer than 12 probes, k = N - 2, so that the sets can differ (Wang et al., COLING 2020; ReSi, Klabunde et al.,
    ICLR 2025).
    """
    a, b = centred(x), centred(y)
    if not (a.any() and b.any()):
        return 0.0
    near_x, near_y = _nearest(a), _nearest(b)
    shared = (near_x & near_y).sum(axis=1)
    return float((shared / (near_x | near_y).sum(axis=1)).mean())


def _nearest(x: Float[np.ndarray, "N D"]) -> Bool[np.ndarray, "N N"]:
    rows = unit_rows(x)
    distance = -np.round(rows @ rows.T, DECIMALS)
    np.fill_diagonal(distance, np.inf)
    count = len(x)
    order = np.argsort(distance, axis=1, kind="stable")[:, : max(1, min(NEIGHBOURS, count - 2))]
    near = np.zeros((count, count), dtype=bool)
    np.put_along_axis(near, order, True, axis=1)
    return near


JACCARD = Metric(
    name="jaccard",
    title="neighbours (Jaccard)",
    takes=("features", "features"),
    paper="Klabunde et al., ICLR 2025",
    note="From 0 to 1: the 10 nearest others of every probe by the cosine of centred features. Equal cosines keep the "
    "order of the probes; about k / (2N - k) where two models have nothing in common. Constant features give 0.",
    symmetric=True,
    isometric=True,
    compute=jaccard,
)
