"""GBC: how much the target's classes, seen as Gaussians, overlap in the source's features.

Symbols: N probes, D features, K classes, k <= 64 principal components.
"""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.matrices import centred, left_singular, one_hot
from depara_core.metrics.metric import Metric

COMPONENTS = 64
FLOOR = 1e-4  # of every variance, as in the released code: a class of one probe has none


def gbc(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return minus the sum of the Bhattacharyya coefficients of all ordered pairs of classes, in [-K(K-1), 0].

    GBC = -sum_{a != b} exp(-B(a, b)), B = 1/8 (m_a - m_b)' V^-1 (m_a - m_b) + 1/2 log(|V| / sqrt(|V_a| |V_b|)),
    V = (V_a + V_b) / 2 diagonal, in the first 64 principal components (Pándy et al., CVPR 2022).
    """
    vectors, squares = left_singular(centred(x))
    scores = (vectors * np.sqrt(squares))[:, :COMPONENTS]
    members = one_hot(labels) / np.bincount(labels)
    means = members.T @ scores
    deviations = scores - means[labels]
    variances = np.maximum(members.T @ deviations**2, FLOOR)
    middle = (variances + variances[:, None]) / 2
    logs = np.log(variances).sum(axis=1)
    distance = ((means - means[:, None]) ** 2 / middle).sum(axis=2) / 8
    distance += np.log(middle).sum(axis=2) / 2 - (logs + logs[:, None]) / 4
    return float(-(np.exp(-distance) * (1 - np.eye(len(means)))).sum())


GBC = Metric(
    name="gbc",
    title="GBC",
    takes=("features", "labels"),
    paper="Pándy et al., CVPR 2022",
    note="Minus the overlap, as in the paper: from -K(K - 1) for K equal classes to 0. Diagonal variances of at least "
    "1e-4 in 64 principal components, as in the released code (whose default is one variance a class).",
    symmetric=False,
    isometric=True,
    compute=gbc,
)
