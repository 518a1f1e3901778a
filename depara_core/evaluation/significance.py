"""What the measures of several metrics are worth: intervals over targets, chance, and one metric against another.

Symbols: M metrics, T targets, F measures, R resamples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float

from depara_core.errors import OptionError
from depara_core.evaluation.alignment import Aligned, Names, align
from depara_core.evaluation.measures import MEASURES, measures_by_target
from depara_core.evaluation.ranks import Ranks
from depara_core.formatting import counted, signed

Verdict = Literal["yes", "no", "cannot tell"]

INTERVAL = (2.5, 97.5)  # percentiles of the resampled means: a 95 % interval
FEWEST_TARGETS = 6  # with 5 targets even a difference of one sign on all of them is chance: 2 / 2^5 > 0.05
ROUNDING = 1e-9  # differences below this share of the values are equal measures, summed in another order


@dataclass(frozen=True)
class PairedComparison:
    """Is metric `a` really better than metric `b` by one measure? The answer, and the paired interval behind it."""

    a: str
    b: str
    measure: str
    difference: float  # mean of a - b over the targets that both are defined for; negative is better for regret
    low: float
    high: float
    targets: int
    verdict: Verdict  # "no": a is worse

    @property
    def sentence(self) -> str:
        """The answer in plain words, with the numbers that it rests on."""
        numbers = (
            f"a difference of {signed(self.difference)}, 95 % interval {signed(self.low)} to {signed(self.high)}, over "
            f"{counted(self.targets, 'target')}"
            f"{'' if MEASURES[self.measure].higher_is_better else ' (lower is better)'}"
        )
        if self.verdict == "cannot tell":
            few = f" At least {FEWEST_TARGETS} targets are needed." if self.targets < FEWEST_TARGETS else ""
            return f"Cannot tell whether {self.a} is better than {self.b} by {self.measure}: {numbers}.{few}"
        return (
            f"{self.a} is {'better' if self.verdict == 'yes' else 'worse'} than {self.b} by {self.measure}: {numbers}."
        )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Ranking measures of M metrics on T targets, with what a random order and measured transfer itself would reach."""

    per_target: pd.DataFrame  # metric, target, then one column a measure; only targets that the metric is defined for
    random: dict[str, float]  # the exact expectation of each measure under a random order, mean over targets
    oracle: dict[str, float]  # the truth as its own score; ties in the truth keep it below the best value
    undefined: dict[str, Names]  # the targets that a metric has no scores for; metrics without such targets are absent
    relevant: int
    resamples: int
    seed: int
    _scores: dict[str, Float[np.ndarray, "S T"]] = field(repr=False)
    _truth: Aligned = field(repr=False)
    _values: dict[str, Float[np.ndarray, "T F"]] = field(repr=False)

    def summary(self) -> pd.DataFrame:
        """Return mean, low and high (95 % interval over targets) by (metric, measure).

        Targets are drawn with replacement, the same for all metrics that are defined for equally many targets. One
        target has an interval without width: it says nothing about others.
        """
        rows = []
        for found in self._values.values():
            values = found[~np.isnan(found).any(axis=1)]
            low, high = np.percentile(self._resampled(values), INTERVAL, axis=0)
            mean = values.mean(axis=0)
            rows.append(np.stack([mean, np.minimum(low, mean), np.maximum(high, mean)], axis=1))
        names = pd.MultiIndex.from_product([self._values, MEASURES], names=["metric", "measure"])
        return pd.DataFrame(np.concatenate(rows), index=names, columns=["mean", "low", "high"])

    def by_target(self, measure: str) -> pd.DataFrame:
        """Return one measure, target x metric; NaN where a metric is not defined."""
        return self.per_target.pivot(index="target", columns="metric", values=measure)

    def p_random(self, metric: str, measure: str) -> float:
        """Return the probability that a random order does as well as the metric: a one-sided permutation test.

        Scores are shuffled within each target, R times; p = (1 + #(at least as good)) / (1 + R).
        """
        observed = self._column(metric, measure)
        rng = np.random.default_rng(self.seed)
        chance = np.zeros(self.resamples)
        for column in np.flatnonzero(~np.isnan(observed)):
            candidates = np.isfinite(self._truth.truth[:, column])
            places = Ranks.of(self._scores[metric][candidates, column]).shuffled(self.resamples, rng)
            chance += MEASURES[measure].function(places, self._truth.truth[candidates, column], self.relevant)
        total = np.nansum(observed)
        advantage = (chance - total) * (1 if MEASURES[measure].higher_is_better else -1)
        reached = advantage >= -ROUNDING * max(abs(total), np.abs(chance).max())
        return float((1 + reached.sum()) / (1 + self.resamples))

    def compare(self, a: str, b: str, measure: str) -> PairedComparison:
        """Ask whether metric `a` is better than `b`: a paired bootstrap over the targets that both are defined for.

        "yes" or "no" only where the 95 % interval of the mean difference lies on one side of 0, and only with at least
        `FEWEST_TARGETS` targets: the bootstrap of fewer is too narrow.
        """
        first, second = self._column(a, measure), self._column(b, measure)
        common = ~np.isnan(first) & ~np.isnan(second)
        if not common.any():
            raise OptionError(f"{a} and {b} have no target in common that both are defined for.")
        first, second = first[common], second[common]
        difference = first - second
        difference[np.abs(difference) <= ROUNDING * np.abs([first, second]).max()] = 0
        mean = float(difference.mean())
        low, high = np.percentile(self._resampled(difference[:, None]), INTERVAL).tolist()
        better, worse = (low > 0, high < 0) if MEASURES[measure].higher_is_better else (high < 0, low > 0)
        verdict: Verdict = "cannot tell"
        if len(difference) >= FEWEST_TARGETS and (better or worse):
            verdict = "yes" if better else "no"
        return PairedComparison(a, b, measure, mean, min(low, mean), max(high, mean), len(difference), verdict)

    def _resampled(self, values: Float[np.ndarray, "t f"]) -> Float[np.ndarray, "R f"]:
        """Return the means over drawn targets; equally many targets see the same draws."""
        count = len(values)
        drawn = np.random.default_rng(self.seed).multinomial(count, np.full(count, 1 / count), size=self.resamples)
        return drawn @ values / count

    def _column(self, metric: str, measure: str) -> Float[np.ndarray, " T"]:
        for kind, name, known in (("Metric", metric, self._values), ("Measure", measure, MEASURES)):
            if name not in known:
                raise OptionError(f"{kind} {name!r} does not exist. Expected one of: {', '.join(known)}.")
        return self._values[metric][:, list(MEASURES).index(measure)]


def evaluate(
    scores: Mapping[str, pd.DataFrame],
    truth: pd.DataFrame,
    *,
    relevant: int = 5,
    resamples: int = 2000,
    seed: int = 0,
) -> Evaluation:
    """Check the scores of several metrics against measured transfer.

    Parameters
    ----------
    scores
        By the metric's name, a table each: index = sources, columns = targets, higher is better. A target that a metric
        has no score for (a column of NaN) is left out for that metric and named in `Evaluation.undefined`.
    truth
        Measured transfer, sources x targets, higher is better; NaN where a pair is no candidate.
    relevant
        How many sources with the best truth are right.
    resamples
        How many bootstrap samples of the targets, and random orders.
    seed
        Of both.

    Returns
    -------
    Evaluation
        Every measure of `MEASURES` by metric and target, with intervals, chance and paired comparisons.

    Raises
    ------
    OptionError
        Scores and truth do not match, a metric is defined for no target, or a target has fewer candidates than
        `relevant` or than a measure needs.
    """
    if resamples < 1:
        raise OptionError(f"resamples must be at least 1, got {resamples}.")
    if not scores:
        raise OptionError("No metric to evaluate: expected at least one table of scores.")
    reference = align(truth, truth)
    aligned = {name: _aligned(name, one, truth) for name, one in scores.items()}
    constant = np.where(np.isnan(reference.truth), np.nan, 0.0)
    oracle, random, *values = measures_by_target(
        np.stack([reference.truth, constant, *aligned.values()]), reference, relevant
    )
    by_metric = dict(zip(scores, values, strict=True))
    missing = {name: np.isnan(found).any(axis=1) for name, found in by_metric.items()}
    return Evaluation(
        per_target=_long(by_metric, reference.targets),
        random=dict(zip(MEASURES, random.mean(axis=0).tolist(), strict=True)),
        oracle=dict(zip(MEASURES, oracle.mean(axis=0).tolist(), strict=True)),
        undefined={
            name: tuple(target for target, left_out in zip(reference.targets, mask, strict=True) if left_out)
            for name, mask in missing.items()
            if mask.any()
        },
        relevant=relevant,
        resamples=resamples,
        seed=seed,
        _scores=aligned,
        _truth=reference,
        _values=by_metric,
    )


def _aligned(name: str, scores: pd.DataFrame, truth: pd.DataFrame) -> Float[np.ndarray, "S T"]:
    try:
        found = align(scores, truth, undefined=True).scores
    except OptionError as error:
        raise OptionError(f"Metric {name!r}: {error}") from None
    if np.isnan(found).all():
        raise OptionError(f"Metric {name!r} is defined for no target: every score is NaN. Leave it out.")
    return found


def _long(by_metric: Mapping[str, Float[np.ndarray, "T F"]], targets: Names) -> pd.DataFrame:
    """Return one row a metric and target that it is defined for."""
    names = pd.MultiIndex.from_product([by_metric, targets], names=["metric", "target"])
    table = pd.DataFrame(np.concatenate(list(by_metric.values())), index=names, columns=list(MEASURES))
    return table.dropna().reset_index()
