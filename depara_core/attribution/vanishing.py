"""Objectives that no image changes: the gradient is 0 there, and what is computed in its place is rounding noise.

Features of norm 1 (face networks, CLIP, SimCLR heads, a last LayerNorm that was not trained) have one norm for every
image, and a softmax has one mean.
"""

import torch
from torch import Tensor

from depara_core.attribution.exact import Exact
from depara_core.attribution.hooks import captured
from depara_core.attribution.objective import objective_slopes
from depara_core.zoo.spec import Network

SPREAD = 1e-4  # an objective that varies less over the images, in units of itself, is looked at more closely
NOISE = 1e-4  # a gradient smaller than this share of one in an arbitrary direction is rounding


def is_suspect(least: float, most: float) -> bool:
    """Tell whether an objective that lies between `least` and `most` over the images hardly varies."""
    return most - least + abs(most) > 0 and most - least <= SPREAD * max(abs(least), abs(most))


def gradient_is_noise(network: Network, layer: str, x: Tensor, objective: str) -> bool:
    """Tell whether the objective's gradient at x (B, 3, S, S) is next to nothing beside that of another direction.

    The other direction in feature space is random and of the same length.
    """
    with captured(network, [layer]) as capture, torch.enable_grad(), Exact():
        leaf = x.detach().requires_grad_()
        feature = capture.forward(leaf.clone())[layer]
        slopes = objective_slopes(feature, objective)
        other = torch.randn(slopes.shape[1:], generator=torch.Generator().manual_seed(0)).to(slopes)
        other = other.expand_as(slopes) * (slopes.norm() / other.expand_as(slopes).norm())
        norms = []
        for seed in (slopes, other):
            (gradient,) = torch.autograd.grad(feature, leaf, seed, retain_graph=True, allow_unused=True)
            norms.append(0.0 if gradient is None else float(gradient.double().norm()))
    return norms[1] > 0 and norms[0] <= NOISE * norms[1]


def no_attribution_note(layer: str, objective: str, value: float) -> str:
    """Return what to tell where `objective` is `value` at every image, and what to take instead."""
    what, other = ("norm", "mean") if objective == "l2_norm" else ("mean", "l2_norm")
    return (
        f"Layer {layer!r}: the {what} of the feature is {value:.4g} for every image, so its gradient is 0 and no "
        f"probe has an attribution. Take objective={other!r}, or an earlier layer."
    )
