"""Gradient fields: the integrated gradient of a layer's peaks at several points of the path from grey to the image.

Symbols: B images of a batch, S their side, K points of the path.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from depara_core.attribution.exact import Exact
from depara_core.attribution.hooks import at_rest, captured, check_captured
from depara_core.attribution.passes import Features, Maps, Run, Tick, read_features
from depara_core.errors import ModelError
from depara_core.zoo.spec import Network


def peaks(feature: Float[Tensor, "B *feature"]) -> Float[Tensor, "B *feature"]:
    """Return 1 at the place of every channel's largest value, else 0; the first of equals.

    Channels come first in maps (B, C, H, W) and last in tokens (B, T, C); numbers without places (B, C) all count.
    """
    if feature.ndim < 3:
        return torch.ones_like(feature)
    flat = feature.detach().flatten(2) if feature.ndim > 3 else feature.detach().transpose(1, 2)
    chosen = torch.zeros_like(flat).scatter_(2, flat.argmax(dim=2, keepdim=True), 1.0)
    return chosen.reshape(feature.shape) if feature.ndim > 3 else chosen.transpose(1, 2)


@contextmanager
def gradient_field(network: Network, layer: str, points: int, tick: Tick) -> Iterator[Run]:
    """Yield run(x) -> ({}, {layer: (B, K, S, S)}), the field of a batch at K Gauss-Legendre points t_k of the path.

    GiF_k = x * sum_{j <= k} w_j dO(t_j x)/dx, averaged over colours: O sums the layer's values at the peaks that the
    image itself has, the path begins at the normalised input's zero (Song et al., ICCV 2023, and its released code).
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)
    path = [(float(w) / 2, float(t + 1) / 2) for t, w in zip(nodes, weights, strict=True)]
    with at_rest(network.module), captured(network, [layer]) as capture, torch.enable_grad():

        def run(x: Tensor) -> tuple[Features, Maps]:
            chosen = peaks(read_features(network, [layer], x)[layer])
            total, maps = torch.zeros_like(x), []
            for weight, t in path:
                tick()
                leaf = (t * x).detach().requires_grad_()
                with Exact():
                    seen = capture.forward(leaf.clone())
                check_captured(seen, [layer], len(x))
                feature = seen[layer]
                if not feature.requires_grad:
                    raise ModelError(f"Layer {layer!r} yields no gradient, so it has no gradient field. Pick another.")
                (slope,) = torch.autograd.grad(feature, leaf, chosen.to(feature.dtype))
                total = total + weight * slope
                maps.append((x * total).mean(dim=1))
            return {}, {layer: torch.stack(maps, dim=1)}

        yield run
