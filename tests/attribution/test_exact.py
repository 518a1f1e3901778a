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
