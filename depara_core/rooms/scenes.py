"""Scenes as rows of numbers: camera, room, objects, lamp; a scene does not depend on how many are drawn with it."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from depara_core.errors import OptionError
from depara_core.rooms.layout import place_objects
from depara_core.rooms.materials import finish_table
from depara_core.rooms.rng import SceneRng
from depara_core.rooms.styles import OBJECT_PATTERNS, STYLES

SHAPES = ("sphere", "box", "cylinder", "cone")
SLOTS = ("sphere", "sphere", "box", "box", "box", "cylinder", "cylinder", "cone", "cone")  # what each slot may hold
HERO_SLOTS = (0, 2, 5, 7)  # the first slot of each shape
RANGES = {  # half extents in metres: lowest and highest (x, y, z)
    "sphere": ((0.17, 0.17, 0.17), (0.40, 0.40, 0.40)),
    "box": ((0.18, 0.18, 0.16), (0.46, 0.40, 0.52)),
    "cylinder": ((0.13, 0.13, 0.20), (0.30, 0.30, 0.62)),
    "cone": ((0.20, 0.20, 0.28), (0.42, 0.42, 0.62)),
}
OBJECT_VIEW_SHARE = 0.45  # of scenes that look at one enlarged object near the centre, with half the clutter
PARKED = -1000.0  # height in metres of an absent object: out of every ray's way, which spares the caster a test


@dataclass(frozen=True)
class Scenes:
    """N scenes as tensors whose first axis is N; metres, world axes x right, y into the room, z up, origin in a corner.

    K = 9 object slots (`SLOTS`), 3 + K finishes (floor, ceiling, walls, then the objects'), 3 wall panels.
    """

    room: Tensor  # (N, 3) width, depth, height
    style: Tensor  # (N,) index into STYLES
    eye: Tensor  # (N, 3) camera position
    axes: Tensor  # (N, 3, 3) rows: camera right, up, forward in the world
    focal: Tensor  # (N,) in half image widths
    present: Tensor  # (N, K) whether the slot holds an object
    centre: Tensor  # (N, K, 3)
    half: Tensor  # (N, K, 3) half extents
    yaw: Tensor  # (N, K) radians
    pattern: Tensor  # (N, K) index into OBJECT_PATTERNS
    hero: Tensor  # (N,) slot of the object looked at, -1 in a view of the room
    finish: Tensor  # (N, 18, 3 + K) see materials.finish_table
    panels: Tensor  # (N, 3, 5) window, picture, door: wall, centre (u, v), half size (u, v); wall -1 = absent
    picture: Tensor  # (N, 3) colour of the picture
    lamp: Tensor  # (N, 3) position
    lamp_colour: Tensor  # (N, 3) linear RGB
    daylight: Tensor  # (N, 3) linear RGB

    def __len__(self) -> int:
        return len(self.room)

    def __getitem__(self, rows: slice) -> "Scenes":
        return Scenes(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def sample_scenes(count: int, seed: int, start: int = 0) -> Scenes:
    """Return scenes start .. start + count - 1 of `seed`; scene i is the same whatever `count` and `start`."""
    if count < 1 or seed < 0 or start < 0:
        raise OptionError(f"Expected count >= 1, seed >= 0 and start >= 0, got {count}, {seed} and {start}.")
    rng = SceneRng(start, start + count, seed)
    style = rng.below(len(STYLES))
    room = torch.stack([rng.uniform(3.2, 6.4), rng.uniform(3.6, 7.0), rng.uniform(2.4, 3.3)], dim=1)
    close = rng.uniform(0.0, 1.0) < OBJECT_VIEW_SHARE
    hero = torch.where(close, torch.tensor(HERO_SLOTS)[rng.below(len(HERO_SLOTS))], torch.tensor(-1))
    view = _camera(rng, room, close)
    present, half = _objects(rng, hero)
    yaw = rng.uniform(-1.3, 1.3, len(SLOTS))
    centre, present = place_objects(rng, room, view, hero, present, half)
    view["axes"] = _look(view["yaw"], _aim(view, centre, hero, rng), view["roll"])
    centre[..., 2] = torch.where(present, centre[..., 2], PARKED)
    pattern = rng.below(len(OBJECT_PATTERNS), len(SLOTS))
    lamp = room * torch.stack([rng.uniform(0.25, 0.75), rng.uniform(0.3, 0.7), rng.uniform(0.86, 0.93)], dim=1)
    finish, lights = finish_table(rng, style, pattern)
    return Scenes(
        room=room,
        style=style,
        eye=view["eye"],
        axes=view["axes"],
        focal=view["focal"],
        present=present,
        centre=centre,
        half=half,
        yaw=yaw,
        pattern=pattern,
        hero=hero,
        finish=finish,
        panels=_panels(rng, room),
        picture=lights["picture"],
        lamp=lamp,
        lamp_colour=lights["lamp"],
        daylight=lights["daylight"],
    )


def _camera(rng: SceneRng, room: Tensor, close: Tensor) -> dict[str, Tensor]:
    """Return eye (N, 3), yaw, pitch and roll (radians) and focal length; `close` views stand lower and further in."""
    width, depth, height = room.unbind(1)
    x = width * rng.uniform(0.24, 0.76)
    y = depth * torch.where(close, rng.uniform(0.12, 0.40), rng.uniform(0.05, 0.20))
    z = torch.where(close, rng.uniform(0.75, 1.45), rng.uniform(1.15, 1.85)).minimum(height - 0.5)
    inward = (0.5 - x / width) * 0.9  # look back towards the middle when standing at a side
    return {
        "eye": torch.stack([x, y, z], dim=1),
        "yaw": inward + rng.uniform(-0.42, 0.42),
        "pitch": rng.uniform(-0.32, -0.02),
        "roll": rng.uniform(-0.07, 0.07),
        "focal": 1.0 / torch.tan(rng.uniform(0.52, 0.68)),
    }


def _look(yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
    """Return the camera's right, up and forward axes (N, 3, 3) in world coordinates."""
    zero = torch.zeros_like(yaw)
    forward = torch.stack([yaw.sin() * pitch.cos(), yaw.cos() * pitch.cos(), pitch.sin()], dim=1)
    right = torch.stack([yaw.cos(), -yaw.sin(), zero], dim=1)
    up = torch.linalg.cross(right, forward)
    cos, sin = roll.cos()[:, None], roll.sin()[:, None]
    return torch.stack([cos * right + sin * up, cos * up - sin * right, forward], dim=1)


def _aim(view: dict[str, Tensor], centre: Tensor, hero: Tensor, rng: SceneRng) -> Tensor:
    """Return the pitch (N,): the drawn one, or the one that puts a hero's centre near the middle of the image."""
    rows = torch.arange(len(hero))
    target = centre[rows, hero.clamp(min=0)] - view["eye"]
    aimed = torch.atan2(target[:, 2], target[:, :2].norm(dim=1)) + rng.uniform(-0.06, 0.10)
    return torch.where(hero >= 0, aimed, view["pitch"])


def _objects(rng: SceneRng, hero: Tensor) -> tuple[Tensor, Tensor]:
    """Return which slots are filled (N, K) and the half extents (N, K, 3); the hero is present and enlarged."""
    low, high = (torch.tensor([RANGES[shape][end] for shape in SLOTS]) for end in (0, 1))
    size = rng.uniform(0.0, 1.0, len(SLOTS) * 3).view(-1, len(SLOTS), 3)
    size = torch.stack([size[..., 0], torch.where(_square(), size[..., 0], size[..., 1]), size[..., 2]], dim=-1)
    size[:, :2] = size[:, :2, :1]
    half = low + (high - low) * size
    is_hero = torch.arange(len(SLOTS)) == hero[:, None]
    share = torch.where(hero >= 0, 0.25, 0.5)[:, None]
    present = (rng.uniform(0.0, 1.0, len(SLOTS)) < share) | is_hero
    return present, torch.where(is_hero[..., None], (half * 1.25).clamp(min=0.26), half)


def _square() -> Tensor:
    """Return (K,) whether a slot's shape has a round foot, so that its two horizontal extents agree."""
    return torch.tensor([shape != "box" for shape in SLOTS])


def _panels(rng: SceneRng, room: Tensor) -> Tensor:
    """Return (N, 3, 5) window, picture and door, each on its own one of the left, right and front walls."""
    order = torch.tensor([(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])[rng.below(6)]
    length = torch.where(order == 2, room[:, :1], room[:, 1:2])
    half_u = torch.stack([rng.uniform(0.45, 0.95), rng.uniform(0.25, 0.55), rng.uniform(0.38, 0.48)], dim=1)
    half_v = torch.stack([rng.uniform(0.40, 0.62), rng.uniform(0.22, 0.42), rng.uniform(0.95, 1.05)], dim=1)
    u = 0.15 + half_u + rng.uniform(0.0, 1.0, 3) * (length - 0.3 - 2 * half_u)
    v = torch.stack([torch.full_like(u[:, 0], 1.45), torch.full_like(u[:, 0], 1.55), half_v[:, 2]], dim=1)
    wall = torch.where(rng.uniform(0.0, 1.0, 3) < torch.tensor([0.85, 0.7, 0.6]), order, -1).float()
    return torch.stack([wall, u, v, half_u, half_v], dim=2)
