"""The bundled world: rooms drawn from seeds, their pictures, and exact labels for twenty tasks from the same rays."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from jaxtyping import UInt8

from depara_core.rooms.casting import SURFACES, Hit, cast, pixel_grid
from depara_core.rooms.chunks import map_chunks, scene_chunks
from depara_core.rooms.corruption import corrupt
from depara_core.rooms.domains import DOMAINS, FORM_CLASSES, RICH_FACTORS, form_class, object_views, rich_factors
from depara_core.rooms.rendering import render_scenes
from depara_core.rooms.scenes import Scenes, sample_scenes
from depara_core.rooms.tasks import GROUPS, IMAGE_TARGETS, NO_CLASS, TASKS, Task, check_tasks, label_scenes

__all__ = [
    "DOMAINS", "FORM_CLASSES", "GROUPS", "IMAGE_TARGETS", "NO_CLASS", "RICH_FACTORS", "SURFACES", "TASKS", "Hit",
    "Scenes", "Task", "cast", "check_tasks", "corrupt", "form_class", "label_scenes", "labels", "object_views",
    "pixel_grid", "render", "render_scenes", "rich_factors", "sample_scenes", "scene_chunks", "surfaces",
]  # fmt: skip


def render(
    count: int,
    seed: int,
    size: int = 128,
    progress: Callable[[int, int, str], None] | None = None,
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
