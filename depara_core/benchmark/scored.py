"""A benchmark scored on one set of probes: every metric's scores of its models beside their measured transfer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from depara_core.benchmark import benchmarks, scoring, sweeps
from depara_core.benchmark.benchmarks import Benchmark
from depara_core.benchmark.transfer_table import TransferTable
from depara_core.errors import DeparaError, ModelError
from depara_core.evaluation import Evaluation, precision_recall
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, common_grid
from depara_core.probes import ProbeSet
from depara_core.similarity import SimilarityMatrix, similarity_matrix
from depara_core.store import Store
from depara_core.zoo import ModelSpec

FEWEST = 8  # models that must open: fewer sources say nothing about the best five


@dataclass(frozen=True, eq=False)
class ScoredBenchmark:
    """Every metric's scores of M models on one set of probes, and what was measured; without models, that alone.

    A budget is a number of labelled images of the target that the measured transfer learned from; None: the largest.
    """

    benchmark: str
    transfer_table: TransferTable
    specs: tuple[ModelSpec, ...] = ()
    graphs: tuple[AttributionGraph, ...] = ()  # of the paper's preset, one a model
    scores: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # source x target, by metric
    failed: tuple[tuple[str, str], ...] = ()  # (model id, reason)
    key: str = ""  # a digest of what was asked for

    @property
    def models(self) -> tuple[str, ...]:
        """Ids of the models that could be scored."""
        return tuple(spec.id for spec in self.specs)

    @property
    def grid(self) -> Grid:
        """What the maps of the models are compared on."""
        return common_grid(self.graphs)

    @cached_property
    def matrix(self) -> SimilarityMatrix:
        """s_V and s_E of all pairs of models."""
        return similarity_matrix(self.graphs, grid=self.grid)

    def transfer(self, budget: int | None = None) -> pd.DataFrame:
        """Return measured transfer among the scored models, source x target, higher is better; without models, all."""
        frame = self.transfer_table.frame(budget)
        if not self.models:
            return frame
        return frame.loc[frame.index.isin(self.models), frame.columns.isin(self.models)]

    def scores_at(self, lam: float) -> dict[str, pd.DataFrame]:
        """Return every metric's scores, source x target; only those of "depara" depend on lambda."""
        if not self.graphs:
            return scoring.with_lam(self.scores, lam)
        own = {"depara": self.matrix.to_frame(lam)}
        return {**own, **{name: frame for name, frame in self.scores.items() if name not in own}}

    def all_scores_at(self, lam: float, budget: int | None = None) -> dict[str, pd.DataFrame]:
        """Return every metric's scores and those of the controls, which know the measured transfer."""
        return {**self.scores_at(lam), **scoring.controls(self.transfer(budget))}

    def evaluate(self, lam: float, budget: int | None = None) -> Evaluation:
        """Return every ranking measure of every metric and of the controls."""
        return scoring.assess(self.scores_at(lam), self.transfer(budget))

    def precision_curves(
        self,
        metrics: Sequence[str],
        lam: float,
        budget: int | None = None,
        *,
        undefined: Mapping[str, Sequence[str]] | None = None,
    ) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, pd.DataFrame]:
        """Return precision and recall of some metrics, of the measured transfer itself and of a random order.

        Parameters
        ----------
        metrics
            Names of metrics or controls.
        lam, budget
            Weight of the edges, and labelled images.
        undefined
            By metric, the targets that it is not defined for (`Evaluation.undefined`): its curve is the mean over the
            others.
        """
        table, made = self.transfer(budget), self.all_scores_at(lam, budget)
        known = {name: table.drop(columns=list((undefined or {}).get(name, ()))) for name in metrics}
        curves = {name: precision_recall(made[name], known[name]) for name in metrics}
        return curves, precision_recall(table, table), precision_recall(table * 0, table)

    def over_lambda(self, budget: int | None = None) -> pd.DataFrame:
        """Return the ranking measures of DEPARA over lambda."""
        return sweeps.over_lambda(self.matrix, self.transfer(budget))

    def candidates(
        self, metric: str, target: str, lam: float, budget: int | None = None
    ) -> tuple[pd.Series, pd.Series]:
        """Return one metric's scores of a target's sources, and their measured transfer, both by source."""
        measured = self.transfer(budget)[target].drop(target, errors="ignore").dropna()
        return self.all_scores_at(lam, budget)[metric][target].reindex(measured.index), measured


def score_benchmark(
    benchmark: Benchmark,
    *,
    count: int = 200,
    seed: int = 0,
    probes: ProbeSet | None = None,
    key: str = "",
    device: str = "auto",
    store: Store | str | None = None,
    progress: Progress | None = None,
) -> ScoredBenchmark:
    """Score every pair of a benchmark's models by every metric; a model that cannot be opened is left out.

    Parameters
    ----------
    benchmark
        An entry of `BENCHMARKS`, or one of your own.
    count, seed
        How many probes, and which.
    probes
        In place of the benchmark's own; then there are no labels.
    key
        A name for the result, such as a digest of what was asked for.
    device, store
        Of `gather`.
    progress
        progress(done, total, message) counts the steps of each stage.

    Raises
    ------
    ModelError
        Fewer than `FEWEST` models can be opened; the first reason is told.
    """
    models, failed = {spec.id: spec for spec in benchmark.models}, []

    def leave_out(model: str, error: DeparaError) -> None:
        failed.append((model, str(error)))
        if len(models) - len(failed) < FEWEST:
            first = f"{failed[0][0]}: {failed[0][1]}"
            raise ModelError(f"At least {FEWEST} of {len(models)} models must open; too few do. {first}")

    evidence = benchmarks.gather(
        benchmark,
        count=count,
        seed=seed,
        probes=probes,
        device=device,
        store=store,
        progress=progress,
        on_error=leave_out,
    )
    specs = tuple(models[graph.model] for graph in evidence.graphs)
    scores = scoring.score_pairs(evidence, store=store, progress=progress)
    return ScoredBenchmark(benchmark.name, benchmark.transfer_table, specs, evidence.graphs, scores, tuple(failed), key)
