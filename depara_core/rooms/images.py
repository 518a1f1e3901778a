"""The first N scenes of a seed as arrays: their pictures, their tasks' labels, and what each pixel shows."""

from collections.abc import Iterable

import numpy as np
import torch
from jaxtyping import UInt8

from depara_core.files import Progress
from depara_core.rooms.casting import FIRST_OBJECT, cast, pixel_grid
from depara_core.rooms.chunks import map_chunks
from depara_core.rooms.domains import DOMAINS
from depara_core.rooms.labelling import label_scenes
from depara_core.rooms.rendering import render_scenes
from depara_core.rooms.scenes import SLOTS, Scenes
from depara_core.rooms.tasks import check_tasks

WALLS = ("left wall", "right wall", "front wall", "back wall")
PIECES = ("floor", "ceiling", *WALLS, *SLOTS)  # what `pieces` tells apart: every wall and every object by itself


def render(
    count: int,
    seed: int,
    size: int = 128,
    progress: Progress | None = None,
    *,
    domain: str = "real",
) -> UInt8[np.ndarray, "N size size 3"]:
    """Return RGB pictures of scenes 0 .. count - 1 of `seed`, as one of `DOMAINS`; picture i is the same for any count.

    `progress(done, total, message)` counts scenes; what it raises stops the work.
    """
    dress = DOMAINS[domain]
    images = map_chunks(lambda scenes: render_scenes(dress(scenes), size), count, seed, size, progress)
    return torch.cat(images)[:count].contiguous().numpy()


def labels(count: int, seed: int, size: int = 64, tasks: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Return each task's labels (see `Task`) for the pictures that `render(count, seed, size)` makes."""
    names = check_tasks(tasks)
    parts = map_chunks(lambda scenes: label_scenes(scenes, render_scenes(scenes, size), names), count, seed, size)
    return {name: torch.cat([part[name] for part in parts])[:count].contiguous().numpy() for name in names}


def surfaces(count: int, seed: int, size: int = 128) -> UInt8[np.ndarray, "N size size"]:
    """Return for every pixel the index into `SURFACES` of what its centre shows."""
    grid = pixel_grid(size)
    maps = map_chunks(lambda scenes: cast(scenes, *grid).surface.to(torch.uint8), count, seed, size)
    return torch.cat(maps)[:count].view(count, size, size).numpy()


def pieces(count: int, seed: int, size: int = 128) -> UInt8[np.ndarray, "N size size"]:
    """Return for every pixel the index into `PIECES` of what its centre shows: each object by itself."""
    grid = pixel_grid(size)

    def seen(scenes: Scenes) -> torch.Tensor:
        hit = cast(scenes, *grid)
        return torch.where(hit.wall >= 0, 2 + hit.wall, hit.piece + (hit.piece >= FIRST_OBJECT) * (len(WALLS) - 1))

    return torch.cat(map_chunks(seen, count, seed, size))[:count].view(count, size, size).to(torch.uint8).numpy()
