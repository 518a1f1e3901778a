"""Measured transfer among the rooms: how well each frozen encoder serves each task with few labels, on fresh scenes.

Every source's 8 x 8 code of the same pictures goes into the same closed-form read-out of every target (see `readout`).
Losses are kept scene by scene, because the ranking rule compares sources on the same scenes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, one_hot, pixel_unshuffle

from depara_core.errors import OptionError
from depara_core.files import Progress, side_by_side, written_aside
from depara_core.rooms import TASKS, Task, corrupt
from depara_core.rooms.labels2d import luminance
from depara_core.training.readout import CellFeatures, KernelRidge, Ridge, from_cells, to_cells, training_share
from depara_core.training.scene_pool import WORK, ScenePool, build_pool
from depara_core.training.trainer import moments
from depara_core.zoo.rooms import CONTROL, card, weights_path
from depara_core.zoo.rooms_weights import control, load_solver

PIXELS = "pixels"  # the pictures themselves, at 32 x 32, as a source: what needs no network
POOL_SEED = 3_000_000  # added to the seed: scenes that no network was trained or tested on
BUDGETS = (250, 1000)  # labelled scenes that a read-out may learn from
SPLITS = 3
TEST = 400  # fresh scenes a split
VERSION = 1  # raise it when the same weights come to mean other losses: what was measured before is measured anew
SHOWN = {"denoising": "noisy", "inpainting": "holed", "colorization": "grey"}  # other tasks see the picture as it is
BATCH = 200

Losses = Float32[np.ndarray, "T budgets splits scenes"]


@dataclass(frozen=True)
class Split:
    """Rows of the pool: scenes to learn from, and scenes to test on."""

    number: int
    train: slice
    test: slice


def make_splits(train: int = BUDGETS[-1], test: int = TEST, number: int = SPLITS) -> list[Split]:
    """Return the splits; no scene is in two of them."""
    starts = [k * (train + test) for k in range(number)]
    return [Split(k, slice(s, s + train), slice(s + train, s + train + test)) for k, s in enumerate(starts)]


def sources(folder: Path | None = None) -> list[str]:
    """Return the sources: every trained encoder in `folder` (default: the bundled zoo), then both controls."""
    return [*(name for name in TASKS if weights_path(name, folder).exists()), CONTROL, PIXELS]


def measure_transfer(
    *,
    seed: int = 0,
    workers: int = 2,
    folder: Path | None = None,
    work: Path = WORK,
    progress: Progress | None = None,
) -> dict[str, Losses]:
    """Measure every source on every task: its losses by task (the order of TASKS), budget, split and test scene.

    A source that was measured before, with the same weights and scenes, is read from `work`: an interrupted run goes on
    where it stopped. `progress(done, total, message)` counts blocks of scenes, then sources.
    """
    if seed < 0 or workers < 1:
        raise OptionError(f"Expected seed >= 0 and workers >= 1, got {seed} and {workers}.")
    names = sources(folder)
    pool = transfer_pool(seed, work, workers, progress)
    files = {
        name: work / f"transfer-{VERSION}-{seed}-{name}-{identity(name, folder)[:12]}.safetensors" for name in names
    }
    missing = [name for name in names if not files[name].exists()]
    jobs = [(name, folder, pool, files[name]) for name in missing]
    for done, name in enumerate(side_by_side(_measure, jobs, workers), len(names) - len(missing) + 1):
        if progress:
            progress(done, len(names), f"Transfer from {name}")
    return {name: load_file(file)["losses"] for name, file in files.items()}


def transfer_pool(seed: int, work: Path, workers: int = 2, progress: Progress | None = None) -> ScenePool:
    """Return the scenes of all splits, with their labels."""
    return build_pool(work, SPLITS * (BUDGETS[-1] + TEST), POOL_SEED + seed, workers, progress)


def open_source(name: str, folder: Path | None = None) -> nn.Module:
    """Return a source as a module from pictures (B, 3, 64, 64) in [-1, 1] to codes (B, C, 8, 8)."""
    if name == PIXELS:
        return Cells()
    return control() if name == CONTROL else load_solver(name, folder).encoder


class Cells(nn.Module):
    """The picture at half its size, the 4 x 4 pixels of each cell as channels: (B, 3, 64, 64) to (B, 48, 8, 8)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the code."""
        return pixel_unshuffle(avg_pool2d(x, 2), 4)


@torch.inference_mode()
def source_losses(
    module: nn.Module,
    pool: ScenePool,
    splits: list[Split],
    budgets: tuple[int, ...] = BUDGETS,
    tasks: tuple[str, ...] = (),
) -> Losses:
    """Return one source's losses; NaN where a scene has no label, or for a task not among `tasks` (none: all).

    Loss: squared error in units of the label's variance, 1 for the best constant; the mean over pixels and channels
    (for inpainting, pixels of the hole weigh ten times the others). A class is as many columns of 0 and 1.
    """
    scenes = max(split.test.stop - split.test.start for split in splits)
    losses = np.full((len(TASKS), len(budgets), len(splits), scenes), np.nan, dtype=np.float32)
    wanted = [task for task in TASKS.values() if not tasks or task.name in tasks]
    for split in splits:
        for shown in dict.fromkeys(SHOWN.get(task.name, "") for task in wanted):
            study = SplitReadouts(module, pool, split, shown)
            for column, budget in enumerate(budgets):
                for task, rows, values in study.losses([t for t in wanted if SHOWN.get(t.name, "") == shown], budget):
                    losses[list(TASKS).index(task.name), column, split.number, rows] = values
    return losses


class SplitReadouts:
    """One split, seen by one source through one kind of corruption."""

    def __init__(self, module: nn.Module, pool: ScenePool, split: Split, shown: str) -> None:
        self.pool, self.split = pool, split
        generator = torch.Generator().manual_seed(split.number)
        self.train, self.train_weight = _codes(module, pool.images(split.train), shown, generator)
        self.test, self.test_weight = _codes(module, pool.images(split.test), shown, generator)

    def losses(self, tasks: list[Task], budget: int) -> Iterator[tuple[Task, np.ndarray, np.ndarray]]:
        """Yield each task with the test scenes that have a label, counted from 0, and their losses."""
        pixel = [task for task in tasks if task.kind == "pixel"]
        if pixel:
            yield from self._pixel_losses(pixel, budget)
        for task in tasks:
            if task.kind != "pixel":
                yield self._vector_losses(task, budget)

    def _pixel_losses(self, tasks: list[Task], budget: int) -> Iterator[tuple[Task, np.ndarray, np.ndarray]]:
        code, grid = self.train[:budget], self.train.shape[-1]
        features = CellFeatures(code)
        x, test = features(code), features(self.test)
        root = torch.ones(1)
        if self.train_weight is not None:  # a cell weighs as much as its pixels do on average
            root = to_cells(self.train_weight[:budget], grid).mean(1, keepdim=True).sqrt()
        share = torch.ones(1)
        if self.test_weight is not None:
            share = self.test_weight / self.test_weight.mean((2, 3), keepdim=True)
        ridge = Ridge(x * root, training_share(budget) * grid * grid)
        for task in tasks:
            train, goal = self.targets(task, np.arange(budget), np.arange(len(self.test)))
            output = from_cells(test @ ridge.solve(to_cells(train, grid) * root), grid, train.shape[1])
            yield task, np.arange(len(goal)), ((output - goal).square() * share).mean((1, 2, 3)).numpy()

    def _vector_losses(self, task: Task, budget: int) -> tuple[Task, np.ndarray, np.ndarray]:
        train, test = self.usable(task, budget)
        y, goal = self.targets(task, train, test)
        ridge = KernelRidge(self.train[train].flatten(1), training_share(len(train)))
        output = ridge.predict(self.test[test].flatten(1), ridge.solve(y))
        return task, test, (output - goal).square().mean(1).numpy()

    def usable(self, task: Task, budget: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which of the first `budget` training scenes, and which test scenes, have a label, counted from 0."""
        usable = np.isin(np.arange(self.pool.count), self.pool.usable(task))
        return np.flatnonzero(usable[self.split.train][:budget]), np.flatnonzero(usable[self.split.test])

    def targets(self, task: Task, train: np.ndarray, test: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return labels to learn and to predict, of mean 0 and variance 1 over the split's training scenes."""
        learned = _columns(task, self.pool.labels(task, train + self.split.train.start))
        asked = _columns(task, self.pool.labels(task, test + self.split.test.start))
        usable = self.pool.usable(task)
        known = usable[(usable >= self.split.train.start) & (usable < self.split.train.stop)]
        mean, std = moments(task, _columns(task, self.pool.labels(task, known)))
        if task.is_class:  # one scale for all columns: a rare class must not weigh more than a frequent one
            std = std.square().mean().sqrt()
        return (learned - mean) / std, (asked - mean) / std


def _codes(module: nn.Module, images: Tensor, shown: str, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
    """Return codes (N, C, 8, 8) of pictures as they are shown, and for holed ones each pixel's weight (N, 1, S, S)."""
    weight = None
    if shown == "grey":
        images = luminance(images).expand_as(images)
    elif shown:
        images, weight = corrupt("denoising" if shown == "noisy" else "inpainting", images, generator)
    return torch.cat([module(part * 2 - 1) for part in images.split(BATCH)]), weight


def _columns(task: Task, labels: Tensor) -> Tensor:
    """Return labels as numbers (N, C, ...): classes as one column each, 0 or 1."""
    return one_hot(labels, task.channels).movedim(-1, 1).float() if task.is_class else labels


def identity(name: str, folder: Path | None) -> str:
    """Return what the losses of a source depend on: its weights' digest, or the control that it is."""
    return str(card(name, folder)["sha256"])[:12] if name in TASKS else "control"


def _measure(name: str, folder: Path | None, pool: ScenePool, file: Path) -> str:
    """Measure one source and write its losses; return its name."""
    losses = source_losses(open_source(name, folder), pool, make_splits())
    with written_aside(file) as aside:
        save_file({"losses": losses}, aside)
    return name
