"""Measured losses on different scales made comparable: how often one source beats another on the same images.

Symbols: S sources of one target, I images.
"""

import numpy as np
from jaxtyping import Float

from depara_core.errors import OptionError

WINS = (0.001, 0.999)  # shares of won images are kept inside, so that no source is infinitely better


def affinity(losses: Float[np.ndarray, "I S"]) -> Float[np.ndarray, " S"]:
    """Return the ordinal transfer affinity of every source, positive, summing to 1 (Zamir et al., CVPR 2018, 3.3).

    w_ij is the share of images on which source i has a lower loss than j, ties half, clipped to [0.001, 0.999]. The
    ratio w_ij / w_ji says how many times better i is than j; the affinities are its principal eigenvector. Raises
    OptionError without images or sources, or for losses that are not finite.
    """
    if losses.size == 0:
        raise OptionError(f"Losses must hold at least one image and one source, got the shape {losses.shape}.")
    if not np.isfinite(losses).all():
        wrong = np.flatnonzero(~np.isfinite(losses).all(axis=0)).tolist()
        raise OptionError(f"Losses must be finite, got NaN or infinity for the sources in columns {wrong}.")
    won = [((column < losses) + 0.5 * (column == losses)).mean(axis=0) for column in losses.T[:, :, None]]
    wins = np.clip(won, *WINS)
    return priorities(wins / wins.T)


def priorities(ratios: Float[np.ndarray, "S S"]) -> Float[np.ndarray, " S"]:
    """Return the principal eigenvector of a positive matrix of ratios, summing to 1 (Saaty 1977).

    Where the ratios are consistent, r_ij = v_i / v_j, it is v itself.
    """
    values, vectors = np.linalg.eig(ratios)
    leading = np.abs(vectors[:, values.real.argmax()].real)  # positive up to sign (Perron)
    return leading / leading.sum()
