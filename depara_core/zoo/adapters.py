"""What stands between a square RGB image and a network that reads something else; each is named in the summary."""

import hashlib
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from depara_core.zoo.spec import Network, View

LUMINANCE = (0.299, 0.587, 0.114)  # of red, green, blue: ITU-R BT.601, as Pillow's "L"


@dataclass(frozen=True)
class Squeezed:
    """The square is resized to height x width pixels, so that its sides are squeezed."""

    height: int
    width: int

    def __call__(self, x: Tensor) -> Tensor:
        """Resize x (B, C, S, S)."""
        size = (self.height, self.width)
        return torch.nn.functional.interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)

    def __str__(self) -> str:
        return f"the square image is squeezed to {self.height} x {self.width} pixels"


@dataclass(frozen=True)
class Grey:
    """The colours become their luminance."""

    def __call__(self, x: Tensor) -> Tensor:
        """Turn x (B, 3, H, W) into (B, 1, H, W); the weights sum to 1, so a normalised image stays normalised."""
        return (x * torch.tensor(LUMINANCE).to(x).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)

    def __str__(self) -> str:
        return "colours become luminance"


@dataclass(frozen=True)
class Cropped:
    """The centre of the square is cut out, as torchvision and timm do."""

    side: int

    def __call__(self, x: Tensor) -> Tensor:
        """Cut x (B, C, S, S) to (B, C, side, side)."""
        start = margin(x.shape[-1], self.side)
        return x[..., start : start + self.side, start : start + self.side]

    def __str__(self) -> str:
        return f"the centre of {self.side} x {self.side} pixels is read"


Adapter = Squeezed | Grey | Cropped


def margin(whole: int, window: int) -> int:
    """Return how many of `whole` pixels lie before the `window` in their middle."""
    return round((whole - window) / 2)


@dataclass(frozen=True)
class Front:
    """The hook that applies adapters to what a module is given; paths of its modules stay what they are."""

    adapters: tuple[Adapter, ...]

    def __call__(self, _: nn.Module, args: tuple) -> tuple:
        """Return the arguments with the image adapted."""
        image = args[0]
        for adapter in self.adapters:
            image = adapter(image)
        return (image, *args[1:])


def adapters_for(module: nn.Module, height: int, width: int) -> tuple[Adapter, ...]:
    """Return what `module` needs to read square RGB images: its first convolution tells how many channels it takes."""
    first = next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
    grey = first is not None and first.in_channels == 1
    return (*((Squeezed(height, width),) if height != width else ()), *((Grey(),) if grey else ()))


def adapt(module: nn.Module, adapters: tuple[Adapter, ...]) -> None:
    """Put the adapters in front of a module, for good."""
    if adapters:
        module.register_forward_pre_hook(Front(adapters))


def cropped(network: Network, view: View) -> Network:
    """Return a network that reads the centre of the squares of a view, under a digest of its own."""
    if view.window == view.side:
        return network
    adapt(network.module, (Cropped(view.window),))
    digest = hashlib.sha256(f"{network.digest} reads {view.window} of {view.side}".encode()).hexdigest()
    return replace(network, digest=digest, window=view.window)
