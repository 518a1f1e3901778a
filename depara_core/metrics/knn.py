"""k nearest neighbours: how often a probe's nearest probes tell its class. Symbols: N probes, D features."""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.matrices import one_hot, squared_distances
from depara_core.metrics.metric import Metric

NEIGHBOURS = 5


def knn(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return the share of probes whose class is the majority's among their 5 nearest others, in [0, 1].

    Of classes with as many votes the one with the nearest member wins (Cover & Hart 1967, left one out).
    """
    distances = squared_distances(x)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(x) - 1)]
    votes = one_hot(labels)[nearest]
    # A neighbour's rank adds less than one vote for all ranks together, so it decides between equals alone.
    closeness = 0.5 ** np.arange(1, nearest.shape[1] + 1)
    score = votes.sum(axis=1) + np.where(votes > 0, closeness[:, None], 0).max(axis=1)
    return float((score.argmax(axis=1) == labels).mean())


KNN = Metric(
    name="knn",
    title="k-NN accuracy",
    takes=("features", "labels"),
    paper="Cover & Hart, IEEE Transactions on Information Theory, 1967",
    note="From 0 to 1: leave-one-out accuracy with the 5 nearest in Euclidean distance, equal votes decided by the "
    "nearest. Equal distances keep the order of the probes.",
    symmetric=False,
    isometric=True,
    compute=knn,
)
