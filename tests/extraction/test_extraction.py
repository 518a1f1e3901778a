import gc
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from depara_core.attribution.options import resolve_options
from depara_core.errors import Cancelled, ModelError, OptionError, StoreError
from depara_core.extraction import extract as extraction
from depara_core.extraction import memory_plan
from depara_core.extraction.batches import Batches
from depara_core.extraction.device import resolve_device
from depara_core.extraction.edges import cosines, gram_matrix, node_rows
from depara_core.extraction.extract import extract
from depara_core.extraction.memory_plan import MemoryPlan
from depara_core.extraction.numerics import exact_float32
from depara_core.extraction.rehearsal import rehearse
from depara_core.extraction.spill import Scratch, let_go
from depara_core.probes import preprocess

LAYERS = ("bn2", "head_in", "output")
PAPER = resolve_options()


def run(net, layers=LAYERS, options=PAPER, probes=None, **more):
    found = dict(extract(net, tiny.spec(net), probes or tiny.probes(), layers, options, device="cpu", **more))
    return {layer: found[layer] for layer in layers}


def test_against_the_papers_equations_in_plain_numpy():
    """A linear layer F = W x: Eq. 3 gives x * W^T F / ||F||, Eq. 4 the cosine of the features."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 7, bias=False))
    net, probes = tiny.network(module), tiny.probes()
    result = run(net, ("output",), probes=probes)["output"]
    weight = module[1].weight.detach().numpy().astype(float)
    for i in range(len(probes)):
        x = preprocess(probes.images[i : i + 1], tiny.spec(net)).numpy().astype(float).ravel()
        f = weight @ x
        node = x * (weight.T @ (f / np.sqrt(f @ f)))
        np.testing.assert_allclose(result.nodes[i], node / np.sqrt(node @ node), atol=1e-6)
        for j in range(len(probes)):
            y = preprocess(probes.images[j : j + 1], tiny.spec(net)).numpy().astype(float).ravel()
            g = weight @ y
            np.testing.assert_allclose(result.edges[i, j], f @ g / np.sqrt((f @ f) * (g @ g)), atol=1e-6)
    assert result.shape == (3, 8, 8)
    assert not result.no_attribution.any()
    assert not result.no_feature.any()


@pytest.mark.parametrize("disk", [2**20, 4 * 6 * 256, 4 * 6 * 100, 4 * 6 * 21])
@pytest.mark.parametrize("preset", ["paper", "released_models", "released_layers"])
def test_the_batch_size_the_passes_and_the_parts_of_a_layer_do_not_matter(preset, disk, monkeypatch):
    """The features of 256, 256 and 5 numbers come in one pass, in one for each layer, or in parts."""
    net, options = tiny.shared_relu(), resolve_options(preset)
    whole = run(net, options=options)
    monkeypatch.setattr(memory_plan, "DISK_BYTES", disk)
    parts = run(net, options=options, batch_size=2, memory_budget=1)
    for layer in LAYERS:
        assert isinstance(parts[layer].nodes, np.memmap)
        np.testing.assert_allclose(parts[layer].nodes, whole[layer].nodes, atol=1e-5)
        np.testing.assert_allclose(parts[layer].edges, whole[layer].edges, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(whole[layer].nodes, axis=1), 1, atol=1e-6)
        assert np.array_equal(whole[layer].edges, whole[layer].edges.T)
    assert whole["output"].shape == ((3 if preset == "paper" else 1), 8, 8)


@pytest.mark.parametrize("room", [2**20, 4 * 6 * 256, 4 * 6 * 100])
@pytest.mark.parametrize("preset", ["paper", "released_models"])
def test_features_that_stay_on_a_device_give_the_same(preset, room, monkeypatch):
    """The way of a GPU, walked on the processor: features, inner products and rows are tensors of the device."""
    net, options = tiny.shared_relu(), resolve_options(preset)
    whole = run(net, options=options)
    plan = MemoryPlan(torch.device("cpu"), batch=2**20, features=room, spill=0, nodes=2**20)
    monkeypatch.setattr(extraction, "plan_memory", lambda place, budget: plan)
    parts = run(net, options=options, batch_size=4)
    for layer in LAYERS:
        np.testing.assert_allclose(parts[layer].nodes, whole[layer].nodes, atol=1e-5)
        np.testing.assert_allclose(parts[layer].edges, whole[layer].edges, atol=1e-5)


def test_a_forward_ends_at_the_last_wanted_layer():
    calls = []

    class Tail(nn.Module):
        def forward(self, x):
            calls.append(len(x))
            return x

    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), Tail())
    net = tiny.network(module, {"early": ("1", "output"), "output": ("", "output")})
    early = run(net, ("early",), batch_size=1)["early"]
    assert calls == [1, 1]  # in the rehearsal and in the first batch, which shows what the last wanted layer is
    calls.clear()
    whole = run(net, ("early", "output"), batch_size=1)["early"]
    assert len(calls) == 7
    assert np.array_equal(early.nodes, whole.nodes)
    assert np.array_equal(early.edges, whole.edges)


def test_layers_are_read_in_the_networks_own_order_and_the_large_ones_in_parts():
    plan = MemoryPlan(None, batch=0, features=4 * 2 * 4, spill=4 * 2 * 3, nodes=0)
    passes = plan.passes({"a": 10, "b": 4, "c": 3, "d": 2, "e": 7}, count=2)
    assert [(part.columns, part.attributes) for part in passes] == [
        ({"a": slice(0, 7)}, True),
        ({"a": slice(7, 10)}, False),
        ({"b": slice(0, 4), "c": slice(0, 3)}, True),
        ({"d": slice(0, 2)}, True),
        ({"e": slice(0, 7)}, True),
    ]


def test_a_batch_fits_into_the_memory_there_is():
    cpu = torch.device("cpu")
    for room, fitting in ((10**9, 64), (5500, 5), (10, 1)):
        plan = MemoryPlan(None, batch=room, features=0, spill=0, nodes=0)
        assert plan.batch_size(cpu, tiny.SIZE, activations=1000) == fitting
    assert 2**29 <= memory_plan.default_budget(cpu) <= 3 * 2**30


def test_the_rehearsal_counts_what_a_backward_needs():
    net = tiny.network(nn.Sequential(nn.Conv2d(3, 2, 1), nn.Sigmoid()), {"output": ("", "output")})
    rehearsal = rehearse(net, ("output",), Batches(tiny.spec(net), tiny.probes(), torch.device("cpu")))
    assert rehearsal.shapes == {"output": (2, 8, 8)}
    assert rehearsal.sizes == {"output": 2 * 64}
    assert (
        rehearsal.activations == 4 * (3 * 64 + 2 * 64) + 4 * 2 * 64
    )  # the input of the convolution, the sigmoid's output, the feature


def test_no_tensor_outlives_an_extraction():
    """Activations that keep themselves alive are found by no collector, and would add up model by model."""

    def tensors():
        gc.collect()
        return sum(type(thing) is torch.Tensor for thing in gc.get_objects())

    net = tiny.shared_relu()
    run(net)
    before = tensors()
    run(net)
    assert tensors() == before


def test_resolution_averages_maps_before_they_are_scaled():
    net = tiny.shared_relu()
    fine, coarse = (run(net, options=resolve_options(resolution=r))["bn2"] for r in (None, 4))
    assert coarse.shape == (3, 4, 4)
    pooled = fine.nodes.reshape(6, 3, 4, 2, 4, 2).mean(axis=(3, 5)).reshape(6, -1)
    np.testing.assert_allclose(coarse.nodes, pooled / np.linalg.norm(pooled, axis=1, keepdims=True), atol=1e-5)


@given(seed=st.integers(0, 10_000), count=st.integers(2, 7), length=st.integers(1, 9), center=st.booleans())
@settings(max_examples=50)
def test_cosines_equal_the_slow_ones(seed, count, length, center):
    features = np.random.default_rng(seed).normal(size=(count, length)).astype(np.float32) + 1
    features[0] = 0
    edges, none = cosines(gram_matrix(features), center=center)
    plain = features.astype(float) - (features.astype(float).mean(axis=0) if center else 0)
    norms = np.linalg.norm(plain, axis=1)
    expected = plain @ plain.T / np.maximum(np.outer(norms, norms), 1e-30)
    np.testing.assert_allclose(edges, expected, atol=2e-5)
    assert none[0] == (not center)


def test_identical_probes_have_no_centred_feature():
    features = np.tile(np.random.default_rng(0).normal(size=50).astype(np.float32), (4, 1))
    edges, none = cosines(gram_matrix(features), center=True)
    assert none.all()
    assert not edges.any()
    edges, none = cosines(gram_matrix(features), center=False)
    assert not none.any()
    np.testing.assert_array_equal(edges, 1)


def test_gram_matrix_in_blocks(monkeypatch):
    monkeypatch.setattr("depara_core.extraction.edges.BLOCK_BYTES", 8 * 5 * 3)
    features = np.random.default_rng(0).normal(size=(5, 10)).astype(np.float32)
    plain = features.astype(float) @ features.T.astype(float)
    np.testing.assert_allclose(gram_matrix(features), plain, rtol=1e-12)
    np.testing.assert_allclose(gram_matrix(torch.from_numpy(features)), plain, rtol=1e-12)


def test_zero_attributions_stay_zero_and_are_flagged():
    rows, _, none = node_rows(torch.stack([torch.zeros(3, 2, 2), 1e-25 * torch.ones(3, 2, 2)]), PAPER)
    assert none.tolist() == [True, False]
    assert not rows[0].any()
    assert torch.linalg.vector_norm(rows[1]).item() == pytest.approx(1)
    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU())
    with torch.no_grad():
        module[0].bias.fill_(-100)
    result = run(tiny.network(module), ("output",))["output"]
    assert result.no_attribution.all()
    assert result.no_feature.all()
    assert not result.nodes.any()
    assert not result.edges.any()


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("not enough memory")])
def test_memory_that_runs_out_halves_the_batch(error):
    sizes = []

    class Hungry(nn.Module):
        def forward(self, x):
            sizes.append(len(x))
            if len(x) > 2:
                raise error
            return x * 2

    result = run(tiny.network(Hungry()), ("output",), batch_size=6)["output"]
    assert sizes == [1, 6, 3, 1, 1, 1, 1, 1, 1]
    plain = run(tiny.network(nn.Identity()), ("output",))["output"]
    np.testing.assert_allclose(result.nodes, plain.nodes, atol=1e-6)


def test_no_memory_for_one_image():
    class Starving(nn.Module):
        def forward(self, x):
            raise torch.OutOfMemoryError("out of memory")

    with pytest.raises(ModelError, match=r"test/tiny.*even for one image"):
        run(tiny.network(Starving()), ("output",))


def test_a_number_that_is_not_finite_names_model_layer_and_probes():
    class Log(nn.Module):
        def forward(self, x):
            return torch.where(x.mean(dim=(1, 2, 3), keepdim=True) > 0, x, torch.log(-x.abs() - 1))

    images = np.full((4, 8, 8, 3), 200, np.uint8)
    images[[1, 3]] = 10
    with pytest.raises(ModelError, match=r"test/tiny.*'output'.*feature.*probe 001, probe 003"):
        run(tiny.network(Log()), ("output",), probes=type(tiny.probes()).from_arrays(images))


def test_an_input_that_the_module_cannot_take():
    with pytest.raises(ModelError, match=r"test/tiny cannot be run.*\(1, 3, 8, 8\)"):
        run(tiny.network(nn.Linear(5, 5)), ("output",))


def test_a_layer_that_does_not_exist_names_the_model_and_its_layers():
    with pytest.raises(ModelError, match=r"test/tiny.*'layer9'.*bn2, head_in, output"):
        run(tiny.shared_relu(), ("layer9",))


def test_progress_counts_probes_and_cancelling_puts_the_model_back():
    net, seen = tiny.shared_relu(), []
    run(net, batch_size=2, progress=lambda done, total, message: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[0] == (0, 6)
    assert seen[-1] == (6, 6)
    net.module.train()

    def stop(done, total, message):
        if done >= 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        run(net, batch_size=2, progress=stop)
    assert net.module.training
    assert net.module.relu.inplace
    assert all(p.requires_grad for p in net.module.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.module.modules())


def test_cancelling_does_not_wait_for_the_end_of_a_slow_methods_batch():
    calls = []

    class Counting(nn.Module):
        def forward(self, x):
            calls.append(len(x))
            return x * x

    def stop(done, total, message):
        if len(calls) >= 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(tiny.network(Counting()), ("output",), resolve_options(method="integrated_gradients"), progress=stop)
    assert len(calls) == 4


def test_cancelling_does_not_wait_for_all_layers_of_a_batch():
    seen = []

    class Slow(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, slope):
            seen.append(1)
            return slope

    class Layer(nn.Module):
        def forward(self, x):
            return Slow.apply(x)

    net = tiny.network(nn.Sequential(*(Layer() for _ in range(6))), {str(i): (str(i), "output") for i in range(6)})

    def stop(done, total, message):
        if len(seen) >= 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(net, tuple("012345"), progress=stop)
    assert len(seen) == 3  # one of layer 0, two of layer 1: the third layer's was not begun


def test_a_model_in_half_precision_is_attributed_in_float32_and_stays_half():
    net = tiny.shared_relu()
    net.module.bfloat16()
    result = run(net, ("output",))["output"]
    assert result.nodes.dtype == np.float32
    assert next(net.module.parameters()).dtype == torch.bfloat16


def test_devices():
    assert resolve_device("cpu") == torch.device("cpu")
    with pytest.raises(OptionError, match="auto"):
        resolve_device("toaster")


def test_reduced_precision_is_off_within_and_back_after():
    matmul = torch.backends.cuda.matmul
    before = matmul.fp32_precision
    matmul.fp32_precision = "tf32"
    try:
        with exact_float32():
            assert matmul.fp32_precision == "ieee"
        assert matmul.fp32_precision == "tf32"
    finally:
        matmul.fp32_precision = before


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells")
def test_what_is_in_a_file_is_let_go_of_by_way_of_any_part_of_it():
    def held():  # MiB of files, on a disk or in a file system of memory, that this process has in memory
        lines = Path("/proc/self/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("RssFile", "RssShmem"))) / 1024

    spilled = Scratch(0).array((2**10, 2**14))
    spilled[:] = 7
    full = held()
    let_go(spilled[:, 1::2])
    assert held() < full - 50
    assert (spilled == 7).all()
    let_go(np.ones(3))  # has no file


def test_scratch_spills_beyond_its_memory_and_says_when_the_disk_is_full(monkeypatch):
    scratch = Scratch(4 * 10)
    small, large = scratch.array((2, 5)), scratch.array((3, 5))
    assert not isinstance(small, np.memmap)
    assert isinstance(large, np.memmap)
    large[:] = 7
    assert (large == 7).all()
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    with pytest.raises(StoreError, match="TMPDIR"):
        scratch.array((100, 100))
