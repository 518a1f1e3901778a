"""H-score: how much of the features' variation lies between the target's classes, in whitened features.

Symbols: N probes, D features, K classes, k directions of the features.
"""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.matrices import NOISE, centred, left_singular, one_hot
from depara_core.metrics.metric import Metric


def hscore(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return tr(cov(x)^+ cov(E[x | y])), in [0, min(k, K - 1)] (Bao et al., ICIP 2019)."""
    vectors, _ = left_singular(centred(x))
    return float(_between(vectors, labels).sum())


def hscore_shrunk(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return the H-score with the covariance shrunk towards a multiple of the identity, as Ledoit & Wolf (2004) do.

    H = tr(S_a^-1 (1 - a) cov(E[x | y])), S_a = (1 - a) cov(x) + a m I, m = tr cov(x) / D, a the Ledoit-Wolf intensity
    (Ibrahim et al. 2021). Both covariances are divided by N, so that a = 0 gives the plain H-score.
    """
    vectors, squares = left_singular(centred(x))
    if not squares.size:
        return 0.0
    intensity = shrinkage(vectors, squares, x.shape[1])
    variance = (1 - intensity) * squares / len(x)
    return float(_between(vectors, labels) @ (variance / (variance + intensity * squares.sum() / len(x) / x.shape[1])))


def shrinkage(vectors: Float[np.ndarray, "N k"], squares: Float[np.ndarray, " k"], features: int) -> float:
    """Return the Ledoit-Wolf intensity, in [0, 1], of D centred features from their singular directions.

    a = min(b^2, d^2) / d^2, d^2 = |S - m I|^2 / D, b^2 = 1/N^2 sum_i |x_i x_i' - S|^2 / D, S = x'x / N, m = tr S / D
    (Ledoit & Wolf 2004). A covariance that is a multiple of the identity as it is needs none: 0.
    """
    count = len(vectors)
    variances = squares / count
    norms = (vectors**2 @ squares) ** 2
    mean = variances.sum() / features
    spread = (variances**2).sum() - features * mean**2
    error = (norms.sum() / count - (variances**2).sum()) / count
    return float(min(max(error, 0), spread) / spread) if spread > NOISE * (variances**2).sum() else 0.0


def _between(vectors: Float[np.ndarray, "N k"], labels: Int[np.ndarray, " N"]) -> Float[np.ndarray, " k"]:
    """Return the share of every unit direction's variance that lies between the classes' means."""
    members = one_hot(labels)
    return ((members.T @ vectors) ** 2 / members.sum(axis=0)[:, None]).sum(axis=0)


HSCORE = Metric(
    name="hscore",
    title="H-score",
    takes=("features", "labels"),
    paper="Bao et al., ICIP 2019",
    note="From 0 to one less than the number of classes K, with the pseudo-inverse as in the released code. With as "
    "many independent features as probes it is K - 1 for any features: use hscore_shrunk there. Constant features "
    "give 0.",
    symmetric=False,
    isometric=True,
    compute=hscore,
)

HSCORE_SHRUNK = Metric(
    name="hscore_shrunk",
    title="H-score, shrunk covariance",
    takes=("features", "labels"),
    paper="Ibrahim et al., ECML PKDD 2022 (arXiv 2021)",
    note="From 0 to K - 1; Ledoit-Wolf shrinkage makes it tell features apart also with fewer probes than features. "
    "Constant features give 0.",
    symmetric=False,
    isometric=False,  # shrunk towards the mean variance of the D columns, so empty columns matter
    compute=hscore_shrunk,
)
