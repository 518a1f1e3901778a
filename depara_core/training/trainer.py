"""Training of one task: fixed steps, every step seeded by its number, so that a resumed run equals an unbroken one."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from depara_core.files import written_aside
from depara_core.rooms import NO_CLASS, Task, corrupt
from depara_core.training.scene_pool import ScenePool
from depara_core.zoo.rooms_network import Solver

SAMPLE = 2048  # training scenes that give a label's mean, spread and constant predictor
EVALUATION_BATCH = 128


@dataclass(frozen=True)
class Recipe:
    """How a task is trained; the learning rate falls from `rate` to 0 along a cosine after a short warm-up."""

    steps: int = 1000
    batch: int = 32
    rate: float = 2.5e-3
    weight_decay: float = 0.02
    warmup: int = 50
    seed: int = 0
    save_every: int = 250


@dataclass(frozen=True)
class HeldOutScore:
    """How a network does on held-out scenes; skill = 1 - error / constant_error, 0 for the best constant, 1 perfect.

    `error` is the mean squared error in units of the label's variance, or the share of wrong classes.
    """

    measure: str
    error: float
    constant_error: float

    @property
    def skill(self) -> float:
        """Share of the constant predictor's error that is gone."""
        return 1 - self.error / self.constant_error


def train_task(
    task: Task,
    pool: ScenePool,
    recipe: Recipe,
    work: Path,
    device: torch.device,
    progress: Callable[[int, str], None] | None = None,
) -> Solver:
    """Return the trained network of `task`, going on from the checkpoint in `work` if there is one of this recipe."""
    torch.manual_seed(recipe.seed)
    solver = Solver(task).to(device).to(memory_format=torch.channels_last)
    _standardise(solver, task, pool)
    optimizer = torch.optim.AdamW(solver.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
    checkpoint = work / f"{task.name}.pt"
    first = _resume(checkpoint, solver, optimizer, recipe)
    usable = pool.usable(task)
    solver.train()
    for step in range(first, recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step)
        loss = _step(solver, optimizer, task, pool, usable, recipe, step, device)
        if not math.isfinite(loss):  # the weights are lost; so will the score be, and the gate rejects it
            break
        if (step + 1) % recipe.save_every == 0 and step + 1 < recipe.steps:
            _save(checkpoint, solver, optimizer, recipe, step + 1)
        if progress and (step + 1) % 50 == 0:
            progress(step + 1, f"{task.name}: step {step + 1} of {recipe.steps}, loss {loss:.3f}")
    return solver.eval()


def learning_rate(recipe: Recipe, step: int) -> float:
    """Return the rate of a step: linear warm-up times a cosine from 1 to 0."""
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup) * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


def score_solver(
    solver: Solver, task: Task, pool: ScenePool, held_out: ScenePool, device: torch.device
) -> HeldOutScore:
    """Return the network's error on held-out scenes beside that of the training set's best constant (per pixel)."""
    constant = _constant(task, pool)
    rows = held_out.usable(task)
    errors, constants, weights = 0.0, 0.0, 0.0
    generator = torch.Generator().manual_seed(0)
    solver.eval()
    with torch.inference_mode():
        for start in range(0, len(rows), EVALUATION_BATCH):
            batch = rows[start : start + EVALUATION_BATCH]
            images, weight = corrupt(task.name, held_out.images(batch), generator)
            output = solver((images * 2 - 1).to(device)).float().cpu()
            target = held_out.labels(task, batch)
            share = torch.ones(1) if weight is None else weight
            errors += float((_errors(task, solver, output, target) * share).mean()) * len(batch)
            constants += float((_errors(task, solver, constant, target) * share).mean()) * len(batch)
            weights += float(share.mean()) * len(batch)
    measure = "share of wrong classes" if task.is_class else "squared error / label variance"
    return HeldOutScore(measure, errors / weights, constants / weights)


def _errors(task: Task, solver: Solver, output: Tensor, target: Tensor) -> Tensor:
    """Return 0 or 1 a class, or squared errors of standardised values, broadcast over the batch."""
    if task.is_class:
        return (output.argmax(1) != target).float()
    std = solver.decoder.get_buffer("std").cpu()
    return (output - (target - solver.decoder.get_buffer("mean").cpu()) / std).square()


def _constant(task: Task, pool: ScenePool) -> Tensor:
    """Return the best constant's output (1, ...), per pixel: the mean label, standardised, or the classes' counts."""
    target = pool.labels(task, pool.usable(task)[:SAMPLE])
    if task.is_class:
        counts = torch.stack([(target == k).float().sum(0) for k in range(task.channels)])
        return counts[None]
    mean, std = moments(task, target)
    return ((target - mean) / std).mean(0, keepdim=True)


def moments(task: Task, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return a label's mean and standard deviation per channel, (1, C, 1, 1) or (1, C)."""
    axes = (0, 2, 3) if task.kind == "pixel" else (0,)
    return target.mean(axes, keepdim=True), target.std(axes, keepdim=True).clamp(min=1e-4)


def _standardise(solver: Solver, task: Task, pool: ScenePool) -> None:
    """Set the decoder's mean and std from the training labels."""
    if not task.is_class:
        mean, std = moments(task, pool.labels(task, slice(0, min(SAMPLE, pool.count))))
        solver.decoder.get_buffer("mean").copy_(mean)
        solver.decoder.get_buffer("std").copy_(std)


def _step(
    solver: Solver,
    optimizer: torch.optim.Optimizer,
    task: Task,
    pool: ScenePool,
    usable: np.ndarray,
    recipe: Recipe,
    step: int,
    device: torch.device,
) -> float:
    """Take one step and return its loss; everything random in it follows from the seed and the step."""
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    torch.manual_seed(recipe.seed * 1_000_003 + step)  # dropout
    rows = np.sort(usable[torch.randint(len(usable), (recipe.batch,), generator=generator).numpy()])
    target = pool.labels(task, rows).to(device)
    images, weight = corrupt(task.name, pool.images(rows), generator)
    images = (images * 2 - 1).to(device, memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=fast_bfloat16(device)):
        output = solver(images)
    loss = _loss(task, solver, output.float(), target, weight)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(solver.parameters(), 5.0)
    optimizer.step()
    return float(loss.detach())


def _loss(task: Task, solver: Solver, output: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    """Return cross-entropy for classes, else the mean squared error of standardised values (weighted per pixel)."""
    if task.is_class:
        return cross_entropy(output, target, ignore_index=NO_CLASS)
    errors = (output - (target - solver.decoder.get_buffer("mean")) / solver.decoder.get_buffer("std")).square()
    return errors.mean() if weight is None else (errors * weight.to(errors.device)).mean() / weight.mean()


def fast_bfloat16(device: torch.device) -> bool:
    """Return whether the device multiplies bfloat16 natively; a processor that only emulates it is slower with it."""
    return device.type == "cuda" or bool(torch.cpu._is_avx512_bf16_supported())


def _save(path: Path, solver: Solver, optimizer: torch.optim.Optimizer, recipe: Recipe, step: int) -> None:
    state = {"solver": solver.state_dict(), "optimizer": optimizer.state_dict(), "recipe": asdict(recipe), "step": step}
    with written_aside(path) as aside:
        torch.save(state, aside)


def _resume(path: Path, solver: Solver, optimizer: torch.optim.Optimizer, recipe: Recipe) -> int:
    """Load the checkpoint of the same recipe if there is one; return the first step to take."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state["recipe"] != asdict(recipe):
        return 0
    solver.load_state_dict(state["solver"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
