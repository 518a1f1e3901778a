"""What a trained task leaves behind: weights in half precision and a card that says where they come from."""

import hashlib
import json
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as save_tensors

from depara_core.rooms import Task
from depara_core.training.trainer import Recipe, Score
from depara_core.zoo.rooms import weights_path
from depara_core.zoo.rooms_network import ARCHITECTURE, Solver

LIMIT_BYTES = 2_000_000
GATE = 0.15  # the least skill (share of the constant predictor's error that is gone) of a task that counts as learned


def write_model(solver: Solver, task: Task, recipe: Recipe, score: Score, scenes: dict[str, int], folder: Path) -> Path:
    """Write weights and card into `folder`, the card last, each renamed into place; return the card's path."""
    content = save_tensors(half_precision(solver))
    if len(content) > LIMIT_BYTES:
        raise ValueError(f"Expected at most {LIMIT_BYTES} bytes of weights for {task.name}, got {len(content)}.")
    folder.mkdir(parents=True, exist_ok=True)
    path = weights_path(task.name, folder)
    _replace(path, content)
    card = describe(task, recipe, score, scenes, hashlib.sha256(content).hexdigest())
    _replace(path.with_suffix(".json"), (json.dumps(card, indent=2) + "\n").encode())
    return path.with_suffix(".json")


def half_precision(solver: Solver) -> dict[str, torch.Tensor]:
    """Return the weights as float16, but vectors (biases, batch statistics) in float32: small, and some near zero."""
    return {
        name: (value.half() if value.ndim in (2, 4) and min(value.shape[:2]) > 1 else value).detach().cpu().contiguous()
        for name, value in solver.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def rounded(solver: Solver) -> Solver:
    """Round the weights in place to what will be stored, so that the score is that of the file; return the network."""
    state = solver.state_dict()
    solver.load_state_dict(state | {name: value.float() for name, value in half_precision(solver).items()})
    return solver


def describe(task: Task, recipe: Recipe, score: Score, scenes: dict[str, int], sha256: str) -> dict[str, Any]:
    """Return the card's content."""
    command = (
        f"depara rooms train {task.name} --steps {recipe.steps} --batch {recipe.batch} "
        f"--seed {recipe.seed} --scenes {scenes['training']} --held-out {scenes['held_out']}"
    )
    return {
        "task": task.name,
        "group": task.group,
        "summary": task.summary,
        "architecture": ARCHITECTURE,
        "parameters": sum(value.numel() for value in Solver(task).parameters()),
        **asdict(recipe),
        "scenes": scenes,
        "command": command,
        "measure": score.measure,
        "held_out": round(score.error, 5),
        "constant_predictor": round(score.constant_error, 5),
        "skill": round(score.skill, 5),
        "gate": GATE,
        "sha256": sha256,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_suffix(path.suffix + ".part")
    aside.write_bytes(content)
    aside.replace(path)
