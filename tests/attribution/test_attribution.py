import builtins
import warnings

import captum.attr
import numpy as np
import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from depara_core.attribution import gradients
from depara_core.attribution.hooks import captured
from depara_core.attribution.methods import METHODS
from depara_core.attribution.objective import objective_slopes, objective_values
from depara_core.attribution.options import CHANNELS, OBJECTIVES, PRESETS, Options, resolve_options
from depara_core.errors import ModelError, OptionError
from depara_core.extraction.edges import reduce_channels

LAYERS = ("bn2", "head_in", "output")


def images(count=4, seed=1):
    return torch.randn(count, 3, tiny.SIZE, tiny.SIZE, generator=torch.Generator().manual_seed(seed))


def run(net, method, x, layers=LAYERS, objective="l2_norm"):
    with METHODS[method].open(net, layers, objective) as attribute:
        return attribute(x)


def reference(module, layer):
    """Write the tiny network's forward by hand, without in-place operations or hooks."""

    def feature(x):
        x = module.bn1(module.conv1(x)).relu()
        y = module.bn2(module.conv2(x))
        if layer == "bn2":
            return y
        z = (y + x).relu().flatten(1)
        return z if layer == "head_in" else module.head(z).relu()

    return feature


def function(module, layer, objective):
    feature = reference(module, layer)
    return lambda x: objective_values(feature(x), objective)


def snapshot(module):
    hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in module.modules()]
    modes = [m.training for m in module.modules()]
    inplace = [getattr(m, "inplace", None) for m in module.modules()]
    return hooks, modes, inplace, [p.requires_grad for p in module.parameters()], list(module._modules)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("layer", LAYERS)
def test_gradient_methods_agree_with_captum(layer, objective):
    net, x = tiny.shared_relu(), images()
    f = function(net.module, layer, objective)
    expected = {
        "input_x_gradient": captum.attr.InputXGradient(f).attribute(x.clone().requires_grad_()),
        "saliency": captum.attr.Saliency(f).attribute(x.clone().requires_grad_()),
        "integrated_gradients": captum.attr.IntegratedGradients(f).attribute(x, n_steps=gradients.IG_STEPS),
    }
    for method, wanted in expected.items():
        _, maps = run(net, method, x, objective=objective)
        scale = wanted.abs().max()
        torch.testing.assert_close(maps[layer] / scale, wanted.detach().float() / scale, atol=2e-6, rtol=0)


def test_smoothgrad_is_the_mean_signed_gradient_at_the_seeded_noisy_points():
    net, x = tiny.shared_relu(), images()
    f = function(net.module, "output", "l2_norm")
    generator = torch.Generator().manual_seed(gradients.SMOOTHGRAD_SEED)
    total = torch.zeros_like(x)
    for _ in range(gradients.SMOOTHGRAD_SAMPLES):
        noise = torch.randn(x.shape[1:], generator=generator)
        for i in range(len(x)):
            point = x[i : i + 1] + gradients.SMOOTHGRAD_NOISE * (x[i].max() - x[i].min()) * noise
            total[i] += captum.attr.Saliency(f).attribute(point.requires_grad_(), abs=False)[0].detach()
    _, maps = run(net, "smoothgrad", x)
    torch.testing.assert_close(maps["output"], total / gradients.SMOOTHGRAD_SAMPLES, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("layer", LAYERS)
def test_integrated_gradients_are_complete(layer):
    net, x = tiny.shared_relu(), images()
    f = function(net.module, layer, "mean")
    _, maps = run(net, "integrated_gradients", x, objective="mean")
    change = (f(x) - f(torch.zeros_like(x))).detach()
    torch.testing.assert_close(maps[layer].sum(dim=(1, 2, 3)), change, atol=0.02, rtol=0.02)


@pytest.mark.parametrize("layer", LAYERS)
def test_deep_lift_is_complete_though_the_network_reuses_its_relu(layer):
    net, x = tiny.shared_relu(), images()
    f = function(net.module, layer, "mean")
    _, maps = run(net, "deep_lift", x, objective="mean")
    change = (f(x) - f(torch.zeros_like(x))).detach()
    torch.testing.assert_close(maps[layer].sum(dim=(1, 2, 3)), change, atol=1e-5, rtol=1e-4)


def test_guided_backprop_by_hand():
    """Only positive signals pass a ReLU: y = relu(a x) through weights +1 and -1 keeps the positive path alone."""
    module = nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.ReLU(inplace=True), nn.Conv2d(2, 1, 1, bias=False))
    with torch.no_grad():
        module[0].weight[:] = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).view(2, 3, 1, 1)
        module[2].weight[:] = torch.tensor([1.0, -1.0]).view(1, 2, 1, 1)
    _, maps = run(tiny.network(module), "guided_backprop", torch.ones(1, 3, 2, 2), ("output",), "mean")
    expected = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2) / 4
    torch.testing.assert_close(maps["output"], expected)


@pytest.mark.parametrize("layer", LAYERS)
def test_guided_backprop_and_deep_lift_agree_with_captum_on_a_network_written_without_sharing(layer):
    net, x = tiny.shared_relu(), images()
    m = net.module

    class Unshared(nn.Module):
        def __init__(self):
            super().__init__()
            self.m, self.relus = m, nn.ModuleList(nn.ReLU() for _ in range(3))

        def forward(self, x):
            x = self.relus[0](m.bn1(m.conv1(x)))
            y = m.bn2(m.conv2(x))
            z = y if layer == "bn2" else self.relus[1](y + x).flatten(1)
            return objective_values(self.relus[2](m.head(z)) if layer == "output" else z, "l2_norm")

    m.relu = nn.Identity()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum tells of its hooks
        deep = captum.attr.DeepLift(Unshared()).attribute(x.clone().requires_grad_())
        guided = captum.attr.GuidedBackprop(Unshared()).attribute(x.clone().requires_grad_())
    m.relu = nn.ReLU(inplace=True)
    for method, wanted in (("deep_lift", deep), ("guided_backprop", guided)):
        _, maps = run(net, method, x)
        torch.testing.assert_close(maps[layer], wanted.detach(), atol=1e-6, rtol=1e-4)


class AsFunctions(nn.Module):
    """The same network three times: activations as modules, as functions, and as functions that work in place."""

    def __init__(self, style):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.c = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Linear(64, 5)
        self.relu, self.gelu, self.pool, self.tanh = nn.ReLU(), nn.GELU(), nn.MaxPool2d(2), nn.Tanh()
        self.style = style

    def forward(self, x):
        a, b = self.a(x), None
        if self.style == "modules":
            return self.tanh(self.c(self.pool(self.gelu(self.b(self.relu(a)))).flatten(1)))
        b = self.b(F.relu(a) if self.style == "functions" else a.relu_())
        return torch.tanh(self.c(F.max_pool2d(F.gelu(b), 2).flatten(1)))


@pytest.mark.parametrize("style", ["functions", "in place"])
@pytest.mark.parametrize("method", ["guided_backprop", "deep_lift"])
def test_rules_do_not_depend_on_how_a_network_is_written(method, style):
    x = images()
    expected = run(tiny.network(AsFunctions("modules")), method, x, ("output",))[1]["output"]
    found = run(tiny.network(AsFunctions(style)), method, x, ("output",))[1]["output"]
    torch.testing.assert_close(found, expected, atol=1e-7, rtol=1e-5)
    plain = run(tiny.network(AsFunctions(style)), "input_x_gradient", x, ("output",))[1]["output"]
    assert (found - plain).abs().max() > 0.01 * plain.abs().max()


@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1)], ids=["apart", "overlapping"])
def test_deep_lift_is_complete_through_gelu_pools_and_tanh(pool):
    module = AsFunctions("modules").double()
    module.pool = pool
    x = images().double()
    _, maps = run(tiny.network(module), "deep_lift", x, ("output",), "mean")
    with torch.no_grad():
        change = (module(x) - module(torch.zeros_like(x))).mean(1)
    torch.testing.assert_close(maps["output"].sum(dim=(1, 2, 3)), change)


@pytest.mark.parametrize("pixels, shares", [((3, 1), (3, 0)), ((-1, -2), (-0.5, -0.5)), ((-2, -1), (-0.5, -0.5))])
def test_deep_lift_of_a_pool_by_hand(pixels, shares):
    """From the reference (0, 0) a rise is of the image's largest pixel, a fall of the reference's, which are equal."""
    x = torch.tensor(pixels, dtype=torch.float32).view(1, 1, 1, 2).expand(-1, 3, -1, -1) / 3
    module = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.MaxPool2d((1, 2)))
    with torch.no_grad():
        module[0].weight.fill_(1)  # the sum of the colours
    _, maps = run(tiny.network(module), "deep_lift", x, ("output",), "mean")
    torch.testing.assert_close(maps["output"].sum(1).flatten(), torch.tensor(shares, dtype=torch.float32))


def test_a_softmaxs_multipliers_have_mean_0_over_its_own_axis():
    """z = 2x, y = softmax(z), mean of y: all plain multipliers shift to 0, whatever the other images are."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(3, 4, bias=False), nn.Softmax(dim=1), nn.Linear(4, 1, bias=False))
    x = torch.tensor([[0.5, -1.0, 2.0]]).view(1, 3, 1, 1)
    _, maps = run(tiny.network(module), "deep_lift", x, ("output",), "mean")
    with torch.no_grad():
        z = module[1](x.flatten(1))
        quotient = module[3].weight * (z.softmax(1) - 0.25) / z
        expected = ((quotient - quotient.mean()) @ module[1].weight).view(1, 3, 1, 1) * x
    torch.testing.assert_close(maps["output"], expected)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_epsilon_lrp_with_small_epsilon_is_input_x_gradient_on_a_relu_network(objective):
    pytest.importorskip("zennit")
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5), nn.ReLU()
    ).double()
    net, x = tiny.network(module, {"conv": ("0", "output"), "output": ("", "output")}), images().double()
    _, plain = run(net, "input_x_gradient", x, ("conv", "output"), objective)
    _, relevance = run(net, "epsilon_lrp", x, ("conv", "output"), objective)
    for layer in plain:
        torch.testing.assert_close(relevance[layer], plain[layer], atol=1e-4, rtol=1e-2)


def test_epsilon_lrp_reads_the_plain_features_where_zennit_pairs_the_wrong_batch_norm():
    """Between conv and the norm listed after it stands an addition, so folding one into the other would be wrong."""
    pytest.importorskip("zennit")

    class Norm(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x):
            return self.norm(self.conv(x) + x)

    torch.manual_seed(0)
    module = Norm().eval()
    module.norm.running_var.fill_(9.0)
    module.norm.running_mean.fill_(2.0)
    features, maps = run(tiny.network(module), "epsilon_lrp", images(), ("output",))
    torch.testing.assert_close(features["output"], module(images()).detach())
    assert torch.isfinite(maps["output"]).all()


def test_epsilon_lrp_without_zennit_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def no_zennit(name, *args, **kwargs):
        if name.startswith("zennit"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_zennit)
    with pytest.raises(OptionError, match="pip install"):
        run(tiny.shared_relu(), "epsilon_lrp", images())


@pytest.mark.parametrize("method", tiny.METHODS)
def test_every_method_reads_the_same_features_and_leaves_the_network_as_it_was(method):
    net, x = tiny.shared_relu(), images()
    net.module.train()
    net.module.bn1.eval()
    net.module.conv1.weight.requires_grad_(False)
    before, weights = snapshot(net.module), [p.clone() for p in net.module.state_dict().values()]
    features, maps = run(net, method, x)
    assert snapshot(net.module) == before
    assert all(torch.equal(a, b) for a, b in zip(weights, net.module.state_dict().values(), strict=True))
    net.module.eval()
    for layer in LAYERS:
        torch.testing.assert_close(features[layer], reference(net.module, layer)(x).detach(), atol=1e-5, rtol=1e-5)
        assert maps[layer].shape == x.shape
        assert maps[layer].abs().max() > 0
        assert not maps[layer].requires_grad


@pytest.mark.parametrize("method", tiny.METHODS)
def test_the_network_is_put_back_after_an_exception(method):
    net = tiny.shared_relu()
    before = snapshot(net.module.train())
    with pytest.raises(RuntimeError):
        run(net, method, torch.zeros(2, 5, tiny.SIZE, tiny.SIZE))
    assert snapshot(net.module) == before


@pytest.mark.parametrize("method", tiny.METHODS)
def test_maps_do_not_depend_on_the_batch(method):
    net, x = tiny.shared_relu(), images(5)
    _, whole = run(net, method, x)
    _, alone = run(net, method, x[3:4])
    torch.testing.assert_close(whole["output"][3:4], alone["output"], atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("method", tiny.METHODS)
def test_layers_read_together_equal_layers_read_alone(method):
    """The released code let gradients pile up from layer to layer."""
    net, x = tiny.shared_relu(), images()
    _, together = run(net, method, x)
    for layer in LAYERS:
        _, alone = run(net, method, x, (layer,))
        torch.testing.assert_close(together[layer], alone[layer], atol=1e-6, rtol=1e-5)


def test_the_gradient_of_the_norm_at_zero_is_zero():
    feature = torch.zeros(2, 3, requires_grad=True)
    objective_values(feature, "l2_norm").sum().backward()
    assert torch.equal(feature.grad, torch.zeros(2, 3))


@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3))
@settings(max_examples=25)
def test_objectives_are_the_papers(seed, scale):
    feature = np.random.default_rng(seed).normal(size=(3, 2, 4)) * scale
    flat = feature.reshape(3, -1)
    value = torch.tensor(feature)
    np.testing.assert_allclose(objective_values(value, "l2_norm"), np.sqrt((flat**2).sum(1)), rtol=1e-6)
    np.testing.assert_allclose(objective_values(value, "mean"), flat.mean(1), rtol=1e-6, atol=1e-9 * scale)


def test_channels_by_hand():
    maps = torch.tensor([1.0, -2.0, 4.0]).view(1, 3, 1, 1)
    assert reduce_channels(maps, "none") is maps
    assert reduce_channels(maps, "mean").item() == pytest.approx(1.0)
    assert reduce_channels(maps, "abs_mean").item() == pytest.approx(7 / 3)
    assert set(CHANNELS) == {"none", "mean", "abs_mean"}


def test_a_feature_is_the_last_call_and_safe_from_in_place_operations():
    net, x = tiny.shared_relu(), images()
    m = net.module
    with captured(tiny.network(m, {"relu": ("relu", "output"), "bn2": ("bn2", "output")}), ["relu", "bn2"]) as capture:
        out = m(x)
    seen = capture.features
    assert torch.equal(seen["relu"], out)
    torch.testing.assert_close(seen["bn2"], reference(m, "bn2")(x))


def test_a_model_may_work_in_place_on_its_input():
    class InPlace(nn.Module):
        def forward(self, x):
            return x.mul_(2)

    x = images()
    _, maps = run(tiny.network(InPlace()), "input_x_gradient", x, ("output",), "mean")
    torch.testing.assert_close(maps["output"], 2 * x / x[0].numel())
    assert torch.equal(x, images())


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_slopes_of_an_objective_are_its_gradient(objective):
    feature = torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    with torch.no_grad():
        feature[1] = 0
    (expected,) = torch.autograd.grad(objective_values(feature, objective).sum(), feature)
    torch.testing.assert_close(objective_slopes(feature, objective), expected)


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen, self.unused = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1)
        self.constant, self.swap, self.pair = nn.Linear(2, 2), nn.Identity(), nn.Identity()

    def forward(self, x):
        self.constant(torch.ones(len(x), 2))
        self.swap(x.transpose(0, 1))
        self.pair((x, 1))
        return self.seen(x).argmax(dim=1)


@pytest.mark.parametrize(
    "layer, message",
    [
        ("unused", "never calls"),
        ("constant", "no gradient"),
        ("swap", "first axis"),
        ("", "no gradient"),
        ("nowhere", "does not exist"),
    ],
)
@pytest.mark.parametrize("method", ["input_x_gradient", "deep_lift"])
def test_layers_that_cannot_be_attributed_are_named(layer, message, method):
    with pytest.raises(ModelError, match=message):
        run(tiny.network(Branches()), method, images(), (layer,))


def test_of_several_outputs_the_first_tensor_is_read():
    features, _ = run(tiny.network(Branches()), "input_x_gradient", images(), ("pair",))
    assert torch.equal(features["pair"], images())


def test_presets_and_keywords():
    assert resolve_options() == PRESETS["paper"] == Options("input_x_gradient", "l2_norm", "none", False, None)
    assert resolve_options("released_models") == Options("input_x_gradient", "mean", "mean", True, None)
    assert resolve_options("released_layers") == Options("input_x_gradient", "mean", "abs_mean", False, None)
    assert resolve_options("released_models", center=False, objective="l2_norm", resolution=16) == Options(
        "input_x_gradient", "l2_norm", "mean", False, 16
    )


@pytest.mark.parametrize(
    "wrong, valid",
    [
        ({"preset": "best"}, "released_models"),
        ({"method": "lime"}, "integrated_gradients"),
        ({"objective": "max"}, "l2_norm"),
        ({"channels": "rgb"}, "abs_mean"),
        ({"resolution": 0}, "1 or more"),
        ({"resolution": -3}, "whole number"),
    ],
)
def test_wrong_options_list_the_valid_ones(wrong, valid):
    with pytest.raises(OptionError, match=valid) as caught:
        resolve_options(**wrong)
    assert repr(next(iter(wrong.values()))) in str(caught.value)
