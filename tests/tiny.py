"""Small networks with the features that make attribution hard, and probes for them."""

import numpy as np
import torch
from torch import nn

from depara_core.attribution import methods
from depara_core.probes import ProbeSet
from depara_core.zoo.spec import ModelSpec, Network

SIZE = 8
METHODS = tuple(name for name in methods.METHODS if not name.startswith("attention_"))  # the networks here have none


class SharedRelu(nn.Module):
    """A residual network with biases, batch norms, one in-place ReLU used three times, and an in-place addition."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(4 * SIZE * SIZE, 5)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(x))
        y += x
        y = self.relu(y)
        return self.relu(self.head(y.flatten(1)))


def shared_relu(seed=0):
    torch.manual_seed(seed)
    module = SharedRelu().eval()
    with torch.no_grad():
        for norm in (module.bn1, module.bn2):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
            norm.bias.normal_()
        module.head.bias.uniform_(0.5, 1)
    taps = {"bn2": ("bn2", "output"), "head_in": ("head", "input"), "output": ("", "output")}
    return network(module, taps)


def network(module, taps=None, digest="0" * 64):
    return Network(module, taps or {"output": ("", "output")}, digest)


def spec(net, name="tiny", size=SIZE, opened=None):
    def open_(progress=None):
        if opened is not None:
            opened.append(name)
        return net() if not isinstance(net, Network) else net

    layers = ("output",) if not isinstance(net, Network) else tuple(net.taps)
    return ModelSpec(
        f"test/{name}", name, "test", "tiny", "A test.", size, (0.5,) * 3, (0.5,) * 3, False, lambda: layers, open_
    )


def probes(count=6, size=SIZE, seed=0):
    rng = np.random.default_rng(seed)
    return ProbeSet.from_arrays(rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8))
