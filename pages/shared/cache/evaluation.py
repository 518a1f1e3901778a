"""What only the Evaluate page keeps: how well metrics rank, over what, and the figures of it."""

import pandas as pd

from depara_core.benchmark import benchmarks, held_out, published, sanity_room, scoring
from depara_core.benchmark.layer_report import layer_report as find_layer_report
from depara_core.benchmark.scored import ScoredBenchmark
from depara_core.benchmark.sweeps import Sweep
from depara_core.benchmark.transfer_table import TransferTable
from depara_core.evaluation import Evaluation
from depara_core.figures import by_target, differences, evaluation, sensitivity, trees
from depara_core.figures import layer_study as layer_figures
from depara_core.figures import published as published_figures
from depara_core.training import layer_scores
from pages.shared.cache.wrappers import copied, figure, shared

Sweeps = tuple[Sweep, Sweep]  # over the number of probes, and over sets of probes


@shared(4)
def transfer_table(benchmark: str) -> TransferTable:
    """Return a benchmark's measured transfer."""
    return benchmarks.BENCHMARKS[benchmark].transfer_table


@copied(4)
def model_groups(benchmark: str) -> dict[str, str]:
    """Return the kind of task of every model."""
    return {spec.id: spec.group for spec in benchmarks.BENCHMARKS[benchmark].models}


@copied(1)
def sanity_rows() -> list[dict[str, str]]:
    """Return which scores see the cases of the sanity room."""
    return sanity_room.shown_rows(sanity_room.read_room())


# ---- on the benchmark's own models ----


@shared(32)
def assessed(scored: ScoredBenchmark, lam: float, budget: int | None) -> Evaluation:
    """Return every ranking measure of every metric, and of the controls."""
    return scored.evaluate(lam, budget)


@copied(64)
def summary(scored: ScoredBenchmark, lam: float, budget: int | None) -> pd.DataFrame:
    """Return mean, low and high by (metric, measure)."""
    return assessed(scored, lam, budget).summary()


@copied(256)
def chance(scored: ScoredBenchmark, lam: float, budget: int | None, metric: str, measure: str) -> float:
    """Return the probability that a random order does as well as the metric."""
    return assessed(scored, lam, budget).p_random(metric, measure)


@copied(64)
def curves(
    scored: ScoredBenchmark, lam: float, budget: int | None, metrics: tuple[str, ...]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, pd.DataFrame]:
    """Return precision and recall of these metrics, of the measured transfer itself and of a random order."""
    undefined = {name: tuple(map(str, ts)) for name, ts in assessed(scored, lam, budget).undefined.items()}
    return scored.precision_curves(metrics, lam, budget, undefined=undefined)


@copied(32)
def over_lambda(scored: ScoredBenchmark, budget: int | None) -> pd.DataFrame:
    """Return the ranking measures of DEPARA over lambda."""
    return scored.over_lambda(budget)


@copied(64)
def over_probes(
    scored: ScoredBenchmark, lam: float, budget: int | None, _sweeps: Sweeps
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ranking measures of DEPARA over the number of probes, and over sets of probes."""
    fewer, sets = (sweep.measures(scored.transfer(budget), lam) for sweep in _sweeps)
    return fewer, sets


# ---- on the zoo of another seed ----


@shared(4)
def held_out_assessed(budget: int | None) -> Evaluation:
    """Return every ranking measure of every metric."""
    made, table = held_out.held_out_scores()
    return scoring.assess(made, table.frame(budget if budget in table.budgets else None))


@copied(4)
def held_out_summary(budget: int | None) -> pd.DataFrame:
    """Return mean, low and high by (metric, measure)."""
    return held_out_assessed(budget).summary()


# ---- published tables, the layer study ----

published_table = copied(8)(published.published_table)
published_layer_scores = copied(1)(published.published_layer_scores)
layer_report = shared(2)(find_layer_report)
layer_agreement = copied(8)(layer_scores.layer_agreement)

# ---- figures ----

precision_curves = figure(evaluation.precision_curves)
measure_by_metric = figure(evaluation.measure_by_metric)
measure_by_target = figure(by_target.measure_by_target)
rank_scatter = figure(by_target.rank_scatter)
target_differences = figure(differences.differences)
lambda_sweep = figure(sensitivity.lambda_sweep)
probe_convergence = figure(sensitivity.probe_convergence)
probe_sets = figure(sensitivity.probe_sets)
dendrogram = figure(trees.dendrogram)
published_measures = figure(published_figures.published_measures)
predictor_agreement = figure(layer_figures.predictor_agreement)
measured_curves = figure(layer_figures.measured_curves)
layer_table = figure(published_figures.layer_table)
layer_agreement_figure = figure(published_figures.layer_agreement)
