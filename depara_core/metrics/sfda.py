"""SFDA: how surely a discriminant tells each probe's class once hard probes were drawn towards the other classes.

Symbols: N probes, D features, K classes.
"""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.fisher import adaptive_shrinkage, classes_of, posteriors, rotated, shrunk, softmax
from depara_core.metrics.matrices import one_hot
from depara_core.metrics.metric import Metric


def sfda(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return the mean probability of the true class, in [0, 1] (Shao et al., ECCV 2022).

    1. P = Fisher's posteriors, the within-class covariance shrunk by s = exp(-5 * its largest eigenvalue).
    2. Self-challenging (ConfMix): with p = softmax(P)_y, each probe becomes p x + (1 - p) * the mean of the other
       classes' means.
    3. The score is the mean of the posteriors of the mixed probes, at the same s.
    """
    z = rotated(x)
    described = classes_of(z, labels)
    shrinkage = adaptive_shrinkage(described)
    sure = softmax(posteriors(z, described, shrunk(described.within, shrinkage, x.shape[1])))
    own = sure[np.arange(len(z)), labels][:, None]
    others = (described.means.sum(axis=0) - described.means) / (len(described.means) - 1)
    mixed = own * z + (1 - own) * (one_hot(labels) @ others)
    again = classes_of(mixed, labels)
    told = posteriors(mixed, again, shrunk(again.within, shrinkage, x.shape[1]))
    return float(told[np.arange(len(z)), labels].mean())


SFDA = Metric(
    name="sfda",
    title="SFDA",
    takes=("features", "labels"),
    paper="Shao et al., ECCV 2022",
    note="From 0 to 1: the mean probability of the true class, without the logarithm, as in the released code, whose "
    "three power steps for the largest eigenvalue are replaced by that eigenvalue. It grows with the features' scale; "
    "nothing is held out.",
    symmetric=False,
    isometric=False,  # the covariance is shrunk towards the identity of all D columns
    compute=sfda,
)
