"""TransRate: what the features say about the labels, with coding rates for entropies. Symbols: N probes, D features."""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.matrices import NOISE, centred
from depara_core.metrics.metric import Metric

DISTORTION = 1e-4  # the paper's epsilon


def transrate(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return R(z) - mean_c R(z_c), z the centred features and z_c those of class c (Huang et al., ICML 2022).

    R(z) = 1/2 log det(I + z'z / (n epsilon)), the coding rate of n rows at distortion epsilon = 1e-4. The classes count
    alike, as in the code that the paper prints.
    """
    z = centred(x)
    gram = z @ z.T
    classes = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    return _rate(gram) - float(np.mean([_rate(gram[np.ix_(rows, rows)]) for rows in classes]))


def _rate(gram: Float[np.ndarray, "n n"]) -> float:
    """Return the coding rate from the inner products of the rows: z z' has the eigenvalues of z'z that are not 0."""
    values = np.linalg.eigvalsh(gram)
    return float(np.log1p(values[values > NOISE * values[-1]] / (len(gram) * DISTORTION)).sum()) / 2


TRANSRATE = Metric(
    name="transrate",
    title="TransRate",
    takes=("features", "labels"),
    paper="Huang et al., ICML 2022",
    note="In nats, of any sign; distortion 1e-4, and the plain mean over classes of the paper's printed code. It grows "
    "with the scale of the features. Constant features give 0.",
    symmetric=False,
    isometric=True,
    compute=transrate,
)
