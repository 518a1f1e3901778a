"""Procrustes: how closely one model's features can be turned onto another's. Symbols: N probes, D and E features."""

import numpy as np
from jaxtyping import Float

from depara_core.metrics.fisher import rotated
from depara_core.metrics.matrices import centred
from depara_core.metrics.metric import Metric


def procrustes(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return 1 - d^2 / 2 of the centred features, each of Frobenius norm 1, in [0, 1].

    d^2 = min_Q |x - y Q|^2 = 2 - 2 |y' x|_* over orthogonal Q, |.|_* the sum of singular values (Schönemann 1966; Ding
    et al., NeurIPS 2021; Williams et al., NeurIPS 2021). So the score is |y' x|_* itself. The narrower
    features count as padded by zeros.
    """
    a, b = (rotated(centred(z)) for z in (x, y))
    scale = np.linalg.norm(a) * np.linalg.norm(b)
    return min(1.0, float(np.linalg.norm(a.T @ b, ord="nuc") / scale)) if scale > 0 else 0.0


PROCRUSTES = Metric(
    name="procrustes",
    title="Procrustes",
    takes=("features", "features"),
    paper="Williams et al., NeurIPS 2021",
    note="From 0 to 1: one less half the squared distance of the centred features, each of norm 1, after the best "
    "rotation. Constant features give 0.",
    symmetric=True,
    isometric=True,
    compute=procrustes,
)
