"""Candidates side by side: DEPARA, labelled scores, measured accuracy, costs, their consensus and their Pareto set.

Symbols: N images, M candidates, B resamples.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from depara_core.choice.scores import (
    DEPARA,
    INTERVAL,
    Score,
    depara_score,
    labelled_scores,
    resamples_of,
)
from depara_core.errors import ModelError, OptionError
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph
from depara_core.grids import common_grid
from depara_core.pipeline.costs import Costs, measure_costs, published_accuracy
from depara_core.pipeline.features import Features, build_features
from depara_core.pipeline.fit import FrozenTransfer, deal_probes, fitted, pooled
from depara_core.pipeline.graphs import build_graphs
from depara_core.pipeline.models import OnError, attempt
from depara_core.probes import ProbeSet
from depara_core.similarity import check_lam
from depara_core.store import Store, as_store
from depara_core.targets import graph_of_features, target_from_labels
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
    """

    probes: ProbeSet
    target: AttributionGraph | None
    lam: float
    specs: tuple[ModelSpec, ...]
    scores: Mapping[str, Score]
    transfer: FrozenTransfer | None
    costs: Mapping[str, Costs]
    notes: tuple[str, ...] = ()

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


def choose(
    specs: Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    target: AttributionGraph | ModelSpec | None = None,
    lam: float = 1.0,
    measure: bool = True,
    folds: int = 5,
    seed: int = 0,
    device: str = "auto",
    store: str | os.PathLike[str] | Store | None = None,
    progress: Progress | None = None,
    on_error: OnError | None = None,
) -> Choice:
    """Compare candidates for the task of some images, from labels alone, or for a target.

    Parameters
    ----------
    specs
        M candidates.
    probes
        N images; with labels, all of the table is known.
    target
        What S compares with: a graph, such as `target_from_features`, or a model; None: the labels, where there are
        some.
    lam
        Weight of the edges in S = s_V + lam * s_E.
    measure
        Whether the frozen transfer of every candidate is measured too (see `fit`).
    folds
        Of the measurement.
    seed
        Of folds and resamples.
    device
        "auto", "cpu", "cuda", "mps": where features are computed.
    store
        Where features, graphs and costs are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache
        folder.
    progress
        progress(done, total, message) counts candidates.
    on_error
        on_error(model id, error) takes the failure of one candidate, and the rest goes on; None: the first is raised.

    Returns
    -------
    Choice
        Its `table` holds, the best first: model; accuracy with accuracy_low and accuracy_high; consensus (mean of the
        ranks that the scores give, 1 the best) with its interval; by the name of each score ("depara", "logme", ...)
        its value, its rank and the rank's interval; parameters, gflops, input_size, imagenet (published top-1 accuracy,
        per cent), throughput (images a second here), pareto (no other is as good at less work). All intervals are 95 %
        over the images.

    Raises
    ------
    OptionError
        No candidate was given, all labels are one class, or an option is not valid.
    ModelError
        No candidate could be computed.
    """
    check_lam(lam)
    chosen, kept = list({spec.id: spec for spec in specs}.values()), as_store(store)
    if not chosen:
        raise OptionError("There is nothing to choose from: expected at least one candidate.")
    features: dict[str, Features] = {}
    costs: dict[str, Costs] = {}

    def compute(spec: ModelSpec, some: ProbeSet) -> None:
        found = build_features(spec, some, device=device, store=kept)[0]
        costs[spec.id] = measure_costs(spec, device=device, store=kept)
        features[spec.id] = found

    for done, spec in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), f"{spec.name}: features")
        attempt(on_error, compute, spec, probes)
    specs = tuple(spec for spec in chosen if spec.id in features)
    if not specs:
        raise ModelError("No candidate could be computed, so there is nothing to choose from.")
    return _judge(
        specs, probes, features, costs, target, lam, measure=measure, folds=folds, seed=seed, device=device, store=kept
    )


def _judge(
    specs: tuple[ModelSpec, ...],
    probes: ProbeSet,
    features: Mapping[str, Features],
    costs: Mapping[str, Costs],
    target: AttributionGraph | ModelSpec | None,
    lam: float,
    *,
    measure: bool,
    folds: int,
    seed: int,
    device: str,
    store: Store,
) -> Choice:
    notes: list[str] = []
    classes = _classes(probes, notes)
    drawn = resamples_of(np.zeros(len(probes), dtype=int) if classes is None else classes, seed=seed)
    means = {name: pooled(one) for name, one in features.items()}
    scores: dict[str, Score] = {}
    transfer, aim = None, target
    if isinstance(aim, ModelSpec):
        aim = build_graphs(aim, probes, device=device, store=store)[0]
    elif aim is None and classes is not None:
        aim = target_from_labels(probes)
    if aim is None:
        notes.append("Without labels or a target only costs and published accuracy are known: no score is given.")
    else:
        graphs = _graphs(specs, probes, features, aim, device, store)
        scores[DEPARA] = depara_score(graphs, aim, common_grid([*graphs, aim]), lam, drawn)
    if classes is not None:
        scores |= dict(labelled_scores(means, classes, drawn))
        if measure:
            transfer = _measured(means, probes, folds, seed, notes)
    return Choice(probes, aim, lam, specs, scores, transfer, costs, tuple(notes))


def _classes(probes: ProbeSet, notes: list[str]) -> Int[np.ndarray, " N"] | None:
    """Number the classes of the images; None, and a note, where labels tell nothing apart."""
    if probes.labels is None:
        return None
    classes = np.unique(probes.labels, return_inverse=True)[1]
    if np.bincount(classes).max() < 2 or classes.max() < 1:
        notes.append(
            f"The labels tell nothing: {len(classes)} images in {classes.max() + 1} classes. They are not used."
        )
        return None
    return classes


def _measured(
    means: Mapping[str, Float[np.ndarray, "N C"]], probes: ProbeSet, folds: int, seed: int, notes: list[str]
) -> FrozenTransfer | None:
    try:
        dealt = deal_probes(probes, folds=folds, seed=seed)
    except OptionError as error:
        notes.append(f"No accuracy was measured. {error}")
        return None
    notes += dealt.notes
    return fitted(means, dealt)


def _graphs(
    specs: tuple[ModelSpec, ...],
    probes: ProbeSet,
    features: Mapping[str, Features],
    target: AttributionGraph,
    device: str,
    store: Store,
) -> list[AttributionGraph]:
    """Return the candidates' graphs; for a target of edges alone their features say all, and no gradient is needed."""
    if target.edges_only:
        return [
            graph_of_features(one.values, probes, model=one.model, weights=one.weights) for one in features.values()
        ]
    return build_graphs(specs, probes, **asdict(target.options), device=device, store=store)
