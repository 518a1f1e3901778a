"""Images cut into a dozen regions, and what a map adds up to in each: patches are read where pixels are not.

H, W: height and width of an image; h, w: of a map; R regions, numbered from 0.
"""

import numpy as np
from jaxtyping import Float, Integer, UInt8

from depara_core.errors import OptionError

PATCHES = 16  # superpixels of a photograph: as many as are told apart at a glance
COMPACTNESS = 10.0  # of superpixels: how much nearness counts beside likeness of colour


def superpixels(image: UInt8[np.ndarray, "H W 3"], patches: int = PATCHES) -> Integer[np.ndarray, "H W"]:
    """Cut a photograph into connected patches of like colour (SLIC, Achanta et al. 2012).

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    patches
        About how many, 1 or more.

    Returns
    -------
    array
        (H, W) the number of each pixel's patch, from 0, none left out.

    Raises
    ------
    OptionError
        For fewer than one patch.
    """
    from skimage.segmentation import relabel_sequential, slic

    if patches < 1:
        raise OptionError(f"Expected 1 patch or more, got {patches}.")
    cut = slic(image, n_segments=patches, compactness=COMPACTNESS, sigma=1, start_label=1)
    return np.asarray(relabel_sequential(cut)[0]) - 1


def region_sums(
    values: Float[np.ndarray, "h w"], regions: Integer[np.ndarray, "_ _"], count: int | None = None
) -> Float[np.ndarray, " R"]:
    """Add a map up over each region, in float64.

    Parameters
    ----------
    values
        (h, w), a value a pixel.
    regions
        (h, w), the number of each pixel's region, from 0.
    count
        R; None: as many as there are numbers up to the largest.

    Returns
    -------
    array
        (R,) the sums; they add up to the map's own sum. A region without a pixel has 0.

    Raises
    ------
    OptionError
        Where map and regions differ in shape.
    """
    if values.shape != regions.shape:
        raise OptionError(f"Expected a map and regions of one shape; got {values.shape} and {regions.shape}.")
    return np.bincount(regions.ravel(), values.astype(np.float64).ravel(), minlength=count or 0)


def borders(regions: Integer[np.ndarray, "H W"]) -> np.ndarray:
    """Return (H, W) bool: the pixels whose right or lower neighbour is of another region."""
    edge = np.zeros(regions.shape, dtype=bool)
    edge[:, :-1] |= regions[:, :-1] != regions[:, 1:]
    edge[:-1] |= regions[:-1] != regions[1:]
    return edge
