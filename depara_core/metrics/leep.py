"""LEEP: how likely the target's labels are when read off the source's predictions.

Symbols: N probes, Z source classes.
"""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.matrices import one_hot
from depara_core.metrics.metric import Metric


def leep(probabilities: Float[np.ndarray, "N Z"], labels: Int[np.ndarray, " N"]) -> float:
    """Return the log expected empirical prediction, at most 0 (Nguyen et al., ICML 2020, Eq. 2).

    LEEP = 1/N sum_i log sum_z P(y_i | z) theta_i(z), P(y, z) = 1/N sum_{i: y_i = y} theta_i(z), P(z) = sum_y P(y, z).
    """
    joint = one_hot(labels).T @ probabilities
    marginal = probabilities.sum(axis=0)
    conditional = joint / np.where(marginal > 0, marginal, 1)
    return float(np.log((conditional[labels] * probabilities).sum(axis=1)).mean())


LEEP = Metric(
    name="leep",
    title="LEEP",
    takes=("probabilities", "labels"),
    paper="Nguyen et al., ICML 2020",
    note="A log likelihood per probe, at most 0. A source class that is never predicted has no say.",
    symmetric=False,
    isometric=False,
    compute=leep,
)
