"""Gradients that depend on nothing but the image: ties of max-pools, and torch's batch norm of a single image."""

import numpy as np
import pytest
import tiny
import torch
from torch import nn
from torch.nn import functional as F

from depara_core.attribution import passes
from depara_core.attribution.exact import Exact
from depara_core.attribution.methods import METHODS
from depara_core.attribution.options import resolve_options
from depara_core.extraction.extract import extract
from depara_core.probes import ProbeSet


def gradient(pool, x, weights):
    leaf = x.clone().requires_grad_()
    with Exact():
        y = pool(leaf)
    return torch.autograd.grad(y, leaf, weights(y))[0]


def test_equal_inputs_share_a_max_pools_gradient_by_hand():
    x = torch.tensor([[5.0, 5, 1, 0], [2, 5, 0, 0], [0, 0, 7, 1], [0, 0, 2, 3]]).view(1, 1, 4, 4)
    found = gradient(nn.MaxPool2d(2), x, lambda y: torch.tensor([[3.0, 1], [4, 2]]).view_as(y))
    wanted = [[1, 1, 1, 0], [0, 1, 0, 0], [1, 1, 2, 0], [1, 1, 0, 0]]
    assert found[0, 0].tolist() == wanted
    near = x + torch.tensor([[0, 1e-6, 0, 0], *[[0.0] * 4] * 3]).view_as(x)  # rounding is no winner
    assert (
        gradient(nn.MaxPool2d(2), near, lambda y: torch.tensor([[3.0, 1], [4, 2]]).view_as(y))[0, 0].tolist() == wanted
    )


@pytest.mark.parametrize(
    "pool",
    [
        nn.MaxPool2d(2),
        nn.MaxPool2d(3, 2, 1),
        nn.MaxPool2d(3, 1, 1),
        nn.MaxPool2d((2, 3), (1, 2), (1, 0)),
        nn.MaxPool2d(2, 2, dilation=2),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.MaxPool2d(2, 3),
        lambda x: torch.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, kernel_size=3, stride=2),
    ],
)
@pytest.mark.parametrize("size", [8, 9])
def test_without_ties_it_is_autograds(pool, size):
    x = torch.randn(2, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 9

    def weights(y):
        return torch.arange(y.numel()).view_as(y) + 1.0

    leaf = x.clone().requires_grad_()
    y = pool(leaf)
    torch.testing.assert_close(gradient(pool, x, weights), torch.autograd.grad(y, leaf, weights(y))[0])


POOLS = {  # by the number of dimensions
    1: [nn.MaxPool1d(3, 2, 1), nn.AdaptiveMaxPool1d(3), nn.AdaptiveMaxPool1d(4), lambda x: torch.max_pool1d(x, 2)],
    2: [
        nn.AdaptiveMaxPool2d((3, 5)),
        nn.AdaptiveMaxPool2d((None, 4)),
        nn.AdaptiveMaxPool2d(1),
        lambda x: F.adaptive_max_pool2d(x, 3, return_indices=True)[0],
        lambda x: F.max_pool2d(input=x, kernel_size=2, return_indices=True)[0],
        lambda x: torch.ops.aten.max_pool2d.default(x, [3, 3], [2, 2], [1, 1]),
    ],
    3: [nn.MaxPool3d((1, 3, 2), 2, (0, 1, 1)), nn.AdaptiveMaxPool3d((2, 3, 4)), nn.MaxPool3d(2, return_indices=True)],
}
KINDS = [(dims, pool) for dims, pools in POOLS.items() for pool in pools]


def first(value):
    return value[0] if isinstance(value, tuple) else value


@pytest.mark.parametrize("dims, pool", KINDS)
def test_pools_of_every_kind_are_autograds_without_ties(dims, pool):
    x = torch.randn(2, 3, *(8,) * dims, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 9
    leaf = x.clone().requires_grad_()
    y = first(pool(leaf))
    slopes = torch.arange(y.numel()).view_as(y) + 1.0
    found = gradient(lambda z: first(pool(z)), x, lambda _: slopes)
    torch.testing.assert_close(found, torch.autograd.grad(y, leaf, slopes)[0])


@pytest.mark.parametrize("dims, pool", KINDS)
def test_pools_of_every_kind_share_ties(dims, pool):
    """Of inputs in few steps, the gradient is the mean of autograd's over many ways to break the ties by a hair."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(0, 2, (1, 1, *(6,) * dims), generator=generator).double()
    slopes = torch.rand(first(pool(x)).shape, generator=generator, dtype=torch.float64)
    ways = torch.zeros_like(x)
    for _ in range(400):
        leaf = (x + 1e-7 * torch.rand(x.shape, generator=generator, dtype=torch.float64)).requires_grad_()
        ways += torch.autograd.grad(first(pool(leaf)), leaf, slopes)[0] / 400
    found = gradient(lambda z: first(pool(z)), x, lambda _: slopes)
    torch.testing.assert_close(found.sum(), slopes.sum())
    torch.testing.assert_close(found, ways, atol=0.15, rtol=0)


@pytest.mark.parametrize("pool", [nn.MaxPool2d(3, 2), nn.AdaptiveMaxPool2d(3)])
def test_a_border_of_minus_infinity_wins_nothing(pool):
    """Timm's pools with "same" padding lay one round the image."""
    x = torch.randn(1, 2, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    leaf = x.clone().requires_grad_()
    y = pool(F.pad(leaf, (0, 1, 0, 1), value=-torch.inf))
    wanted = torch.autograd.grad(y.sum(), leaf)[0]
    found = gradient(lambda z: pool(F.pad(z, (0, 1, 0, 1), value=-torch.inf)), x, torch.ones_like)
    torch.testing.assert_close(found, wanted)


def test_what_a_pool_yields_may_be_changed_in_place():
    x = torch.randn(1, 2, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = gradient(lambda z: nn.MaxPool2d(2)(z).add_(1), x, torch.ones_like)  # as Xception adds its skips
    assert found.sum() == 2 * 4 * 4


class Pooled(nn.Module):
    """Convolutions with max-pools, as VGG's."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(32, 16, 3), nn.Flatten(),
        )  # fmt: skip

    def forward(self, x):
        return self.body(x)


def clip_art(count=6, size=32):
    """White squares with one coloured shape each."""
    images = np.full((count, size, size, 3), 250, np.uint8)
    for i in range(count):
        images[i, 3 + i : 12 + i, 4 : 9 + 2 * i] = (200, 30 * i, 60)
    return ProbeSet(images, tuple(map(str, range(count))))


@pytest.mark.parametrize("method", ["input_x_gradient", "guided_backprop", "deep_lift"])
def test_flat_backgrounds_have_the_same_nodes_in_any_batch(method, monkeypatch):
    net, probes = tiny.network(Pooled().eval()), clip_art()
    spec = tiny.spec(net, size=32)

    def nodes(size):
        found = extract(net, spec, probes, ["output"], resolve_options(method=method), device="cpu", batch_size=size)
        return dict(found)["output"].nodes

    whole = nodes(6)
    for size in (1, 4):
        np.testing.assert_allclose(nodes(size), whole, atol=2e-5)
    # a shift of the rounding by a hair moves the gradients of plain autograd, not these
    x = torch.full((1, 3, 32, 32), 0.7)
    noise = 1e-7 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    with METHODS[method].open(net, ["output"], "l2_norm") as run:
        steady = [run(point)[1]["output"] for point in (x, x + noise)]
    torch.testing.assert_close(*steady, atol=1e-4 * steady[0].abs().max().item(), rtol=0)
    if method == "input_x_gradient":
        monkeypatch.setattr(passes, "Exact", lambda: passes._NO_RULES)
        with METHODS[method].open(net, ["output"], "l2_norm") as run:
            plain = [run(point)[1]["output"].flatten() for point in (x, x + noise)]
        assert F.cosine_similarity(*plain, dim=0) < 0.9


class FromTokens(nn.Module):
    """A batch norm whose gradient comes back from tokens, transposed, as in LeViT and EfficientFormer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Linear(8, 5)
        self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x):
        return self.head(self.norm(self.conv(x)).flatten(2).transpose(1, 2))


@pytest.mark.parametrize("method", ["input_x_gradient", "guided_backprop", "deep_lift", "saliency"])
def test_one_image_has_the_gradient_that_it_has_in_a_batch(method):
    net = tiny.network(FromTokens().eval())
    x = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    with METHODS[method].open(net, ["output"], "l2_norm") as run:
        together = run(x)[1]["output"]
        for i in range(3):
            torch.testing.assert_close(run(x[i : i + 1])[1]["output"], together[i : i + 1], atol=1e-6, rtol=1e-4)


def test_a_batch_norms_gradient_is_that_of_finite_differences():
    module = FromTokens().eval().double()
    x = torch.randn(1, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with METHODS["input_x_gradient"].open(tiny.network(module), ["output"], "l2_norm") as run:
        found = run(x)[1]["output"].sum()
    with torch.no_grad():
        wanted = (module(x * 1.00001).norm() - module(x * 0.99999).norm()) / 2e-5
    torch.testing.assert_close(found, wanted, atol=0, rtol=1e-6)
