"""What the bundled networks do: one room, what each network says of it, and what would have been right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import UInt8

from depara_core.errors import OptionError
from depara_core.rooms import TASKS, Task, corrupt, label_scenes, render_scenes, sample_scenes
from depara_core.rooms.labels2d import luminance
from depara_core.zoo.rooms import INPUT_SIZE, SOURCE
from depara_core.zoo.rooms_weights import load_solver


@dataclass(frozen=True, eq=False)
class Answer:
    """One network's answer to one room. `output` and `target` are of one kind, as `Task` says, in the label's units."""

    task: Task
    shown: UInt8[np.ndarray, "H W 3"]  # the picture as the network reads it
    output: np.ndarray  # of classes: the most likely one, of each pixel or of the picture
    target: np.ndarray

    @property
    def right(self) -> bool | None:
        """Whether a class of the picture is the right one; None for what is no class of the picture."""
        return bool(self.output == self.target) if self.task.kind == "class" else None


@torch.inference_mode()
def answers(models: Sequence[str], scene: int = 0, seed: int = 0) -> dict[str, Answer]:
    """Let trained networks of the bundled zoo answer to one room.

    Parameters
    ----------
    models
        Ids of models; those that are no trained network of the rooms are left out.
    scene
        Which room of the seed, from 0.
    seed
        Of the rendered world.

    Returns
    -------
    dict
        An answer a model.

    Raises
    ------
    OptionError
        For a negative scene.
    ModelError
        Where a network's weights are gone or damaged.
    """
    if scene < 0:
        raise OptionError(f"Expected a scene from 0; got {scene}.")
    names = {model: model.removeprefix(f"{SOURCE}/") for model in models}
    tasks = {model: TASKS[name] for model, name in names.items() if model != name and name in TASKS}
    scenes = sample_scenes(1, seed, scene)
    images = render_scenes(scenes, INPUT_SIZE)
    labels = label_scenes(scenes, images, [task.name for task in tasks.values()])
    return {model: _answer(task, images, labels[task.name]) for model, task in tasks.items()}


def _answer(task: Task, images: torch.Tensor, label: torch.Tensor) -> Answer:
    picture = images.permute(0, 3, 1, 2).float() / 255
    seen, _ = corrupt(task.name, picture, torch.Generator().manual_seed(0))
    solver = load_solver(task.name)
    output = solver(seen * 2 - 1)
    said = output.argmax(1) if task.is_class else solver.decoder.restore(output)
    shown = luminance(seen).expand(-1, 3, -1, -1) if task.name == "colorization" else seen
    pixels = (shown[0].permute(1, 2, 0) * 255 + 0.5).to(torch.uint8)
    return Answer(task, pixels.numpy(), said[0].numpy(), label[0].numpy())
