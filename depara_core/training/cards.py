"""A trained network as files: weights in half precision, and a card that says where they come from."""

import hashlib
import json
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save as save_tensors
from torch import nn

from depara_core.files import write_whole
from depara_core.rooms import Task
from depara_core.training.trainer import HeldOutScore, Recipe
from depara_core.zoo.rooms import ARCHITECTURE, weights_path
from depara_core.zoo.rooms_network import Solver

Trained = TypeVar("Trained", bound=nn.Module)
LIMIT_BYTES = 2_000_000
GATE = 0.15  # the least skill (share of the constant predictor's error that is gone) of a task that counts as learned


def write_model(
    solver: Solver, task: Task, recipe: Recipe, score: HeldOutScore, scenes: dict[str, int], folder: Path
) -> Path:
    """Write weights and card of a task into `folder`; return the card's path."""
    return write_weights(solver, task.name, describe(task, recipe, score, scenes), folder)


def write_weights(module: nn.Module, name: str, about: dict[str, Any], folder: Path) -> Path:
    """Write weights and card (`about`, digest, origin), the card last, each renamed into place; return its path."""
    content = save_tensors(half_precision(module))
    if len(content) > LIMIT_BYTES:
        raise ValueError(f"Expected at most {LIMIT_BYTES} bytes of weights for {name}, got {len(content)}.")
    path = weights_path(name, folder)
    write_whole(path, content)
    card = about | {"sha256": hashlib.sha256(content).hexdigest()} | origin()
    write_whole(path.with_suffix(".json"), json.dumps(card, indent=2) + "\n")
    return path.with_suffix(".json")


def origin() -> dict[str, Any]:
    """Return the date and the versions that what is made now comes from."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }


def half_precision(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights as float16, but vectors (biases, batch statistics) in float32: small, and some near zero."""
    return {
        name: (value.half() if value.ndim in (2, 4) and min(value.shape[:2]) > 1 else value).detach().cpu().contiguous()
        for name, value in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def rounded(module: Trained) -> Trained:
    """Round the weights in place to what will be stored, so that the score is that of the file; return the network."""
    state = module.state_dict()
    module.load_state_dict(state | {name: value.float() for name, value in half_precision(module).items()})
    return module


def describe(task: Task, recipe: Recipe, score: HeldOutScore, scenes: dict[str, int]) -> dict[str, Any]:
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
    }
