"""One probe through a network: how long each layer's feature is, and what memory a forward keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from depara_core.attribution.hooks import captured, check_captured
from depara_core.attribution.passes import Features, Maps
from depara_core.extraction.batches import Batches
from depara_core.zoo.spec import Network


@dataclass(frozen=True)
class Rehearsal:
    """What one image shows: the shape of each layer's feature, in the network's order; bytes kept for the backward.

    `taken` says which tensor is read, where a layer's module yields several things.
    """

    shapes: dict[str, tuple[int, ...]]
    activations: int
    taken: dict[str, str]

    @property
    def sizes(self) -> dict[str, int]:
        """Numbers in each layer's feature."""
        return {layer: prod(shape) for layer, shape in self.shapes.items()}


def rehearse(network: Network, layers: Sequence[str], batches: Batches) -> Rehearsal:
    """Run one probe; a model that cannot take the input shows it here."""
    weights = {parameter.data_ptr() for parameter in network.module.parameters()}
    kept: dict[int, int] = {}
    taken: dict[str, str] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in weights:
            kept[tensor.data_ptr()] = tensor.nbytes
        return tensor.detach()  # an operation that keeps its own result would never be let go of otherwise

    def run(x: Tensor) -> tuple[Features, Maps]:
        counted = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
        with captured(network, layers) as capture, torch.enable_grad(), counted:
            seen = dict(capture.forward(x.clone().requires_grad_().clone()))
        check_captured(seen, layers, len(x))
        taken.update(capture.taken)
        return seen, {}

    seen, _ = batches.require(run, batches.images(0, 1))
    shapes = {layer: tuple(feature.shape[1:]) for layer, feature in seen.items()}
    copies = 4 * sum(feature.numel() for feature in seen.values())
    return Rehearsal(shapes, sum(kept.values()) + copies, taken)
