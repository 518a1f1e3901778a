"""The bundled zoo: one trained encoder a task of the rooms, an untrained control, and the layer study's networks.

Listing them and telling their identities reads their cards only; torch comes when one is opened.
"""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

from depara_core.errors import ModelError
from depara_core.files import Progress
from depara_core.paths import assets_folder
from depara_core.rooms import TASKS
from depara_core.zoo import rooms_study
from depara_core.zoo.rooms_study import CUTS, STUDY_NETWORKS
from depara_core.zoo.spec import Identity, ModelSpec, Network

SOURCE = "rooms"
ARCHITECTURE = "rooms-encoder-1"
INPUT_SIZE = 64
LAYERS = ("stem", "down1", "block1", "down2", "block2", "block3", "output")
CONTROL = "random"  # the same encoder with random weights: what an architecture alone is worth
CONTROL_SEED = 0
HALF = (0.5, 0.5, 0.5)  # the networks read pictures in [-1, 1]


def specs() -> list[ModelSpec]:
    """Return what comes with the library: the tasks' networks, the untrained control, the layer study's networks."""
    trained = [task for task in TASKS.values() if weights_path(task.name).exists()]
    known = [_spec(task.name, task.group, task.summary) for task in trained]
    studied = [_study_spec(name) for name in STUDY_NETWORKS if weights_path(name, study_folder()).exists()]
    control = _spec(CONTROL, "control", "The same network with random weights: it has learned nothing.")
    return [*known, control, *studied]


def spec(name: str, folder: Path | None = None) -> ModelSpec:
    """Return the model "rooms/<name>", or that of another zoo in `folder`; weights are read when it is opened."""
    if name in STUDY_NETWORKS:
        return _study_spec(name)
    if name == CONTROL:
        return next(known for known in specs() if known.name == CONTROL)
    if name not in TASKS:
        raise ModelError(
            f"Unknown model 'rooms/{name}'. Expected one of: {', '.join([*TASKS, CONTROL, *STUDY_NETWORKS])}."
        )
    return _spec(name, TASKS[name].group, TASKS[name].summary, folder)


def _spec(name: str, group: str, summary: str, folder: Path | None = None) -> ModelSpec:
    return ModelSpec(
        id=f"{SOURCE}/{name}",
        name=name,
        source=SOURCE,
        group=group,
        summary=summary,
        input_size=INPUT_SIZE,
        mean=HALF,
        std=HALF,
        bundled=name != CONTROL,
        _layers=lambda: LAYERS,
        _open=partial(_open, name, folder),
        _identity=partial(_identity, name, folder),
    )


def _study_spec(name: str) -> ModelSpec:
    """Return a network of the layer study: it comes along, but is no part of the default comparison."""
    return ModelSpec(
        id=f"{SOURCE}/{name}",
        name=name,
        source=SOURCE,
        group="layers",
        summary=STUDY_NETWORKS[name].summary,
        input_size=INPUT_SIZE,
        mean=HALF,
        std=HALF,
        bundled=False,
        _layers=lambda: CUTS,
        _open=partial(_open_vgg, name),
    )


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
            f"Restore the assets folder, or train the model again: {training_command(task)}."
        ) from None
    return dict(content)


def training_command(name: str) -> str:
    """Return the command that trains a model again."""
    return "depara rooms layers" if name in STUDY_NETWORKS else "depara rooms train"


def _open(name: str, folder: Path | None, progress: Progress | None) -> Network:
    """Return the encoder of a task (or the control) as a Network."""
    from depara_core.zoo.rooms_weights import control, load_solver  # late: listing the zoo needs no torch

    encoder = control() if name == CONTROL else load_solver(name, folder).encoder
    identity = _identity(name, folder)
    return Network(encoder, identity.taps, identity.digest)


def _identity(name: str, folder: Path | None) -> Identity:
    """Read off the card which weights these are: opening them checks that they are the ones."""
    weights = f"random-{CONTROL_SEED}" if name == CONTROL else card(name, folder)["sha256"]
    digest = hashlib.sha256(f"{ARCHITECTURE}/{name == 'colorization'}/{weights}".encode()).hexdigest()
    return Identity({layer: (layer, "output") for layer in LAYERS}, digest)


def _open_vgg(name: str, progress: Progress | None) -> Network:
    """Return a network of the layer study with its thirteen layers to cut at."""
    from depara_core.zoo.rooms_weights import load_vgg  # late: listing the zoo needs no torch

    weights = str(card(name, study_folder())["sha256"])
    digest = hashlib.sha256(f"{rooms_study.ARCHITECTURE}/{weights}".encode()).hexdigest()
    return Network(load_vgg(name), {layer: (layer, "output") for layer in CUTS}, digest)
