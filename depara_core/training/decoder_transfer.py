"""Transfer measured a second way: the zoo's own decoders, trained by gradient descent on frozen codes with few labels.

The closed-form read-outs of `transfer` look at a code cell by cell, as the local directed score does; these decoders do
not: they are what the cards' networks end with, and learn as those did. Scenes and sources are the same.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float32
from safetensors.numpy import load_file, save_file
from torch import Tensor
from torch.nn.functional import cross_entropy

from depara_core.benchmark.transfer_table import POOLED
from depara_core.errors import OptionError
from depara_core.evaluation import affinity
from depara_core.files import Progress, side_by_side, written_aside
from depara_core.rooms import TASKS, Task
from depara_core.training.scene_pool import WORK, ScenePool
from depara_core.training.transfer import SplitReadouts, identity, make_splits, open_source, sources, transfer_pool
from depara_core.zoo.rooms import CONTROL
from depara_core.zoo.rooms_network import Decoder

TARGETS = (
    "edge_texture",
    "keypoints2d",
    "curvature",
    "depth_zbuffer",
    "normal",
    "reshading",
    "room_layout",
    "vanishing_point",
    "class_object",
    "class_scene",
)  # of every kind; none of them corrupts the picture
LABELS, STEPS, BATCH, RATE = 250, 100, 32, 2e-3
VERSION = 1  # raise it when the same weights come to mean other losses


def measure_decoders(
    *,
    seed: int = 0,
    workers: int = 2,
    folder: Path | None = None,
    work: Path = WORK,
    targets: tuple[str, ...] = TARGETS,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Train a decoder of every target on every encoder and the untrained control; return a transfer table's rows.

    Columns as those of `transfer_table`: source, target, budget (`LABELS`), split ("all"), loss (squared error in units
    of the label's variance, or cross-entropy of classes; mean over the first split's test scenes), its standard error,
    and the ordinal affinity. A source that was measured before, with the same weights, is read from `work`: an
    interrupted run goes on where it stopped. `progress(done, total, message)` counts sources.
    """
    if seed < 0 or workers < 1 or steps < 1 or not set(targets) <= set(TARGETS):
        raise OptionError(
            f"Expected seed >= 0, workers and steps >= 1 and targets among {', '.join(TARGETS)}; "
            f"got {seed}, {workers}, {steps} and {', '.join(targets)}."
        )
    names = [name for name in sources(folder) if name in TASKS or name == CONTROL]
    pool = transfer_pool(seed, work, workers, progress)
    files = {
        name: work / f"decoders-{VERSION}-{seed}-{steps}-{name}-{identity(name, folder)}.safetensors" for name in names
    }
    jobs = [(name, folder, pool, seed, targets, steps, file) for name, file in files.items() if _lacks(file, targets)]
    for done, name in enumerate(side_by_side(_measure, jobs, workers), len(names) - len(jobs) + 1):
        if progress:
            progress(done, len(names), f"Decoders on {name}")
    return _table({name: load_file(file) for name, file in files.items()}, targets)


def _lacks(file: Path, targets: tuple[str, ...]) -> bool:
    return not file.exists() or not set(targets) <= set(load_file(file))


def _measure(
    name: str, folder: Path | None, pool: ScenePool, seed: int, targets: tuple[str, ...], steps: int, file: Path
) -> str:
    """Train and test one source's decoders, write their losses scene by scene, and return the source's name."""
    study = SplitReadouts(open_source(name, folder), pool, make_splits()[0], "")
    known = load_file(file) if file.exists() else {}
    for target in targets:
        known[target] = known.get(target, decoder_losses(study, TASKS[target], steps=steps, seed=seed))
    with written_aside(file) as aside:
        save_file(known, aside)
    return name


def decoder_losses(
    study: SplitReadouts, task: Task, *, labels: int = LABELS, steps: int = STEPS, seed: int = 0
) -> Float32[np.ndarray, " scenes"]:
    """Return the losses, scene by scene, of the task's own decoder, trained on `labels` scenes' codes and labels."""
    train, test = study.usable(task, labels)
    learned, asked = _labels(study, task, train, test)
    codes = study.train[train]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder = Decoder(task).train()
        optimizer = torch.optim.AdamW(decoder.parameters(), lr=RATE, weight_decay=0.02, fused=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for rows in _batches(len(codes), steps, seed):
            optimizer.zero_grad(set_to_none=True)
            _losses(decoder(codes[rows]), learned[rows]).mean().backward()
            optimizer.step()
            schedule.step()
    return _tested(decoder.eval(), study.test[test], asked).numpy()


def _labels(study: SplitReadouts, task: Task, train: np.ndarray, test: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return labels to learn and to predict: whole-number classes, or values of mean 0 and variance 1."""
    if task.kind != "class":
        return study.targets(task, train, test)
    starts = study.split.train.start, study.split.test.start
    learned, asked = (study.pool.labels(task, rows + start) for rows, start in zip((train, test), starts, strict=True))
    return learned, asked


def _batches(count: int, steps: int, seed: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        yield torch.randint(count, (BATCH,), generator=generator)


def _losses(output: Tensor, labels: Tensor) -> Tensor:
    """Return each scene's loss: cross-entropy of classes (B,), else the mean squared error (B, C, ...)."""
    if labels.ndim == 1:
        return cross_entropy(output, labels, reduction="none")
    return (output - labels).square().flatten(1).mean(1)


@torch.inference_mode()
def _tested(decoder: Decoder, codes: Tensor, labels: Tensor) -> Tensor:
    parts = zip(codes.split(BATCH), labels.split(BATCH), strict=True)
    return torch.cat([_losses(decoder(part), asked) for part, asked in parts])


def _table(losses: dict[str, dict[str, np.ndarray]], targets: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for target in targets:
        values = np.stack([losses[name][target] for name in losses], axis=1).astype(np.float64)
        error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        columns = zip(losses, values.mean(axis=0), error, affinity(values), strict=True)
        rows += [(name, target, LABELS, POOLED, loss, spread, worth) for name, loss, spread, worth in columns]
    return pd.DataFrame(rows, columns=["source", "target", "budget", "split", "loss", "error", "affinity"])
