"""Labels made from the picture alone: edges, corners, colour and regions without any knowledge of depth."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
DIFFUSION_STEPS = 20


def luminance(image: Tensor) -> Tensor:
    """Return (B, 1, H, W) from RGB (B, 3, H, W)."""
    return (image * image.new_tensor(LUMINANCE)[:, None, None]).sum(1, keepdim=True)


def chroma(image: Tensor) -> Tensor:
    """Return blue and red difference (B, 2, H, W): what is left of RGB (B, 3, H, W) beside its luminance."""
    grey = luminance(image)
    return torch.cat([(image[:, 2:] - grey) / 1.772, (image[:, :1] - grey) / 1.402], dim=1)


def blur(maps: Tensor) -> Tensor:
    """Return (B, C, H, W) smoothed with the binomial kernel [1 4 6 4 1] / 16 in both directions, edges repeated."""
    kernel = maps.new_tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    flat = pad(maps.flatten(0, 1)[:, None], (2, 2, 2, 2), mode="replicate")
    return conv2d(conv2d(flat, kernel.view(1, 1, 1, 5)), kernel.view(1, 1, 5, 1)).view_as(maps)


def gradients(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return central differences along x and y, each (B, C, H, W), edges repeated."""
    wide = pad(maps, (1, 1, 1, 1), mode="replicate")
    return (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2, (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2


def edge_strength(maps: Tensor) -> Tensor:
    """Return the square root of the gradient's length over all channels, (B, 1, H, W); the root evens out contrast."""
    dx, dy = gradients(maps)
    return (dx.square() + dy.square()).sum(1, keepdim=True).clamp(min=1e-12) ** 0.25


def corner_response(maps: Tensor) -> Tensor:
    """Return sqrt(det S / trace S) (B, 1, H, W), S the smoothed structure tensor of all channels (Harris, Noble)."""
    dx, dy = gradients(maps)
    xx, yy, xy = (blur((a * b).sum(1, keepdim=True)) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    return ((xx * yy - xy * xy).clamp(min=0) / (xx + yy + 1e-6)).sqrt()


def region_offsets(likeness: tuple[Tensor, Tensor]) -> Tensor:
    """Return (B, 2, H, W): from each pixel the way to the middle of its region, in tenths of the image width.

    `likeness` in [0, 1]: how alike each pixel is to its right (B, 1, H, W - 1) and lower (B, 1, H - 1, W) neighbour.
    Pixel coordinates diffuse between alike neighbours (Perona and Malik 1990), so they gather region by region.
    """
    across, down = (0.24 * part for part in likeness)  # below 1/4, where the diffusion is stable
    batch, _, height, _ = across.shape
    width = down.shape[-1]
    y, x = torch.meshgrid(torch.arange(height) / (0.1 * width), torch.arange(width) / (0.1 * width), indexing="ij")
    home = torch.stack([x, y]).expand(batch, 2, height, width)
    place = home.clone()
    for _ in range(DIFFUSION_STEPS):
        flow_x = across * (place[..., 1:] - place[..., :-1])
        flow_y = down * (place[..., 1:, :] - place[..., :-1, :])
        place[..., :-1] += flow_x
        place[..., 1:] -= flow_x
        place[..., :-1, :] += flow_y
        place[..., 1:, :] -= flow_y
    return place - home


def colour_likeness(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return how alike neighbouring colours are, exp(-(step / 0.06)^2), to the right and below."""
    steps = (image[..., 1:] - image[..., :-1], image[..., 1:, :] - image[..., :-1, :])
    across, down = (torch.exp(-step.square().sum(1, keepdim=True) / 0.06**2) for step in steps)
    return across, down
