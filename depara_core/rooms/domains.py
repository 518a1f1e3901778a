"""Two domains of rooms, the textured world and a bare one, and what there is to tell of the object looked at.

Symbols: N scenes; the hero is the one object that a scene looks at.
"""

from collections.abc import Callable
from dataclasses import fields, replace

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from depara_core.rooms.casting import FIRST_OBJECT
from depara_core.rooms.materials import RECIPES
from depara_core.rooms.scenes import HERO_SLOTS, PARKED, SHAPES, Scenes, sample_scenes
from depara_core.rooms.styles import OBJECT_PATTERNS, STYLES
from depara_core.rooms.tasks import NO_CLASS
from depara_core.rooms.textures import FRAME

FORMS = (("small", "large"), ("flat", "tall"), ("squat", "tall"), ("flat", "sharp"))  # by shape
FORM_CLASSES = tuple(f"{form} {shape}" for shape, forms in zip(SHAPES, FORMS, strict=True) for form in forms)
FORM_BOUNDS = (0.295, 1.12, 1.72, 1.41)  # medians of `form_measure` by shape, so that the classes are balanced
RICH_FACTORS = (len(STYLES), len(SHAPES), len(OBJECT_PATTERNS))  # 8 x 4 x 4 = 128 classes


def bare(scenes: Scenes) -> Scenes:
    """Return the scenes as untextured renderings: the hero alone, in one flat colour, in a plain room with one lamp.

    Camera, room, lamp's place and the hero's form stay to the bit; style, clutter, patterns, panels and daylight are
    gone. The colour is the scene's own random tint, which, unlike the textured world's hues, says nothing of the shape.
    """
    kept = torch.arange(scenes.present.shape[1]) == scenes.hero[:, None]
    height = torch.where(kept, scenes.centre[..., 2], PARKED)
    colour = scenes.picture[:, :, None].repeat(1, 1, scenes.finish.shape[2])
    colour[..., :FIRST_OBJECT] = torch.tensor(FRAME)[:, None]  # the skirting board's own colour hides it
    plain = torch.tensor((1.0, *RECIPES["plain"]))[:, None].expand(len(scenes), -1, scenes.finish.shape[2])
    return replace(
        scenes,
        present=kept,
        centre=torch.cat([scenes.centre[..., :2], height[..., None]], dim=-1),
        pattern=torch.zeros_like(scenes.pattern),
        finish=torch.cat([colour, colour, plain], dim=1),
        panels=torch.cat([torch.full_like(scenes.panels[..., :1], -1.0), scenes.panels[..., 1:]], dim=-1),
        lamp_colour=torch.ones_like(scenes.lamp_colour),
    )


DOMAINS: dict[str, Callable[[Scenes], Scenes]] = {"real": lambda scenes: scenes, "bare": bare}


def object_views(seed: int, start: int, stop: int) -> Scenes:
    """Return those of the scenes start .. stop - 1 of `seed` that look at one object."""
    scenes = sample_scenes(stop - start, seed, start)
    kept = scenes.hero >= 0
    return Scenes(**{field.name: getattr(scenes, field.name)[kept] for field in fields(scenes)})


def form_class(scenes: Scenes) -> Int64[Tensor, " N"]:
    """Return the hero's class, an index into FORM_CLASSES (shape x form); NO_CLASS in views of the whole room."""
    shape = hero_shape(scenes)
    form = (form_measure(scenes) > torch.tensor(FORM_BOUNDS)[shape]).long()
    return torch.where(scenes.hero >= 0, 2 * shape + form, NO_CLASS)


def form_measure(scenes: Scenes) -> Float32[Tensor, " N"]:
    """Return what splits a shape in two forms: a sphere's apparent radius (half image widths), else height / width."""
    half, centre = (_of_hero(scenes, name) for name in ("half", "centre"))
    apparent = scenes.focal * half[:, 0] / (centre - scenes.eye).norm(dim=1)
    return torch.where(hero_shape(scenes) == 0, apparent, half[:, 2] / (half[:, 0] * half[:, 1]).sqrt())


def hero_shape(scenes: Scenes) -> Int64[Tensor, " N"]:
    """Return the hero's shape, an index into SHAPES; 0 where there is no hero."""
    return (torch.tensor(HERO_SLOTS) == scenes.hero[:, None]).long().argmax(1)


def rich_factors(scenes: Scenes) -> Int64[Tensor, "N 3"]:
    """Return room style, the hero's shape and its pattern: of RICH_FACTORS classes; their product is the rich task."""
    return torch.stack([scenes.style, hero_shape(scenes), _of_hero(scenes, "pattern")], dim=1)


def _of_hero(scenes: Scenes, name: str) -> Tensor:
    return getattr(scenes, name)[torch.arange(len(scenes)), scenes.hero.clamp(min=0)]
