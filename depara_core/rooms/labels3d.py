"""Labels read off the rays: depth, normals, curvature, light from the camera, surfaces and the room's own frame."""

import torch
from torch import Tensor

from depara_core.rooms.casting import FIRST_OBJECT, SLOT_SURFACE, Hit
from depara_core.rooms.labels2d import blur
from depara_core.rooms.scenes import Scenes


def as_maps(values: Tensor, size: int) -> Tensor:
    """Return (B, 1, size, size) from one number a pixel (B, P)."""
    return values.view(-1, 1, size, size)


def depth_zbuffer(hit: Hit, size: int) -> Tensor:
    """Return log(1 + depth along the camera's axis in metres), (B, 1, S, S)."""
    return as_maps(hit.depth.log1p(), size)


def depth_euclidean(hit: Hit, size: int) -> Tensor:
    """Return log(1 + distance from the camera in metres), (B, 1, S, S)."""
    return as_maps(hit.distance.log1p(), size)


def normal(scenes: Scenes, hit: Hit, size: int) -> Tensor:
    """Return unit normals in the camera's frame (right, up, towards the viewer), (B, 3, S, S)."""
    frame = scenes.axes * scenes.axes.new_tensor([1.0, 1.0, -1.0])[:, None]
    return torch.einsum("bij,bjp->bip", frame, torch.stack(hit.normal, dim=1)).reshape(-1, 3, size, size)


def reshading(hit: Hit, size: int) -> Tensor:
    """Return the cosine between normal and line of sight: the scene lit by one lamp at the camera, (B, 1, S, S)."""
    toward = sum(n * d for n, d in zip(hit.normal, hit.ray, strict=True))
    return as_maps((-toward / hit.stretch).clamp(0, 1), size)


def curvature(scenes: Scenes, hit: Hit, size: int) -> Tensor:
    """Return log(1 + principal curvature in 1 / metre), larger one first, (B, 2, S, S): exact, and 0 on flat faces.

    Sphere 1/r, 1/r; cylinder 1/r, 0; cone cos(a) / local radius, 0 with a the slope of its side.
    """
    slot = (hit.piece - FIRST_OBJECT).clamp(min=0)
    shape = SLOT_SURFACE[slot] - FIRST_OBJECT
    radius, height = scenes.half[..., 0].gather(1, slot), 2 * scenes.half[..., 2].gather(1, slot)
    local = (hit.local[0] ** 2 + hit.local[1] ** 2).sqrt().clamp(min=0.03)
    across = torch.where(shape == 3, height / (height**2 + radius**2).sqrt() / local, 1 / radius)
    round_side = (hit.piece >= FIRST_OBJECT) & (shape != 1) & ((shape == 0) | (hit.normal[2].abs() < 0.999))
    first = torch.where(round_side, across, 0.0).log1p()
    return torch.cat([as_maps(first, size), as_maps(torch.where(shape == 0, first, 0.0), size)], dim=1)


def edge_occlusion(hit: Hit, size: int) -> Tensor:
    """Return where one surface hides another, by the step in log depth, smoothed, (B, 1, S, S) in [0, 1]."""
    depth, piece = as_maps(hit.depth.log(), size), as_maps(hit.piece, size)
    edge = torch.zeros_like(depth)
    for axis in (2, 3):
        step = depth.diff(dim=axis).abs() * (piece.diff(dim=axis) != 0)
        step = (4 * step).clamp(max=1)
        for start in (0, 1):
            part = edge.narrow(axis, start, size - 1)
            part.copy_(torch.maximum(part, step))
    return blur(edge)


def surface_likeness(hit: Hit, size: int) -> tuple[Tensor, Tensor]:
    """Return 1 where a pixel and its right (lower) neighbour lie on one smooth piece of surface, else 0."""
    piece, wall = as_maps(hit.piece, size), as_maps(hit.wall, size)
    normals = torch.stack(hit.normal, dim=1).reshape(-1, 3, size, size)
    alike = []
    for axis in (3, 2):
        length = size - 1
        bend = (normals.narrow(axis, 0, length) * normals.narrow(axis, 1, length)).sum(1, keepdim=True)
        same = (piece.diff(dim=axis) == 0) & (wall.diff(dim=axis) == 0) & (bend > 0.7)
        alike.append(same.float())
    return alike[0], alike[1]


def room_layout(scenes: Scenes) -> Tensor:
    """Return log distances (metres) from the camera to left, right and front wall, floor and ceiling, (B, 5)."""
    width, depth, height = scenes.room.unbind(1)
    x, y, z = scenes.eye.unbind(1)
    return torch.stack([x, width - x, depth - y, z, height - z], dim=1).log()


def vanishing_point(scenes: Scenes) -> Tensor:
    """Return the room's three axes as unit vectors in the camera's frame, (B, 9): where their parallels vanish."""
    return scenes.axes.transpose(1, 2).flatten(1)
