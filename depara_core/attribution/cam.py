"""Grad-CAM: the channels of a convolutional map, each weighed by how strongly it tells (Selvaraju et al. 2017)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from depara_core.attribution.exact import Exact
from depara_core.attribution.hooks import Capture, at_rest, captured, check_captured, watched
from depara_core.attribution.objective import objective_slopes
from depara_core.attribution.passes import Features, Maps, Run, Tick, on_pixels
from depara_core.errors import ModelError
from depara_core.zoo.spec import Network

Site = tuple[str, int]  # a module's path and the number of its call


@contextmanager
def grad_cam(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Weigh the channels of each layer's last convolutional map A: ReLU(sum_c mean_hw(dO/dA_c) A_c), Eq. 1 and 2.

    A is the layer's own feature where that has channels and places; else the last such map that it is computed from.
    """
    sites: dict[str, Site | None] = {}

    def run(x: Tensor) -> tuple[Features, Maps]:
        if not sites:
            sites.update({layer: _find_site(network, layer, x[:1]) for layer in layers})
        tick()
        with watched(network.module, {site[0] for site in sites.values() if site}) as seen:
            features = _forward(capture, layers, x)
        maps = {
            layer: on_pixels(network, x, _cam(features[layer], seen.get(sites[layer] or ("", 0)), objective))
            for layer in layers
        }
        return {layer: feature.detach() for layer, feature in features.items()}, maps

    with at_rest(network.module), captured(network, layers) as capture, torch.enable_grad():
        yield run


def _forward(capture: Capture, layers: Sequence[str], x: Tensor) -> Features:
    with Exact():
        features = capture.forward(x.detach().requires_grad_().clone())
    check_captured(features, layers, len(x))
    return {layer: features[layer] for layer in layers}


def _cam(feature: Tensor, activations: Tensor | None, objective: str) -> Tensor:
    """Return the map (B, 1, h, w) of a layer, at its own places or those of the activations before it."""
    gradient = objective_slopes(feature, objective)
    if activations is None:
        activations = feature
    else:
        (gradient,) = torch.autograd.grad(feature, activations, gradient, retain_graph=True)
    weights = _channels_first(gradient).mean(dim=(2, 3), keepdim=True)
    return (weights * _channels_first(activations.detach())).sum(dim=1, keepdim=True).clamp(min=0)


def _find_site(network: Network, layer: str, x: Tensor) -> Site | None:
    """Return the call that yields the last map before a layer, told by the gradient; None: the layer is one itself."""
    paths = [path for path, _ in network.module.named_modules()]
    with captured(network, [layer]) as capture, watched(network.module, paths) as seen:
        feature = _forward(capture, [layer], x)[layer]
    if _is_map(feature):
        return None
    places = {site: tensor for site, tensor in seen.items() if tensor.requires_grad and tensor.ndim >= 3}
    for site in _reached(feature, places):
        if _is_map(places[site]):
            return site
        if places[site].ndim == 3 and places[site].shape[1] > 1:
            raise ModelError(
                f"grad_cam needs the map of a convolution; layer {layer!r} is computed from tokens, "
                f"{tuple(places[site].shape[1:])} at {site[0]!r}. Take attention_relevance or attention_rollout, "
                "occlusion, or a method of gradients."
            )
    raise ModelError(
        f"grad_cam needs the map of a convolution, (channels, height, width); layer {layer!r} is computed from none. "
        "Take occlusion or a method of gradients."
    )


def _reached(feature: Tensor, places: Mapping[Site, Tensor]) -> list[Site]:
    """Return the calls that a feature is computed from, the last one first."""
    if not places or not feature.requires_grad:
        return []
    found = torch.autograd.grad(feature.sum(), list(places.values()), allow_unused=True)
    return [site for site, gradient in zip(places, found, strict=True) if gradient is not None][::-1]


def _is_map(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim == 4 and min(_channels_first(tensor).shape[2:]) > 1


def _channels_first(tensor: Tensor) -> Tensor:
    """Return (B, C, H, W), also of a network that keeps its channels last: images are square, so H = W tells."""
    last = tensor.shape[1] == tensor.shape[2] != tensor.shape[3]
    return tensor.permute(0, 3, 1, 2) if last else tensor
