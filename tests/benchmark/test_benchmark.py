"""Worlds, features and sweeps: what metrics are given, and how their scores meet the measured transfer."""

from dataclasses import replace

import fake_ray
import numpy as np
import pandas as pd
import pytest
import tiny
import torch
from planted import random_graph
from torch import nn

import depara_core as depara
from depara_core import rooms
from depara_core.benchmark import benchmarks
from depara_core.benchmark import scoring as scoring
from depara_core.benchmark import sweeps as sweeps
from depara_core.benchmark.benchmarks import Evidence, Labels
from depara_core.benchmark.held_out import held_out_scores
from depara_core.benchmark.scoring import compact, soft_clusters
from depara_core.graphs import subgraph
from depara_core.metrics import METRICS

IDS = [f"planted/{letter}" for letter in "abcdefg"]
COUNT = 24


@pytest.fixture
def evidence(monkeypatch, tmp_path):
    monkeypatch.setenv("DEPARA_STORE", str(tmp_path / "store"))
    rng = np.random.default_rng(0)
    graphs = tuple(random_graph(seed, count=COUNT, model=name) for seed, name in enumerate(IDS))
    others = tuple(random_graph(seed + 50, count=COUNT, model=name) for seed, name in enumerate(IDS))
    features = {name: rng.normal(size=(COUNT, 40)).astype(np.float32) for name in IDS}
    labels = {
        name: Labels(rng.permutation(COUNT) % 3, rng.normal(size=(COUNT, 4)) if place % 2 else None)
        for place, name in enumerate(IDS)
    }
    fields = {name: rng.normal(size=(COUNT, 3, 16)).astype(np.float32) for name in IDS}
    return Evidence(graphs, others, features, labels, dict.fromkeys(IDS, (10, 2, 2)), fields)


@pytest.fixture
def truth():
    return pd.DataFrame(np.random.default_rng(1).random((7, 7)), index=IDS, columns=IDS)


def test_every_score_is_the_metric_of_the_pair(evidence):
    frames = depara.score_pairs(evidence, lam=2.0)
    assert set(frames) == set(scoring.SCORES)
    a, b = IDS[1], IDS[4]
    pair = depara.similarity(evidence.graphs[1], evidence.graphs[4])
    assert frames["depara"].loc[a, b] == pytest.approx(pair.total(2.0), abs=1e-6)
    assert frames["nodes"].loc[a, b] == pytest.approx(pair.node, abs=1e-6)
    predecessor = depara.similarity(evidence.predecessors[1], evidence.predecessors[4])
    assert frames["attribution_maps"].loc[a, b] == pytest.approx(predecessor.node, abs=1e-6)
    x, y = evidence.features[a], evidence.features[b]
    for name in ("rsa", "cka", "svcca", "pwcca", "directed"):
        assert frames[name].loc[a, b] == pytest.approx(METRICS[name](x, y), abs=1e-5), name
    assert frames["local_directed"].loc[a, b] == pytest.approx(METRICS["local_directed"](*map(evidence.code, (a, b))))
    fields = (evidence.fields[a], evidence.fields[b])
    assert frames["modelgif"].loc[a, b] == pytest.approx(METRICS["modelgif"](*fields), abs=1e-6)
    assert frames["knn"].loc[a, b] == METRICS["knn"](x, evidence.labels[b].classes)
    assert frames["logme"].loc[b, a] == pytest.approx(METRICS["logme"](y, evidence.labels[a].numbers), rel=1e-4)
    assert all(np.isfinite(frame.to_numpy()).all() for frame in frames.values())


def test_without_labels_the_metrics_that_need_them_are_left_out(evidence):
    frames = depara.score_pairs(Evidence(evidence.graphs, evidence.predecessors, evidence.features))
    assert {name for name, metric in METRICS.items() if metric.takes[1] == "labels"}.isdisjoint(frames)
    assert "modelgif" not in frames  # without gradient fields
    assert "rsa" in frames
    with pytest.raises(depara.OptionError, match="Unknown score 'magic'"):
        depara.score_pairs(evidence, ["magic"])


def test_compact_features_keep_all_distances():
    x = np.random.default_rng(0).normal(size=(6, 50))
    small = compact(x)
    assert small.shape == (6, 6)
    assert small @ small.T == pytest.approx(x @ x.T)
    assert compact(x.T).shape == (50, 6)


def test_clusters_find_planted_groups_and_repeat():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(4), 10)
    x = rng.normal(size=(4, 8))[groups] * 10 + rng.normal(size=(40, 8))
    likely, classes = soft_clusters(x)
    assert likely.sum(axis=1) == pytest.approx(np.ones(40))
    assert all(len(set(groups[classes == k])) <= 1 for k in range(8))
    assert (soft_clusters(x)[1] == classes).all()


def test_rooms_have_exact_labels_for_their_probes():
    probes = depara.load_probes("rooms", count=12, seed=3)
    names = ["rooms/class_object", "rooms/depth_zbuffer", "rooms/segment_semantic"]
    found = benchmarks.BENCHMARKS["rooms"].labels(probes, 3, names)
    exact = rooms.labels(12, 3, tasks=["class_object", "depth_zbuffer"])
    same = exact["class_object"][:, None] == exact["class_object"][None]
    classes = found["rooms/class_object"].classes
    assert ((classes[:, None] == classes[None]) == same).all()
    assert found["rooms/class_object"].numbers is None
    mean = exact["depth_zbuffer"].reshape(12, 8, 8, 8, 8).mean((2, 4)).reshape(12, -1)
    far = np.linalg.norm(mean[:, None] - mean[None], axis=-1)
    numbers = found["rooms/depth_zbuffer"].numbers
    ours = np.linalg.norm(numbers[:, None] - numbers[None], axis=-1)
    assert np.corrcoef(ours.ravel(), far.ravel())[0, 1] > 0.999
    assert found["rooms/segment_semantic"].classes.max() < benchmarks.CLUSTERS


def test_the_controls_stand_beside_the_metrics(evidence, truth):
    found = depara.assess({"exact": truth, "depara": evidence_scores(evidence)}, truth)
    assert set(found.per_target["metric"]) == {"exact", "depara", *scoring.CONTROLS}
    assert found.summary().loc[("exact", "P@5"), "mean"] == 1
    assert found.summary().loc[("symmetric_oracle", "Spearman"), "mean"] < 1


def evidence_scores(evidence):
    return depara.similarity_matrix(evidence.graphs).to_frame(1.0)


def test_held_out_scores_cover_the_held_out_truth():
    scores, table = held_out_scores()
    frame = table.frame()
    assert {"depara", "depara_directed", "rsa"} <= set(scores)
    assert all(depara.spearman(scores[name], frame) <= 1 for name in scores)


class Cut(nn.Module):
    def forward(self, x):
        return x[:, :, ::4, ::4] * 2


def test_features_are_the_layers_output_and_are_kept(tmp_path):
    opened = []
    spec = tiny.spec(lambda: tiny.network(Cut()), opened=opened)
    probes = tiny.probes(5)
    (first,) = depara.build_features(spec, probes, store=tmp_path)
    np.testing.assert_array_equal(first.code.reshape(len(probes), -1), first.values)
    x = torch.from_numpy(probes.images.copy()).permute(0, 3, 1, 2).float() / 255 * 2 - 1
    assert first.values == pytest.approx(Cut()(x).flatten(1).numpy(), abs=1e-6)
    assert (first.model, first.layer, first.probes) == ("test/tiny", "output", probes.digest)
    assert not first.values.flags.writeable

    class Broken(nn.Module):
        def forward(self, x):
            raise AssertionError("it was stored")

    (again,) = depara.build_features(tiny.spec(lambda: tiny.network(Broken())), probes, store=tmp_path)
    assert (again.values == first.values).all()


def test_features_that_are_not_finite_name_the_model(tmp_path):
    class Infinite(nn.Module):
        def forward(self, x):
            return x / 0

    with pytest.raises(depara.ModelError, match="test/tiny, layer 'output': the features are not finite"):
        depara.build_features(tiny.spec(lambda: tiny.network(Infinite())), tiny.probes(4), store=tmp_path)


def test_a_subgraph_is_the_graph_of_the_chosen_probes(evidence):
    graph, chosen = evidence.graphs[0], np.array([1, 5, 7])
    part = subgraph(graph, chosen)
    assert (part.nodes == graph.nodes[chosen]).all()
    assert part.edges[0, 2] == graph.edges[1, 7]
    assert part.probes == subgraph(evidence.graphs[1], chosen).probes != graph.probes


def test_sweeps_agree_with_single_scores(evidence, truth):
    matrix = depara.similarity_matrix(evidence.graphs)
    swept = sweeps.over_lambda(matrix, truth, (0.0, 2.0))
    assert swept.loc[1, "P@5"] == pytest.approx(depara.precision_at_k(matrix.to_frame(2.0), truth))
    sweep = sweeps.over_probes(evidence.graphs, counts=(8, 500), repeats=3, seed=1)
    assert sweep.probes == (8, 8, 8, COUNT)
    counted = sweep.measures(truth, 2.0)
    assert counted["Spearman"].iloc[-1] == pytest.approx(depara.spearman(matrix.to_frame(2.0), truth))
    chosen = np.sort(np.random.default_rng(1).choice(COUNT, 8, replace=False))
    part = depara.similarity_matrix([subgraph(graph, chosen) for graph in evidence.graphs])
    assert sweep.node[0] == pytest.approx(part.node, abs=1e-6)
    assert sweep.edge[0] == pytest.approx(part.edge, abs=1e-6)


def test_robustness_takes_each_set_of_probes(truth, monkeypatch, evidence):
    asked = []

    def build_graphs(specs, probes, **options):
        asked.append(len(probes))
        return list(evidence.graphs)

    monkeypatch.setattr(sweeps, "build_graphs", build_graphs)
    specs = [tiny.spec(None, name=name) for name in "abcdefg"]
    sweep = sweeps.over_probe_sets(specs, [("these", tiny.probes(4)), ("others", tiny.probes(6))])
    assert asked == [4, 6]
    assert (sweep.names, sweep.probes, sweep.models[0]) == (("these", "others"), (4, 6), "test/a")
    named = truth.set_axis(sweep.models).set_axis(sweep.models, axis=1)
    expected = depara.precision_at_k(evidence_scores(evidence), truth)
    assert sweep.measures(named, 1.0)["P@5"].iloc[1] == pytest.approx(expected)


def test_probe_sets_differ_in_style_but_not_in_number():
    sets = dict(benchmarks.probe_sets(5, seed=0))
    assert list(sets) == ["other rooms", "bare rooms", "photographs"]
    assert all(len(probes.require_comparable()) == 5 for probes in sets.values())
    textured, bare = (np.abs(np.diff(sets[name].images.astype(int), axis=2)).mean() for name in list(sets)[:2])
    assert bare < textured
    again = dict(benchmarks.probe_sets(5, seed=0))
    assert all((sets[name].images == again[name].images).all() for name in sets)


def test_lambda_by_spread_lets_nodes_and_edges_sway_alike(evidence):
    matrix = depara.similarity_matrix(evidence.graphs)
    lam = depara.spread_lam(matrix)
    others = ~np.eye(7, dtype=bool)
    assert matrix.node[others].std() == pytest.approx((lam * matrix.edge[others]).std())
    assert depara.spread_lam(depara.similarity_matrix(evidence.graphs[:1])) == 1


def test_scores_are_kept_by_models_and_probes(evidence, monkeypatch):
    first = depara.score_pairs(evidence, ["cka"])["cka"]
    monkeypatch.setattr(scoring._Scorer, "compute", lambda *_: np.zeros((7, 7)))
    assert depara.score_pairs(evidence, ["cka"])["cka"].equals(first)
    other = Evidence(evidence.graphs[::-1], evidence.predecessors, evidence.features)
    assert (depara.score_pairs(other, ["cka"])["cka"] == 0).all(axis=None)


def test_scores_with_labels_are_kept_by_the_labels(evidence, monkeypatch):
    names = ["cka", "knn", "logme"]
    first = depara.score_pairs(evidence, names)
    a, b = evidence.labels[IDS[0]], evidence.labels[IDS[1]]
    others = {IDS[0]: Labels(a.classes[::-1].copy(), None), IDS[1]: Labels(b.classes, b.numbers + 1)}
    benchmark = replace(evidence, labels={**evidence.labels, **others})  # another one on the same models and images
    found = depara.score_pairs(benchmark, names)
    x = evidence.features[IDS[3]]
    assert found["knn"].loc[IDS[3], IDS[0]] == METRICS["knn"](x, others[IDS[0]].classes)
    assert found["logme"].loc[IDS[3], IDS[1]] != first["logme"].loc[IDS[3], IDS[1]]
    monkeypatch.setattr(scoring._Scorer, "compute", lambda *_: np.zeros((7, 7)))
    again = depara.score_pairs(benchmark, names)
    assert all(again[name].equals(found[name]) for name in names)
    assert found["cka"].equals(first["cka"]), "which takes no labels"
    numbers = replace(evidence, labels={**evidence.labels, IDS[1]: others[IDS[1]]})
    assert (depara.score_pairs(numbers, ["logme"])["logme"] == 0).all(axis=None)
    assert depara.score_pairs(numbers, ["knn"])["knn"].equals(first["knn"]), "which asks for classes alone"


def test_scores_are_kept_by_the_settings(evidence, monkeypatch):
    first = depara.score_pairs(evidence, ["leep"])["leep"]
    monkeypatch.setattr(scoring, "CLUSTERS", 5)
    assert not depara.score_pairs(evidence, ["leep"])["leep"].equals(first)


def test_the_directed_score_adds_what_is_explained_to_what_is_alike():
    node = np.array([[1.0, 0.2, 0.4], [0.2, 1.0, 0.6], [0.4, 0.6, 1.0]])
    explained = np.array([[1.0, 0.1, 0.1], [0.9, 1.0, 0.1], [0.1, 0.1, 1.0]])
    score = depara.directed_scores(node, explained)
    assert score[1, 0] > score[0, 1]
    off = ~np.eye(3, dtype=bool)
    assert score[off].mean() == pytest.approx(0)
    assert depara.directed_scores(node, np.ones((3, 3))) == pytest.approx((node - node[off].mean()) / node[off].std())


def test_a_model_that_does_not_open_is_left_out_and_nobody_tries_it_twice(tmp_path):
    tried, failed = [], []

    def refuse():
        tried.append("bad")
        raise depara.ModelError("no weights here")

    good = [tiny.spec(tiny.network(Cut()), name=name) for name in ("good", "fine")]
    planted = benchmarks.Benchmark("planted", "", lambda count, seed, progress: tiny.probes(count), None)
    given = {"count": 6, "models": [good[0], tiny.spec(refuse, name="bad"), good[1]], "store": str(tmp_path)}
    found = benchmarks.gather(planted, **given, on_error=lambda model, error: failed.append((model, str(error))))
    assert [graph.model for graph in found.graphs] == list(found.features) == ["test/good", "test/fine"]
    assert failed == [("test/bad", "no weights here")]
    assert tried == ["bad"]
    with pytest.raises(depara.ModelError, match="no weights here"):
        benchmarks.gather(planted, **given)


def test_the_evidence_comes_from_a_cluster(tmp_path, monkeypatch):
    ray, specs = fake_ray.plant(monkeypatch), [tiny.spec(tiny.network(Cut()), name=name) for name in ("good", "fine")]
    planted = benchmarks.Benchmark("planted", "", lambda count, seed, progress: tiny.probes(count), None)
    told = {"count": 6, "models": specs, "device": "cpu"}
    made = benchmarks.gather(planted, store=str(tmp_path / "ray"), executor="ray", **told)
    assert [name for name, _ in ray.sent] == ["build_features"] * 2 + ["build_graphs"] * 4
    alone = benchmarks.gather(planted, store=str(tmp_path / "one"), **told)
    for one, other in ((made.graphs, alone.graphs), (made.predecessors, alone.predecessors)):
        assert [graph.digest for graph in one] == [graph.digest for graph in other]
