"""The bundled world: rooms drawn from seeds, their pictures, and exact labels for twenty tasks from the same rays."""

import numpy as np
import torch
from jaxtyping import UInt8

from depara_core.rooms.casting import SURFACES, Hit, cast, pixel_grid
from depara_core.rooms.chunks import scene_chunks
from depara_core.rooms.rendering import render_scenes
from depara_core.rooms.scenes import Scenes, sample_scenes

__all__ = ["SURFACES", "Hit", "Scenes", "cast", "pixel_grid", "render", "sample_scenes", "surfaces"]


@torch.inference_mode()
def render(count: int, seed: int, size: int = 128) -> UInt8[np.ndarray, "N size size 3"]:
    """Return RGB pictures of scenes 0 .. count - 1 of `seed`; picture i does not depend on `count`."""
    images = torch.cat([render_scenes(scenes, size) for scenes in scene_chunks(count, seed, size)])
    return images[:count].contiguous().numpy()


@torch.inference_mode()
def surfaces(count: int, seed: int, size: int = 128) -> UInt8[np.ndarray, "N size size"]:
    """Return for every pixel the index into `SURFACES` of what its centre shows."""
    grid = pixel_grid(size)
    maps = [cast(scenes, *grid).surface.to(torch.uint8) for scenes in scene_chunks(count, seed, size)]
    return torch.cat(maps)[:count].view(count, size, size).numpy()
