"""A benchmark scored: tables of the models that opened, controls among the scores, curves where a metric is defined."""

import numpy as np
import pandas as pd
import pytest
from planted import random_graph
from planted_pages import spec

import depara_core as depara
from depara_core.benchmark import benchmarks, scored, scoring
from depara_core.benchmark.benchmarks import Benchmark, Evidence
from depara_core.benchmark.scored import ScoredBenchmark, score_benchmark
from depara_core.benchmark.transfer_table import TransferTable

IDS = [f"planted/{letter}" for letter in "abcdefghij"]
SPECS = tuple(spec(name, "2D") for name in IDS)
GRAPHS = tuple(random_graph(seed, model=name) for seed, name in enumerate(IDS))


def frame(seed):
    return pd.DataFrame(np.random.default_rng(seed).random((10, 10)), index=IDS, columns=IDS)


@pytest.fixture
def table():
    rows = [
        {"source": s, "target": t, "budget": budget, "split": "all", "affinity": frame(budget).loc[s, t]}
        for budget in (10, 100)
        for t in IDS
        for s in IDS
        if s != t
    ]
    return TransferTable("planted", pd.DataFrame(rows), {})


@pytest.fixture
def found(table):
    kept = [0, 2, 3, 5, 7, 8, 9]
    ids = [IDS[k] for k in kept]
    cka = frame(3).loc[ids, ids]
    cka[ids[1]] = np.nan
    scores = {"rsa": frame(2).loc[ids, ids], "cka": cka, "depara": frame(4).loc[ids, ids]}
    return ScoredBenchmark("planted", table, tuple(SPECS[k] for k in kept), tuple(GRAPHS[k] for k in kept), scores)


def test_transfer_is_that_of_the_models_scored(found, table):
    ids = list(found.models)
    pd.testing.assert_frame_equal(found.transfer(10), table.frame(10).loc[ids, ids], check_like=True)
    pd.testing.assert_frame_equal(found.transfer(), table.frame(100).loc[ids, ids], check_like=True)
    unscored = ScoredBenchmark("planted", table)
    pd.testing.assert_frame_equal(unscored.transfer(10), table.frame(10))
    assert list(unscored.all_scores_at(1.0)) == list(scoring.CONTROLS)


def test_only_the_scores_of_depara_depend_on_lambda(found):
    ids, made = list(found.models), found.scores_at(3.0)
    assert list(made) == ["depara", "rsa", "cka"]
    one = depara.similarity(found.graphs[1], found.graphs[4], grid=found.grid).total(3.0)
    assert made["depara"].loc[ids[1], ids[4]] == pytest.approx(one, abs=1e-6)
    assert made["rsa"] is found.scores["rsa"]
    assert set(found.all_scores_at(3.0)) == {*made, *scoring.CONTROLS}


def test_curves_are_means_over_the_targets_that_a_metric_is_defined_for(found):
    undefined = found.evaluate(1.0, 10).undefined
    assert {name: list(missing) for name, missing in undefined.items()} == {"cka": [found.models[1]]}
    curves, best, random = found.precision_curves(["cka", "static_mean"], 1.0, 10, undefined=undefined)
    kept = found.transfer(10).drop(columns=found.models[1])
    pd.testing.assert_frame_equal(curves["cka"], depara.precision_recall(found.scores["cka"], kept))
    assert best["precision"].iloc[0] == 1
    assert random["precision"].to_numpy() == pytest.approx(5 / 6)  # five of six sources are relevant
    assert set(curves) == {"cka", "static_mean"}


def test_candidates_are_the_sources_measured_for_a_target(found):
    target = found.models[2]
    predicted, measured = found.candidates("rsa", target, 1.0, 10)
    assert target not in measured.index
    assert predicted.index.equals(measured.index)
    assert predicted.to_dict() == found.scores["rsa"][target].drop(target).to_dict()


@pytest.fixture
def planted(monkeypatch, table):
    """A benchmark of ten models; `broken` do not open."""
    broken = set()

    def gather(benchmark, *, on_error, **options):
        for name in sorted(broken):
            on_error(name, depara.ModelError(f"{name} has no weights."))
        return Evidence(tuple(graph for graph in GRAPHS if graph.model not in broken), (), {})

    monkeypatch.setattr(benchmarks, "gather", gather)
    monkeypatch.setattr(scoring, "score_pairs", lambda evidence, **options: {})
    monkeypatch.setattr(benchmarks, "load_transfer_table", lambda name: table)
    monkeypatch.setattr(benchmarks, "model", dict(zip(IDS, SPECS, strict=True)).__getitem__)
    return Benchmark("planted", "Planted", lambda count, seed, progress: None, None), broken


def test_a_model_that_does_not_open_is_left_out_and_named(planted):
    benchmark, broken = planted
    broken |= {IDS[1], IDS[4]}
    made = score_benchmark(benchmark, key="k")
    assert made.models == tuple(name for name in IDS if name not in broken)
    assert made.failed == tuple((name, f"{name} has no weights.") for name in sorted(broken))
    assert (made.key, made.benchmark) == ("k", "planted")


def test_too_few_models_are_an_error_that_names_the_first(planted):
    benchmark, broken = planted
    broken |= set(IDS[: len(IDS) - scored.FEWEST + 1])
    with pytest.raises(depara.ModelError, match=r"At least 8 of 10 models must open.*planted/a has no weights"):
        score_benchmark(benchmark)
