"""Attribution maps as pictures: drawn over the grey image, side by side, as PNG bytes.

H, W: height and width of the image; h, w: of the map; all images are uint8 (H, W, 3).
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from scipy.ndimage import binary_erosion, gaussian_filter

from depara_core.errors import OptionError
from depara_core.figures.theme import palette, rgb
from depara_core.png import to_png
from depara_core.probes import ProbeSet

Picture = UInt8[np.ndarray, "H W 3"]
SOFT = 0.018  # standard deviation of the smoothing for the eye, in widths of the picture
LINE = 0.9  # opacity of a contour
STRONGEST = 0.1  # of a map's mass, inside its contour
_LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
# The ground leaves room for the colours on the side they need it: lifted towards paper in light, dimmed in dark.
_GROUND = {False: (92.0, 0.62), True: (14.0, 0.58)}


def collapse(maps: Float[np.ndarray, "N C h w"], *, signed: bool) -> Float[np.ndarray, "N h w"]:
    """Sum attribution maps over their channels; of absolute values when only the magnitude is shown."""
    return np.asarray(maps if signed else np.abs(maps)).sum(axis=1)


def shared_limit(maps: Iterable[np.ndarray], *, percentile: float = 99.5) -> float:
    """Return the |value| drawn at full strength in all the maps shown together: a percentile, so one pixel cannot rule.

    Always above 0: maps that are zero at that percentile use their maximum, and all-zero maps 1.
    """
    magnitudes = [np.abs(np.asarray(m, dtype=np.float64)).ravel() for m in maps]
    values = np.concatenate(magnitudes) if magnitudes else np.zeros(0)
    if not values.size or not values.max() > 0:
        return 1.0
    limit = float(np.percentile(values, percentile))
    return limit if limit > 0 else float(values.max())


def overlay(
    image: Picture,
    attribution: Float[np.ndarray, "h w"],
    *,
    limit: float,
    opacity: float = 0.9,
    signed: bool = True,
    smooth: bool = True,
    dark: bool = False,
) -> Picture:
    """Draw a map over the grey image: colour says the sign (or the magnitude), opacity the strength |value| / limit.

    out = (1 - alpha) grey + alpha colour, alpha = opacity * min(1, |value| / limit); upsampled as `upsample` says.
    """
    if not limit > 0 or not 0 <= opacity <= 1:
        raise OptionError(f"Expected limit > 0 and opacity in 0..1; got limit={limit!r} and opacity={opacity!r}.")
    if image.ndim != 3 or image.shape[2] != 3 or attribution.ndim != 2:
        raise OptionError(f"Expected an image (H, W, 3) and a map (h, w); got {image.shape} and {attribution.shape}.")
    height, width = image.shape[:2]
    strength = np.clip(upsample(attribution, height, width, smooth=smooth) / limit, -1, 1)[..., None]
    alpha = opacity * np.abs(strength)
    colour = _colour(strength[..., 0], signed, dark)
    return np.rint((1 - alpha) * ground(image, dark) + alpha * colour).astype(np.uint8)


def upsample(
    attribution: Float[np.ndarray, "h w"], height: int, width: int, *, smooth: bool = True
) -> Float[np.ndarray, "H W"]:
    """Resize a map to (H, W), pixel centres aligned: bilinearly, or (not smooth) each value as one sharp square.

    A map larger than the image is averaged over area either way.
    """
    picture = Image.fromarray(np.ascontiguousarray(attribution, dtype=np.float32))
    resampling = Image.Resampling.BILINEAR if smooth else Image.Resampling.BOX
    return np.asarray(picture.resize((width, height), resampling), dtype=np.float64)


def soften(drawn: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    """Smooth a map for the eye, as drawn: a Gaussian of `SOFT` picture widths; its sum stays."""
    return gaussian_filter(drawn, SOFT * drawn.shape[1], mode="reflect")


def strongest(drawn: Float[np.ndarray, "H W"], share: float = STRONGEST) -> Bool[np.ndarray, "H W"]:
    """Return the fewest pixels whose |values| add up to a share of those of the whole map; none of a map of zeros."""
    magnitude = np.abs(drawn)
    falling = np.sort(magnitude, axis=None)[::-1]
    mass = np.cumsum(falling)
    if not mass[-1] > 0:
        return np.zeros(drawn.shape, dtype=bool)
    return magnitude >= falling[np.searchsorted(mass, share * mass[-1])]


def outline(picture: Picture, inside: Bool[np.ndarray, "H W"], *, dark: bool = False) -> Picture:
    """Draw a line of one pixel along the inner edge of an area, in the card's own lightness: marks are of the other."""
    edge = inside & ~binary_erosion(inside, border_value=1)
    line = LINE * rgb(palette(dark).surface) + (1 - LINE) * picture
    return np.where(edge[..., None], line, picture).astype(np.uint8)


def ground(image: Picture, dark: bool) -> np.ndarray:
    """Return the grey image that maps are drawn over, float64 (H, W, 1)."""
    lift, gain = _GROUND[dark]
    return (lift + gain * (image.astype(np.float64) @ _LUMINANCE))[..., None]


def _colour(strength: np.ndarray, signed: bool, dark: bool) -> np.ndarray:
    """Return the colour (H, W, 3) of strengths (H, W) in -1..1, before opacity."""
    colours = palette(dark)
    if not signed:  # one hue: a scale of many passes through greys, which no grey image shows
        return np.broadcast_to(rgb(colours.node), (*strength.shape, 3))
    return np.where(strength[..., None] < 0, rgb(colours.negative), rgb(colours.positive))


def scale_bar(width: int = 160, height: int = 10, *, signed: bool = True, dark: bool = False) -> Picture:
    """Draw the legend of `overlay` on a mid-grey ground: -limit to +limit, or 0 to limit."""
    row = np.linspace(-1 if signed else 0, 1, width, dtype=np.float32)
    ground = np.full((height, width, 3), 128, dtype=np.uint8)
    return overlay(ground, np.tile(row, (height, 1)), limit=1.0, opacity=1.0, signed=signed, dark=dark)


def resize(image: Picture, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """Resize an image to size x size pixels, antialiased; enlarging keeps the pixels square and visible."""
    resample = Image.Resampling.LANCZOS if size < image.shape[0] else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize((size, size), resample))


def thumbnail(probes: ProbeSet, index: int, size: int = 96) -> bytes:
    """Return one probe as a PNG of size x size pixels."""
    return to_png(resize(probes.images[index], size))
