"""The networks of the layer study on photographs: ten convolutions and two linear layers, 70 thousand parameters."""

from pathlib import Path

import torch

from depara_core.errors import ModelError
from depara_core.zoo.fashion import ARCHITECTURE, FASHION_NETWORKS, INPUT_SIZE, seed_folder
from depara_core.zoo.rooms_vgg import Vgg, Widths
from depara_core.zoo.rooms_weights import filled

WIDTHS: Widths = ((12, 12, 12), (24, 24, 24), (32, 32, 32, 32))  # the first has stride 2: 14, 7 and 3 cells a side
HIDDEN = 64


def fresh(outputs: int, seed: int) -> Vgg:
    """Return a network with the random weights of `seed`; the generator of random numbers is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = Vgg(outputs, widths=WIDTHS, hidden=HIDDEN, size=INPUT_SIZE, stride=2)
    return module.to(memory_format=torch.channels_last)


def load_network(name: str, seed: int, folder: Path | None = None) -> Vgg:
    """Return a trained network, in evaluation mode and frozen, after checking the weights' checksum."""
    if name not in FASHION_NETWORKS:
        raise ModelError(
            f"Unknown network {name!r} of the layer study. Expected one of: {', '.join(FASHION_NETWORKS)}."
        )
    return filled(fresh(FASHION_NETWORKS[name].outputs, 0), name, ARCHITECTURE, seed_folder(seed, folder))
