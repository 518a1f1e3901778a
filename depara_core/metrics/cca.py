"""Canonical correlations of two models' features: SVCCA and PWCCA.

Symbols: N probes, D and E features, k and l directions that are kept of them.
"""

import numpy as np
from jaxtyping import Float

from depara_core.metrics.matrices import centred, left_singular
from depara_core.metrics.metric import Metric

VARIANCE = 0.99  # share of the variance that the kept directions hold


def svcca(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return the mean canonical correlation of the directions that hold 99 % of the variance, in [0, 1].

    SVCCA = the mean of the min(k, l) singular values of U_x' U_y, U_x the first k columns of U in X = U S V', X centred
    (Raghu et al., NeurIPS 2017). Without variance there is no direction, and the value is 0.
    """
    left, right = (_directions(centred(z)) for z in (x, y))
    correlations = np.linalg.svd(left.T @ right, compute_uv=False)
    return float(correlations.clip(0, 1).mean()) if correlations.size else 0.0


def pwcca(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return the canonical correlations' mean, weighted by how much of x each direction accounts for, in [0, 1].

    PWCCA = sum_i a_i rho_i / sum_i a_i, a_i = sum_j |<h_i, x_j>|, h_i the i-th canonical variate of x, x_j its centred
    columns (Morcos et al., NeurIPS 2018). The correlations are those of SVCCA: with as many features as probes
    plain canonical correlations are all 1, whatever the features.
    """
    x = centred(x)
    left, right = _directions(x), _directions(centred(y))
    turn, correlations, _ = np.linalg.svd(left.T @ right, full_matrices=False)
    if not correlations.size:
        return 0.0
    weights = np.abs((left @ turn).T @ x).sum(axis=1)
    return float(np.average(correlations.clip(0, 1), weights=weights))


def _directions(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N k"]:
    """Return the fewest leading left singular vectors whose squared singular values make up 99 % of the whole."""
    vectors, squares = left_singular(x)
    held = np.cumsum(squares)
    return vectors[:, : int(np.searchsorted(held, VARIANCE * squares.sum())) + 1]


SVCCA = Metric(
    name="svcca",
    title="SVCCA",
    takes=("features", "features"),
    paper="Raghu et al., NeurIPS 2017",
    note="From 0 to 1: the mean canonical correlation after keeping 99 % of the variance of each. Constant features "
    "give 0.",
    symmetric=True,
    isometric=True,
    compute=svcca,
)

PWCCA = Metric(
    name="pwcca",
    title="PWCCA",
    takes=("features", "features"),
    paper="Morcos et al., NeurIPS 2018",
    note="From 0 to 1, weighted by the first argument (the source). As in SVCCA, 99 % of the variance of each is kept "
    "first: without that, as many features as probes would give 1 for any pair. Constant features give 0.",
    symmetric=False,
    isometric=False,  # the weights are sums of absolute values over the columns
    compute=pwcca,
)
