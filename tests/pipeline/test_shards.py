"""Graphs made in shards of the probes and blocks of the Gram matrix: the numbers of one machine."""

import dataclasses

import fake_ray
import numpy as np
import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import depara_core as depara
from depara_core.attribution.options import resolve_options
from depara_core.extraction import memory_plan
from depara_core.pipeline import builder, shards

ROUNDING = 1e-5  # float32 features and maps of other batches; the Gram matrix is summed in float64


class Lit(nn.Module):
    """No feature where a picture is dark, and so no attribution."""

    def forward(self, x):
        return torch.relu(x[:, :, ::2, ::2].flatten(1)) ** 2


class Unit(nn.Module):
    """Features of norm 1; with a threshold, only of pictures that are darker."""

    def __init__(self, threshold=None):
        super().__init__()
        self.threshold = threshold

    def forward(self, x):
        rows = nn.functional.normalize(x.flatten(1) + 3)
        if self.threshold is None:
            return rows
        return rows * (1 + torch.relu(x.mean(dim=(1, 2, 3)) - self.threshold))[:, None]


def brightness(*levels, size=tiny.SIZE):
    rng = np.random.default_rng(0)
    images = [rng.integers(level - 20, level + 20, (size, size, 3)) for level in levels]
    return depara.ProbeSet.from_arrays(np.array(images, dtype=np.uint8))


def planned(spec, layers, probes, size, monkeypatch, **options):
    monkeypatch.setattr(shards, "SHARD_PROBES", size)
    identity = spec.identity() or spec.open(None).identity
    return shards.Plan(
        identity, layers, resolve_options("paper", **options), None, "float32", shards.divide(len(probes))
    )


def do(tasks, probes, store):
    """Do tasks in their order, as any order that respects `after` would."""
    for place, task in enumerate(tasks):
        assert all(before < place for before in task.after)
        task.call(task.spec, probes, **task.options, device="cpu", store=store)


def in_shards(spec, probes, size, store, monkeypatch, layers=("output",), **options):
    plan = planned(spec, layers, probes, size, monkeypatch, **options)
    do(shards.shard_tasks(spec, plan, 0), probes, store)
    assert store.status().artefacts == len(layers), "parts are left"
    extracted = []
    monkeypatch.setattr(builder, "extract", lambda *given, **more: extracted.append(given))
    graphs = depara.build_graphs(spec, probes, layers=list(layers), **options, device="cpu", store=store)
    monkeypatch.undo()
    assert not extracted, "one machine looks for another file"
    return graphs


def assert_same(made, alone):
    for one, other in zip(made, alone, strict=True):
        np.testing.assert_allclose(one.nodes, other.nodes, rtol=0, atol=ROUNDING)
        np.testing.assert_allclose(one.edges, other.edges, rtol=0, atol=ROUNDING)
        for field in dataclasses.fields(one):
            if field.name not in ("nodes", "edges"):
                assert np.array_equal(getattr(one, field.name), getattr(other, field.name)), field.name


@settings(max_examples=12)
@given(count=st.integers(3, 9), most=st.integers(1, 9))
def test_probes_are_divided_evenly_and_wholly(count, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_PROBES", most)
        rows = shards.divide(count)
    assert [i for first, last in rows for i in range(first, last)] == list(range(count))
    sizes = {last - first for first, last in rows}
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
    assert len(rows) == -(-count // most)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shards_make_the_graphs_of_one_machine(size, center, tmp_path, monkeypatch):
    spec, probes, layers = tiny.spec(tiny.shared_relu()), tiny.probes(8), ("bn2", "head_in", "output")
    alone = depara.build_graphs(spec, probes, layers=list(layers), center=center, device="cpu", store=tmp_path / "one")
    store = depara.Store(tmp_path / "parts")
    made = in_shards(spec, probes, size, store, monkeypatch, layers, center=center)
    assert_same(made, alone)


@pytest.mark.parametrize("center", [False, True])
def test_digests_are_equal_where_batches_are(center, tmp_path, monkeypatch):
    """Shards that end where a batch ends: the network computes the same, and blocks change no digit of a cosine."""
    monkeypatch.setitem(memory_plan.BATCH_IMAGES, "cpu", (3, 3))
    spec, probes, layers = tiny.spec(tiny.shared_relu()), tiny.probes(9), ("bn2", "output")
    alone = depara.build_graphs(spec, probes, layers=list(layers), center=center, device="cpu", store=tmp_path / "one")
    plan = planned(spec, layers, probes, 3, monkeypatch, center=center)
    store = depara.Store(tmp_path / "parts")
    do(shards.shard_tasks(spec, plan, 0), probes, store)
    made = depara.build_graphs(spec, probes, layers=list(layers), center=center, device="cpu", store=store)
    assert [graph.digest for graph in made] == [graph.digest for graph in alone]


def test_files_of_features_may_end_anywhere(tmp_path, monkeypatch):
    """Several files a shard, cut by their size and by passes that read but a part of a layer: at other numbers each."""
    spec, probes = tiny.spec(tiny.shared_relu()), tiny.probes(8)
    alone = depara.build_graphs(spec, probes, layers=["bn2"], device="cpu", store=tmp_path / "one")
    monkeypatch.setattr(shards, "PART_BYTES", 4 * 130)
    monkeypatch.setattr(memory_plan, "DISK_BYTES", 0)
    plan = dataclasses.replace(planned(spec, ("bn2",), probes, 3, monkeypatch), memory_budget=4 * 8 * 170)
    kept, real = [], depara.Store.put

    def put(store, key, arrays, about):
        kept.append((arrays["features"].shape[0], about["stop"])) if "features" in arrays else None
        real(store, key, arrays, about)

    monkeypatch.setattr(depara.Store, "put", put)
    store = depara.Store(tmp_path / "parts")
    do(shards.shard_tasks(spec, plan, 0), probes, store)
    assert len(kept) > 10
    assert {stop for rows, stop in kept if rows == 2} != {stop for rows, stop in kept if rows == 3}
    assert store.status().artefacts == 1
    assert_same(depara.build_graphs(spec, probes, layers=["bn2"], device="cpu", store=store), alone)


def test_probes_without_feature_or_attribution_stay_flagged(tmp_path, monkeypatch):
    spec, probes = tiny.spec(tiny.network(Lit())), brightness(30, 200, 40, 220, 180, 30)
    alone = depara.build_graphs(spec, probes, device="cpu", store=tmp_path / "one")
    made = in_shards(spec, probes, 2, depara.Store(tmp_path / "parts"), monkeypatch)
    assert made[0].no_feature.tolist() == made[0].no_attribution.tolist() == [True, False, True, False, False, True]
    assert_same(made, alone)


def test_an_objective_that_no_image_changes_is_noted_by_all_shards(tmp_path, monkeypatch):
    spec, probes = tiny.spec(tiny.network(Unit())), tiny.probes(6)
    alone = depara.build_graphs(spec, probes, device="cpu", store=tmp_path / "one")
    made = in_shards(spec, probes, 3, depara.Store(tmp_path / "parts"), monkeypatch)
    assert "no probe has an attribution" in made[0].note
    assert made[0].no_attribution.all()
    assert_same(made, alone)


def test_shards_that_disagree_are_computed_whole(tmp_path, monkeypatch):
    """The first shard's objective is the same for all of its images, that of all images is not."""
    spec, probes = tiny.spec(tiny.network(Unit(threshold=0))), brightness(40, 60, 80, 180, 200, 220)
    alone = depara.build_graphs(spec, probes, device="cpu", store=tmp_path / "one")
    assert not alone[0].note
    dark = depara.build_graphs(spec, probes.take(range(3)), device="cpu", store=tmp_path / "one")
    assert dark[0].note
    made = in_shards(spec, probes, 3, depara.Store(tmp_path / "parts"), monkeypatch)
    assert made[0].digest == alone[0].digest


def test_a_stopped_run_goes_on_and_what_was_pushed_out_is_computed_again(tmp_path, monkeypatch):
    spec, probes, store = tiny.spec(tiny.shared_relu()), tiny.probes(6), depara.Store(tmp_path / "parts")
    alone = depara.build_graphs(spec, probes, device="cpu", store=tmp_path / "one")
    tasks = shards.shard_tasks(spec, planned(spec, ("output",), probes, 2, monkeypatch), 0)
    real, sizes = builder.extract, []

    def extract(network, spec, probes, *given, **more):
        sizes.append(len(probes))
        return real(network, spec, probes, *given, **more)

    monkeypatch.setattr(builder, "extract", extract)
    do(tasks[:2], probes, store)
    do(tasks[:3], probes, store)
    assert sizes == [2, 2, 2]
    parts = shards._Parts(spec, probes, tasks[0].options["plan"], "cpu", store)
    store.discard(parts.key("output", "features (0, 2) 0"))
    store.discard(parts.key("output", "shard (4, 6)"))
    do(tasks, probes, store)
    assert sizes == [2, 2, 2, 2, 2]
    do(tasks, probes, store)
    assert sizes == [2, 2, 2, 2, 2]
    assert_same(depara.build_graphs(spec, probes, device="cpu", store=store), alone)


def test_a_store_too_small_for_the_features_says_so(tmp_path, monkeypatch):
    spec, probes = tiny.spec(tiny.shared_relu()), tiny.probes(6)
    monkeypatch.setattr(shards, "PART_BYTES", 500)
    tasks = shards.shard_tasks(spec, planned(spec, ("bn2",), probes, 3, monkeypatch), 0)
    with pytest.raises(depara.StoreError, match=r"no room for the features of 3 probes.*DEPARA_STORE_LIMIT higher"):
        do(tasks, probes, depara.Store(tmp_path, max_bytes=6000))


def test_other_weights_on_a_worker_are_refused(tmp_path, monkeypatch):
    spec, probes = tiny.spec(tiny.shared_relu()), tiny.probes(6)
    plan = planned(spec, ("output",), probes, 3, monkeypatch)
    other = tiny.spec(dataclasses.replace(tiny.shared_relu(), digest="1" * 64))
    with pytest.raises(depara.ModelError, match="test/tiny has other weights on a worker"):
        do(shards.shard_tasks(other, plan, 0), probes, depara.Store(tmp_path))


def test_the_least_agreement_of_all_shards_is_told():
    told = [{"note": "", "versions": {"torch": "2", builder.AGREEMENT: value}} for value in ("0.9990", "0.9950")]
    assert shards._told_alike(told)["versions"] == {"torch": "2", builder.AGREEMENT: "0.9950"}
    assert shards._told_alike([told[0], told[1] | {"note": "constant"}]) is None


def test_the_executor_divides_large_probe_sets_and_a_broken_model_stops_no_other(tmp_path, monkeypatch):
    def broken():
        raise depara.ModelError("Expected whole weights.")

    ray, failed = fake_ray.plant(monkeypatch), {}
    monkeypatch.setattr(shards, "SHARD_PROBES", 3)
    nan = dataclasses.replace(tiny.shared_relu(3), digest="1" * 64)
    nan.module.head.bias.data[0] = np.nan
    specs = [tiny.spec(tiny.shared_relu(), "good"), tiny.spec(broken, "broken"), tiny.spec(nan, "nan")]
    probes, told = tiny.probes(7), {"device": "cpu", "on_error": failed.__setitem__}
    made = depara.build_graphs(specs, probes, store=tmp_path / "ray", executor="ray", **told)
    assert set(failed) == {"test/broken", "test/nan"}
    assert "whole weights" in str(failed["test/broken"])
    assert "not finite" in str(failed["test/nan"])
    names = [name for name, model in ray.sent if model == "test/good"]
    assert names == ["attribute_shard"] * 3 + ["multiply_shards"] * 6 + ["assemble_graphs"]
    assert_same(made, depara.build_graphs(specs[0], probes, store=tmp_path / "one", device="cpu"))
