"""The encoder of Taskonomy's networks, under the parameter names of the published weight files.

A ResNet-50 whose stages halve the picture in their last block, the last two not at all, and a compressing convolution
(Zamir et al., CVPR 2018; in PyTorch by Sax et al., CoRL 2019: visualpriors 0.3.5). Nothing works in place and no module
is called twice, so that attribution rules which hook modules hold.
"""

import torch
from torch import Tensor, nn

INPUT_SIZE = 256
TAPS = {
    "stem": "maxpool",
    "layer1": "layer1",
    "layer2": "layer2",
    "layer3": "layer3",
    "layer4": "layer4",
    "output": "",
}  # layer name -> path of the module that yields it; the empty path is the encoder
KNEE = 0.008856  # luminance below which CIE lightness is linear
DARK = 0.04045  # the same for sRGB


class Lightness(nn.Module):
    """RGB in [-1, 1] to its CIE L* in [-1, 1]; inside the network, so that gradients reach all of RGB."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor((0.2126, 0.7152, 0.0722)).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, 1, H, W) of (B, 3, H, W): L* / 50 - 1."""
        rgb = (x + 1) / 2
        # Both sides of a `where` are differentiated: the clamps keep the side not taken from an infinite slope.
        linear = torch.where(rgb > DARK, ((rgb.clamp(min=DARK) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
        luminance = (linear * self.get_buffer("weights")).sum(1, keepdim=True)
        root = torch.where(luminance > KNEE, luminance.clamp(min=KNEE) ** (1 / 3), 7.787 * luminance + 16 / 116)
        return (116 * root - 16) / 50 - 1


class Bottleneck(nn.Module):
    """Three convolutions beside a shortcut: (B, inputs, H, W) to (B, 4 width, H / stride, W / stride)."""

    def __init__(self, inputs: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu3 = nn.ReLU()
        self.downsample = _shortcut(inputs, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(inner(x) + shortcut(x))."""
        inner = self.relu1(self.bn1(self.conv1(x)))
        inner = self.relu2(self.bn2(self.conv2(inner)))
        return self.relu3(self.bn3(self.conv3(inner)) + self.downsample(x))


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Widen in a stage's first block, take every second pixel in its last, else do nothing."""
    if inputs != outputs:
        return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
    return nn.Sequential(nn.MaxPool2d(1, stride)) if stride > 1 else nn.Identity()


def _stage(inputs: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    middle = [Bottleneck(4 * width, width) for _ in range(blocks - 2)]
    return nn.Sequential(Bottleneck(inputs, width), *middle, Bottleneck(4 * width, width, stride))


class TaskonomyEncoder(nn.Module):
    """Picture (B, 3, 256, 256) in [-1, 1] to a code (B, 8, 16, 16) >= 0; 23.7 M parameters.

    The code is what Taskonomy's decoders read. visualpriors offers it with each channel normalised over the picture,
    too; the norm of that is a constant, which has no gradient to attribute.
    """

    def __init__(self, grey: bool = False) -> None:
        super().__init__()
        self.input = Lightness() if grey else nn.Identity()
        self.conv1 = nn.Conv2d(1 if grey else 3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.layer1 = _stage(64, 64, 3, stride=2)
        self.layer2 = _stage(256, 128, 4, stride=2)
        self.layer3 = _stage(512, 256, 6, stride=1)
        self.layer4 = _stage(1024, 512, 3, stride=1)
        self.compress1 = nn.Conv2d(2048, 8, 3, padding=1, bias=False)
        self.compress_bn = nn.BatchNorm2d(8)
        self.relu1 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return the code (B, 8, 16, 16)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(self.input(x)))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.relu1(self.compress_bn(self.compress1(x)))
