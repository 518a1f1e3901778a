"""Scenes in batches that fit a processor's cache, cut at the same indices whatever the count: pixels never change."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from depara_core.errors import OptionError
from depara_core.files import Progress
from depara_core.rooms.scenes import Scenes, sample_scenes

T = TypeVar("T")
CHUNK_PIXELS = 131072
SIZES = (16, 512)


def scene_chunks(count: int, seed: int, size: int, start: int = 0) -> Iterator[Scenes]:
    """Yield scenes start .. start + count - 1 and as many more as fill the last batch; `start` must begin a batch."""
    if not SIZES[0] <= size <= SIZES[1]:
        raise OptionError(f"Expected an image size from {SIZES[0]} to {SIZES[1]} pixels, got {size}.")
    if count < 1:
        raise OptionError(f"Expected at least one scene, got count={count}.")
    step = max(1, CHUNK_PIXELS // (size * size))
    if start % step:
        raise OptionError(f"Expected start to be a multiple of {step} at {size} pixels, got {start}.")
    for first in range(start, start + count, step):
        yield sample_scenes(step, seed, first)


def map_chunks(
    make: Callable[[Scenes], T],
    count: int,
    seed: int,
    size: int,
    progress: Progress | None = None,
) -> list[T]:
    """Return what `make` makes of each batch, several at a time: one batch alone is too small to occupy all cores.

    `progress(done, total, message)` counts scenes; what it raises stops the rest.
    """

    def made(scenes: Scenes) -> tuple[int, T]:
        with torch.inference_mode():
            return len(scenes), make(scenes)

    parts: list[T] = []
    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        for number, part in executor.map(made, scene_chunks(count, seed, size)):
            parts.append(part)
            done += number
            if progress:
                progress(min(done, count), count, "Rendering rooms")
    return parts
