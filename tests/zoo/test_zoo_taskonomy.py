"""Taskonomy: the encoder is the published one, its weight files load and nothing else does, its figures are sound."""

import hashlib
import json
import sys
from dataclasses import replace
from types import ModuleType
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr
from tiny import probes
from torch import nn
from torch.nn import functional as F

import depara_core as depara
from depara_core import rooms, zoo
from depara_core.errors import ModelError, OptionError
from depara_core.paths import assets_folder
from depara_core.zoo import downloads, taskonomy
from depara_core.zoo.taskonomy_network import TAPS, Lightness, TaskonomyEncoder

SHAPES = {
    "stem": (64, 64, 64),
    "layer1": (256, 32, 32),
    "layer2": (512, 16, 16),
    "layer3": (1024, 16, 16),
    "layer4": (2048, 16, 16),
    "output": (8, 16, 16),
}
STAGES = ((64, 3, 2), (128, 4, 2), (256, 6, 1), (512, 3, 1))  # width, blocks, stride of the last block


# --- ids and lists


def test_all_25_encoders_are_listed_after_what_ships():
    listed = zoo.list_models("taskonomy")
    assert len(listed) == 25
    assert {spec.id for spec in listed} == {f"taskonomy/{name}" for name in taskonomy.TASKONOMY_TASKS}
    for spec in listed:
        assert zoo.model(spec.id) is spec
        assert not spec.bundled
        assert (spec.input_size, spec.mean, spec.std) == (256, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        assert spec.layers == tuple(SHAPES)
        assert spec.group in rooms.tasks.GROUPS
        assert spec.summary.endswith(".")


def test_the_tasks_of_the_rooms_are_in_the_same_groups():
    for name, task in rooms.TASKS.items():
        assert taskonomy.TASKONOMY_TASKS[name].group == task.group


def test_random_weights_are_asked_for_as_elsewhere():
    spec = zoo.model("taskonomy/depth_euclidean@none")
    assert (spec.id, spec.name) == ("taskonomy/depth_euclidean@none", "depth_euclidean@none")
    assert spec.summary.startswith("Random weights (seed 12)")


@pytest.mark.parametrize(
    "wanted, error, message",
    [
        ("taskonomy/depth", ModelError, r"no encoder for 'depth'. Expected one of: autoencoding, .*class_scene"),
        ("taskonomy/normal@V1", OptionError, r"taskonomy/normal has no weights 'V1'. Expected no @ .* or @none"),
        ("taskonomy/normal@", OptionError, "no weights ''"),
        ("rooms/depth_zbufer", ModelError, "Did you mean: rooms/depth_zbuffer, taskonomy/depth_zbuffer"),
    ],
)
def test_an_unknown_id_says_what_there_is(wanted, error, message):
    with pytest.raises(error, match=message):
        zoo.model(wanted)


# --- the network


def published_shapes(channels=3):
    """Return the parameter names of a published file and their shapes, written down from its architecture."""

    def norm(name, width):
        return {f"{name}.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}

    shapes = {"conv1.weight": (64, channels, 7, 7)} | norm("bn1", 64)
    inputs = 64
    for stage, (width, blocks, _) in enumerate(STAGES, start=1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            shapes |= {f"{name}.conv1.weight": (width, inputs, 1, 1)} | norm(f"{name}.bn1", width)
            shapes |= {f"{name}.conv2.weight": (width, width, 3, 3)} | norm(f"{name}.bn2", width)
            shapes |= {f"{name}.conv3.weight": (4 * width, width, 1, 1)} | norm(f"{name}.bn3", 4 * width)
            if block == 0:
                shapes |= {f"{name}.downsample.0.weight": (4 * width, inputs, 1, 1)}
                shapes |= norm(f"{name}.downsample.1", 4 * width)
            inputs = 4 * width
    return shapes | {"compress1.weight": (8, 2048, 3, 3)} | norm("compress_bn", 8)


@pytest.mark.parametrize("grey", [False, True])
def test_the_parameters_are_those_of_the_published_files(grey):
    with torch.device("meta"):
        state = TaskonomyEncoder(grey).state_dict()
    counted = {name: tuple(v.shape) for name, v in state.items() if not name.endswith("num_batches_tracked")}
    assert counted == published_shapes(1 if grey else 3)


def reference(state, x):
    """Compute the code step by step from a state dict, as the published encoder does."""

    def norm(x, name):
        mean, var, weight, bias = (
            state[f"{name}.{part}"].view(1, -1, 1, 1) for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    x = F.conv2d(F.pad(x, (3, 3, 3, 3)), state["conv1.weight"], stride=2)
    x = F.max_pool2d(norm(x, "bn1").relu(), 3, 2, ceil_mode=True)
    for stage, (_, blocks, last) in enumerate(STAGES, start=1):
        for block in range(blocks):
            name, stride = f"layer{stage}.{block}", last if block == blocks - 1 else 1
            inner = norm(F.conv2d(x, state[f"{name}.conv1.weight"]), f"{name}.bn1").relu()
            inner = F.conv2d(inner, state[f"{name}.conv2.weight"], stride=stride, padding=1)
            inner = norm(F.conv2d(norm(inner, f"{name}.bn2").relu(), state[f"{name}.conv3.weight"]), f"{name}.bn3")
            if block == 0:
                x = norm(F.conv2d(x, state[f"{name}.downsample.0.weight"]), f"{name}.downsample.1")
            x = (inner + x[:, :, ::stride, ::stride]).relu()
    return norm(F.conv2d(x, state["compress1.weight"], padding=1), "compress_bn").relu()


def test_the_code_is_what_the_published_architecture_computes():
    torch.manual_seed(3)
    encoder = TaskonomyEncoder().eval()
    with torch.no_grad():
        for name, value in encoder.state_dict().items():
            if "bn" in name or "downsample.1" in name:
                value.copy_(torch.rand_like(value.float()) + 0.5)
        x = torch.rand(2, 3, 96, 96) * 2 - 1
        code = encoder(x)
        assert code.std() > 0
        torch.testing.assert_close(code, reference(encoder.state_dict(), x), rtol=1e-4, atol=1e-4 * float(code.max()))


@pytest.fixture(scope="module")
def opened():
    """Two encoders with random weights: one that reads colours, one that reads lightness alone."""
    return {name: zoo.model(f"taskonomy/{name}@none").open() for name in ("normal", "colorization")}


@pytest.mark.parametrize("name", ["normal", "colorization"])
def test_each_module_is_called_once_and_nothing_works_in_place(opened, name):
    network, calls = opened[name], {}
    hooks = [
        part.register_forward_hook(lambda _, __, out, path=path: calls.setdefault(path, []).append(out))
        for path, part in network.module.named_modules()
    ]
    x = (torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(0)) * 2 - 1).requires_grad_()
    result = network.module(x)
    for hook in hooks:
        hook.remove()
    assert {path for path, _ in network.module.named_modules()} == set(calls)
    assert all(len(outputs) == 1 for outputs in calls.values())
    assert not any(getattr(part, "inplace", False) or part.training for part in network.module.modules())
    assert not any(parameter.requires_grad for parameter in network.module.parameters())
    for layer, path in TAPS.items():
        assert network.tap(layer) == (network.module.get_submodule(path), "output")
        assert calls[path][0].shape == (2, *SHAPES[layer])
    assert result.min() >= 0
    result.square().sum().sqrt().backward()
    assert (x.grad.abs().amax((0, 2, 3)) > 0).all()


def test_random_weights_repeat_differ_by_task_and_leave_the_callers_alone(opened):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    again = zoo.model("taskonomy/normal@none").open()
    assert torch.equal(torch.rand(3), expected)
    assert again.digest == opened["normal"].digest != opened["colorization"].digest
    other = zoo.model("taskonomy/curvature@none").open()
    assert not torch.equal(other.module.compress1.weight, again.module.compress1.weight)


@pytest.mark.parametrize(
    "rgb, lightness",  # L* of sRGB colours under D65, from tables
    [
        ((255, 255, 255), 100),
        ((0, 0, 0), 0),
        ((119, 119, 119), 50.03),
        ((255, 0, 0), 53.24),
        ((0, 255, 0), 87.73),
        ((0, 0, 255), 32.30),
        ((5, 5, 5), 1.37),
    ],
)
def test_lightness_is_that_of_cielab(rgb, lightness):
    x = torch.tensor(rgb).view(1, 3, 1, 1) / 127.5 - 1
    assert (Lightness()(x).item() + 1) * 50 == pytest.approx(lightness, abs=0.02)


def test_lightness_has_a_slope_everywhere_also_beyond_its_range():
    x = torch.tensor([-3.0, -1.0, -0.919, -0.9, 0.0, 1.0, 2.0]).view(-1, 1, 1, 1).repeat(1, 3, 1, 1).requires_grad_()
    Lightness()(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert (x.grad > 0).all()


def test_graphs_of_two_encoders(tmp_path):
    specs = [zoo.model(f"taskonomy/{name}@none") for name in ("depth_euclidean", "colorization")]
    small = [replace(spec, input_size=64) for spec in specs]  # a sixteenth of the pixels, to be quick
    graphs = depara.build_graphs(small, probes(3), layers="all", device="cpu", store=tmp_path)
    assert [(graph.model, graph.layer) for graph in graphs] == [(spec.id, layer) for spec in specs for layer in SHAPES]
    for graph in graphs:
        np.testing.assert_allclose((graph.nodes**2).sum(1), 1, rtol=1e-5)
        np.testing.assert_allclose(np.diag(graph.edges), 1, rtol=1e-5)
    assert -1 < depara.similarity(graphs[5], graphs[11]).node < 1


# --- weight files, placed in a hub cache of the test's own


def constants(channels=3):
    """Return a state dict of the published shapes, a constant each; files store a constant once, so they are small."""
    shapes = published_shapes(channels)
    return {name: torch.tensor(1 + k / 100).expand(shape) for k, (name, shape) in enumerate(shapes.items())}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a function that puts a weight file into the hub cache under the name that its task expects."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setitem(sys.modules, "visualpriors", None)
    folder = tmp_path / "hub" / "hub" / "checkpoints"
    folder.mkdir(parents=True)

    def put(task, content):
        file = tmp_path / "file.pth"
        torch.save(content, file)
        checksum = hashlib.sha256(file.read_bytes()).hexdigest()
        known = taskonomy.TASKONOMY_TASKS[task]
        monkeypatch.setitem(
            taskonomy.TASKONOMY_TASKS, task, taskonomy.TaskonomyTask(task, known.group, known.purpose, checksum)
        )
        return file.rename(folder / f"{task}_encoder-{checksum}.pth")

    return put


@pytest.mark.parametrize("task, channels", [("normal", 3), ("colorization", 1)])
def test_a_published_file_is_read_from_the_hub_cache(place, task, channels):
    state = constants(channels)
    path = place(task, {"epoch": 7, "state_dict": state})
    assert path.stat().st_size < 2**20
    network = taskonomy.spec(task).open(lambda *_: pytest.fail("nothing is to be downloaded"))
    loaded = network.module.state_dict()
    for name, value in state.items():
        assert loaded[name].dtype == torch.float32
        assert (loaded[name] == value).all()
    assert network.taps["output"] == ("", "output")
    assert not network.module.training


def test_halves_and_a_bare_state_dict_are_read_too(place):
    place("normal", {name: value.half() for name, value in constants().items()})
    assert taskonomy.spec("normal").open().module.conv1.weight.dtype == torch.float32


@pytest.mark.parametrize(
    "content, message",
    [
        ({"state_dict": constants(1)}, r"do not fit Taskonomy's encoder: .*size mismatch for conv1.weight"),
        ({"state_dict": nn.Linear(2, 2).state_dict()}, "do not fit"),
        ([torch.zeros(2)], "do not fit"),
        (torch.zeros(2), "do not fit"),
    ],
)
def test_weights_of_another_network_are_refused(place, content, message):
    path = place("normal", content)
    with pytest.raises(ModelError, match=f"(?s){message}.*Put the published file in its place") as caught:
        taskonomy.spec("normal").open()
    assert str(path) in str(caught.value)


class Trap:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


def test_a_weight_file_that_is_a_program_is_not_run(place):
    place("normal", {"state_dict": Trap()})
    with pytest.raises(ModelError, match="no plain tensors"):
        taskonomy.spec("normal").open()


def test_a_file_that_is_not_what_its_name_says_is_refused(place):
    path = place("normal", {"state_dict": constants()})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"are damaged: expected sha256 .* Delete the file"):
        taskonomy.spec("normal").open()


def test_without_file_and_network_the_error_says_what_goes_where(place, tmp_path, monkeypatch):
    def refuse(request, timeout):
        raise URLError("no network")

    monkeypatch.setattr(downloads, "urlopen", refuse)
    with pytest.raises(ModelError) as caught:
        zoo.model("taskonomy/curvature").open()
    checksum = taskonomy.TASKONOMY_TASKS["curvature"].checksum
    for part in (
        f"curvature_encoder-{checksum}.pth is not in '{tmp_path / 'hub'}",
        "no network",
        f"{taskonomy.SITE}/curvature_encoder-",
        "put the file in that folder",
        "pip install 'depara-explorer[taskonomy]'",
        "taskonomy/curvature@none",
    ):
        assert part in str(caught.value)


def test_an_installed_visualpriors_tells_where_the_files_are(monkeypatch):
    package = ModuleType("visualpriors.taskonomy_network")
    package.TASKONOMY_PRETRAINED_URLS = {"normal_encoder": "https://example.invalid/normal_encoder-00000000.pth"}
    monkeypatch.setitem(sys.modules, "visualpriors", ModuleType("visualpriors"))
    monkeypatch.setitem(sys.modules, "visualpriors.taskonomy_network", package)
    assert taskonomy.address("normal") == "https://example.invalid/normal_encoder-00000000.pth"


def test_checksums_are_those_of_25_files():
    checksums = {task.checksum for task in taskonomy.TASKONOMY_TASKS.values()}
    assert len(checksums) == 25
    assert all(len(checksum) == 64 and int(checksum, 16) for checksum in checksums)


# --- the published figures


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(assets_folder() / "benchmark" / "taskonomy.csv")


def published(name):
    return json.loads((assets_folder() / "published" / f"{name}.json").read_text())


def test_the_published_affinities_are_a_table_under_our_names(truth):
    assert list(truth.columns) == ["source", "target", "affinity"]
    assert set(truth["source"]) == set(rooms.TASKS) <= set(taskonomy.TASKONOMY_TASKS)
    assert set(truth["target"]) == set(rooms.TASKS) - {"colorization", "inpainting"}
    assert len(truth) == 20 * 18 - 18 == len(truth.drop_duplicates(["source", "target"]))
    assert (truth["source"] != truth["target"]).all()
    assert truth["affinity"].between(0, 1, inclusive="neither").all()


@pytest.mark.parametrize(
    "target, best",  # Taskonomy: the two depths serve each other best, denoising serves autoencoding
    [("depth_zbuffer", "depth_euclidean"), ("depth_euclidean", "depth_zbuffer"), ("autoencoding", "denoising")],
)
def test_the_best_sources_are_taskonomys(truth, target, best):
    rows = truth[truth["target"] == target].set_index("source")["affinity"]
    assert rows.idxmax() == best


def test_the_names_are_mapped_one_to_one():
    about = json.loads((assets_folder() / "benchmark" / "taskonomy.json").read_text())
    assert sorted(about["names"].values()) == sorted(rooms.TASKS)
    assert (about["names"]["rgb2depth"], about["names"]["rgb2mist"]) == ("depth_zbuffer", "depth_euclidean")
    assert (about["relevant"], about["budget"]) == (5, 16000)


def test_published_layer_scores_correlate_with_accuracy_as_the_paper_says():
    """Mean Spearman of S = s_V + lambda s_E and accuracy, two sources, two shares: 0.913; here from rounded figures."""
    layers = published("depara_layers")
    correlations = []
    for table in layers["sources"].values():
        node, edge = np.array(table["node"]), np.array(table["edge"])
        for share, lam in layers["lambda"].items():
            score = np.round(node + lam * edge, 9)  # equal scores stay equal
            correlations.append(spearmanr(score, table[share]).statistic)
    assert len(correlations) == 4
    assert np.mean(correlations) == pytest.approx(layers["mean_spearman"], abs=0.003)


def test_published_precisions_are_whole_numbers_of_hits():
    models = published("depara_models")
    for curve in models["precision"].values():
        hits = np.array(curve) * models["precision_k"] * models["precision_targets"]
        np.testing.assert_allclose(hits, hits.round(), atol=1e-9)
        assert (np.diff(hits) >= 0).all()  # a longer list loses no hit
    for row in models["table"]:
        cases = models["table_targets"] * {"P@1": 1, "P@5": 5}[row["measure"]]
        assert abs(round(row["value"] * cases) / cases - row["value"]) <= 0.00501
    assert models["random"] == pytest.approx(models["relevant"] / 19)
