"""Ranking measures: how well scores order the sources of a target, told by measured transfer.

Symbols: S sources, T targets, n candidates of one target, M metrics, F measures. Higher is better in scores and truth.
Ties are broken at random and every value is the exact expectation, so a constant score has the value of a random order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from jaxtyping import Float

from depara_core.evaluation import expectation
from depara_core.evaluation.alignment import Aligned, Table, align
from depara_core.evaluation.ranks import Ranks

Value = Callable[[Ranks, Float[np.ndarray, " n"]], Float[np.ndarray, " B"]]


@dataclass(frozen=True)
class Measure:
    """A ranking measure: its value for the places and the truth of one target, and how to read it."""

    function: Callable[[Ranks, Float[np.ndarray, " n"], int], Float[np.ndarray, " B"]]  # the last: `relevant`
    reading: str
    higher_is_better: bool = True
    k: int = 1  # how many candidates it needs at least


MEASURES: dict[str, Measure] = {
    "P@1": Measure(
        partial(expectation.precision, k=1),
        "How often the source ranked first is one of the truly best; 1 is always.",
    ),
    "P@5": Measure(
        partial(expectation.precision, k=5),
        "The share of the five sources ranked first that are among the truly best; 1 is all of them.",
        k=5,
    ),
    "R@5": Measure(
        partial(expectation.recall, k=5),
        "The share of the truly best sources that are among the five ranked first; 1 is all of them.",
        k=5,
    ),
    "AP": Measure(
        expectation.average_precision,
        "The area under precision against recall: 1 when the truly best sources are all ranked before the others.",
    ),
    "Spearman": Measure(
        lambda scores, truth, _relevant: expectation.spearman(scores, truth),
        "How well the whole ranking follows the measured one: 1 the same order, 0 unrelated, -1 reversed.",
    ),
    "weighted Kendall": Measure(
        lambda scores, truth, _relevant: expectation.weighted_kendall(scores, truth),
        "How well pairs of sources are ordered, the truly best weighing most: 1 the same order, 0 unrelated, "
        "-1 reversed.",
    ),
    "regret@1": Measure(
        lambda scores, truth, _relevant: expectation.regret(scores, truth, k=1),
        "How much measured transfer is lost by taking the source ranked first, in the truth's unit; 0 is nothing.",
        higher_is_better=False,
    ),
    "regret@5": Measure(
        lambda scores, truth, _relevant: expectation.regret(scores, truth, k=5),
        "How much measured transfer is lost by trying only the five sources ranked first, in the truth's unit; 0 is "
        "nothing.",
        higher_is_better=False,
        k=5,
    ),
}


def precision_at_k(scores: Table, truth: Table, k: int = 5, relevant: int = 5) -> float:
    """Return P@K in [0, 1]: the share of the k highest scores that belong to the `relevant` best, mean over targets.

    m(scores, k) · m(truth, relevant) / k with m the probabilities of being among the first. `scores` and `truth`: (S,)
    for one target, (S, T), or tables, matched by name. Raises OptionError for a k or `relevant` beyond the candidates.
    """
    return _mean(scores, truth, partial(expectation.precision, k=k, relevant=relevant), k=k, relevant=relevant)


def recall_at_k(scores: Table, truth: Table, k: int = 5, relevant: int = 5) -> float:
    """Return R@K in [0, 1]: the share of the `relevant` best that are among the k highest scores, mean over targets."""
    return _mean(scores, truth, partial(expectation.recall, k=k, relevant=relevant), k=k, relevant=relevant)


def regret_at_k(scores: Table, truth: Table, k: int = 1) -> float:
    """Return regret@K >= 0, in the truth's unit: the best truth less the best truth among the k highest scores.

    What is lost by trying only the first k sources; mean over targets.
    """
    return _mean(scores, truth, partial(expectation.regret, k=k), k=k)


def area_under_pr(scores: Table, truth: Table, relevant: int = 5) -> float:
    """Return the average precision in [0, 1]: the mean of P@place over the places of the `relevant` best sources."""
    return _mean(scores, truth, partial(expectation.average_precision, relevant=relevant), relevant=relevant)


def spearman(scores: Table, truth: Table) -> float:
    """Return Spearman's correlation in [-1, 1], ties by average rank, mean over targets; 0 for a constant."""
    return _mean(scores, truth, expectation.spearman)


def weighted_kendall(scores: Table, truth: Table) -> float:
    """Return weighted Kendall's tau_h in [-1, 1] (Vigna, WWW 2015), mean over targets; 0 for a constant.

    An exchange of two sources weighs 1/r + 1/q with r and q their places in the truth (1 the best), averaged over the
    places of a tie. So confusing the best sources costs most; places in the scores carry no weight.
    """
    return _mean(scores, truth, expectation.weighted_kendall)


def precision_recall(scores: Table, truth: Table, relevant: int = 5) -> pd.DataFrame:
    """Return the columns k, recall and precision for k = 1 to the largest number of candidates, mean over targets.

    A target with fewer candidates keeps the values of its end, where all are chosen; `relevant` beyond the candidates
    means all of them.
    """
    aligned = align(scores, truth)
    aligned.require("relevant", min(relevant, 1))  # at least 1; no upper limit here
    counts = np.isfinite(aligned.truth).sum(axis=0)
    depths = np.arange(1, counts.max() + 1)
    hits = np.zeros((len(counts), len(depths)))
    for row, (values, measured) in zip(hits, _targets(aligned.scores, aligned.truth), strict=True):
        places, best = Ranks.of(values), Ranks.of(measured).membership(min(relevant, len(measured)))
        row[:] = [places.membership(int(k)) @ best for k in depths]
    recall = (hits / counts.clip(max=relevant)[:, None]).mean(axis=0)
    precision = (hits / np.minimum(depths, counts[:, None])).mean(axis=0)
    return pd.DataFrame({"k": depths, "recall": recall, "precision": precision})


def measures_by_target(
    scores: Float[np.ndarray, "M S T"], aligned: Aligned, relevant: int
) -> Float[np.ndarray, "M T F"]:
    """Return every measure of M scores against one truth, NaN where a score is undefined for a target.

    Raises OptionError when a target has fewer candidates than `relevant` or than a measure needs.
    """
    aligned.require("relevant", relevant)
    for name, measure in MEASURES.items():
        aligned.require(f"The k of {name}", measure.k)
    found = np.full((len(scores), len(aligned.targets), len(MEASURES)), np.nan)
    for column, (values, measured) in enumerate(_targets(scores, aligned.truth)):
        defined = np.isfinite(values).all(axis=-1)
        places = Ranks.of(values[defined])
        for number, measure in enumerate(MEASURES.values()):
            found[defined, column, number] = measure.function(places, measured, relevant)
    found.setflags(write=False)
    return found


def _mean(scores: Table, truth: Table, value: Value, **numbers: int) -> float:
    aligned = align(scores, truth)
    for option, number in numbers.items():
        aligned.require(option, number)
    pairs = _targets(aligned.scores[None], aligned.truth)
    return float(np.mean([value(Ranks.of(values), measured) for values, measured in pairs]))


def _targets(
    scores: Float[np.ndarray, "*M S T"], truth: Float[np.ndarray, "S T"]
) -> Iterator[tuple[Float[np.ndarray, "*M n"], Float[np.ndarray, " n"]]]:
    """Yield the scores and the truth of each target's candidates."""
    for column in range(truth.shape[1]):
        candidates = np.isfinite(truth[:, column])
        yield scores[..., candidates, column], truth[candidates, column]
