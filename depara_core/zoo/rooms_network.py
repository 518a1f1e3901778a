"""The networks of the bundled zoo: one small residual encoder for all tasks, and a decoder by kind of task.

Nothing works in place and no module is called twice, so that attribution rules which hook modules hold.
"""

import torch
from torch import Tensor, nn

from depara_core.rooms import Task
from depara_core.rooms.labels2d import LUMINANCE

CODE_CHANNELS = 16


class Residual(nn.Module):
    """Two 3x3 convolutions beside an identity: (B, C, H, W) to the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(x + inner(x))."""
        inner = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        return self.relu2(x + inner)


class Desaturate(nn.Module):
    """RGB (B, 3, H, W) to its luminance three times; inside the network, so that gradients reach all of RGB."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(LUMINANCE).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, 3, H, W)."""
        return (x * self.get_buffer("weights")).sum(1, keepdim=True).expand(-1, 3, -1, -1)


def _unit(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    """Convolution, batch norm and ReLU."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


class Encoder(nn.Module):
    """Picture (B, 3, 64, 64) in [-1, 1] to a code (B, 16, 8, 8) >= 0; 0.43 M parameters; one submodule a layer."""

    def __init__(self, grey: bool = False) -> None:
        super().__init__()
        self.input = Desaturate() if grey else nn.Identity()
        self.stem = _unit(3, 24, 5, 2)
        self.down1 = _unit(24, 48, 3, 2)
        self.block1 = Residual(48)
        self.down2 = _unit(48, 96, 3, 2)
        self.block2 = Residual(96)
        self.block3 = Residual(96)
        self.output = _unit(96, CODE_CHANNELS, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the code (B, 16, 8, 8)."""
        x = self.block1(self.down1(self.stem(self.input(x))))
        return self.output(self.block3(self.block2(self.down2(x))))


class Decoder(nn.Module):
    """Code (B, 16, 8, 8) to what the task asks, standardised by `mean` and `std` (its label's, per channel) or logits.

    "pixel": (B, channels, 64, 64); "vector" and "class": (B, channels). About 0.12 M parameters.
    """

    def __init__(self, task: Task) -> None:
        super().__init__()
        shape = (1, task.channels, 1, 1) if task.kind == "pixel" else (1, task.channels)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("std", torch.ones(shape))
        self.head = _pixel_head(task.channels) if task.kind == "pixel" else _vector_head(task.channels)

    def forward(self, code: Tensor) -> Tensor:
        """Return the standardised label or the logits."""
        return self.head(code)

    def restore(self, output: Tensor) -> Tensor:
        """Return an output in the label's own units."""
        return output * self.get_buffer("std") + self.get_buffer("mean")


def _pixel_head(channels: int) -> nn.Sequential:
    """8x8 to 64x64: convolution and pixel shuffle three times (Shi et al. 2016)."""
    return nn.Sequential(
        *_unit(CODE_CHANNELS, 64, 3, 1),
        nn.Conv2d(64, 128, 3, padding=1),
        nn.PixelShuffle(2),
        nn.ReLU(),
        nn.Conv2d(32, 96, 3, padding=1),
        nn.PixelShuffle(2),
        nn.ReLU(),
        nn.Conv2d(24, 4 * channels, 3, padding=1),
        nn.PixelShuffle(2),
    )


def _vector_head(channels: int) -> nn.Sequential:
    """One convolution, dropout, two linear layers."""
    return nn.Sequential(
        nn.Conv2d(CODE_CHANNELS, 32, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(32 * 64, 56),
        nn.ReLU(),
        nn.Linear(56, channels),
    )


class Solver(nn.Module):
    """Encoder and decoder of one task."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.encoder = Encoder(grey=task.name == "colorization")
        self.decoder = Decoder(task)

    def forward(self, x: Tensor) -> Tensor:
        """Return the decoded code."""
        return self.decoder(self.encoder(x))
