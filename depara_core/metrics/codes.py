"""Spatial codes: a layer's output as channels on a grid of cells, whatever kind of network made it.

Symbols: N probes, C channels, H x W cells, T tokens.
"""

from math import isqrt

import numpy as np
from jaxtyping import Float

PREFIX = 8  # tokens before those of the grid (class, registers) that a transformer may have


def as_code(features: Float[np.ndarray, "N ..."]) -> Float[np.ndarray, "N C H W"]:
    """Return a layer's output as channels on a grid; what has no grid is one cell.

    Parameters
    ----------
    features
        (N, C, H, W) as it is; (N, H, W, C) where the grid is square and C differs; (N, T, C) tokens, whose last
        square number is the grid, row by row (at most eight others come first); anything else flattened.
    """
    if features.ndim == 3:
        side = isqrt(features.shape[1])
        first = features.shape[1] - side * side
        if first <= PREFIX and side > 1:
            grid = features[:, first:].reshape(len(features), side, side, features.shape[2])
            return np.moveaxis(grid, -1, 1)
    if features.ndim == 4:
        _, a, b, c = features.shape
        return np.moveaxis(features, -1, 1) if a == b != c else features
    return features.reshape(len(features), -1, 1, 1)


def resized(code: Float[np.ndarray, "N C H W"], height: int, width: int) -> Float[np.ndarray, "N C h w"]:
    """Return the code in float64 on a coarser grid: each new cell is the mean of the old ones by the area it covers."""
    result = code.astype(np.float64)
    if code.shape[2] != height:
        result = np.einsum("hH,ncHW->nchW", _areas(code.shape[2], height), result, optimize=True)
    if code.shape[3] != width:
        result = np.einsum("wW,nchW->nchw", _areas(code.shape[3], width), result, optimize=True)
    return result


def _areas(old: int, new: int) -> Float[np.ndarray, "new old"]:
    """Return the share of each new interval of [0, 1] that each old one covers."""
    edges = np.arange(new + 1)[:, None] * old / new
    covered = np.minimum(edges[1:], np.arange(1, old + 1)) - np.maximum(edges[:-1], np.arange(old))
    return covered.clip(0) * new / old
