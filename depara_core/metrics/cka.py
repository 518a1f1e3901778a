"""Centred kernel alignment: the cosine of two centred kernel matrices. Symbols: N probes, D and E features."""

import numpy as np
from jaxtyping import Float

from depara_core.metrics.matrices import centred, centred_gram, cosine, rbf_kernel
from depara_core.metrics.metric import Metric

BANDWIDTH = 0.5  # of the median distance


def cka(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return linear CKA, in [0, 1] (Kornblith et al., ICML 2019), with the plain (biased) HSIC.

    CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)), HSIC(K, L) = tr(K H L H) / (N-1)^2, K = X X', L = Y Y',
    H = I - 11'/N.
    """
    x, y = centred(x), centred(y)
    return cosine(x @ x.T, y @ y.T)


def cka_rbf(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return CKA with K_ij = exp(-|x_i - x_j|^2 / (2 s^2)), s half the median distance, in [0, 1] (same paper)."""
    return cosine(*(centred_gram(rbf_kernel(z, BANDWIDTH)) for z in (x, y)))


CKA = Metric(
    name="cka",
    title="Linear CKA",
    takes=("features", "features"),
    paper="Kornblith et al., ICML 2019",
    note="From 0 to 1, with the plain (biased) estimator of HSIC. Constant features give 0.",
    symmetric=True,
    isometric=True,
    compute=cka,
)

CKA_RBF = Metric(
    name="cka_rbf",
    title="RBF CKA",
    takes=("features", "features"),
    paper="Kornblith et al., ICML 2019",
    note="From 0 to 1; bandwidth 0.5 x the median distance, the median over all N^2 pairs as in the authors' code. "
    "Constant features give 0.",
    symmetric=True,
    isometric=True,
    compute=cka_rbf,
)
