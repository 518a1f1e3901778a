"""A GPU gives the processor's numbers, in its own memory, and is left as it was found. Skipped where there is none."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch
from planted import random_graph
from torch import nn

import depara_core as depara
from depara_core.attribution.options import PRESETS, resolve_options
from depara_core.extraction import extract as extraction
from depara_core.extraction.extract import extract
from depara_core.pipeline import shards

if not torch.cuda.is_available():
    pytest.skip("there is no CUDA device here", allow_module_level=True)

LAYERS = ("bn2", "head_in", "output")


def both(options, net=None, layers=LAYERS, probes=None, **more):
    """Extract on the processor, then on the GPU."""
    net = net or tiny.shared_relu()
    probes = probes or tiny.probes()
    return [
        dict(extract(net, tiny.spec(net), probes, layers, options, device=device, **(more if device == "cuda" else {})))
        for device in ("cpu", "cuda")
    ]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("method", tiny.METHODS)
def test_every_method_gives_what_the_processor_gives(preset, method):
    if method == "epsilon_lrp":
        pytest.importorskip("zennit")
    here, there = both(resolve_options(preset, method=method))
    near = 1e-4 if method == "epsilon_lrp" else 1e-5  # its small epsilon divides by what may be nearly 0
    for layer in LAYERS:
        np.testing.assert_allclose(there[layer].nodes, here[layer].nodes, atol=near)
        np.testing.assert_allclose(there[layer].edges, here[layer].edges, atol=1e-5)


def test_parts_of_layers_and_many_batches_give_the_same(monkeypatch):
    real = extraction.plan_memory
    small = {"batch": 2**20, "features": 4 * 40 * 100, "spill": 0, "nodes": 4 * 40 * 200}
    monkeypatch.setattr(extraction, "plan_memory", lambda place, budget: replace(real(place, budget), **small))
    net, probes = tiny.shared_relu(), tiny.probes(40)
    options = resolve_options()
    parts = dict(extract(net, tiny.spec(net), probes, LAYERS, options, device="cuda", batch_size=7))
    monkeypatch.setattr(extraction, "plan_memory", real)
    whole = dict(extract(net, tiny.spec(net), probes, LAYERS, options, device="cpu"))
    for layer in LAYERS:
        np.testing.assert_allclose(parts[layer].nodes, whole[layer].nodes, atol=1e-5)
        np.testing.assert_allclose(parts[layer].edges, whole[layer].edges, atol=1e-5)


def test_shards_of_probes_on_the_gpu_make_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_PROBES", 3)
    net, probes, store = tiny.shared_relu(), tiny.probes(8), depara.Store(tmp_path / "parts")
    spec, told = tiny.spec(net), {"layers": list(LAYERS), "center": True, "device": "cuda"}
    plan = shards.Plan(net.identity, LAYERS, resolve_options(center=True), None, "float32", shards.divide(8))
    for task in shards.shard_tasks(spec, plan, 0):
        task.call(spec, probes, **task.options, device="cuda", store=store)
    assert store.status().artefacts == len(LAYERS)
    made = depara.build_graphs(spec, probes, store=store, **told)
    whole = depara.build_graphs(spec, probes, store=tmp_path / "one", **told)
    for one, other in zip(made, whole, strict=True):
        np.testing.assert_allclose(one.nodes, other.nodes, atol=1e-5)
        np.testing.assert_allclose(one.edges, other.edges, atol=1e-5)


def test_real_networks(tmp_path):
    specs = [depara.model(f"rooms/{name}") for name in ("normal", "denoising")]
    probes = depara.load_probes("rooms", count=30)
    graphs = [
        depara.build_graphs(specs, probes, layers="all", device=device, store=tmp_path / device)
        for device in ("cpu", "cuda")
    ]
    for here, there in zip(*graphs, strict=True):
        np.testing.assert_allclose(there.nodes, here.nodes, atol=1e-4)
        np.testing.assert_allclose(there.edges, here.edges, atol=1e-5)
        assert there.versions["device"] == "cuda"


def test_memory_that_runs_out_halves_the_batch():
    sizes = []

    class Hungry(nn.Module):
        def forward(self, x):
            sizes.append(len(x))
            if len(x) > 2 and x.is_cuda:
                torch.empty(2**62, dtype=torch.uint8, device=x.device)
            return x * 2

    here, there = both(resolve_options(), tiny.network(Hungry()), ("output",), batch_size=6)
    assert sizes[-8:] == [6, 3, 1, 1, 1, 1, 1, 1]
    np.testing.assert_allclose(there["output"].nodes, here["output"].nodes, atol=1e-6)


def test_a_job_leaves_the_gpu_as_it_was(tmp_path):
    depara.build_graphs(tiny.spec(tiny.shared_relu()), tiny.probes(), device="cuda", store=tmp_path / "a")
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(), torch.cuda.memory_reserved()
    net = tiny.shared_relu(1)
    depara.build_graphs(tiny.spec(net), tiny.probes(), device="cuda", store=tmp_path / "b")
    assert (torch.cuda.memory_allocated(), torch.cuda.memory_reserved()) == before
    assert next(net.module.parameters()).device.type == "cpu"


def test_a_number_that_is_not_finite_names_its_probes():
    class Log(nn.Module):
        def forward(self, x):
            return torch.where(x.mean(dim=(1, 2, 3), keepdim=True) > 0, x, torch.log(-x.abs() - 1))

    images = np.full((4, 8, 8, 3), 200, np.uint8)
    images[[1, 3]] = 10
    net, probes = tiny.network(Log()), type(tiny.probes()).from_arrays(images)
    with pytest.raises(depara.ModelError, match=r"test/tiny.*'output'.*feature.*probe 001, probe 003"):
        dict(extract(net, tiny.spec(net), probes, ("output",), resolve_options(), device="cuda"))


def test_fast_agrees_as_well_as_it_says(tmp_path):
    spec, probes = depara.model("rooms/normal"), depara.load_probes("rooms", count=30)
    exact, fast = (
        depara.build_graphs(spec, probes, device="cuda", precision=precision, store=tmp_path)[0]
        for precision in ("float32", "fast")
    )
    cosines = np.vecdot(fast.nodes, exact.nodes)
    if "numerics" in fast.versions:
        assert fast.versions["numerics"] in {"bfloat16", "tf32"}
        assert float(fast.versions["agreement with float32"]) >= 0.99
        assert np.median(cosines) >= 0.99
        assert fast.digest != exact.digest
    else:
        assert fast.digest == exact.digest


def test_the_matrix_of_a_gpu_is_that_of_the_processor(monkeypatch):
    graphs = [random_graph(seed, count=30) for seed in range(6)]
    here = depara.similarity_matrix(graphs, graphs[:2], device="cpu")
    there = depara.similarity_matrix(graphs, graphs[:2], device="cuda")
    np.testing.assert_allclose(there.node, here.node, atol=1e-6)
    np.testing.assert_array_equal(there.edge, here.edge)
    monkeypatch.setattr(sys.modules[depara.SimilarityMatrix.__module__], "WORTH_MOVING", 0)
    np.testing.assert_array_equal(depara.similarity_matrix(graphs, graphs[:2]).node, there.node)


def test_a_full_gpu_leaves_the_matrix_to_the_processor(monkeypatch):
    graphs = [random_graph(seed, count=30) for seed in range(3)]

    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(torch.Tensor, "to", full)
    found = depara.similarity_matrix(graphs, device="cuda")
    monkeypatch.undo()
    np.testing.assert_array_equal(found.node, depara.similarity_matrix(graphs, device="cpu").node)
