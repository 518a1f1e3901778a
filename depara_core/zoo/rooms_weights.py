"""The bundled zoo's networks with their weights, checked against their cards, in evaluation mode and frozen."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from torch import nn

from depara_core.errors import ModelError
from depara_core.rooms import TASKS
from depara_core.zoo import rooms_study
from depara_core.zoo.rooms import ARCHITECTURE, CONTROL_SEED, card, study_folder, training_command, weights_path
from depara_core.zoo.rooms_network import Encoder, Solver
from depara_core.zoo.rooms_study import STUDY_NETWORKS
from depara_core.zoo.rooms_vgg import Vgg


def load_solver(task: str, folder: Path | None = None) -> Solver:
    """Return encoder and decoder of a task, in evaluation mode and frozen, after checking the weights' checksum."""
    if task not in TASKS:
        raise ModelError(f"Unknown task {task!r}. Expected one of: {', '.join(TASKS)}.")
    return filled(Solver(TASKS[task]), task, ARCHITECTURE, folder)


def load_vgg(name: str, folder: Path | None = None) -> Vgg:
    """Return a network of the layer study, in evaluation mode and frozen, after checking the weights' checksum."""
    if name not in STUDY_NETWORKS:
        raise ModelError(f"Unknown network {name!r} of the layer study. Expected one of: {', '.join(STUDY_NETWORKS)}.")
    return filled(Vgg(STUDY_NETWORKS[name].outputs), name, rooms_study.ARCHITECTURE, folder or study_folder())


def filled(module: Any, name: str, architecture: str, folder: Path | None) -> Any:
    """Return the module with the weights of `name`, frozen."""
    content = _checked(name, folder)
    weights = {key: value.float() for key, value in load_tensors(content).items()}
    counters = {key: n for key, n in module.state_dict().items() if key.endswith("num_batches_tracked")}
    try:
        module.load_state_dict(counters | weights)  # counts of training batches are not stored
    except RuntimeError as error:
        raise ModelError(
            f"The weights of rooms/{name} do not fit the network {architecture}: {error}. "
            "They come from another version; restore the assets folder that belongs to this one."
        ) from None
    return _frozen(module)


def _checked(task: str, folder: Path | None) -> bytes:
    """Return the bytes of a weights file that agree with its card."""
    path = weights_path(task, folder)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"Expected the weights of rooms/{task} at {path}, but they cannot be read ({error.strerror}). "
            f"Restore the assets folder, or train the model: {training_command(task)}."
        ) from None
    expected, came = card(task, folder).get("sha256"), hashlib.sha256(content).hexdigest()
    if came != expected:
        raise ModelError(
            f"The weights of rooms/{task} are damaged: expected sha256 {expected}, got {came} ({path}). "
            f"Restore the file, or train the model again: {training_command(task)}."
        )
    return content


def _frozen(module: nn.Module) -> Any:
    """Return the module in evaluation mode, its parameters needing no gradient."""
    return module.eval().requires_grad_(False)


def control() -> Encoder:
    """Return the untrained encoder, frozen; the generator of random numbers is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(CONTROL_SEED)
        return _frozen(Encoder())
