"""Where two networks look: pixels that matter to both, only to the one, only to the other, in three colours."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

from depara_core.errors import OptionError
from depara_core.figures.attribution_maps import Picture, ground, resize, shared_limit
from depara_core.figures.theme import palette, rgb
from depara_core.figures.tiles import PERCENTILE, drawn_map, scaled_maps
from depara_core.graphs import AttributionGraph

OPACITY = 0.92


def looks(image: Picture, a: Float[np.ndarray, "H W"], b: Float[np.ndarray, "_ _"], *, dark: bool = False) -> Picture:
    """Paint two strengths in [0, 1] over the grey image.

    min(a, b) takes the colour of both, what a or b has beyond it A's or B's; the larger one is the opacity.
    """
    if not a.shape == b.shape == image.shape[:2]:
        raise OptionError(f"Expected strengths of the image's size {image.shape[:2]}; got {a.shape} and {b.shape}.")
    both, alpha = np.minimum(a, b), np.maximum(a, b)
    shares = np.stack([both, a - both, b - both], axis=-1)  # the last two exclude each other
    colours = np.stack([rgb(colour) for colour in look_colours(dark)])
    paint = np.divide(shares @ colours, alpha[..., None], out=np.zeros(image.shape), where=alpha[..., None] > 0)
    cover = OPACITY * alpha[..., None]
    return np.rint((1 - cover) * ground(image, dark) + cover * paint).astype(np.uint8)


def look_colours(dark: bool) -> tuple[str, str, str]:
    """Return the colours of both, of only the first and of only the second."""
    paint = palette(dark)
    return paint.red, paint.ochre, paint.blue


def look_tiles(
    images: UInt8[np.ndarray, "N H W 3"],
    a: AttributionGraph,
    b: AttributionGraph,
    probes: Sequence[int],
    *,
    size: int = 112,
    dark: bool = False,
) -> list[UInt8[np.ndarray, "S S 3"] | None]:
    """Draw where both, only a and only b look at each probe; None where one of them has no attribution.

    Magnitudes, softened for the eye, each map on its own scale.
    """
    if a.edges_only or b.edges_only:
        return [None] * len(probes)
    ends = [[_strength(values, size) for values in scaled_maps(graph, probes, signed=False)] for graph in (a, b)]
    return [
        None
        if a.no_attribution[probe] or b.no_attribution[probe]
        else looks(resize(images[probe], size), one, other, dark=dark)
        for probe, one, other in zip(probes, *ends, strict=True)
    ]


def _strength(values: np.ndarray, size: int) -> np.ndarray:
    """Return a magnitude map's strength in [0, 1] as drawn: what stands out of its own mean."""
    drawn = drawn_map(values, size)
    raised = np.clip(drawn - drawn.mean(), 0, None)
    return np.clip(raised / shared_limit([raised], percentile=PERCENTILE), 0, 1)
