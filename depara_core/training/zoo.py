"""Training of the whole bundled zoo: resumable, several tasks at once; a task that was not learned is an error."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import torch

from depara_core.errors import ModelError, OptionError
from depara_core.files import Progress, side_by_side
from depara_core.paths import assets_folder
from depara_core.rooms import GROUPS, TASKS, check_tasks
from depara_core.training.cards import GATE, rounded, write_model
from depara_core.training.scene_pool import WORK, ScenePool, build_pool
from depara_core.training.trainer import HeldOutScore, Recipe, score_solver, train_task
from depara_core.zoo.rooms import card, weights_path

TRAINING_SEED, HELD_OUT_SEED = 1_000_000, 2_000_000  # added to the seed: far from the seeds people pick for probes


@dataclass
class _StepCount:
    """Adds up the steps of tasks that are trained side by side."""

    total: int
    progress: Progress | None
    done: dict[str, int] = field(default_factory=dict)

    def step(self, task: str, done: int, message: str) -> None:
        self.done[task] = done
        if self.progress:
            self.progress(sum(self.done.values()), self.total, message)


@dataclass(frozen=True)
class TrainingOutcome:
    """What became of one task; rejected: its network is not clearly better than a constant, so nothing was kept."""

    task: str
    score: HeldOutScore | None  # None where the task was trained already
    rejected: bool = False


def train_zoo(
    tasks: Iterable[str] | None = None,
    *,
    steps: int = Recipe.steps,
    seed: int = 0,
    workers: int = 2,
    out: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    batch: int = Recipe.batch,
    scenes: int = 8192,
    held_out: int = 768,
    work: Path = WORK,
    force: bool = False,
) -> list[TrainingOutcome]:
    """Train tasks (all by default) into `out` (assets/zoo by default) and return what became of each.

    A task whose card says that it was trained by the same recipe is skipped unless `force`; an interrupted one goes on
    from its checkpoint in `work`. `progress(done, total, message)` counts blocks of scenes, then steps of all tasks.
    Raises ModelError, once all others are done, if the gate rejected a task.
    """
    names = alternate(check_tasks(tasks))
    if steps < 1 or workers < 1 or batch < 2 or scenes < 2 or held_out < 1 or seed < 0:
        raise OptionError(
            "Expected steps, workers and held_out >= 1, batch and scenes >= 2 and seed >= 0, "
            f"got {steps}, {workers}, {held_out}, {batch}, {scenes} and {seed}."
        )
    recipe, where = Recipe(steps=steps, batch=batch, seed=seed), torch.device(_device(device))
    folder = out or assets_folder() / "zoo"
    wanted = [name for name in names if force or not is_trained(name, recipe, folder)]
    outcomes = [TrainingOutcome(name, None) for name in names if name not in wanted]
    if wanted:
        pools = (
            build_pool(work, scenes, TRAINING_SEED + seed, workers, progress),
            build_pool(work, held_out, HELD_OUT_SEED + seed, workers, progress),
        )
        jobs = [(name, *pools, recipe, work, folder, where.type) for name in wanted]
        told = _StepCount(recipe.steps * len(jobs), progress)
        for outcome in side_by_side(train_one, jobs, 1 if where.type == "cuda" else workers, tell=told.step):
            outcomes.append(outcome)
            told.step(outcome.task, recipe.steps, report(outcome))
    rejected = [outcome for outcome in outcomes if outcome.rejected]
    if rejected:
        raise ModelError("Not learned, so not kept (mend the task's definition): " + "; ".join(map(report, rejected)))
    return outcomes


Steps = Callable[[str, int, str], None]  # a task, how many of its steps are done, what to say


def train_one(
    name: str, pool: ScenePool, held_out: ScenePool, recipe: Recipe, work: Path, folder: Path, device: str, steps: Steps
) -> TrainingOutcome:
    """Train, score and (unless the gate rejects it) write one task's network; clears its checkpoint."""
    task, where = TASKS[name], torch.device(device)
    solver = rounded(train_task(task, pool, recipe, work, where, lambda done, message: steps(name, done, message)))
    score = score_solver(solver, task, pool, held_out, where)
    outcome = TrainingOutcome(
        name, score, rejected=not score.skill >= GATE
    )  # so written, a score that is no number fails too
    if not outcome.rejected:
        write_model(solver, task, recipe, score, {"training": pool.count, "held_out": held_out.count}, folder)
    (work / f"{name}.pt").unlink(missing_ok=True)
    return outcome


def report(outcome: TrainingOutcome) -> str:
    """Return one line about an outcome."""
    if outcome.score is None:
        return f"{outcome.task}: trained already"
    score = outcome.score
    verdict = f"REJECTED, below {GATE:.2f}" if outcome.rejected else "kept"
    return (
        f"{outcome.task}: skill {score.skill:.3f} ({score.measure} {score.error:.4f}, "
        f"constant predictor {score.constant_error:.4f}), {verdict}"
    )


def is_trained(name: str, recipe: Recipe, folder: Path) -> bool:
    """Return whether the folder holds this task's network, trained by this recipe."""
    if not weights_path(name, folder).exists():
        return False
    try:
        known = card(name, folder)
    except ModelError:
        return False
    return all(known.get(key) == getattr(recipe, key) for key in ("steps", "batch", "seed", "rate"))


def alternate(names: Iterable[str]) -> list[str]:
    """Return the tasks with their groups taking turns, so that the first models to finish are a fair spread."""
    chosen = list(names)
    groups = [[name for name in chosen if TASKS[name].group == group] for group in GROUPS]
    return [name for turn in zip_longest(*groups) for name in turn if name is not None]


def _device(name: str) -> str:
    """Return "cuda" or "cpu" for "auto", "cuda" or "cpu"."""
    available = torch.cuda.is_available()
    if name == "auto":
        return "cuda" if available else "cpu"
    if name not in ("cpu", "cuda") or (name == "cuda" and not available):
        raise OptionError(f"Expected device 'auto', 'cpu' or (where there is one) 'cuda', got {name!r}.")
    return name
