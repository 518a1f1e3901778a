"""The ranking measures by name: what each needs, and how to read it.

Symbols: S sources, T targets, n candidates of one target, M metrics, F measures. Higher is better in scores and truth.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float

from depara_core.evaluation import expectation
from depara_core.evaluation.alignment import Aligned
from depara_core.evaluation.ranks import Ranks


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
    for column, (values, measured) in enumerate(candidates_by_target(scores, aligned.truth)):
        defined = np.isfinite(values).all(axis=-1)
        places = Ranks.of(values[defined])
        for number, measure in enumerate(MEASURES.values()):
            found[defined, column, number] = measure.function(places, measured, relevant)
    found.setflags(write=False)
    return found


def candidates_by_target(
    scores: Float[np.ndarray, "*M S T"], truth: Float[np.ndarray, "S T"]
) -> Iterator[tuple[Float[np.ndarray, "*M n"], Float[np.ndarray, " n"]]]:
    """Yield the scores and the truth of each target's candidates."""
    for column in range(truth.shape[1]):
        candidates = np.isfinite(truth[:, column])
        yield scores[..., candidates, column], truth[candidates, column]
