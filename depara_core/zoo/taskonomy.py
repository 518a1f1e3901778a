"""Taskonomy's own encoders (Zamir et al., CVPR 2018), from the weight files that visualpriors publishes."""

from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from depara_core.errors import ModelError, OptionError
from depara_core.files import Progress
from depara_core.zoo.digest import module_digest
from depara_core.zoo.downloads import check_safe, fetch
from depara_core.zoo.spec import ModelSpec, Network
from depara_core.zoo.taskonomy_network import INPUT_SIZE, TAPS, TaskonomyEncoder

SOURCE = "taskonomy"
RANDOM = "none"  # "<task>@none": random weights
MEGABYTES = 95  # of an encoder's weights
HALF = (0.5, 0.5, 0.5)  # the networks read pictures in [-1, 1]
SITE = "https://github.com/alexsax/visual-prior/raw/networks/assets/pytorch"


@dataclass(frozen=True)
class TaskonomyTask:
    """What an encoder was trained for; `checksum` is the sha256 of its weight file, as the file's name says."""

    name: str
    group: str  # as Taskonomy's tree orders the tasks
    purpose: str
    checksum: str


TASKONOMY_TASKS: dict[str, TaskonomyTask] = {
    task.name: task
    for task in (
        TaskonomyTask(
            "autoencoding",
            "2D",
            "give the picture back after squeezing it through the code",
            "e35146c09253720e97c0a7f8ee4e896ac931f5faa1449df003d81e6089ac6307",
        ),
        TaskonomyTask(
            "denoising",
            "2D",
            "remove the noise that was added to the picture",
            "b64cab95af4a2c565066a7e8effaf37d6586c3b9389b47fff9376478d849db38",
        ),
        TaskonomyTask(
            "colorization",
            "2D",
            "guess the colours from the lightness alone",
            "5ed817acdd28d13e443d98ad15ebe1c3059a3252396a2dff6a2090f6f86616a5",
        ),
        TaskonomyTask(
            "inpainting",
            "2D",
            "fill a square that was cut out of the picture",
            "bf96fbaaea9268a820a19a1d13dbf6af31798f8983c6d9203c00fab2d236a142",
        ),
        TaskonomyTask(
            "edge_texture",
            "2D",
            "mark the edges of brightness, whatever causes them",
            "be2d686a6a4dfebe968d16146a17176eba37e29f736d5cd9a714317c93718810",
        ),
        TaskonomyTask(
            "keypoints2d",
            "2D",
            "mark the keypoints of the picture",
            "6b77695acff4c84091c484a7b128a1e28a7e9c36243eda278598f582cf667fe0",
        ),
        TaskonomyTask(
            "segment_unsup2d",
            "2D",
            "tell regions of like colour apart",
            "b679053a920e8bcabf0cd454606098ae85341e054080f2be29473971d4265964",
        ),
        TaskonomyTask(
            "edge_occlusion",
            "3D",
            "mark the edges where one surface hides another",
            "5ac3f3e918131f61e01fe95e49f462ae2fc56aa463f8d353ca84cd4e248b9c08",
        ),
        TaskonomyTask(
            "keypoints3d",
            "3D",
            "mark the keypoints of the geometry, whatever its texture",
            "7e3f1ec97b82ae30030b7ea4fec2dc606b71497d8c0335d05f0be3dc909d000d",
        ),
        TaskonomyTask(
            "segment_unsup25d",
            "3D",
            "tell regions of like colour, depth, slope and curvature apart",
            "7d12d2500c18c003ffc23943214f5dfd74932f0e3d03dde2c3a81ebc406e31a0",
        ),
        TaskonomyTask(
            "curvature",
            "3D",
            "tell the two principal curvatures of the surface",
            "3767cf5d06d9c6bca859631eb5a3c368d66abeb15542171b94188ffbe47d7571",
        ),
        TaskonomyTask(
            "depth_zbuffer",
            "3D",
            "tell the depth along the camera's axis",
            "cc343a8ed622fd7ee3ce54398be8682bbbbfb5d11fa80e8d03a56a5ae4e11b09",
        ),
        TaskonomyTask(
            "depth_euclidean",
            "3D",
            "tell the distance from the camera",
            "88f18d41313de7dbc88314a7f0feec3023047303d94d73eb8622dc40334ef149",
        ),
        TaskonomyTask(
            "normal",
            "3D",
            "tell which way the surface faces",
            "f5e2c7737e4948e3b2a822f584892c342eaabbe66661576ba50db7cdd40561c5",
        ),
        TaskonomyTask(
            "reshading",
            "3D",
            "light the scene anew, by one lamp at the camera",
            "de456246e171dc8407fb2951539aa60d75925ae0f1dbb43f110b7768398b36a6",
        ),
        TaskonomyTask(
            "room_layout",
            "geometric",
            "tell the box that the room is",
            "1e1662f43b834261464b1825227a04efba59b50cc8883bee9adc3ddafd4796c1",
        ),
        TaskonomyTask(
            "vanishing_point",
            "geometric",
            "tell where the room's three directions vanish",
            "afd2ae9b71d46a54efc5231b3e38ebc3e35bfab78cb0a78d9b75863a240b19a8",
        ),
        TaskonomyTask(
            "egomotion",
            "geometric",
            "tell how the camera moved over three pictures",
            "9aa647c34bf98f9e491e0b37890d77566f6ae35ccf41d9375c674511318d571c",
        ),
        TaskonomyTask(
            "fixated_pose",
            "geometric",
            "tell how the camera moved between two pictures centred on one point",
            "78cf321518abc16f9f4782b9e5d4e8f5d6966c373d951928a26f872e55297567",
        ),
        TaskonomyTask(
            "nonfixated_pose",
            "geometric",
            "tell how the camera moved between two pictures that overlap",
            "3433a600ca9ff384b9898e55d86a186d572c2ebbe4701489a373933e3cfd5b8b",
        ),
        TaskonomyTask(
            "point_matching",
            "geometric",
            "tell whether two pictures are centred on one point",
            "4bd2a6b2909d9998fabaf0278ab568f42f2b692a648e28555ede6c6cda5361f4",
        ),
        TaskonomyTask(
            "jigsaw",
            "geometric",
            "put nine shuffled tiles of the picture back in order",
            "0c2b342c9080f8713c178b04aa6c581ed3a0112fecaf78edc4c04e0a90516e39",
        ),
        TaskonomyTask(
            "segment_semantic",
            "semantic",
            "name what each pixel shows",
            "bb3007244520fc89cd111e099744a22b1e5c98cd83ed3f116fbff6376d220127",
        ),
        TaskonomyTask(
            "class_object",
            "semantic",
            "name the object in the picture (ImageNet's classes)",
            "4a4e42dad58066039a0d2f9d128bb32e93a7e4aa52edb2d2a07bcdd1a6536c18",
        ),
        TaskonomyTask(
            "class_scene",
            "semantic",
            "name the kind of place (classes of Places)",
            "ad85764467cddafd98211313ceddebb98adf2a6bee2cedfe0b922a37ae65eaf8",
        ),
    )
}


@cache
def specs() -> tuple[ModelSpec, ...]:
    """Return one spec a task, without reading any weights."""
    return tuple(spec(name) for name in TASKONOMY_TASKS)


def spec(name: str) -> ModelSpec:
    """Return the spec of "<task>"; "<task>@none" has random weights, always the same ones and each task its own."""
    wanted, at, weights = name.partition("@")
    if wanted not in TASKONOMY_TASKS:
        raise ModelError(f"Taskonomy has no encoder for {wanted!r}. Expected one of: {', '.join(TASKONOMY_TASKS)}.")
    if at and weights != RANDOM:
        raise OptionError(
            f"{SOURCE}/{wanted} has no weights {weights!r}. Expected no @ (the published ones) or @{RANDOM}."
        )
    task = TASKONOMY_TASKS[wanted]
    summary = f"Taskonomy's encoder, 23.7 M parameters, trained to {task.purpose}."
    untrained = f"Random weights (seed {_seed(task)}), 23.7 M parameters, never trained: a baseline."
    return ModelSpec(
        id=f"{SOURCE}/{name}",
        name=name,
        source=SOURCE,
        group=task.group,
        summary=untrained if at else summary,
        input_size=INPUT_SIZE,
        mean=HALF,
        std=HALF,
        bundled=False,
        _layers=lambda: tuple(TAPS),
        _open=partial(_open, task, bool(at)),
    )


def download(name: str) -> tuple[str | None, float]:
    """Return where the weights of "<task>[@none]" are on the web, and their megabytes; None for random ones."""
    task, at, _ = name.partition("@")
    return (None, 0) if at else (address(task), MEGABYTES)


def address(task: str) -> str:
    """Return where a task's weights are: as the installed visualpriors says, else as its release 0.3.5 does."""
    try:
        published = import_module("visualpriors.taskonomy_network").TASKONOMY_PRETRAINED_URLS
    except ImportError:
        return f"{SITE}/{task}_encoder-{TASKONOMY_TASKS[task].checksum}.pth"
    return str(published[f"{task}_encoder"])


def _seed(task: TaskonomyTask) -> int:
    return list(TASKONOMY_TASKS).index(task.name)


def _open(task: TaskonomyTask, random: bool, progress: Progress | None) -> Network:
    """Build the encoder, its weights from the torch hub cache, the web, or the task's seed."""
    path = None if random else _fetch(task.name, progress)
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers go on as if nothing had happened
        torch.manual_seed(_seed(task))
        module = TaskonomyEncoder(grey=task.name == "colorization")
    if path is not None:
        _load(module, path)
    module.eval().requires_grad_(False)
    return Network(module, {layer: (part, "output") for layer, part in TAPS.items()}, module_digest(module))


def _fetch(task: str, progress: Progress | None) -> Path:
    """Return a task's weight file, checked to be what its name says and to hold nothing but tensors."""
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    instead = (
        "install the package that knows where such files are now (pip install 'depara-explorer[taskonomy]'), or use "
        f"{SOURCE}/{task}@{RANDOM} (random weights)"
    )
    path = fetch(address(task), folder, instead, progress)
    check_safe(path)
    return path


def _load(module: TaskonomyEncoder, path: Path) -> None:
    content: Any = torch.load(path, map_location="cpu", weights_only=True)
    state = content.get("state_dict", content) if isinstance(content, dict) else content
    counters = {name: n for name, n in module.state_dict().items() if name.endswith("num_batches_tracked")}
    try:
        module.load_state_dict(counters | dict(state))  # older files do not count the training's batches
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:  # the last three: no mapping of names
        raise ModelError(
            f"The weights {str(path)!r} do not fit Taskonomy's encoder: {str(error)[:300]}"
            " Put the published file in its place, or delete it and open the model again."
        ) from error
