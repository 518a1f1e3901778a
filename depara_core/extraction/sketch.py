"""Count sketches: long features folded into few numbers that keep their inner products, and how well they keep them."""

from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from depara_core.errors import OptionError
from depara_core.extraction.geometry import cosines

SEED = 0  # of hashes and signs: part of an artefact's identity


def check_sketch(width: int | None) -> None:
    """Refuse what cannot be the width of a sketch."""
    if width is None:
        return
    if isinstance(width, bool) or not isinstance(width, int) or width < 2 or width % 2:
        raise OptionError(
            f"sketch should be an even whole number, such as 8192: how many numbers a feature is folded into, or None "
            f"for exact cosines; {width!r} came."
        )


class Sketch:
    """Folds features of `length` numbers into `width`, on one device.

    A count sketch adds x_j times a sign s(j) = +-1 to the number at h(j), so that <y, y'> is <x, x'> in the mean over h
    and s, with a variance of at most 2 |x|^2 |x'|^2 / width (Charikar et al. 2002; Weinberger et al. 2009). Here stand
    two of half the width, independent of each other, in the even and in the odd columns: they tell their own error.
    h shifts every stretch of half the width by chance, so that a batch is folded in a few additions: two numbers of one
    stretch never meet, and two of different stretches no more often than by a random h.
    """

    def __init__(self, length: int, width: int, device: torch.device) -> None:
        self.half = width // 2
        chance = torch.Generator().manual_seed(SEED)
        bounds = [*range(0, length, self.half), length]
        self.stretches = list(pairwise(bounds))
        self.shifts = torch.randint(self.half, (2, len(self.stretches)), generator=chance).tolist()
        signs = torch.randint(2, (2, length), generator=chance, dtype=torch.int8)
        self.signs = (2 * signs - 1).float().to(device)

    def fold(self, features: Float32[Tensor, "B D"]) -> Float32[Tensor, "B width"]:
        """Return the sketches of a batch."""
        both = []
        for signs, shifts in zip(self.signs, self.shifts, strict=True):
            folded = features.new_zeros(len(features), 2 * self.half)
            for (start, stop), shift in zip(self.stretches, shifts, strict=True):
                folded[:, shift : shift + stop - start].addcmul_(features[:, start:stop], signs[start:stop])
            both.append(folded[:, : self.half] + folded[:, self.half :])
        return torch.stack(both, dim=2).flatten(1)


def halves(start: int) -> tuple[slice, slice]:
    """Return which of the columns of a `fold` from `start` on are of the one sketch, and which of the other."""
    return slice(start % 2, None, 2), slice((start + 1) % 2, None, 2)


def edge_error(grams: Float[np.ndarray, "2 N N"], *, center: bool) -> float:
    """Return the standard error of the cosines of two sketches' summed inner products, from how far the two differ.

    The root mean square, over pairs of probes, of half the difference of the cosines by the one and by the other.
    """
    one, other = (cosines(gram, center=center)[0].astype(np.float64) for gram in grams)
    apart = (one - other)[np.triu_indices(len(one), k=1)] / 2
    return float(np.sqrt(np.mean(apart**2))) if apart.size else 0.0
