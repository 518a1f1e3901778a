"""NCTI: how near the features are to the neural collapse that training ends in.

Symbols: N probes, D features, K classes, k <= 64 principal components.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.fisher import LEAST, Classes, classes_of, posteriors, shrunk
from depara_core.metrics.matrices import NOISE, centred, left_singular
from depara_core.metrics.metric import Metric

COMPONENTS = 64
COUNTED = 32  # components whose variance sets the shrinkage


def ncti(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return s_seli + s_ncc - s_vc, of any sign (Wang et al., ICCV 2023).

    In the first 64 principal components, with a discriminant whose covariance is shrunk by exp(-(variance of the first
    32)): s_seli = |Z|_* of the centred projections, s_ncc the mean probability of the true class, s_vc = log of the sum
    over classes of |P_c|_*, P_c the probabilities of its probes; |.|_* sums singular values.
    """
    seli, ncc, vc = parts(x, labels)
    return seli + ncc - vc


def ncti_of_all(
    sources: Sequence[Float[np.ndarray, "N D"]], targets: Sequence[Int[np.ndarray, " N"]]
) -> Float[np.ndarray, "S T"]:
    """Return the score of every source for every target: the parts first scaled to [0, 1] over the sources."""
    found = np.array([[parts(x, labels) for labels in targets] for x in sources])
    return scaled_over_sources(found) @ np.array([1.0, 1.0, -1.0])


def scaled_over_sources(found: Float[np.ndarray, "S T p"]) -> Float[np.ndarray, "S T p"]:
    """Shift and scale every part to [0, 1] over the sources of a target; what is the same for all of them is 0."""
    spread = np.ptp(found, axis=0)
    return (found - found.min(axis=0)) / np.where(spread > 0, spread, 1)


def parts(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> tuple[float, float, float]:
    """Return s_seli, s_ncc and s_vc as the paper's code does."""
    vectors, squares = left_singular(centred(x))
    if not squares.size:
        prior = np.bincount(labels) / len(labels)
        return 0.0, float((prior**2).sum()), float(np.log(_nuclear(np.tile(prior, (len(x), 1)), labels)))
    z = (vectors * np.sqrt(squares))[:, :COMPONENTS]
    variance = squares[:COMPONENTS] / (len(x) - 1)
    shrinkage = max(float(np.exp(-variance[:COUNTED].sum())), LEAST)
    described = classes_of(z, labels)
    covariance = shrunk(described.within, shrinkage, z.shape[1])
    sure = posteriors(z, described, covariance)
    low = z @ _directions(described, covariance)
    return (
        float(np.linalg.norm(low - low.mean(axis=0), ord="nuc")),
        float(sure[np.arange(len(x)), labels].mean()),
        float(np.log(_nuclear(sure, labels))),
    )


def _directions(described: Classes, covariance: Float[np.ndarray, "k k"]) -> Float[np.ndarray, "k r"]:
    """Return Fisher's K - 1 directions: w' C w = 1, the variance between the classes' means largest first."""
    values, vectors = np.linalg.eigh(covariance)
    keep = values > NOISE * values[-1]
    whiten = vectors[:, keep] / np.sqrt(values[keep])
    away = (described.means - described.prior @ described.means) * np.sqrt(described.prior)[:, None]
    return whiten @ np.linalg.svd(away @ whiten, full_matrices=False)[2][: len(described.means) - 1].T


def _nuclear(sure: Float[np.ndarray, "N K"], labels: Int[np.ndarray, " N"]) -> float:
    return float(sum(np.linalg.norm(sure[labels == one], ord="nuc") for one in range(labels.max() + 1)))


NCTI = Metric(
    name="ncti",
    title="NCTI",
    takes=("features", "labels"),
    paper="Wang et al., ICCV 2023",
    note="Three parts whose scales differ. Of one source their plain sum; where many sources are scored together, each "
    "part is first scaled to [0, 1] over them, as in the released code. Principal components are those of the probes.",
    symmetric=False,
    isometric=True,
    compute=ncti,
    pairs=ncti_of_all,
)
