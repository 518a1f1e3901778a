"""A set of probe images, and what a model sees of them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image

from depara_core.errors import ProbeError

MINIMUM_PROBES = 3  # two graphs are compared by ranking their edges; fewer than 3 probes have fewer than 3 edges


@runtime_checkable
class InputSpec(Protocol):
    """What a model expects of its input; `ModelSpec` is one."""

    @property
    def input_size(self) -> int:
        """Height and width, pixels."""

    @property
    def mean(self) -> tuple[float, float, float]:
        """Mean of the RGB input in [0, 1]."""

    @property
    def std(self) -> tuple[float, float, float]:
        """Standard deviation of the RGB input in [0, 1]."""

    @property
    def interpolation(self) -> str:
        """Pillow's filter that images are resampled by; "": antialiased bilinear interpolation of torch."""


@dataclass(frozen=True, eq=False)
class ProbeSet:
    """N square RGB images with their names.

    Where the pictures were larger or of several sizes, networks read `originals`: an image is resampled once, from its
    original to what the network takes.

    Parameters
    ----------
    images
        (N, H, H, 3) uint8, of one size, to be looked at.
    names
        One an image.
    labels
        One an image, or None.
    source
        Where they come from, for people.
    skipped
        (file, reason) of what was left out.
    originals
        (S, S, 3) uint8 each, up to a bound; None: `images` are the originals.
    notes
        (file, remark) of what was taken in part.
    """

    images: UInt8[np.ndarray, "N H H 3"]
    names: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    source: str = "arrays"
    skipped: tuple[tuple[str, str], ...] = ()
    originals: tuple[np.ndarray, ...] | None = None
    notes: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for held in (self.images, *(self.originals or ())):
            held.setflags(write=False)
        if self.originals is not None and len(self.originals) != len(self.images):
            raise ProbeError(f"Expected an original per image: {len(self.images)} images, {len(self.originals)} came.")
        for what, values in (("names", self.names), ("labels", self.labels)):
            if values is not None and len(values) != len(self.images):
                raise ProbeError(f"Expected one of {what} per image: {len(self.images)} images, {len(values)} {what}.")

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def digest(self) -> str:
        """Sha256 (hex) of the shape and the pixels alone: names and labels do not change what a network computes."""
        content = hashlib.sha256(repr(self.images.shape).encode())
        if self.originals is None:
            content.update(np.ascontiguousarray(self.images).data)
        for original in self.originals or ():
            content.update(repr(original.shape).encode())
            content.update(np.ascontiguousarray(original).data)
        return content.hexdigest()

    @property
    def nbytes(self) -> int:
        """Bytes that the pixels take in memory."""
        return self.images.nbytes + sum(original.nbytes for original in self.originals or ())

    def take(self, indices: Iterable[int]) -> "ProbeSet":
        """Return some of the probes.

        Parameters
        ----------
        indices
            0 to N - 1, or from the end, in any order.

        Returns
        -------
        ProbeSet
            The probes in that order.

        Raises
        ------
        ProbeError
            An index does not exist, or none came.
        """
        chosen = [int(i) for i in indices]
        wrong = [i for i in chosen if not -len(self) <= i < len(self)]
        if wrong or not chosen:
            came = f"{wrong[:5]} came" if wrong else "none came"
            raise ProbeError(f"Expected probe indices from 0 to {len(self) - 1}; {came}.")
        labels = None if self.labels is None else tuple(self.labels[i] for i in chosen)
        originals = None if self.originals is None else tuple(self.originals[i] for i in chosen)
        return replace(
            self,
            images=self.images[chosen],
            names=tuple(self.names[i] for i in chosen),
            labels=labels,
            originals=originals,
        )

    def require_comparable(self) -> "ProbeSet":
        """Check that graphs over these probes can be compared.

        Returns
        -------
        ProbeSet
            The set itself.

        Raises
        ------
        ProbeError
            There are fewer than 3 probes.
        """
        if len(self) < MINIMUM_PROBES:
            raise ProbeError(
                f"Expected at least {MINIMUM_PROBES} probe images, because graphs are compared by ranking their "
                f"edges; {len(self)} came from {self.source}. Add images (50 to 200 work well)."
            )
        return self

    @classmethod
    def from_arrays(
        cls, images: Any, names: Sequence[str] | None = None, labels: Sequence[Any] | None = None
    ) -> "ProbeSet":
        """Make a set from pixels in memory, which are copied.

        Parameters
        ----------
        images
            (N, H, W, 3) uint8; H x W other than square is cropped to its centre.
        names
            One an image; None: "probe 000", ...
        labels
            One an image, or None.

        Returns
        -------
        ProbeSet
            The set.

        Raises
        ------
        ProbeError
            The pixels have another shape or type, or names or labels another number.
        """
        try:
            pixels = np.asarray(images)
        except ValueError:
            raise ProbeError("Expected images of one size, uint8 (N, H, W, 3); they differ in shape.") from None
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[-1] != 3 or 0 in pixels.shape:
            raise ProbeError(
                f"Expected images as uint8 (N, H, W, 3) with N, H, W >= 1; {pixels.dtype} {pixels.shape} came."
                " Scale floats in [0, 1] by 255 and convert them first; move the channels last."
            )
        side = min(pixels.shape[1:3])
        top, left = ((extent - side) // 2 for extent in pixels.shape[1:3])
        square = pixels[:, top : top + side, left : left + side].copy()
        default = [f"probe {i:03d}" for i in range(len(square))]
        return cls(
            images=square,
            names=tuple(str(name) for name in (default if names is None else names)),
            labels=None if labels is None else tuple(str(label) for label in labels),
        )


def model_input(probes: ProbeSet, rows: slice, spec: InputSpec) -> Float32[torch.Tensor, "B 3 S S"]:
    """Return what the model reads of some probes, each resampled once, from its original."""
    if probes.originals is None:
        return preprocess(probes.images[rows], spec)
    return torch.cat([preprocess(original[None], spec) for original in probes.originals[rows]])


def preprocess(images: UInt8[np.ndarray, "B H W 3"], spec: InputSpec) -> Float32[torch.Tensor, "B 3 S S"]:
    """Return what the model reads: (resize(images / 255) - mean) / std, antialiased bilinear, or as they are.

    With an interpolation of the model's own, Pillow resizes the bytes, as the transforms of the libraries do.
    """
    if spec.interpolation:
        images = np.stack([_resized(image, spec.input_size, spec.interpolation) for image in images])
    pixels = torch.tensor(images).permute(0, 3, 1, 2).to(torch.float32) / 255
    size = (spec.input_size, spec.input_size)
    if tuple(pixels.shape[-2:]) != size:
        pixels = torch.nn.functional.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
    mean, std = (torch.tensor(values, dtype=torch.float32).view(1, 3, 1, 1) for values in (spec.mean, spec.std))
    return ((pixels - mean) / std).contiguous()


def _resized(image: UInt8[np.ndarray, "H W 3"], side: int, interpolation: str) -> UInt8[np.ndarray, "S S 3"]:
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling[interpolation.upper()]))
