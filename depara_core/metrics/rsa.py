"""Representation similarity analysis: do two models find the same pairs of probes alike?

Symbols: N probes, D and E features.
"""

import numpy as np
from jaxtyping import Float

from depara_core.metrics.matrices import rank_correlation, row_correlations
from depara_core.metrics.metric import Metric


def rsa(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return Spearman's correlation of two dissimilarity matrices, in [-1, 1] (Dwivedi & Roig, CVPR 2019).

    R_ij = 1 - Pearson(x_i, x_j) over the columns; RSA = Spearman(R^x_ij, R^y_ij : i < j). The same shift and turn of
    both sides leaves ranks alike, so the correlations themselves are ranked.
    """
    return rank_correlation(row_correlations(x), row_correlations(y))


RSA = Metric(
    name="rsa",
    title="RSA",
    takes=("features", "features"),
    paper="Dwivedi & Roig, CVPR 2019",
    note="From -1 to 1; raw features, not standardised. A probe whose features are all equal has correlation 0 to "
    "every other; matrices without any order give 0.",
    symmetric=True,
    isometric=False,  # Pearson's correlation subtracts each probe's mean over the columns
    compute=rsa,
)
