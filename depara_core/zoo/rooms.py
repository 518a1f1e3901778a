"""The bundled zoo: one trained encoder a task of the rooms, an untrained control, and what their decoders predict."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from safetensors.torch import load as load_tensors
from torch import nn
from torch.nn.functional import interpolate

from depara_core.errors import ModelError, ProbeError
from depara_core.paths import assets_folder
from depara_core.rooms import TASKS, Task
from depara_core.zoo import rooms_vgg
from depara_core.zoo.rooms_network import ARCHITECTURE, INPUT_SIZE, LAYERS, Encoder, Solver
from depara_core.zoo.rooms_vgg import CUTS, STUDY, Vgg
from depara_core.zoo.spec import Identity, ModelSpec, Network

SOURCE = "rooms"
CONTROL = "random"  # the same encoder with random weights: what an architecture alone is worth
CONTROL_SEED = 0
HALF = (0.5, 0.5, 0.5)  # the networks read pictures in [-1, 1]


def specs() -> list[ModelSpec]:
    """Return what comes with the library: the tasks' networks, the untrained control, the layer study's networks."""
    trained = [task for task in TASKS.values() if weights_path(task.name).exists()]
    known = [_spec(task.name, task.group, task.summary) for task in trained]
    studied = [_study_spec(name) for name in STUDY if weights_path(name, study_folder()).exists()]
    control = _spec(CONTROL, "control", "The same network with random weights: it has learned nothing.")
    return [*known, control, *studied]


def spec(name: str, folder: Path | None = None) -> ModelSpec:
    """Return the model "rooms/<name>", or that of another zoo in `folder`; weights are read when it is opened."""
    if name in STUDY:
        return _study_spec(name)
    if name == CONTROL:
        return next(known for known in specs() if known.name == CONTROL)
    if name not in TASKS:
        raise ModelError(f"Unknown model 'rooms/{name}'. Expected one of: {', '.join([*TASKS, CONTROL, *STUDY])}.")
    return _spec(name, TASKS[name].group, TASKS[name].summary, folder)


def _spec(name: str, group: str, summary: str, folder: Path | None = None) -> ModelSpec:
    return ModelSpec(
        id=f"{SOURCE}/{name}", name=name, source=SOURCE, group=group, summary=summary, input_size=INPUT_SIZE,
        mean=HALF, std=HALF, bundled=name != CONTROL, _layers=lambda: LAYERS, _open=partial(_open, name, folder),
        _identity=partial(_identity, name, folder),
    )  # fmt: skip


def _study_spec(name: str) -> ModelSpec:
    """Return a network of the layer study: it comes along, but is no part of the default comparison."""
    return ModelSpec(
        id=f"{SOURCE}/{name}", name=name, source=SOURCE, group="layers", summary=STUDY[name].summary,
        input_size=INPUT_SIZE, mean=HALF, std=HALF, bundled=False, _layers=lambda: CUTS,
        _open=partial(_open_vgg, name),
    )  # fmt: skip


def study_folder() -> Path:
    """Return where the layer study's networks are."""
    return assets_folder() / "zoo" / "layers"


def weights_path(task: str, folder: Path | None = None) -> Path:
    """Return where a task's weights are."""
    return (folder or assets_folder() / "zoo") / f"{task}.safetensors"


def card(task: str, folder: Path | None = None) -> dict[str, Any]:
    """Return a trained model's card: task, seed, steps, scores on held-out scenes, sha256 of the weights, ..."""
    path = weights_path(task, folder).with_suffix(".json")
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ModelError(
            f"Expected the model card of rooms/{task} at {path}, but it cannot be read ({error}). "
            f"Restore the assets folder, or train the model again: {_command(task)}."
        ) from None
    return dict(content)


def load_solver(task: str, folder: Path | None = None) -> Solver:
    """Return encoder and decoder of a task, in evaluation mode and frozen, after checking the weights' checksum."""
    if task not in TASKS:
        raise ModelError(f"Unknown task {task!r}. Expected one of: {', '.join(TASKS)}.")
    return _filled(Solver(TASKS[task]), task, ARCHITECTURE, folder)


def load_vgg(name: str, folder: Path | None = None) -> Vgg:
    """Return a network of the layer study, in evaluation mode and frozen, after checking the weights' checksum."""
    if name not in STUDY:
        raise ModelError(f"Unknown network {name!r} of the layer study. Expected one of: {', '.join(STUDY)}.")
    return _filled(Vgg(STUDY[name].outputs), name, rooms_vgg.ARCHITECTURE, folder or study_folder())


def _filled(module: Any, name: str, architecture: str, folder: Path | None) -> Any:
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
    return frozen(module)


def _command(name: str) -> str:
    return "depara rooms layers" if name in STUDY else "depara rooms train"


def _checked(task: str, folder: Path | None) -> bytes:
    """Return the bytes of a weights file that agree with its card."""
    path = weights_path(task, folder)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"Expected the weights of rooms/{task} at {path}, but they cannot be read ({error.strerror}). "
            f"Restore the assets folder, or train the model: {_command(task)}."
        ) from None
    expected, came = card(task, folder).get("sha256"), hashlib.sha256(content).hexdigest()
    if came != expected:
        raise ModelError(
            f"The weights of rooms/{task} are damaged: expected sha256 {expected}, got {came} ({path}). "
            f"Restore the file, or train the model again: {_command(task)}."
        )
    return content


def frozen(module: nn.Module) -> Any:
    """Return the module in evaluation mode, its parameters needing no gradient."""
    return module.eval().requires_grad_(False)


def control() -> Encoder:
    """Return the untrained encoder, frozen; the generator of random numbers is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(CONTROL_SEED)
        return frozen(Encoder())


def _open(name: str, folder: Path | None, progress: Callable[[int, int, str], None] | None) -> Network:
    """Return the encoder of a task (or the control) as a Network."""
    encoder = control() if name == CONTROL else load_solver(name, folder).encoder
    identity = _identity(name, folder)
    return Network(encoder, identity.taps, identity.digest)


def _identity(name: str, folder: Path | None) -> Identity:
    """Read off the card which weights these are: opening them checks that they are the ones."""
    weights = f"random-{CONTROL_SEED}" if name == CONTROL else card(name, folder)["sha256"]
    digest = hashlib.sha256(f"{ARCHITECTURE}/{name == 'colorization'}/{weights}".encode()).hexdigest()
    return Identity({layer: (layer, "output") for layer in LAYERS}, digest)


def _open_vgg(name: str, progress: Callable[[int, int, str], None] | None) -> Network:
    """Return a network of the layer study with its thirteen layers to cut at."""
    weights = str(card(name, study_folder())["sha256"])
    digest = hashlib.sha256(f"{rooms_vgg.ARCHITECTURE}/{weights}".encode()).hexdigest()
    return Network(load_vgg(name), {layer: (layer, "output") for layer in CUTS}, digest)


@dataclass(frozen=True)
class Prediction:
    """What a task's network says of N pictures, in the label's own units (see rooms.Task).

    values: (N, C, 64, 64) or (N, C); for classes their probabilities. classes: (N, 64, 64) or (N,), the likeliest.
    """

    task: Task
    values: Float32[np.ndarray, "N C ..."]
    classes: Int64[np.ndarray, "N ..."] | None


@cache
def _solver(task: str) -> Solver:
    return load_solver(task)


@torch.inference_mode()
def predict(task: str, images: UInt8[np.ndarray, "N H W 3"]) -> Prediction:
    """Return what the network of `task` says of square pictures, shrunk to its 64 x 64."""
    if images.ndim != 4 or images.shape[1] != images.shape[2] or images.shape[3] != 3 or images.dtype != np.uint8:
        raise ProbeError(f"Expected square RGB pictures uint8 (N, S, S, 3), got {images.dtype} {images.shape}.")
    pixels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float() / 255
    pixels = interpolate(pixels, size=(INPUT_SIZE, INPUT_SIZE), mode="bilinear", antialias=True, align_corners=False)
    solver = _solver(task)
    output = solver.decoder.restore(torch.cat([solver(part * 2 - 1) for part in pixels.split(64)]))
    if not TASKS[task].is_class:
        return Prediction(TASKS[task], _read_only(output), None)
    return Prediction(TASKS[task], _read_only(output.softmax(1)), _read_only(output.argmax(1)))


def _read_only(values: torch.Tensor) -> np.ndarray:
    array = values.numpy()
    array.setflags(write=False)
    return array
