"""The twenty single-image tasks of DEPARA, under Taskonomy's names; their labels are made in `labelling`."""

from collections.abc import Iterable
from dataclasses import dataclass

from depara_core.errors import OptionError
from depara_core.rooms.styles import OBJECT_PATTERNS, STYLES, SURFACES

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
