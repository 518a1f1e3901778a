"""Pictures of scenes: a lamp with shadows, daylight, ambient occlusion, highlights, and anti-aliased edges."""

import torch
from torch import Tensor

from depara_core.rooms.casting import FAR, FIRST_OBJECT, Hit, Vector, cast, crossings, pixel_grid, vector
from depara_core.rooms.scenes import Scenes
from depara_core.rooms.textures import albedo

EDGE_PIXELS = 10.0  # in image widths: how many pixels, those of most contrast, are cast again at four points
SUBPIXELS = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # rotated grid, in pixels
EXPOSURE = 1.75


def render_scenes(scenes: Scenes, size: int) -> Tensor:
    """Return images uint8 (B, size, size, 3)."""
    x, y = pixel_grid(size)
    image = shade(scenes, cast(scenes, x, y), 2.0 / size)  # (B, 3, P)
    count = int(min(EDGE_PIXELS, size / 4) * size)
    where = _contrast(image.view(-1, 3, size, size)).topk(count, dim=1).indices  # (B, count)
    ex, ey = x[0][where], y[0][where]
    fine = torch.cat([torch.stack([ex + dx * 2 / size, ey + dy * 2 / size]) for dx, dy in SUBPIXELS], dim=2)
    again = shade(scenes, cast(scenes, fine[0], fine[1]), 2.0 / size)
    again = again.view(-1, 3, len(SUBPIXELS), count).mean(2)
    image.scatter_(2, where[:, None].expand(-1, 3, -1), again)
    return (image * 255 + 0.5).clamp(0, 255).to(torch.uint8).view(-1, 3, size, size).permute(0, 2, 3, 1)


def _contrast(image: Tensor) -> Tensor:
    """Return the largest colour step to a neighbour, (B, P)."""
    score = torch.zeros_like(image[:, 0])
    across = (image[..., 1:] - image[..., :-1]).abs().amax(1)
    down = (image[..., 1:, :] - image[..., :-1, :]).abs().amax(1)
    score[..., 1:] = across
    score[..., :-1] = torch.maximum(score[..., :-1], across)
    score[..., 1:, :] = torch.maximum(score[..., 1:, :], down)
    score[..., :-1, :] = torch.maximum(score[..., :-1, :], down)
    return score.flatten(1)


def shade(scenes: Scenes, hit: Hit, pixel: float) -> Tensor:
    """Return display colours (B, 3, P) in [0, 1] of what the rays meet."""
    colour, glow = albedo(scenes, hit, pixel)
    nx, ny, nz = hit.normal
    to_lamp = vector(*(scenes.lamp[:, k, None] - p for k, p in enumerate(hit.point)))
    length = (to_lamp[0] ** 2 + to_lamp[1] ** 2 + to_lamp[2] ** 2).sqrt().clamp(min=0.15)
    facing = (nx * to_lamp[0] + ny * to_lamp[1] + nz * to_lamp[2]) / length
    lit = visibility(scenes, hit, to_lamp, length)
    lamp = facing.clamp(min=0) * lit * (1.75 / (0.7 + 0.16 * length * length))
    day, ambient = _daylight(scenes, hit), 0.34 + 0.10 * nz
    occlusion = _occlusion(scenes, hit)
    gloss = _highlight(hit, to_lamp, length, facing) * lit * (hit.piece >= FIRST_OBJECT)
    channels = []
    for k, base in enumerate(colour):
        lamp_colour, daylight = scenes.lamp_colour[:, k, None], scenes.daylight[:, k, None]
        light = lamp * lamp_colour + (ambient * (0.5 + 0.5 * lamp_colour) + day * daylight) * occlusion
        channels.append(1 - torch.exp(-EXPOSURE * (base * light + 0.28 * gloss * lamp_colour + 1.1 * glow * base)))
    return torch.stack(channels, dim=1).clamp(min=0) ** (1 / 2.2)


def visibility(scenes: Scenes, hit: Hit, to_lamp: Vector, length: Tensor) -> Tensor:
    """Return how much of the lamp each point sees, (B, P) in [0, 1]: full shade after a chord that grows with distance.

    A grazing ray crosses little of an object; letting that little pass gives every shape a soft rim from one ray.
    """
    lit = torch.ones_like(length)
    start = vector(*(p + 0.004 * n for p, n in zip(hit.point, hit.normal, strict=True)))
    for _, enter, leave in crossings(scenes, start, to_lamp):
        chord = (leave.clamp(max=1.0) - enter.clamp(min=0.0)) * length
        gap = enter.clamp(0, 1) * length
        shade = (chord / (0.02 + 0.14 * gap)).clamp(0, 1)
        lit = torch.minimum(lit, 1 - torch.where(enter < FAR / 2, shade, 0.0))
    return lit


def _daylight(scenes: Scenes, hit: Hit) -> Tensor:
    """Return the soft light (B, P) of the window, taken as a wide source at its middle; none without a window."""
    wall, u, v = (scenes.panels[:, 0, k, None] for k in range(3))
    width, depth = scenes.room[:, 0, None], scenes.room[:, 1, None]
    x = torch.where(wall == 2, u, torch.where(wall == 1, width - 0.05, 0.05))
    y = torch.where(wall == 2, depth - 0.05, u)
    away = (x - hit.point[0], y - hit.point[1], v - hit.point[2])
    length = (away[0] ** 2 + away[1] ** 2 + away[2] ** 2).sqrt().clamp(min=0.3)
    facing = (hit.normal[0] * away[0] + hit.normal[1] * away[1] + hit.normal[2] * away[2]) / length
    return ((facing + 0.25) / 1.25).clamp(min=0) * (wall >= 0) * 0.75 / (0.6 + 0.14 * length * length)


def _occlusion(scenes: Scenes, hit: Hit) -> Tensor:
    """Return ambient visibility (B, P): darker in the room's corners and where objects meet what they stand on."""
    open_sky = torch.ones_like(hit.depth)
    for k in range(3):
        clear = hit.normal[k].abs() < 0.5
        near = torch.minimum(hit.point[k], scenes.room[:, k, None] - hit.point[k])
        open_sky = open_sky * (1 - torch.where(clear, 0.32, 0.0) * torch.exp(-near.clamp(min=0) * 4.0))
    nearest = torch.full_like(open_sky, 8.0)
    for slot in scenes.present.any(0).nonzero()[:, 0].tolist():
        x, y, z = ((p - scenes.centre[:, slot, k, None]) for k, p in enumerate(hit.point))
        apart = (x * x + y * y).sqrt() - scenes.half[:, slot, :2].mean(-1)[:, None]
        foot = (z + scenes.half[:, slot, 2, None]).abs()
        nearest = torch.minimum(nearest, apart.clamp(min=0) * 6.0 + foot * 5.0)
    level = hit.normal[2] > 0.7
    return open_sky * torch.where(level, 1 - 0.6 * torch.exp(-nearest), 1.0)


def _highlight(hit: Hit, to_lamp: Vector, length: Tensor, facing: Tensor) -> Tensor:
    """Return the Blinn-Phong highlight (B, P), exponent 32, of a viewer at the camera."""
    half = tuple(lamp / length - d / hit.stretch for lamp, d in zip(to_lamp, hit.ray, strict=True))
    norm = (half[0] ** 2 + half[1] ** 2 + half[2] ** 2).sqrt().clamp(min=1e-3)
    aligned = (half[0] * hit.normal[0] + half[1] * hit.normal[1] + half[2] * hit.normal[2]) / norm
    power = (aligned * aligned).clamp(max=1)
    for _ in range(4):
        power = power * power
    return power * (facing > 0)
