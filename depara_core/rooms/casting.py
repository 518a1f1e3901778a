"""Rays against a room and its objects, for many scenes at once: the exact geometry every image and label comes from."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from depara_core.rooms.scenes import SLOTS, Scenes
from depara_core.rooms.styles import SURFACES

FAR = 1e6  # metres; stands for "never"
SLOT_SURFACE = torch.tensor([SURFACES.index(shape) for shape in SLOTS])
FIRST_OBJECT = 3  # hit.piece counts floor, ceiling, walls, then the object slots
Vector = tuple[Tensor, Tensor, Tensor]  # x, y, z, each (B, P) or broadcastable to it


@dataclass(frozen=True)
class Hit:
    """What P rays of each of B scenes meet first; lengths in metres, world axes.

    `depth` is the distance along the camera's axis, `distance` along the ray: distance >= depth.
    """

    ray: Vector  # direction with unit component along the camera's axis
    depth: Tensor  # (B, P)
    stretch: Tensor  # (B, P) length of `ray`, so distance = depth * stretch
    piece: Tensor  # (B, P) 0 floor, 1 ceiling, 2 walls, 3 + slot for objects
    wall: Tensor  # (B, P) 0 left, 1 right, 2 front, 3 back; -1 off the walls
    point: Vector
    normal: Vector  # unit, towards the viewer's side of the surface
    local: Vector  # point in the object's own frame, metres (objects only)

    @property
    def distance(self) -> Tensor:
        """Length of the ray up to what it meets (B, P)."""
        return self.depth * self.stretch

    @property
    def surface(self) -> Tensor:
        """Index into `SURFACES` (B, P)."""
        return torch.cat([torch.arange(FIRST_OBJECT), SLOT_SURFACE])[self.piece]


def pixel_grid(size: int, offset: tuple[float, float] = (0.0, 0.0)) -> tuple[Tensor, Tensor]:
    """Return image-plane coordinates (1, size^2) of pixel centres, x right and y up, both in [-1, 1]."""
    steps = (torch.arange(size) + 0.5) * (2.0 / size) - 1.0
    y, x = torch.meshgrid(-steps, steps, indexing="ij")
    return x.reshape(1, -1) + offset[0] * 2 / size, y.reshape(1, -1) + offset[1] * 2 / size


def cast(scenes: Scenes, x: Tensor, y: Tensor) -> Hit:
    """Return what the camera rays through image-plane points x, y (1 or B, P) meet first."""
    x, y = x / scenes.focal[:, None], y / scenes.focal[:, None]
    axes = scenes.axes
    ray = vector(*(x * axes[:, 0, k, None] + y * axes[:, 1, k, None] + axes[:, 2, k, None] for k in range(3)))
    eye = vector(*(scenes.eye[:, k, None] for k in range(3)))
    depth, axis = _room_exit(scenes, eye, ray)
    slot = torch.full_like(axis, -1)
    for number, enter, leave in crossings(scenes, eye, ray):
        closer = (enter < leave) & (enter > 0) & (enter < depth)
        depth = torch.where(closer, enter, depth)
        slot = torch.where(closer, number, slot)
    point = vector(*(o + d * depth for o, d in zip(eye, ray, strict=True)))
    normal, local = _normals(scenes, slot, axis, ray, point)
    on_wall, down = slot < 0, ray[2] < 0
    piece = torch.where(on_wall, torch.where(axis == 2, torch.where(down, 0, 1), 2), slot + FIRST_OBJECT)
    side = torch.where(axis == 0, torch.where(ray[0] < 0, 0, 1), torch.where(ray[1] < 0, 3, 2))
    wall = torch.where(piece == 2, side, -1)
    stretch = (1 + x * x + y * y).sqrt()
    return Hit(ray, depth, stretch, piece, wall, point, normal, local)


def crossings(scenes: Scenes, origin: Vector, ray: Vector) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Yield (slot, enter, leave): where each ray is inside the slot's object, as multiples of `ray`.

    A ray that misses has enter > leave. Slots that are empty in every scene are left out.
    """
    rays, filled = vector(*(d[:, None] for d in ray)), scenes.present.any(0).tolist()
    for shape, crossing in CROSSINGS.items():
        slots = [number for number, name in enumerate(SLOTS) if name == shape and filled[number]]
        if slots:
            centre, half = scenes.centre[:, slots], scenes.half[:, slots]
            start = vector(*(o[:, None] - centre[..., k, None] for k, o in enumerate(origin)))
            enter, leave = crossing(start, rays, half, scenes.yaw[:, slots, None])
            for column, number in enumerate(slots):
                yield number, enter[:, column], leave[:, column]


def vector(x: Tensor, y: Tensor, z: Tensor) -> Vector:
    """Return three tensors as a vector (a comprehension has no fixed length for the type checker)."""
    return x, y, z


def _room_exit(scenes: Scenes, origin: Vector, ray: Vector) -> tuple[Tensor, Tensor]:
    """Return where a ray from inside leaves the room (B, P), and through which axis: 0 x, 1 y, 2 z."""
    exits = [
        (torch.where(d < 0, 0.0, scenes.room[:, k, None]) - o) / _nonzero(d)
        for k, (o, d) in enumerate(zip(origin, ray, strict=True))
    ]
    depth = torch.minimum(torch.minimum(exits[0], exits[1]), exits[2])
    axis = torch.where(exits[2] <= depth, 2, torch.where(exits[1] <= depth, 1, 0))
    return depth, axis


def _nonzero(value: Tensor) -> Tensor:
    """Return `value` kept at least 1e-6 away from zero, sign kept."""
    return torch.where(value.abs() < 1e-6, torch.where(value < 0, -1e-6, 1e-6), value)


def _roots(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the discriminant / 4 and both roots, smaller first where a > 0, of a t^2 + 2 b t + c = 0."""
    discriminant = b * b - a * c
    root, inverse = discriminant.clamp(min=0).sqrt(), 1.0 / a
    return discriminant, (-b - root) * inverse, (-b + root) * inverse


def _sphere(start: Vector, ray: Vector, half: Tensor, yaw: Tensor) -> tuple[Tensor, Tensor]:
    """|start + t ray| = radius."""
    a = ray[0] ** 2 + ray[1] ** 2 + ray[2] ** 2
    b = start[0] * ray[0] + start[1] * ray[1] + start[2] * ray[2]
    c = start[0] ** 2 + start[1] ** 2 + start[2] ** 2 - half[..., :1] ** 2
    discriminant, enter, leave = _roots(a, b, c)
    return torch.where(discriminant > 0, enter, FAR), leave


def _slab(start: Tensor, ray: Tensor, half: Tensor) -> tuple[Tensor, Tensor]:
    """Return where |start + t ray| <= half along one axis."""
    inverse = 1.0 / _nonzero(ray)
    middle, reach = -start * inverse, half * inverse.abs()
    return middle - reach, middle + reach


def _box(start: Vector, ray: Vector, half: Tensor, yaw: Tensor) -> tuple[Tensor, Tensor]:
    """Three slabs in the frame turned by yaw."""
    cos, sin = yaw.cos(), yaw.sin()
    spans = [
        _slab(cos * start[0] + sin * start[1], cos * ray[0] + sin * ray[1], half[..., :1]),
        _slab(cos * start[1] - sin * start[0], cos * ray[1] - sin * ray[0], half[..., 1:2]),
        _slab(start[2], ray[2], half[..., 2:]),
    ]
    enter = torch.maximum(torch.maximum(spans[0][0], spans[1][0]), spans[2][0])
    return enter, torch.minimum(torch.minimum(spans[0][1], spans[1][1]), spans[2][1])


def _cylinder(start: Vector, ray: Vector, half: Tensor, yaw: Tensor) -> tuple[Tensor, Tensor]:
    """x^2 + y^2 = radius^2 between two heights."""
    a = (ray[0] ** 2 + ray[1] ** 2).clamp(min=1e-9)
    b = start[0] * ray[0] + start[1] * ray[1]
    discriminant, enter, leave = _roots(a, b, start[0] ** 2 + start[1] ** 2 - half[..., :1] ** 2)
    low, high = _slab(start[2], ray[2], half[..., 2:])
    return torch.where(discriminant > 0, torch.maximum(enter, low), FAR), torch.minimum(leave, high)


def _cone(start: Vector, ray: Vector, half: Tensor, yaw: Tensor) -> tuple[Tensor, Tensor]:
    """x^2 + y^2 = (s w)^2 with w = half height - z in [0, 2 half heights] and s = radius / height."""
    slope = (half[..., :1] / (2 * half[..., 2:])) ** 2
    w = half[..., 2:] - start[2]
    a = ray[0] ** 2 + ray[1] ** 2 - slope * ray[2] ** 2
    a = torch.where(a.abs() < 1e-7, 1e-7, a)
    b = start[0] * ray[0] + start[1] * ray[1] + slope * w * ray[2]
    discriminant, first, second = _roots(a, b, start[0] ** 2 + start[1] ** 2 - slope * w * w)
    flat, down, missed = a > 0, ray[2] < 0, discriminant < 0
    # A ray steeper than the side meets each nappe once: going down it enters ours for good, going up it leaves it.
    enter = torch.where(flat, first, torch.where(down & ~missed, torch.maximum(first, second), -FAR))
    leave = torch.where(flat, second, torch.where(down | missed, FAR, torch.minimum(first, second)))
    low, high = _slab(start[2], ray[2], half[..., 2:])
    return torch.where(flat & missed, FAR, torch.maximum(enter, low)), torch.minimum(leave, high)


CROSSINGS = {"sphere": _sphere, "box": _box, "cylinder": _cylinder, "cone": _cone}


def _normals(scenes: Scenes, slot: Tensor, axis: Tensor, ray: Vector, point: Vector) -> tuple[Vector, Vector]:
    """Return unit outward normals in the world and the points in their object's frame (each three of (B, P))."""
    table = torch.cat([scenes.centre, scenes.half, scenes.yaw.cos()[..., None], scenes.yaw.sin()[..., None]], dim=-1)
    index = slot.clamp(min=0)[:, None].expand(-1, table.shape[-1], -1)
    cx, cy, cz, hx, hy, hz, cos, sin = table.transpose(1, 2).gather(2, index).unbind(1)
    shape = (SLOT_SURFACE - FIRST_OBJECT)[slot.clamp(min=0)]
    boxy = shape == 1
    cos, sin = torch.where(boxy, cos, 1.0), torch.where(boxy, sin, 0.0)
    dx, dy, z = point[0] - cx, point[1] - cy, point[2] - cz
    x, y = cos * dx + sin * dy, cos * dy - sin * dx
    ax, ay, az = (x / hx).abs(), (y / hy).abs(), (z / hz).abs()
    radial = (ax * ax + ay * ay).sqrt()  # 1 on the side of a cylinder
    lid = (
        (boxy & (az > torch.maximum(ax, ay))) | ((shape == 2) & (az > radial)) | ((shape == 3) & (az > 0.999) & (z < 0))
    )
    upright = lid & ((z > 0) == (ray[2] < 0))  # at a rim both faces are near; only one faces the ray
    nx = torch.where(boxy, torch.where(ax > ay, x.sign(), 0.0), x)
    ny = torch.where(boxy, torch.where(ax > ay, 0.0, y.sign()), y)
    side = (x * x + y * y).sqrt()
    nz = torch.where(shape == 0, z, torch.where(shape == 3, side * hx / (2 * hz), 0.0))
    nx, ny = torch.where(upright, 0.0, nx), torch.where(upright, 0.0, ny)
    nz = torch.where(upright, torch.where(z < 0, -1.0, 1.0), nz)
    scale = 1.0 / (nx * nx + ny * ny + nz * nz).sqrt().clamp(min=1e-9)
    wall = slot < 0
    normal = (
        torch.where(wall, torch.where(axis == 0, -ray[0].sign(), 0.0), (cos * nx - sin * ny) * scale),
        torch.where(wall, torch.where(axis == 1, -ray[1].sign(), 0.0), (sin * nx + cos * ny) * scale),
        torch.where(wall, torch.where(axis == 2, -ray[2].sign(), 0.0), nz * scale),
    )
    return normal, (x, y, z)
