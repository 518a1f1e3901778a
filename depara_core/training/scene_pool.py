"""A pool of rendered scenes with the labels of all tasks, on disk as arrays that worker processes share."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from depara_core.files import Progress, side_by_side
from depara_core.rooms import IMAGE_TARGETS, NO_CLASS, TASKS, Task, label_scenes, render_scenes, scene_chunks
from depara_core.zoo.rooms import INPUT_SIZE

BLOCK = 256  # scenes a worker renders at a time; what an interruption can lose
WORK = Path(".work")  # what long runs keep so that they can go on: scenes, checkpoints, single measurements


@dataclass(frozen=True)
class ScenePool:
    """Scenes 0 .. count - 1 of `seed` in `folder`: pictures uint8 (N, 64, 64, 3), one array of labels a task."""

    folder: Path
    count: int
    seed: int

    def images(self, rows: np.ndarray | slice) -> Tensor:
        """Return pictures (B, 3, 64, 64) in [0, 1]."""
        return torch.from_numpy(np.array(self._array("images", "r")[rows])).permute(0, 3, 1, 2).float() / 255

    def labels(self, task: Task, rows: np.ndarray | slice) -> Tensor:
        """Return labels: float32, or int64 for classes."""
        if task.name in IMAGE_TARGETS:
            return self.images(rows)
        values = torch.from_numpy(np.array(self._array(task.name, "r")[rows]))
        return values.long() if task.is_class else values.float()

    def usable(self, task: Task) -> np.ndarray:
        """Return the indices of scenes that have a label for the task."""
        if task.kind != "class":
            return np.arange(self.count)
        return np.flatnonzero(np.asarray(self._array(task.name, "r")) != NO_CLASS)

    def _array(self, name: str, mode: str) -> np.ndarray:
        return np.lib.format.open_memmap(self.folder / f"{name}.npy", mode=mode)


def build_pool(work: Path, count: int, seed: int, workers: int = 2, progress: Progress | None = None) -> ScenePool:
    """Return the pool of `seed`, rendering the blocks of scenes that `work` does not hold yet."""
    pool = ScenePool(work / f"pool-{seed}-{count}", count, seed)
    pool.folder.mkdir(parents=True, exist_ok=True)
    if not (pool.folder / "layout.json").exists():
        _make_arrays(pool)
    missing = [start for start in range(0, count, BLOCK) if not _mark(pool, start).exists()]
    total = -(-count // BLOCK)
    jobs = [(pool, start) for start in missing]
    for done, _ in enumerate(side_by_side(_fill, jobs, workers), total - len(missing) + 1):
        if progress:
            progress(done, total, "Rendering rooms")
    return pool


def _mark(pool: ScenePool, start: int) -> Path:
    """Return the empty file that says the block from `start` is complete."""
    return pool.folder / f"done-{start}"


def _make_arrays(pool: ScenePool) -> None:
    """Create the arrays, empty: half precision for labels, bytes for classes and pictures."""
    shapes = {"images": ((pool.count, INPUT_SIZE, INPUT_SIZE, 3), "u1")}
    for task in TASKS.values():
        if task.name not in IMAGE_TARGETS:
            pixels = (INPUT_SIZE, INPUT_SIZE) if task.kind == "pixel" else ()
            channels = () if task.is_class else (task.channels,)
            shapes[task.name] = ((pool.count, *channels, *pixels), "i1" if task.is_class else "f2")
    for name, (shape, kind) in shapes.items():
        np.lib.format.open_memmap(pool.folder / f"{name}.npy", mode="w+", dtype=kind, shape=shape)
    (pool.folder / "layout.json").write_text(json.dumps({"count": pool.count, "seed": pool.seed}))


@torch.inference_mode()
def _fill(pool: ScenePool, start: int) -> None:
    """Render and label one block of scenes."""
    stop = min(start + BLOCK, pool.count)
    arrays: dict[str, np.ndarray] = {}
    row = start
    for scenes in scene_chunks(stop - start, pool.seed, INPUT_SIZE, start):
        images = soften(render_scenes(scenes, INPUT_SIZE))
        kept = min(len(scenes), stop - row)
        for name, values in (("images", images), *label_scenes(scenes, images).items()):
            if name not in IMAGE_TARGETS:
                array = arrays.setdefault(name, pool._array(name, "r+"))
                array[row : row + kept] = values[:kept].numpy().astype(array.dtype)
        row += kept
    for array in arrays.values():
        array.flush()  # type: ignore[attr-defined]
    _mark(pool, start).touch()


def soften(images: Tensor) -> Tensor:
    """Return uint8 pictures (B, S, S, 3) as sharp as ones rendered twice as large and shrunk with a triangle filter.

    That is how a network meets its probes. The triangle [1 3 3 1] / 8 has variance 3/16 of a pixel squared, a box
    1/16; the kernel [1 14 1] / 16 adds the 1/8 between them.
    """
    maps = images.permute(0, 3, 1, 2).float()
    for axis in (2, 3):
        first, last = maps.narrow(axis, 0, 1), maps.narrow(axis, -1, 1)
        wide = torch.cat([first, maps, last], dim=axis)
        size = maps.shape[axis]
        maps = (wide.narrow(axis, 0, size) + wide.narrow(axis, 2, size)) / 16 + maps * (14 / 16)
    return maps.round().to(torch.uint8).permute(0, 2, 3, 1)
