"""The bundled zoo: every task is there, its weights are what its card says, its layers and gradients are sound."""

import json
import shutil

import numpy as np
import pytest
import torch

from depara_core import rooms
from depara_core.errors import ModelError
from depara_core.rooms import TASKS
from depara_core.training.cards import GATE
from depara_core.zoo import rooms as zoo
from depara_core.zoo.rooms import INPUT_SIZE, LAYERS
from depara_core.zoo.rooms_network import Solver
from depara_core.zoo.rooms_study import CUTS, STUDY_NETWORKS
from depara_core.zoo.rooms_weights import load_solver

SHAPES = {
    "stem": (24, 32, 32),
    "down1": (48, 16, 16),
    "block1": (48, 16, 16),
    "down2": (96, 8, 8),
    "block2": (96, 8, 8),
    "block3": (96, 8, 8),
    "output": (16, 8, 8),
}


@pytest.fixture(scope="module")
def pixels():
    """Pictures (4, 3, 64, 64) as the networks read them, in [-1, 1]."""
    return torch.from_numpy(rooms.render(4, 17, INPUT_SIZE)).permute(0, 3, 1, 2) / 127.5 - 1


def test_all_twenty_tasks_the_control_and_the_layer_study_are_listed():
    specs = {spec.name: spec for spec in zoo.specs()}
    assert set(specs) == {*TASKS, zoo.CONTROL, *STUDY_NETWORKS}
    for spec in specs.values():
        assert spec.id == f"rooms/{spec.name}"
        assert spec.bundled == (spec.name in TASKS)  # the control is drawn, not shipped; the study is no candidate
        assert (spec.input_size, spec.mean, spec.std) == (64, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        assert spec.layers == (CUTS if spec.name in STUDY_NETWORKS else LAYERS)
        assert spec.layers[-1] == "output"
        alone = "layers" if spec.name in STUDY_NETWORKS else "control"
        assert spec.group == (TASKS[spec.name].group if spec.name in TASKS else alone)


@pytest.mark.parametrize("task", TASKS)
def test_weights_agree_with_the_card_and_the_task_was_learned(task):
    solver, card = load_solver(task), zoo.card(task)
    assert card["task"] == task
    assert card["skill"] >= GATE
    assert card["skill"] == pytest.approx(1 - card["held_out"] / card["constant_predictor"], abs=1e-3)
    assert card["parameters"] == sum(value.numel() for value in solver.parameters())
    assert {"seed", "steps", "command", "sha256", "date", "versions"} <= card.keys()
    assert zoo.weights_path(task).stat().st_size < 2_000_000
    assert not solver.training
    assert not any(parameter.requires_grad for parameter in solver.parameters())
    assert all(torch.isfinite(value).all() for value in solver.state_dict().values())


def test_the_encoder_has_about_430_thousand_parameters_and_the_decoder_120():
    solver = Solver(TASKS["normal"])
    assert sum(value.numel() for value in solver.encoder.parameters()) == pytest.approx(430_000, rel=0.01)
    assert sum(value.numel() for value in solver.decoder.parameters()) == pytest.approx(119_000, rel=0.05)


@pytest.mark.parametrize("name", ["depth_zbuffer", "colorization", "random"])
def test_each_layer_is_one_submodule_called_once_and_nothing_works_in_place(name, pixels):
    network = zoo.spec(name).open()
    calls, hooks = {}, []

    def note(path):
        def hook(module, inputs, output):
            calls.setdefault(path, []).append(output)

        return hook

    for path, module in network.module.named_modules():
        assert not getattr(module, "inplace", False)
        hooks.append(module.register_forward_hook(note(path)))
    result = network.module(pixels)
    for hook in hooks:
        hook.remove()
    assert all(len(outputs) == 1 for outputs in calls.values())
    assert set(calls) == {path for path, _ in network.module.named_modules()}
    for layer in LAYERS:
        module, side = network.tap(layer)
        assert side == "output"
        (output,) = calls[next(path for path, other in network.module.named_modules() if other is module)]
        assert output.shape == (4, *SHAPES[layer])
    assert torch.equal(calls["output"][0], result)
    assert result.min() >= 0


@pytest.mark.parametrize("name", ["colorization", "normal"])
def test_gradients_reach_all_of_rgb(name, pixels):
    inputs = pixels.clone().requires_grad_(True)
    zoo.spec(name).open().module(inputs).square().sum().sqrt().backward()
    strength = inputs.grad.abs().mean((0, 2, 3))
    assert (strength > 0).all()
    if name == "colorization":
        ratio = strength / strength.sum()
        np.testing.assert_allclose(ratio, (0.299, 0.587, 0.114), rtol=1e-4)


def test_colorization_cannot_see_colour(pixels):
    encoder = zoo.spec("colorization").open().module
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    grey = (pixels * weights).sum(1, keepdim=True).expand_as(pixels)
    torch.testing.assert_close(encoder(pixels), encoder(grey), rtol=1e-4, atol=1e-4)


def test_digests_tell_models_apart_and_do_not_change():
    digests = [zoo.spec(name).open().digest for name in ("normal", "curvature", "random", "normal")]
    assert digests[0] == digests[3]
    assert len(set(digests)) == 3


def test_opening_the_control_leaves_the_random_stream_alone_and_repeats():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = zoo.spec("random").open()
    torch.testing.assert_close(torch.rand(3), expected)
    again = zoo.spec("random").open()
    for one, two in zip(first.module.parameters(), again.module.parameters(), strict=True):
        assert torch.equal(one, two)


JUDGED = ("depth_zbuffer", "normal", "autoencoding", "vanishing_point", "class_scene")


@pytest.mark.parametrize("task", JUDGED)
def test_predictions_are_in_the_labels_own_units_and_right(task):
    """Far better than the mean label, or nearly always the right class."""
    images = torch.from_numpy(rooms.render(16, 31, INPUT_SIZE)).permute(0, 3, 1, 2)
    label = rooms.labels(16, 31, INPUT_SIZE, [task])[task]
    solver = load_solver(task)
    said = solver.decoder.restore(solver(images / 127.5 - 1)).numpy()
    if TASKS[task].is_class:
        assert (said.argmax(1) == label).mean() > 0.8
    else:
        assert said.shape == label.shape
        assert ((said - label) ** 2).mean() < 0.8 * ((label.mean(0) - label) ** 2).mean()


@pytest.fixture
def copy(tmp_path):
    for suffix in (".safetensors", ".json"):
        shutil.copy(zoo.weights_path("normal").with_suffix(suffix), tmp_path)
    return tmp_path


def test_a_copy_loads(copy):
    assert load_solver("normal", copy).encoder.stem[0].weight.dtype == torch.float32


def test_one_flipped_bit_is_noticed(copy):
    path = copy / "normal.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged: expected sha256"):
        load_solver("normal", copy)


@pytest.mark.parametrize(("suffix", "message"), [(".safetensors", "Expected the weights"), (".json", "model card")])
def test_a_missing_file_is_told_with_what_to_do(copy, suffix, message):
    (copy / f"normal{suffix}").unlink()
    with pytest.raises(ModelError, match=rf"{message}.*rooms/normal.*depara rooms train"):
        load_solver("normal", copy)


def test_weights_of_another_network_are_refused(copy):
    shutil.copy(zoo.weights_path("class_scene"), copy / "normal.safetensors")
    card = json.loads((copy / "normal.json").read_text()) | {"sha256": zoo.card("class_scene")["sha256"]}
    (copy / "normal.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="do not fit"):
        load_solver("normal", copy)


@pytest.mark.parametrize("call", [lambda: zoo.spec("depth"), lambda: load_solver("depth")])
def test_unknown_names_are_told_the_known_ones(call):
    with pytest.raises(ModelError, match="depth_zbuffer"):
        call()


@pytest.mark.parametrize("name", ["normal", "colorization", zoo.CONTROL])
def test_the_identity_is_known_without_opening(name):
    spec = zoo.spec(name)
    assert spec.identity() == spec.open(None).identity
