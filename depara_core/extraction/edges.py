"""From raw attributions and features to a graph's numbers: unit rows, inner products, cosines."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor

from depara_core.attribution.options import Options
from depara_core.extraction.spill import let_go

BLOCK_BYTES = 64 * 2**20  # of float64 features in memory while a Gram matrix is summed
NOISE = 1e-12  # a centred squared norm below this share of the largest plain one is rounding, not a feature


def node_rows(
    maps: Float[Tensor, "B C H W"], options: Options
) -> tuple[Float[Tensor, "B P"], tuple[int, int, int], Bool[Tensor, " B"]]:
    """Flatten maps, reduced over channels and pooled as the options say, to rows of norm 1; say which are all zero."""
    maps = reduce_channels(maps, options.channels)
    if options.resolution is not None:
        maps = torch.nn.functional.adaptive_avg_pool2d(maps, options.resolution)
    rows = maps.flatten(1).double()
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    none = norms == 0
    _, channels, height, width = maps.shape
    return (rows / torch.where(none, 1.0, norms)).float(), (channels, height, width), none.flatten()


def reduce_channels(maps: Float[Tensor, "B C H W"], channels: str) -> Float[Tensor, "B D H W"]:
    """Keep the colour channels ("none", D = C), or average them or their absolute values over colours (D = 1)."""
    if channels == "none":
        return maps
    return (maps.abs() if channels == "abs_mean" else maps).mean(dim=1, keepdim=True)


def gram_matrix(features: Float32[np.ndarray, "N D"] | Float32[Tensor, "N D"]) -> Float[np.ndarray, "N N"]:
    """Return the inner products of all pairs of rows, summed in float64 over blocks of columns, where the rows lie."""
    count, length = features.shape
    blocks = _blocks(length, max(1, BLOCK_BYTES // (8 * count)))
    if isinstance(features, Tensor):
        sums = torch.zeros((count, count), dtype=torch.float64, device=features.device)
        for columns in blocks:
            wide = features[:, columns].double()
            sums.addmm_(wide, wide.T)
        return sums.cpu().numpy()
    total = np.zeros((count, count))
    for columns in blocks:
        block = features[:, columns].astype(np.float64)
        total += block @ block.T  # numpy knows a symmetric product, which takes half the time
        let_go(features)
    return total


def cross_gram_matrix(
    left: Float32[np.ndarray, "N D"], right: Float32[np.ndarray, "M D"], place: torch.device
) -> Float[np.ndarray, "N M"]:
    """Return the inner products of all pairs of a left and a right row, summed as in `gram_matrix`, on a device."""
    total = torch.zeros((len(left), len(right)), dtype=torch.float64, device=place)
    for columns in _blocks(left.shape[1], max(1, BLOCK_BYTES // (8 * max(1, len(left), len(right))))):
        one, other = (torch.tensor(rows[:, columns]).to(place).double() for rows in (left, right))
        total.addmm_(one, other.T)
    return total.cpu().numpy()


def _blocks(length: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, length, size))


def cosines(
    gram: Float[np.ndarray, "N N"], *, center: bool
) -> tuple[Float32[np.ndarray, "N N"], Bool[np.ndarray, " N"]]:
    """Turn inner products into cosines (DEPARA, Eq. 4), 0 for zero features, and say which features are zero.

    `center` subtracts the mean feature first, by centring the Gram matrix's rows and columns: the same, exactly.
    """
    floor = 0.0
    if center:
        means = gram.mean(axis=0)
        floor = NOISE * float(np.diag(gram).max())
        gram = gram - means[None, :] - means[:, None] + means.mean()
    squares = np.diag(gram)
    none = squares <= floor
    norms = np.sqrt(np.where(none, 1.0, squares))
    edges = np.clip(gram / norms[:, None] / norms[None, :], -1.0, 1.0)
    edges[none, :] = edges[:, none] = 0.0
    edges = (edges + edges.T) / 2
    np.fill_diagonal(edges, np.where(none, 0.0, 1.0))
    return edges.astype(np.float32), none
