"""The twenty single-image tasks of DEPARA, under Taskonomy's names, each with its exact label from one cast."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from depara_core.errors import OptionError
from depara_core.rooms import labels2d, labels3d
from depara_core.rooms.casting import SURFACES, cast, pixel_grid
from depara_core.rooms.scenes import HERO_SLOTS, Scenes
from depara_core.rooms.styles import OBJECT_PATTERNS, STYLES

GROUPS = ("2D", "3D", "geometric", "semantic")
IMAGE_TARGETS = ("autoencoding", "denoising", "inpainting")  # their label is the picture itself
NO_CLASS = -1  # class_object where no single object is looked at


@dataclass(frozen=True)
class Task:
    """What a network of the bundled zoo learns to tell from one picture.

    kind "pixel": labels (N, channels, S, S), or whole numbers (N, S, S) where `classes`; "vector": (N, channels);
    "class": whole numbers (N,) below `channels`.
    """

    name: str
    group: str  # one of GROUPS, as Taskonomy and DEPARA order the tasks
    kind: str  # "pixel", "vector" or "class"
    channels: int
    summary: str
    classes: tuple[str, ...] = ()  # names of the classes where the label is one

    @property
    def is_class(self) -> bool:
        """Whether the label is a class (a pixel's or a picture's), learned by cross-entropy."""
        return bool(self.classes)


OBJECT_CLASSES = tuple(f"{pattern} {shape}" for shape in SURFACES[3:] for pattern in OBJECT_PATTERNS)
SCENE_CLASSES = tuple(style.name for style in STYLES)

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("autoencoding", "2D", "pixel", 3, "Give the picture back after squeezing it through the code."),
        Task("denoising", "2D", "pixel", 3, "Remove the noise that was added to the picture."),
        Task("colorization", "2D", "pixel", 2, "Guess the colours of a picture that was made grey."),
        Task("inpainting", "2D", "pixel", 3, "Fill a square that was cut out of the picture."),
        Task("edge_texture", "2D", "pixel", 1, "Mark the edges of brightness, whatever causes them."),
        Task("keypoints2d", "2D", "pixel", 1, "Mark the corners of brightness (Harris)."),
        Task("segment_unsup2d", "2D", "pixel", 2, "Point from each pixel to the middle of its region of like colour."),
        Task("edge_occlusion", "3D", "pixel", 1, "Mark the edges where one surface hides another."),
        Task("keypoints3d", "3D", "pixel", 1, "Mark the corners of the geometry, whatever its texture."),
        Task("segment_unsup25d", "3D", "pixel", 2, "Point from each pixel to the middle of its smooth surface."),
        Task("curvature", "3D", "pixel", 2, "Tell the two principal curvatures of the surface."),
        Task("depth_zbuffer", "3D", "pixel", 1, "Tell the depth along the camera's axis."),
        Task("depth_euclidean", "3D", "pixel", 1, "Tell the distance from the camera."),
        Task("normal", "3D", "pixel", 3, "Tell which way the surface faces, in the camera's frame."),
        Task("reshading", "3D", "pixel", 1, "Light the scene anew, by one lamp at the camera."),
        Task("room_layout", "geometric", "vector", 5, "Tell how far away walls, floor and ceiling are."),
        Task("vanishing_point", "geometric", "vector", 9, "Tell where the room's three directions vanish."),
        Task("segment_semantic", "semantic", "pixel", 7, "Name what each pixel shows.", SURFACES),
        Task("class_object", "semantic", "class", 16, "Name the object that is looked at.", OBJECT_CLASSES),
        Task("class_scene", "semantic", "class", 8, "Name the kind of room.", SCENE_CLASSES),
    )
}


def check_tasks(names: Iterable[str] | None) -> tuple[str, ...]:
    """Return the task names given (all when None), or raise if one is unknown."""
    chosen = tuple(TASKS) if names is None else tuple(names)
    unknown = [name for name in chosen if name not in TASKS]
    if unknown:
        raise OptionError(f"Unknown task {unknown[0]!r}. Expected some of: {', '.join(TASKS)}.")
    return chosen


@torch.inference_mode()
def label_scenes(scenes: Scenes, images: Tensor, names: Iterable[str] | None = None) -> dict[str, Tensor]:
    """Return the labels of each task for scenes (B) and their pictures uint8 (B, S, S, 3), all from one cast."""
    chosen, size = check_tasks(names), images.shape[1]
    picture = images.permute(0, 3, 1, 2).float() / 255
    hit = cast(scenes, *pixel_grid(size))
    geometry = labels3d.normal(scenes, hit, size)
    makers = {
        "colorization": lambda: labels2d.chroma(picture),
        "edge_texture": lambda: labels2d.edge_strength(labels2d.luminance(picture)),
        "keypoints2d": lambda: labels2d.corner_response(labels2d.luminance(picture)),
        "segment_unsup2d": lambda: labels2d.region_offsets(labels2d.colour_likeness(picture)),
        "edge_occlusion": lambda: labels3d.edge_occlusion(hit, size),
        "keypoints3d": lambda: labels2d.corner_response(geometry),
        "segment_unsup25d": lambda: labels2d.region_offsets(labels3d.surface_likeness(hit, size)),
        "curvature": lambda: labels3d.curvature(scenes, hit, size),
        "depth_zbuffer": lambda: labels3d.depth_zbuffer(hit, size),
        "depth_euclidean": lambda: labels3d.depth_euclidean(hit, size),
        "normal": lambda: geometry,
        "reshading": lambda: labels3d.reshading(hit, size),
        "room_layout": lambda: labels3d.room_layout(scenes),
        "vanishing_point": lambda: labels3d.vanishing_point(scenes),
        "segment_semantic": lambda: hit.surface.view(-1, size, size),
        "class_object": lambda: object_class(scenes),
        "class_scene": lambda: scenes.style,
    }
    return {name: picture if name in IMAGE_TARGETS else makers[name]() for name in chosen}


def object_class(scenes: Scenes) -> Tensor:
    """Return the class (B,) of the object looked at, shape x pattern; NO_CLASS in views of the whole room."""
    shape = (torch.tensor(HERO_SLOTS) == scenes.hero[:, None]).long().argmax(1)
    pattern = scenes.pattern.gather(1, scenes.hero.clamp(min=0)[:, None])[:, 0]
    return torch.where(scenes.hero >= 0, shape * len(OBJECT_PATTERNS) + pattern, NO_CLASS)
