"""Occlusion: what of a layer's response goes when a patch of the image is covered (Zeiler and Fergus 2014)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from depara_core.attribution.hooks import Capture, at_rest, captured, check_captured
from depara_core.attribution.objective import objective_values
from depara_core.attribution.passes import Features, Maps, Run, Tick
from depara_core.zoo.spec import Network

PATCHES = 8  # along each side of the image; they do not overlap


@contextmanager
def occlusion(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Give each patch the fall of the objective when it is grey (the normalised input's zero); no gradient is used."""

    def run(x: Tensor) -> tuple[Features, Maps]:
        tick()
        features = _read(capture, layers, x)
        whole = {layer: objective_values(features[layer].float(), objective) for layer in layers}
        maps = {layer: torch.zeros_like(x) for layer in layers}
        for rows, columns in patches(*x.shape[2:]):
            tick()
            covered = x.clone()
            covered[:, :, rows, columns] = 0
            left = _read(capture, layers, covered)
            for layer in layers:
                fall = whole[layer] - objective_values(left[layer].float(), objective)
                maps[layer][:, :, rows, columns] = fall.view(-1, 1, 1, 1)
        return features, maps

    with at_rest(network.module), captured(network, layers) as capture, torch.no_grad():
        yield run


def patches(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Yield the patches row by row, `PATCHES` along each side; where that does not divide it the last are narrower."""
    tall, wide = -(-height // PATCHES), -(-width // PATCHES)
    for top in range(0, height, tall):
        for left in range(0, width, wide):
            yield slice(top, top + tall), slice(left, left + wide)


def _read(capture: Capture, layers: Sequence[str], x: Tensor) -> Features:
    features = capture.forward(x.clone())
    check_captured(features, layers, len(x))
    return {layer: features[layer] for layer in layers}
