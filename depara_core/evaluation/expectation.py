"""Ranking measures of one target: exact expectations over random breaking of ties, in the scores and in the truth.

Symbols: n candidates, B scores of them. A measure reads a score only through its places, so that B shuffled or rival
scores of one target are one call. A constant score has exactly the value expected of a random order.
"""

import numpy as np
from jaxtyping import Float

from depara_core.evaluation.ranks import Ranks


def precision(scores: Ranks, truth: Float[np.ndarray, " n"], relevant: int, *, k: int) -> Float[np.ndarray, " B"]:
    """Return m(scores, k) · m(truth, relevant) / k, m the probabilities of being among the first."""
    return scores.membership(k) @ Ranks.of(truth).membership(relevant) / k


def recall(scores: Ranks, truth: Float[np.ndarray, " n"], relevant: int, *, k: int) -> Float[np.ndarray, " B"]:
    """Return m(scores, k) · m(truth, relevant) / relevant."""
    return scores.membership(k) @ Ranks.of(truth).membership(relevant) / relevant


def regret(scores: Ranks, truth: Float[np.ndarray, " n"], *, k: int) -> Float[np.ndarray, " B"]:
    """Sum (best truth - truth_j) over the chance that the j-th best is the best one chosen.

    The tie at the k-th place gives `drawn` of its c members. None of its first c_j (best first) is drawn with the
    hypergeometric probability C(c - c_j, drawn) / C(c, drawn).
    """
    order = np.argsort(-truth, kind="stable")
    above, through = scores.above[..., order], scores.through[..., order]
    sure, tied = through <= k, (above < k) & (k < through)
    size = tied.sum(axis=-1, keepdims=True)
    drawn = np.where(size > 0, k - sure.sum(axis=-1, keepdims=True), 0)
    left = size - tied.cumsum(axis=-1)
    none = np.where(sure.cumsum(axis=-1) > 0, 0.0, 1.0)
    for i in range(int(drawn.max())):
        none = np.where(i < drawn, none * (left - i).clip(0) / (size - i).clip(1), none)
    before = np.concatenate([np.ones_like(none[..., :1]), none[..., :-1]], axis=-1)
    return (before - none) @ (truth[order[0]] - truth[order])


def average_precision(scores: Ranks, truth: Float[np.ndarray, " n"], relevant: int) -> Float[np.ndarray, " B"]:
    """Sum E[1/place of i] over relevant i, and E[1/place of i; j is before i] over relevant pairs i, j.

    A pair is relevant with probability m_i m_j, save inside the tie at the truth's border: there the last seats are
    drawn without replacement. In a tie of the scores, j is before i on half of the orders, more often when i is late.
    """
    best = Ranks.of(truth)
    member = best.membership(relevant)
    border = ((member > 0) & (member < 1)).astype(np.float64)
    size = border.sum()
    seats = relevant - (member == 1).sum()
    excess = seats * (seats - 1) / (size * (size - 1)) - (seats / size) ** 2 if size else 0.0
    first = scores.reciprocal
    beside = (1 - (scores.above + 1) * first) / (scores.level - 1).clip(1)  # E[1/place of i; j before i], i and j tied
    order = np.argsort(scores.above, axis=-1, kind="stable")

    def pairs(weight: Float[np.ndarray, " n"]) -> Float[np.ndarray, "B n"]:
        sums = np.pad(weight[order].cumsum(axis=-1), [(0, 0)] * (order.ndim - 1) + [(1, 0)])
        over, upto = (np.take_along_axis(sums, places, axis=-1) for places in (scores.above, scores.through))
        return weight * (over * first + (upto - over - weight) * beside)

    return (member * first + pairs(member) + excess * pairs(border)).sum(axis=-1) / relevant


def spearman(scores: Ranks, truth: Float[np.ndarray, " n"]) -> Float[np.ndarray, " B"]:
    """Correlate the places, ties by their mean."""
    ranks, reference = (mean - mean.mean(axis=-1, keepdims=True) for mean in (scores.mean, Ranks.of(truth).mean))
    return _ratio(ranks @ reference, (ranks**2).sum(axis=-1) * (reference**2).sum())


def weighted_kendall(scores: Ranks, truth: Float[np.ndarray, " n"]) -> Float[np.ndarray, " B"]:
    """Sum the weights of the pairs in the same order less those exchanged, over the norms (Vigna, 2015).

    A pair weighs 1/r + 1/q by its places in the truth, each the mean over its tie: scipy's weightedtau with its
    hyperbolic weights on the truth's rank.
    """
    best = Ranks.of(truth)
    weight = best.reciprocal
    agreed, told = np.zeros(scores.above.shape[:-1]), np.zeros(scores.above.shape[:-1])
    truly = 0.0
    for i in range(len(truth) - 1):
        pair = weight[i] + weight[i + 1 :]
        sign = np.sign(scores.above[..., i + 1 :] - scores.above[..., i, None])
        order = np.sign(best.above[i + 1 :] - best.above[i])
        agreed += sign @ (pair * order)
        told += np.abs(sign) @ pair
        truly += np.abs(order) @ pair
    return _ratio(agreed, told * truly)


def _ratio(covariance: Float[np.ndarray, " B"], squares: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
    """Divide by the norms, 0 where one of them is 0."""
    value = np.divide(covariance, np.sqrt(squares), out=np.zeros_like(covariance), where=squares > 0)
    return value.clip(-1, 1)
