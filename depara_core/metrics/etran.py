"""ETran: how much energy the probes have in a source's features, and how surely a discriminant tells their classes.

Symbols: N probes, D features, K classes.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp

from depara_core.metrics.fisher import adaptive_shrinkage, classes_of, posteriors, rotated, shrunk
from depara_core.metrics.metric import Metric
from depara_core.metrics.ncti import scaled_over_sources


def etran(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return S_en + S_cls, of any sign (Gholami et al., ICCV 2023).

    S_en = 1/N sum_i log sum_d exp(x_id), minus the free energy of the features; S_cls = the mean probability of the
    true class under Fisher's discriminant, its covariance shrunk by exp(-5 * its largest eigenvalue).
    """
    return sum(parts(x, labels))


def parts(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> tuple[float, float]:
    """Return S_en and S_cls."""
    z = rotated(x)
    described = classes_of(z, labels)
    sure = posteriors(z, described, shrunk(described.within, adaptive_shrinkage(described), x.shape[1]))
    return float(logsumexp(x, axis=1).mean()), float(sure[np.arange(len(z)), labels].mean())


def etran_of_all(
    sources: Sequence[Float[np.ndarray, "N D"]], targets: Sequence[Int[np.ndarray, " N"]]
) -> Float[np.ndarray, "S T"]:
    """Return the score of every source for every target: both parts first scaled to [0, 1] over the sources."""
    found = np.array([[parts(x, labels) for labels in targets] for x in sources])
    return scaled_over_sources(found).sum(axis=2)


ETRAN = Metric(
    name="etran",
    title="ETran",
    takes=("features", "labels"),
    paper="Gholami et al., ICCV 2023",
    note="Energy of raw features and discriminant for classes; without the paper's part for boxes. Of one source the "
    "plain sum; where many sources are scored together, each part is first scaled to [0, 1] over them. The energy is "
    "the mean over all probes; the released code takes it over a small share of the lowest.",
    symmetric=False,
    isometric=False,  # the energy is of the features as they are
    compute=etran,
    pairs=etran_of_all,
)
