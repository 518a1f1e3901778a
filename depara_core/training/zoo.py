"""Training of the whole bundled zoo: resumable, several tasks side by side, and loud about what was not learned."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path

import torch

from depara_core.assets import assets_folder
from depara_core.errors import ModelError, OptionError
from depara_core.rooms import GROUPS, TASKS, check_tasks
from depara_core.training.cards import GATE, rounded, write_model
from depara_core.training.pool import Pool, build_pool
from depara_core.training.trainer import Recipe, Score, evaluate, train_task
from depara_core.zoo.rooms import card, weights_path

TRAINING_SEED, HELD_OUT_SEED = 1_000_000, 2_000_000  # added to the seed: far from the seeds people pick for probes
WORK = Path(".work")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one task; rejected: its network is not clearly better than a constant, so nothing was kept."""

    task: str
    score: Score | None  # None where the task was trained already
    rejected: bool = False


def train_zoo(
    tasks: Iterable[str] | None = None, *, steps: int = Recipe.steps, seed: int = 0, workers: int = 2,
    out: Path | None = None, device: str = "auto", progress: Progress | None = None, batch: int = Recipe.batch,
    scenes: int = 8192, held_out: int = 768, work: Path = WORK, force: bool = False,
) -> list[Outcome]:  # fmt: skip
    """Train tasks (all by default) into `out` (assets/zoo by default) and return what became of each.

    A task whose card says that it was trained by the same recipe is skipped unless `force`; an interrupted one goes on
    from its checkpoint in `work`. `progress(done, total, message)` counts tasks. Raises ModelError, after all others are
    done, if a task was rejected by the gate.
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
    outcomes = [Outcome(name, None) for name in names if name not in wanted]
    if wanted:
        pools = (
            build_pool(work, scenes, TRAINING_SEED + seed, workers, progress),
            build_pool(work, held_out, HELD_OUT_SEED + seed, workers, progress),
        )
        jobs = [(name, *pools, recipe, work, folder, where.type) for name in wanted]
        for outcome in _run(jobs, 1 if where.type == "cuda" else workers):
            outcomes.append(outcome)
            if progress:
                progress(len(outcomes), len(names), report(outcome))
    rejected = [outcome for outcome in outcomes if outcome.rejected]
    if rejected:
        raise ModelError("Not learned, so not kept (mend the task's definition): " + "; ".join(map(report, rejected)))
    return outcomes


Job = tuple[str, Pool, Pool, Recipe, Path, Path, str]


def _run(jobs: list[Job], workers: int) -> Iterator[Outcome]:
    """Yield outcomes as they come: in this process for one worker, else in single-threaded processes side by side."""
    if workers == 1 or len(jobs) == 1:
        yield from (train_one(*job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_single_thread) as executor:
        try:
            for future in as_completed([executor.submit(train_one, *job) for job in jobs]):
                yield future.result()
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _single_thread() -> None:
    torch.set_num_threads(1)


def train_one(name: str, pool: Pool, held_out: Pool, recipe: Recipe, work: Path, folder: Path, device: str) -> Outcome:
    """Train, score and (unless the gate rejects it) write one task's network; clears its checkpoint."""
    task, where = TASKS[name], torch.device(device)
    solver = rounded(train_task(task, pool, recipe, work, where, progress=_log))
    score = evaluate(solver, task, pool, held_out, where)
    outcome = Outcome(name, score, rejected=not score.skill >= GATE)
    if not outcome.rejected:
        write_model(solver, task, recipe, score, {"training": pool.count, "held_out": held_out.count}, folder)
    (work / f"{name}.pt").unlink(missing_ok=True)
    return outcome


def _log(done: int, total: int, message: str) -> None:
    if done % 250 == 0:
        print(f"{done:5d}/{total} {message}", flush=True)


def report(outcome: Outcome) -> str:
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
