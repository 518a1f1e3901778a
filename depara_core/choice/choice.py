"""Candidates side by side: DEPARA, labelled scores, measured accuracy, costs, their consensus and their Pareto set.

Symbols: N images, M candidates, B resamples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape

import numpy as np
import pandas as pd
from jaxtyping import Bool

from depara_core.choice.scores import INTERVAL, Score
from depara_core.graphs import AttributionGraph
from depara_core.pipeline.costs import Costs, published_accuracy
from depara_core.pipeline.fit import FrozenTransfer
from depara_core.probes import ProbeSet
from depara_core.zoo.spec import ModelSpec

SIZE, IMAGENET, ACCURACY = "parameters", "imagenet", "accuracy"


@dataclass(frozen=True, eq=False)
class Choice:
    """M candidates for one target, over N images.

    Attributes
    ----------
    probes
        The images.
    target
        The graph that S compares with, or None where there is nothing to compare with.
    lam
        Weight of the edges in S.
    specs
        The candidates that could be computed.
    scores
        By name, "depara" and the labelled ones: higher is better.
    transfer
        Which images each candidate's head got right, where they have labels and it was asked for.
    costs
        By model id.
    notes
        What could not be done as asked.
    network
        The target's network, where it is one.
    by_labels
        Whether the target is the images' labels.
    """

    probes: ProbeSet
    target: AttributionGraph | None
    lam: float
    specs: tuple[ModelSpec, ...]
    scores: Mapping[str, Score]
    transfer: FrozenTransfer | None
    costs: Mapping[str, Costs]
    notes: tuple[str, ...] = ()
    network: ModelSpec | None = None
    by_labels: bool = False

    def _repr_html_(self) -> str:
        from depara_core.choice.verdict import verdict  # late: it is written about choices

        return f"<p>{escape(verdict(self))}</p>{self.table.to_html(index=False)}"

    @cached_property
    def consensus(self) -> Score | None:
        """The mean of the ranks that the scores give, negated, so that higher is better; None without scores."""
        if not self.scores:
            return None
        every = self.scores.values()
        return Score(
            -np.mean([one.ranks for one in every], axis=0), -np.mean([one.sampled_ranks for one in every], axis=0)
        )

    @cached_property
    def quality(self) -> Score | None:
        """What candidates are compared by: measured accuracy where it exists, else the consensus."""
        if self.transfer is None:
            return self.consensus
        return Score(self.transfer.right.mean(axis=1), self.transfer.accuracies())

    @cached_property
    def pareto(self) -> Bool[np.ndarray, " M"]:
        """The candidates that no other one matches in quality at less work, or beats at the same."""
        if self.quality is None:
            return np.zeros(len(self.specs), dtype=bool)
        quality, work = self.quality.values, np.array([self.costs[spec.id].gflops for spec in self.specs])
        at_least = (quality >= quality[:, None]) & (work <= work[:, None])
        better = (quality > quality[:, None]) | (work < work[:, None])
        return np.asarray(~(at_least & better).any(axis=1))

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a candidate, the best first: see `choose`."""
        columns: dict[str, object] = {"model": [spec.id for spec in self.specs]}
        if self.transfer is not None:
            measured = self.transfer.to_frame()
            columns |= {ACCURACY: measured["accuracy"], "accuracy_low": measured["low"]}
            columns |= {"accuracy_high": measured["high"]}
        if self.consensus is not None:
            low, high = np.percentile(-self.consensus.samples, INTERVAL, axis=0)
            columns |= {"consensus": -self.consensus.values, "consensus_low": low, "consensus_high": high}
        for name, score in self.scores.items():
            low, high = np.percentile(score.sampled_ranks, INTERVAL, axis=0)
            own = score.ranks
            columns |= {name: score.values, f"{name}_rank": own.astype(int)}
            columns |= {f"{name}_rank_low": np.minimum(low, own), f"{name}_rank_high": np.maximum(high, own)}
        costs = [self.costs[spec.id] for spec in self.specs]
        columns |= {SIZE: [one.parameters for one in costs], "gflops": [one.gflops for one in costs]}
        columns |= {"input_size": [spec.input_size for spec in self.specs]}
        columns |= {IMAGENET: np.array([published_accuracy(spec) for spec in self.specs], dtype=float)}
        columns |= {"throughput": [one.throughput for one in costs], "pareto": self.pareto}
        frame = pd.DataFrame(columns)
        order = frame[IMAGENET].fillna(-1) if self.quality is None else pd.Series(self.quality.values)
        return frame.loc[order.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)

    @cached_property
    def agreement(self) -> dict[str, float]:
        """Spearman's correlation of each score, of size and of ImageNet accuracy with the measured accuracy.

        Empty without a measurement, or with fewer than 3 candidates; what is unknown of a candidate, or the same for
        all of them, is left out.
        """
        if self.transfer is None or len(self.specs) < 3:
            return {}
        names = [*self.scores, SIZE, "gflops", IMAGENET]
        known = {name: self.table[name] for name in names if self.table[name].notna().all()}
        return {
            name: float(values.rank().corr(self.table[ACCURACY].rank()))
            for name, values in known.items()
            if values.nunique() > 1 and self.table[ACCURACY].nunique() > 1
        }
