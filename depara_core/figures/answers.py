"""What a network of the rooms says, as a picture or in words: depth, normals, segments, a kind of room."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont

from depara_core.figures.attribution_maps import Picture, resize
from depara_core.figures.theme import palette, rgb, scale_table
from depara_core.rooms import IMAGE_TARGETS, NO_CLASS, Task
from depara_core.zoo.rooms_answers import Answer

SIDES = ("left wall", "right wall", "front wall", "floor", "ceiling")  # of room_layout, in its order
_SEGMENTS = ("#8a7963", "#dcdcd4", "#b5c3d6", "#d1495b", "#edae49", "#2e8b7d", "#6a4c93")  # one a surface
_ROWS = 3  # lines of words on a tile


def answer_pictures(answer: Answer, *, size: int = 112, dark: bool = False) -> tuple[Picture, Picture, Picture]:
    """Draw what the network read, what it said, and what is right, the last two on one scale."""
    said, right = (_picture(answer, values, size, dark) for values in (answer.output, answer.target))
    return resize(answer.shown, size), said, right


def answer_words(task: Task, values: np.ndarray) -> str:
    """Say an answer that is no picture: a class, distances in metres, directions in degrees; else nothing."""
    if task.kind == "class":
        number = int(values)
        return "no single object" if number == NO_CLASS else task.classes[number]
    if task.name == "room_layout":
        return "\n".join(f"{side} {metres:.1f} m" for side, metres in zip(SIDES, np.exp(values), strict=True))
    if task.name == "vanishing_point":
        depth = values.reshape(3, 3)[1]  # the axis that runs into the room, in the camera's frame
        aside = np.degrees(np.arctan2(depth[0], depth[2]))
        above = np.degrees(np.arctan2(depth[1], np.hypot(depth[0], depth[2])))
        across, along = "right" if aside > 0 else "left", "up" if above > 0 else "down"
        return f"{abs(aside):.0f}° {across}\n{abs(above):.0f}° {along}"
    return ""


def _picture(answer: Answer, values: np.ndarray, size: int, dark: bool) -> Picture:
    words = answer_words(answer.task, values)
    if words:
        return _written(words, size, dark)
    drawn = _PAINTERS.get(answer.task.name, _scalar)(answer, values)
    return resize(np.rint(255 * np.clip(drawn, 0, 1)).astype(np.uint8), size)


def _written(words: str, size: int, dark: bool) -> Picture:
    """Write a few words on a plain tile."""
    paint = palette(dark)
    tile = Image.new("RGB", (size, size), paint.page)
    lines = words.split("\n") if "\n" in words else words.split(" ")
    font = ImageFont.load_default(size / (10 if len(lines) > _ROWS else 7.5))
    place = (size / 2, size / 2)
    ImageDraw.Draw(tile).multiline_text(
        place, "\n".join(lines), fill=paint.text, font=font, anchor="mm", align="center", spacing=size / 30
    )
    return np.asarray(tile)


def _scalar(answer: Answer, values: np.ndarray) -> Float[np.ndarray, "H W 3"]:
    """One number a pixel, from the target's least to its greatest; of two curvatures the larger."""
    target = np.percentile(answer.target[0], [0.5, 99.5])
    share = np.clip((values[0] - target[0]) / max(float(np.ptp(target)), 1e-6), 0, 1)
    return scale_table()[np.rint(255 * share).astype(int)] / 255


def _image(answer: Answer, values: np.ndarray) -> Float[np.ndarray, "H W 3"]:
    return values.transpose(1, 2, 0)


def _chroma(answer: Answer, values: np.ndarray) -> Float[np.ndarray, "H W 3"]:
    """The colours put back on the grey picture (ITU-R BT.601)."""
    grey, (blue, red) = answer.shown[..., 0] / 255, values
    r, b = grey + 1.402 * red, grey + 1.772 * blue
    return np.stack([r, (grey - 0.299 * r - 0.114 * b) / 0.587, b], axis=-1)


def _normals(answer: Answer, values: np.ndarray) -> Float[np.ndarray, "H W 3"]:
    return (values.transpose(1, 2, 0) + 1) / 2


def _offsets(answer: Answer, values: np.ndarray) -> Float[np.ndarray, "H W 3"]:
    """The way to the middle of its region: hue the direction, strength the length."""
    reach = max(float(np.percentile(np.hypot(*answer.target), 99)), 1e-6)
    x, y = values / reach
    turned = np.stack([x, -x / 2 + np.sqrt(3) / 2 * y, -x / 2 - np.sqrt(3) / 2 * y], axis=-1)
    return 0.5 + 0.5 * turned


def _segments(answer: Answer, values: np.ndarray) -> Float[np.ndarray, "H W 3"]:
    return np.stack([rgb(colour) for colour in _SEGMENTS])[values.astype(int)] / 255


_PAINTERS: dict[str, Callable[[Answer, np.ndarray], np.ndarray]] = {
    **dict.fromkeys(IMAGE_TARGETS, _image),
    "colorization": _chroma,
    "normal": _normals,
    "segment_unsup2d": _offsets,
    "segment_unsup25d": _offsets,
    "segment_semantic": _segments,
}
