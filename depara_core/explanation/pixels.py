"""Shares of groups of pixels, where masks tell what the pixels show.

Symbols: N probes, H and W pixels of the grid, G groups of pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Integer

from depara_core.errors import OptionError
from depara_core.explanation.contributions import Explanation, read_only

BLOCK = 2**22  # numbers of agreement maps in memory at once: 32 MiB of float64


@dataclass(frozen=True, eq=False)
class PixelContributions:
    """s_V split over groups of pixels. Invariants: probe.sum(axis=1) = probe_node; sum(node) = s_V; sum(area) = 1."""

    names: tuple[str, ...]
    node: Float[np.ndarray, " G"]
    probe: Float[np.ndarray, "N G"]
    area: Float[np.ndarray, " G"]  # the group's part of all pixels of all probes

    def strongest_probe(self, group: int) -> int:
        """Return the probe in which a group of pixels weighs most, in either direction; the first of equals."""
        return int(np.abs(self.probe[:, group]).argmax())

    def to_frame(self) -> pd.DataFrame:
        """One row a group: group, share, area, density (share / area, 0 without area; s_V is the mean density)."""
        density = np.divide(self.node, self.area, out=np.zeros_like(self.node), where=self.area > 0)
        return pd.DataFrame({"group": self.names, "share": self.node, "area": self.area, "density": density})


def pixel_contributions(
    why: Explanation, masks: Integer[np.ndarray, "N h w"], names: Sequence[str]
) -> PixelContributions:
    """Sum the agreement maps by groups of pixels; masks hold for each pixel of the grid the number of its name."""
    _, height, width = why.grid
    count, groups = len(why.probe_node), len(names)
    if masks.shape != (count, height, width):
        raise OptionError(
            f"Expected masks ({count}, {height}, {width}), one a probe on the grid of the maps; got {masks.shape}. "
            "Use resample_masks to bring them to the grid."
        )
    low, high = int(masks.min()), int(masks.max())
    if low < 0 or high >= groups:
        raise OptionError(f"Masks hold numbers from {low} to {high}. Expected 0 to {groups - 1}, one for each name.")
    probe = np.empty((count, groups))
    pixels = np.zeros(groups, dtype=np.int64)
    step = max(1, BLOCK // int(np.prod(why.grid)))
    for start in range(0, count, step):
        block = slice(start, start + step)
        maps = why.pixels(block)
        group = masks[block].astype(np.int64) + groups * np.arange(len(maps))[:, None, None]
        probe[block] = np.bincount(group.ravel(), maps.ravel(), len(maps) * groups).reshape(-1, groups)
        pixels += np.bincount(group.ravel() % groups, minlength=groups)
    return PixelContributions(
        tuple(names), read_only(probe.sum(axis=0)), read_only(probe), read_only(pixels / pixels.sum())
    )


def resample_masks(masks: Integer[np.ndarray, "N H W"], size: tuple[int, int]) -> Integer[np.ndarray, "N h w"]:
    """Bring whole-number masks to another size: each cell takes the number that most of its samples show.

    A cell has ceil(H / h) x ceil(W / w) evenly spaced samples: every pixel once for whole ratios, the nearest pixel
    where the masks grow. The smaller number wins a draw.
    """
    if min(size) < 1:
        raise OptionError(f"Masks of size {size} were asked for. Expected a height and a width of 1 or more.")
    (height, rows), (width, columns) = (_samples(*pair) for pair in zip(masks.shape[1:], size, strict=True))
    cells = masks[:, rows[:, None], columns].reshape(len(masks), size[0], height, size[1], width)
    result = np.zeros((len(masks), *size), dtype=masks.dtype)
    votes = np.zeros(result.shape, dtype=np.int64)
    for number in np.unique(masks):
        found = (cells == number).sum(axis=(2, 4))
        result[found > votes] = number
        votes = np.maximum(votes, found)
    return read_only(result)


def _samples(size: int, target: int) -> tuple[int, Integer[np.ndarray, " samples"]]:
    """Return how many samples a cell has along one side, and the pixels that they fall into."""
    each = -(-size // target)
    places = np.arange(target * each)
    return each, (2 * places + 1) * size // (2 * target * each)
