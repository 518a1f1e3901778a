"""Colours and patterns of every surface of a scene, gathered in one table the caster can look up per pixel."""

import torch
from torch import Tensor

from depara_core.rooms.rng import SceneRng
from depara_core.rooms.styles import PATTERNS, STYLES, Finish

# Hue follows shape and style, so that a grey image says something about colour (colourisation would be hopeless else).
SLOT_HUES = torch.tensor([0.015, 0.995, 0.095, 0.115, 0.075, 0.44, 0.47, 0.62, 0.66])

# rows per period, duty u, duty v, row shift, column shift, weight of a, of b, of a*b, offset, tint per cell, spots
RECIPES: dict[str, tuple[float, ...]] = {
    "plain": (1.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "stripes": (1.0, 0.5, 0.5, 0.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    "checks": (1.0, 0.5, 0.5, 0.0, 0.0, 1.0, 1.0, -2.0, 0.0, 0.0, 0.0),
    "spots": (1.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    "tiles": (1.0, 0.94, 0.94, 0.0, 0.0, 0.0, 0.0, -1.0, 1.0, 0.10, 0.0),
    "bricks": (2.6, 0.95, 0.88, 0.5, 0.0, 0.0, 0.0, -1.0, 1.0, 0.30, 0.0),
    "planks": (0.11, 0.95, 0.985, 0.0, 1.0, 0.0, 0.0, -1.0, 1.0, 0.34, 0.0),
}
ROWS = 18  # main RGB, second RGB, 1 / period, then the eleven numbers of a recipe


def linear_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Return linear RGB (..., 3) of a colour in HSV (hue in turns), display gamma 2.2."""
    sector = (hue[..., None] * 6 + torch.tensor([5.0, 3.0, 1.0])) % 6
    wave = torch.minimum(sector, 4 - sector).clamp(0, 1)
    return (value[..., None] * (1 - saturation[..., None] * wave)) ** 2.2


def finish_table(rng: SceneRng, style: Tensor, pattern: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the table (N, 18, 3 + K) of floor, ceiling, wall and object finishes, and the colours of the lights."""
    recipes = torch.tensor([RECIPES[name] for name in PATTERNS])
    finishes = [(entry.floor, entry.ceiling, entry.wall) for entry in STYLES]
    hue = rng.uniform(-0.025, 0.025, 3)
    value = rng.uniform(0.90, 1.06, 3)
    surfaces = [_colours(finishes, style, key, hue, value) for key in ("main", "second")]
    period = _pick([[f.period for f in row] for row in finishes], style) * rng.uniform(0.85, 1.2, 3)
    kind = _pick([[PATTERNS.index(f.pattern) for f in row] for row in finishes], style).long()

    shift = _pick([[entry.hue_shift] for entry in STYLES], style)
    object_hue = (SLOT_HUES + shift + rng.uniform(-0.02, 0.02, len(SLOT_HUES))) % 1.0
    main = linear_rgb(object_hue, rng.uniform(0.55, 0.80, len(SLOT_HUES)), rng.uniform(0.62, 0.90, len(SLOT_HUES)))
    second = linear_rgb((object_hue + 0.05) % 1.0, torch.full_like(object_hue, 0.16), torch.full_like(object_hue, 0.96))
    object_period = torch.tensor([0.34, 0.22, 0.22, 0.26])[pattern] * rng.uniform(0.9, 1.15, len(SLOT_HUES))

    columns = torch.cat(
        [
            torch.cat([surfaces[0], main], 1),
            torch.cat([surfaces[1], second], 1),
            1.0 / torch.cat([period, object_period], 1)[..., None],
            recipes[torch.cat([kind, pattern], 1)],
        ],
        dim=-1,
    )
    lights = {name: _light(name, style) for name in ("lamp", "daylight")}
    tint = linear_rgb(rng.uniform(0.0, 1.0), rng.uniform(0.3, 0.6), rng.uniform(0.5, 0.85))
    return columns.transpose(1, 2).contiguous(), lights | {"picture": tint}


def _pick(rows: list[list[float]], style: Tensor) -> Tensor:
    """Return each scene's row (N, columns) of a table with one row a style."""
    return torch.tensor(rows, dtype=torch.float32)[style]


def _colours(
    finishes: list[tuple[Finish, Finish, Finish]], style: Tensor, key: str, hue: Tensor, value: Tensor
) -> Tensor:
    """Return linear RGB (N, 3 surfaces, 3) of one colour of the surfaces, varied a little by scene."""
    hsv = torch.tensor([[getattr(finish, key) for finish in row] for row in finishes])[style]
    return linear_rgb((hsv[..., 0] + hue) % 1.0, hsv[..., 1], (hsv[..., 2] * value).clamp(max=0.98))


def _light(name: str, style: Tensor) -> Tensor:
    """Return the linear RGB (N, 3) of a style's lamp or daylight."""
    hsv = _pick([list(getattr(entry, name)) for entry in STYLES], style)
    return linear_rgb(hsv[:, 0], hsv[:, 1], hsv[:, 2])
