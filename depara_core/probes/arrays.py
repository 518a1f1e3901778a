"""Images that are in memory or in array files already: .npy, .npz, Pillow images, a torch Dataset."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from depara_core.errors import ProbeError
from depara_core.probes.candidates import LABELS, Candidates
from depara_core.untrusted import reading, require_unpacked

MOST_BYTES = 2**32  # of an .npz, unpacked: it is held in memory, an .npy is not
KEYS = ("images", "x", "x_train", "x_test", "data", "arr_0", "train_images", "test_images")
LABEL_KEYS = ("labels", "y", "y_train", "y_test", "targets", "arr_1", "train_labels", "test_labels")


def add_array_file(candidates: Candidates, path: Path) -> None:
    """Add the images of an .npy or .npz: (N, H, W), (N, H, W, 3) or (N, 3, H, W), bytes or floats in [0, 1]."""
    with reading(f"{path.name} cannot be read as plain arrays", ProbeError):
        images, labels = _arrays(path)
    if images.ndim not in (3, 4):
        raise ProbeError(f"{path.name}: expected images (N, H, W, 3) or (N, H, W); the shape is {images.shape}.")
    if labels is not None and len(labels) != len(images):
        raise ProbeError(f"{path.name} holds {len(images)} images, but {len(labels)} labels.")
    for i in range(len(images)):
        label = None if labels is None else str(labels[i])
        candidates.add(f"{path.stem} {i:06d}", partial(_row, images, i), label=label, any_suffix=True)


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    if path.suffix.lower() == ".npz":
        require_unpacked(path, MOST_BYTES, ProbeError)
    held = np.load(path, mmap_mode="r", allow_pickle=False)
    if isinstance(held, np.ndarray):
        return held, None
    with held:
        key = next((key for key in KEYS if key in held.files), None)
        if key is None:
            raise ProbeError(f"{path.name} holds {', '.join(held.files)}; expected images as one of {KEYS}.")
        told = next((key for key in LABEL_KEYS if key in held.files), None)
        return held[key], None if told is None else np.asarray(held[told]).reshape(-1)


def _row(images: np.ndarray, index: int) -> Image.Image:
    return picture(images[index])


def add_dataset(candidates: Candidates, dataset: Any) -> None:
    """Add a torch Dataset, or one of Hugging Face's: items that are an image, (image, label), or a dict with "image".

    Labels are told without opening an item: by `targets` and `classes`, or by a column and its features' names.
    """
    known, names = _labels_of(dataset)
    for i in range(len(dataset)):
        label = None if known is None else _named(known[i], names)
        candidates.add(f"item {i:06d}", partial(_item, dataset, i), label=label, any_suffix=True)


def _labels_of(dataset: Any) -> tuple[Any, Any]:
    """Return the labels of a data set's items and their names, each None where it is not told."""
    if (known := getattr(dataset, "targets", None)) is not None:
        return known, getattr(dataset, "classes", None)
    column = next((name for name in LABELS if name in (getattr(dataset, "column_names", None) or ())), None)
    return (None, None) if column is None else (dataset[column], getattr(dataset.features[column], "names", None))


def _named(label: Any, names: Any) -> str:
    number = label.item() if hasattr(label, "item") else label
    return str(names[number]) if names is not None and isinstance(number, int) else str(number)


def _item(dataset: Any, index: int) -> Image.Image:
    item = dataset[index]
    if isinstance(item, dict):
        item = next((item[key] for key in ("image", "img", "pixel_values") if key in item), None)
    return picture(item[0] if isinstance(item, tuple | list) else item)


def is_picture(value: object) -> bool:
    """Tell whether something is an image in memory."""
    return isinstance(value, Image.Image | np.ndarray) or hasattr(value, "detach")


def picture(value: Any) -> Image.Image:
    """Turn an array or a tensor, channels last or first, bytes or floats in [0, 1], into a Pillow image.

    Normalised floats are refused, as no one can tell what they were.
    """
    if isinstance(value, Image.Image):
        return value
    try:
        pixels = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ProbeError(f"not an image but {type(value).__name__}") from error
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3, 4) and pixels.shape[-1] not in (1, 3, 4):
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim == 3 and pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim not in (2, 3) or 0 in pixels.shape or (pixels.ndim == 3 and pixels.shape[-1] not in (3, 4)):
        raise ProbeError(f"not an image: an array of shape {pixels.shape}")
    if np.issubdtype(pixels.dtype, np.floating):
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            raise ProbeError("floats outside [0, 1]: give the images before they are normalised")
        pixels = np.rint(255 * pixels).astype(np.uint8)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    if pixels.ndim == 3 and pixels.dtype != np.uint8:
        raise ProbeError(f"colours of type {pixels.dtype}: expected bytes, or floats in [0, 1]")
    deep = pixels.dtype if pixels.dtype in (np.uint8, np.uint16) else np.int32
    return Image.fromarray(np.ascontiguousarray(pixels.astype(deep)))
