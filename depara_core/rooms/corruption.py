"""What denoising and inpainting do to a picture before the network sees it."""

import torch
from torch import Tensor

NOISE = 0.22  # standard deviation, in units of the picture's [0, 1]
HOLE = (0.25, 0.45)  # side of the square, as a share of the picture's
KEPT_WEIGHT = 0.1  # what a pixel outside the hole counts in inpainting's loss


def corrupt(task: str, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
    """Return what `task` shows its network of pictures (B, 3, S, S) in [0, 1], and each pixel's weight in its loss.

    Denoising adds Gaussian noise, inpainting greys out one square; every other task sees the picture as it is.
    The weight is None where all pixels count alike.
    """
    if task == "denoising":
        noise = torch.randn(images.shape, generator=generator).to(images.device)
        return (images + NOISE * noise).clamp(0, 1), None
    if task == "inpainting":
        hole = _holes(len(images), images.shape[-1], generator).to(images.device)
        return torch.where(hole, torch.full_like(images, 0.5), images), torch.where(hole, 1.0, KEPT_WEIGHT)
    return images, None


def _holes(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Return masks (count, 1, size, size), true inside one random square each."""
    low, high = HOLE
    side = (low + (high - low) * torch.rand(count, 1, generator=generator)) * size
    corner = torch.rand(count, 2, generator=generator) * (size - side)
    place = torch.arange(size) + 0.5
    inside = [(place >= corner[:, k, None]) & (place < corner[:, k, None] + side) for k in range(2)]
    return (inside[0][:, None, :] & inside[1][:, :, None])[:, None]
