"""A layer's output averaged over its places, as tensors that carry gradients: what `as_code` and a mean give arrays."""

from math import isqrt

from jaxtyping import Float
from torch import Tensor

from depara_core.metrics.codes import PREFIX


def pooled_cells(features: Float[Tensor, "B ..."]) -> Float[Tensor, "B C"]:
    """Return the mean over the grid of `as_code`: (B, C, H, W), (B, H, W, C), tokens (B, T, C), or flat as it is."""
    if features.ndim == 3:
        side = isqrt(features.shape[1])
        first = features.shape[1] - side * side
        if first <= PREFIX and side > 1:
            return features[:, first:].mean(dim=1)
    if features.ndim == 4:
        _, a, b, c = features.shape
        return features.mean(dim=(1, 2) if a == b != c else (2, 3))
    return features.flatten(1)
