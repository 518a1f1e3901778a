from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
import tiny
from torch import nn

from depara_core.errors import Cancelled, ModelError, OptionError, ProbeError
from depara_core.pipeline import builder as pipeline
from depara_core.pipeline import keys
from depara_core.pipeline.graphs import build_graphs
from depara_core.store import Store
from depara_core.zoo.spec import Network


def zoo(*names):
    nets = [tiny.shared_relu(seed) for seed in range(len(names))]
    return [
        tiny.spec(Network(net.module, net.taps, f"{seed:064d}"), name)
        for seed, (net, name) in enumerate(zip(nets, names, strict=True))
    ]


@pytest.fixture
def computed(monkeypatch):
    """Record (model, layers) of every extraction."""
    calls = []
    real = pipeline.extract

    def recording(network, spec, probes, layers, options, **more):
        calls.append((spec.name, tuple(layers)))
        return real(network, spec, probes, layers, options, **more)

    monkeypatch.setattr(pipeline, "extract", recording)
    return calls


def test_graphs_come_model_by_model_and_layer_by_layer(tmp_path):
    graphs = build_graphs(zoo("a", "b"), tiny.probes(), layers=["output", "bn2"], device="cpu", store=tmp_path)
    assert [(g.model, g.layer) for g in graphs] == [
        ("test/a", "output"),
        ("test/a", "bn2"),
        ("test/b", "output"),
        ("test/b", "bn2"),
    ]
    for graph in graphs:
        assert graph.nodes.shape == (6, 3 * 64)
        assert graph.shape == (3, 8, 8)
        assert graph.probes == tiny.probes().digest
        assert set(graph.versions) == {"torch", "numpy", "python", "device"}
        assert not graph.nodes.flags.writeable
    assert graphs[0].weights != graphs[2].weights


def test_nothing_is_computed_twice(tmp_path, computed):
    specs, probes = zoo("a", "b"), tiny.probes()
    first = build_graphs(specs, probes, device="cpu", store=tmp_path)
    again = build_graphs(specs, probes, device="cpu", store=tmp_path)
    assert computed == [("a", ("output",)), ("b", ("output",))]
    for a, b in zip(first, again, strict=True):
        assert a.digest == b.digest
        assert a.versions == b.versions
    build_graphs(specs[:1], probes, layers="all", device="cpu", store=tmp_path)
    assert computed[2:] == [("a", ("bn2", "head_in"))]


def test_what_is_stored_is_read_without_opening_a_model_that_tells_its_identity(tmp_path, computed):
    opened, net = [], tiny.shared_relu()
    silent = tiny.spec(lambda: net, "a", opened=opened)
    spec = replace(silent, _layers=lambda: tuple(net.taps), _identity=lambda: net.identity)
    first = build_graphs(spec, tiny.probes(), layers=["bn2", "output"], device="cpu", store=tmp_path)
    assert opened == ["a"]
    again = build_graphs(spec, tiny.probes(), layers=["output", "bn2"], device="cpu", store=tmp_path)
    assert opened == ["a"]
    assert [graph.digest for graph in again] == [graph.digest for graph in reversed(first)]
    build_graphs(spec, tiny.probes(), layers=["relu"], device="cpu", store=tmp_path)  # no tap, but a module's path
    assert len(opened) > 1


@pytest.mark.parametrize(
    "change",
    [
        {"center": True},
        {"method": "saliency"},
        {"objective": "mean"},
        {"channels": "mean"},
        {"resolution": 4},
        {"preset": "released_layers"},
        {"layers": "bn2"},
    ],
)
def test_any_other_option_is_another_artefact(tmp_path, computed, change):
    (spec,) = zoo("a")
    build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)
    build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path, **change)
    assert len(computed) == 2


def test_other_weights_probes_input_or_maths_are_another_artefact(tmp_path, computed, monkeypatch):
    (spec,) = zoo("a")
    net = spec.open()
    build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)
    build_graphs(spec, tiny.probes(seed=1), device="cpu", store=tmp_path)
    build_graphs(tiny.spec(Network(net.module, net.taps, "f" * 64), "a"), tiny.probes(), device="cpu", store=tmp_path)
    build_graphs(replace(spec, std=(0.4,) * 3), tiny.probes(), device="cpu", store=tmp_path)
    monkeypatch.setattr(keys, "GRAPHS_VERSION", -1)
    build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)
    assert len(computed) == 5


@pytest.mark.parametrize("library", ["torch", "torchvision"])
def test_another_version_of_what_computes_is_another_artefact(tmp_path, computed, monkeypatch, library):
    (spec,) = zoo("a")
    build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)
    keys.versions.cache_clear()
    monkeypatch.setattr(keys, "version", lambda name: "0.0" if name == library else version(name))
    build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)
    keys.versions.cache_clear()
    assert len(computed) == 2


@pytest.mark.parametrize("missing", ["nodes", "edges", "no_feature", "shape", "versions"])
def test_an_artefact_without_one_of_its_parts_is_computed_again(tmp_path, computed, missing):
    (spec,) = zoo("a")
    first = build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)[0]
    store = Store(tmp_path)
    (file,) = tmp_path.rglob("*.safetensors")
    kept = store.get(file.stem)
    arrays = {name: array.copy() for name, array in kept.arrays.items() if name != missing}
    store.put(file.stem, arrays, {name: value for name, value in kept.metadata.items() if name != missing})
    assert store.verify() == ()
    again = build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)[0]
    assert (len(computed), again.digest) == (2, first.digest)


def test_an_artefact_over_other_probes_under_this_key_is_computed_again(tmp_path, computed):
    (spec,) = zoo("a")
    first = build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)[0]
    store = Store(tmp_path)
    (file,) = tmp_path.rglob("*.safetensors")
    kept = store.get(file.stem)
    store.put(file.stem, {name: array[:3].copy() for name, array in kept.arrays.items()}, kept.metadata)
    assert build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)[0].digest == first.digest


def test_a_damaged_artefact_is_computed_again(tmp_path, computed):
    (spec,) = zoo("a")
    first = build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)[0]
    (file,) = tmp_path.rglob("*.safetensors")
    digest = first.digest
    file.unlink()  # the graph above still maps it
    file.write_bytes(b"damaged")
    assert build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path)[0].digest == digest
    assert len(computed) == 2
    assert Store(tmp_path).verify() == ()


def test_a_model_given_twice_is_computed_once(tmp_path, computed):
    (spec,) = zoo("a")
    with pytest.warns(RuntimeWarning, match="not kept"):
        graphs = build_graphs([spec, spec], tiny.probes(), device="cpu", store=Store(tmp_path, max_bytes=1))
    assert len(graphs) == 2
    assert graphs[0].digest == graphs[1].digest
    assert len(computed) == 1


def test_a_store_that_cannot_be_written_warns_once_and_gives_the_graphs(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.warns(RuntimeWarning, match="not kept") as caught:
        graphs = build_graphs(zoo("a", "b"), tiny.probes(), layers="all", device="cpu", store=blocked)
    assert len(graphs) == 6
    assert len([w for w in caught if w.category is RuntimeWarning]) == 1


def broken(name="broken"):
    class Broken(nn.Module):
        def forward(self, x):
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    return tiny.spec(tiny.network(Broken(), digest="b" * 64), name)


def unopenable():
    def fail():
        raise FileNotFoundError("weights.pt")

    return tiny.spec(fail, "gone")


def test_a_failed_model_raises_or_is_left_out(tmp_path):
    first, last = zoo("a", "z")
    specs = [first, broken(), unopenable(), last]
    with pytest.raises(ModelError, match=r"test/broken.*mat1 and mat2"):
        build_graphs(specs, tiny.probes(), device="cpu", store=tmp_path)
    assert Store(tmp_path).status().artefacts == 1, "what was finished before the failure is kept"
    errors, seen = {}, []
    graphs = build_graphs(
        specs,
        tiny.probes(),
        device="cpu",
        store=tmp_path,
        on_error=errors.__setitem__,
        progress=lambda done, total, message: seen.append((done, total)),
    )
    assert [graph.model for graph in graphs] == ["test/a", "test/z"]
    assert list(errors) == ["test/broken", "test/gone"]
    assert "weights.pt" in str(errors["test/gone"])
    assert seen[-1] == (6, 6)


def test_layers_are_checked_before_anything_is_computed(tmp_path, computed):
    specs = zoo("a", "b")
    with pytest.raises(ModelError, match=r"test/a.*'layer9'.*bn2, head_in, output"):
        build_graphs(specs, tiny.probes(), layers=["output", "layer9"], device="cpu", store=tmp_path)
    assert computed == []
    graphs = build_graphs(specs[:1], tiny.probes(), layers="conv1", device="cpu", store=tmp_path)
    assert graphs[0].layer == "conv1"


def test_bad_calls(tmp_path):
    (spec,) = zoo("a")
    with pytest.raises(ProbeError, match="at least 3"):
        build_graphs(spec, tiny.probes(2), store=tmp_path)
    with pytest.raises(OptionError, match="No model"):
        build_graphs([], tiny.probes(), store=tmp_path)
    with pytest.raises(OptionError, match="input_x_gradient"):
        build_graphs(spec, tiny.probes(), method="magic", store=tmp_path)
    with pytest.raises(OptionError, match="toaster"):
        build_graphs(spec, tiny.probes(), device="toaster", store=tmp_path)


def test_progress_counts_what_must_be_computed(tmp_path):
    specs, seen = zoo("a", "b", "c"), []
    build_graphs(specs[1], tiny.probes(), device="cpu", store=tmp_path)
    build_graphs(specs, tiny.probes(), device="cpu", store=tmp_path, progress=lambda *report: seen.append(report))
    shares = [done / total for done, total, _ in seen]
    assert shares == sorted(shares)
    assert seen[0][:2] == (0, 18)
    assert seen[-1][:2] == (12, 12)
    seen.clear()
    build_graphs(specs, tiny.probes(), device="cpu", store=tmp_path, progress=lambda *report: seen.append(report))
    assert seen[-1][:2] == (1, 1)


def test_cancelling_keeps_what_is_finished_and_is_no_error(tmp_path, computed):
    specs = zoo("a", "b", "c")

    def stop(done, total, message):
        if done > 6:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        build_graphs(specs, tiny.probes(), device="cpu", store=tmp_path, progress=stop, on_error=pytest.fail)
    assert Store(tmp_path).status().artefacts >= 1
    build_graphs(specs, tiny.probes(), device="cpu", store=tmp_path)
    assert [name for name, _ in computed].count("a") == 1


def test_a_download_reports_through_the_same_progress(tmp_path):
    net, seen = tiny.shared_relu(), []

    def open_(progress=None):
        progress(5, 100, "downloading")
        return net

    spec = replace(tiny.spec(net), _open=open_)
    build_graphs(spec, tiny.probes(), device="cpu", store=tmp_path, progress=lambda *report: seen.append(report))
    assert (0, 6, "tiny: downloading") in seen


def test_graphs_outlive_the_store(tmp_path):
    (graph,) = build_graphs(zoo("a"), tiny.probes(), device="cpu", store=tmp_path)
    before = np.array(graph.nodes)
    Store(tmp_path).clear()
    np.testing.assert_array_equal(graph.nodes, before)
