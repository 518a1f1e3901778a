"""PED: a labelled score after classes that overlap have pushed each other apart. Symbols: N probes, D features."""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.matrices import one_hot, squared_distances, standardised
from depara_core.metrics.metric import Metric
from depara_core.metrics.sfda import sfda

STEPS = 6
TIME = 0.1  # of one step: at most half its square of the overlap
REACH = 0.6  # radii of a class, in deviations: one of the two that the released code names
ENOUGH = 0.5  # a step that moves less than this share of the first one is not taken


def ped(x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]) -> float:
    """Return SFDA of the features after up to six steps down the potential energy of their classes, in [0, 1].

    Classes are balls about their means of radius r_k = 0.6 sqrt(tr cov_k). Two balls that overlap by
    o = max(r_a + r_b - |m_a - m_b|, 0) push each other apart along the line of their means, by t^2 o / 2 with
    t = 0.1; all probes of a class move alike (Li et al., ICCV 2023). Features move
    standardised and are scaled back.
    """
    scale = x.std(axis=0)
    z = standardised(x)
    start, radius = _balls(z, labels)
    means, first = start.copy(), None
    for _ in range(STEPS):
        push = _push(means, radius)
        moved = float(np.abs(push).sum())
        first = moved if first is None else first
        if moved <= ENOUGH * first or not moved:
            break
        means += push
    return sfda((z + (means - start)[labels]) * scale + x.mean(axis=0), labels)


def _balls(
    z: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, "K D"], Float[np.ndarray, " K"]]:
    """Return the mean and the radius of every class."""
    members = one_hot(labels) / np.bincount(labels)
    means = members.T @ z
    return means, REACH * np.sqrt(members.T @ ((z - means[labels]) ** 2).sum(axis=1))


def _push(means: Float[np.ndarray, "K D"], radius: Float[np.ndarray, " K"]) -> Float[np.ndarray, "K D"]:
    """Return where each class is pushed: the sum over the others of how far, times the unit vector away from them."""
    distance = np.sqrt(squared_distances(means))
    overlap = (radius + radius[:, None] - distance).clip(0) * (distance > 0)
    weight = np.divide(TIME**2 / 2 * overlap, distance, out=np.zeros_like(distance), where=distance > 0)
    return weight.sum(axis=1)[:, None] * means - weight @ means


PED = Metric(
    name="ped",
    title="PED (with SFDA)",
    takes=("features", "labels"),
    paper="Li et al., ICCV 2023",
    note="From 0 to 1: SFDA after the motion. The released code standardises by the features of ImageNet's validation "
    "images, which are not here: those of the probes stand for them.",
    symmetric=False,
    isometric=False,  # the columns are standardised one by one
    compute=ped,
)
