"""Ranking measures: how well scores order the sources of a target, told by measured transfer.

Symbols: S sources, T targets, n candidates of one target, B scores of them. Higher is better in scores and truth.
Ties are broken at random and every value is the exact expectation, so a constant score has the value of a random order.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from jaxtyping import Float

from depara_core.evaluation import expectation
from depara_core.evaluation.alignment import Table, align
from depara_core.evaluation.measures import candidates_by_target
from depara_core.evaluation.ranks import Ranks

Value = Callable[[Ranks, Float[np.ndarray, " n"]], Float[np.ndarray, " B"]]


def precision_at_k(scores: Table, truth: Table, k: int = 5, relevant: int = 5) -> float:
    """Return P@K: the share of the k highest scores that belong to the `relevant` best.

    m(scores, k) · m(truth, relevant) / k with m the probabilities of being among the first: ties are broken at random,
    and the exact expectation is returned.

    Parameters
    ----------
    scores, truth
        (S,) for one target's S sources, (S, T), or tables (index = sources, columns = targets), matched by name; higher
        is better. No candidate is a pair that is NaN in the truth or, in tables, has one name on both sides.
    k
        How many sources are chosen, 1 to the number of candidates.
    relevant
        How many sources with the best truth are right, 1 to the number of candidates.

    Returns
    -------
    float
        In [0, 1], mean over targets.

    Raises
    ------
    OptionError
        Scores and truth do not match, or a number is beyond the candidates of a target.
    """
    return _mean(scores, truth, partial(expectation.precision, k=k, relevant=relevant), k=k, relevant=relevant)


def recall_at_k(scores: Table, truth: Table, k: int = 5, relevant: int = 5) -> float:
    """Return R@K: the share of the `relevant` best that are among the k highest scores.

    m(scores, k) · m(truth, relevant) / relevant, with m as in `precision_at_k`.

    Parameters
    ----------
    scores, truth
        (S,) for one target's S sources, (S, T), or tables (index = sources, columns = targets), matched by name; higher
        is better. No candidate is a pair that is NaN in the truth or, in tables, has one name on both sides.
    k
        How many sources are chosen, 1 to the number of candidates.
    relevant
        How many sources with the best truth are right, 1 to the number of candidates.

    Returns
    -------
    float
        In [0, 1], mean over targets.

    Raises
    ------
    OptionError
        Scores and truth do not match, or a number is beyond the candidates of a target.
    """
    return _mean(scores, truth, partial(expectation.recall, k=k, relevant=relevant), k=k, relevant=relevant)


def regret_at_k(scores: Table, truth: Table, k: int = 1) -> float:
    """Return regret@K: the best truth less the best truth among the k highest scores.

    What is lost by trying only the first k sources, expected over random ties.

    Parameters
    ----------
    scores, truth
        (S,) for one target's S sources, (S, T), or tables (index = sources, columns = targets), matched by name; higher
        is better. No candidate is a pair that is NaN in the truth or, in tables, has one name on both sides.
    k
        How many sources are chosen, 1 to the number of candidates.

    Returns
    -------
    float
        0 or more, in the truth's unit, mean over targets.

    Raises
    ------
    OptionError
        Scores and truth do not match, or a number is beyond the candidates of a target.
    """
    return _mean(scores, truth, partial(expectation.regret, k=k), k=k)


def area_under_pr(scores: Table, truth: Table, relevant: int = 5) -> float:
    """Return the average precision: the mean of P@place over the places of the `relevant` best sources.

    It is expected over random ties in scores and truth.

    Parameters
    ----------
    scores, truth
        (S,) for one target's S sources, (S, T), or tables (index = sources, columns = targets), matched by name; higher
        is better. No candidate is a pair that is NaN in the truth or, in tables, has one name on both sides.
    relevant
        How many sources with the best truth are right, 1 to the number of candidates.

    Returns
    -------
    float
        In [0, 1], mean over targets.

    Raises
    ------
    OptionError
        Scores and truth do not match, or a number is beyond the candidates of a target.
    """
    return _mean(scores, truth, partial(expectation.average_precision, relevant=relevant), relevant=relevant)


def spearman(scores: Table, truth: Table) -> float:
    """Return Spearman's correlation, ties by average rank.

    A constant has 0 with everything.

    Parameters
    ----------
    scores, truth
        (S,) for one target's S sources, (S, T), or tables (index = sources, columns = targets), matched by name; higher
        is better. No candidate is a pair that is NaN in the truth or, in tables, has one name on both sides.

    Returns
    -------
    float
        In [-1, 1], mean over targets.

    Raises
    ------
    OptionError
        Scores and truth do not match, or a number is beyond the candidates of a target.
    """
    return _mean(scores, truth, expectation.spearman)


def weighted_kendall(scores: Table, truth: Table) -> float:
    """Return weighted Kendall's tau_h (Vigna, WWW 2015).

    An exchange of two sources weighs 1/r + 1/q with r and q their places in the truth (1 the best), averaged over the
    places of a tie. So confusing the best sources costs most; places in the scores carry no weight. A constant has 0.

    Parameters
    ----------
    scores, truth
        (S,) for one target's S sources, (S, T), or tables (index = sources, columns = targets), matched by name; higher
        is better. No candidate is a pair that is NaN in the truth or, in tables, has one name on both sides.

    Returns
    -------
    float
        In [-1, 1], mean over targets.

    Raises
    ------
    OptionError
        Scores and truth do not match, or a number is beyond the candidates of a target.
    """
    return _mean(scores, truth, expectation.weighted_kendall)


def precision_recall(scores: Table, truth: Table, relevant: int = 5) -> pd.DataFrame:
    """Return the curve of precision against recall, k by k.

    A target with fewer candidates keeps the values of its end, where all are chosen.

    Parameters
    ----------
    scores, truth
        (S,) for one target's S sources, (S, T), or tables (index = sources, columns = targets), matched by name; higher
        is better. No candidate is a pair that is NaN in the truth or, in tables, has one name on both sides.
    relevant
        How many sources with the best truth are right, 1 or more; beyond the candidates it means all of them.

    Returns
    -------
    DataFrame
        k (1 to the largest number of candidates), recall, precision: means over targets.

    Raises
    ------
    OptionError
        Scores and truth do not match, or `relevant` is below 1.
    """
    aligned = align(scores, truth)
    aligned.require("relevant", min(relevant, 1))  # at least 1; no upper limit here
    counts = np.isfinite(aligned.truth).sum(axis=0)
    depths = np.arange(1, counts.max() + 1)
    hits = np.zeros((len(counts), len(depths)))
    for row, (values, measured) in zip(hits, candidates_by_target(aligned.scores, aligned.truth), strict=True):
        places, best = Ranks.of(values), Ranks.of(measured).membership(min(relevant, len(measured)))
        row[:] = [places.membership(int(k)) @ best for k in depths]
    recall = (hits / counts.clip(max=relevant)[:, None]).mean(axis=0)
    precision = (hits / np.minimum(depths, counts[:, None])).mean(axis=0)
    return pd.DataFrame({"k": depths, "recall": recall, "precision": precision})


def _mean(scores: Table, truth: Table, value: Value, **numbers: int) -> float:
    aligned = align(scores, truth)
    for option, number in numbers.items():
        aligned.require(option, number)
    pairs = candidates_by_target(aligned.scores[None], aligned.truth)
    return float(np.mean([value(Ranks.of(values), measured) for values, measured in pairs]))
