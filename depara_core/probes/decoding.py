"""From the bytes of one image file to square RGB pixels; whatever is wrong with the bytes becomes a `ProbeError`."""

import io
from functools import lru_cache

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from depara_core.errors import ProbeError

MAX_BYTES = 256 * 2**20  # of one file
MAX_PIXELS = 80_000_000  # width x height, from the header, before anything is decoded; below Pillow's own alarm
SUFFIXES = frozenset(
    f".{kind}"
    for kinds in ("jpg jpeg jpe jfif mpo png gif bmp dib tif tiff", "webp avif jp2 j2k ppm pgm pbm pnm pfm qoi")
    for kind in kinds.split()
)


@lru_cache(maxsize=1)
def _formats() -> tuple[str, ...]:
    """Return the file formats to try; not all that Pillow knows: EPS, for one, would run a program."""
    Image.init()
    wanted = ("JPEG", "MPO", "PNG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "QOI")
    return tuple(name for name in wanted if name in Image.OPEN)


def decode(data: bytes, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """Return the upright centre square of an image, `size` x `size`, sRGB; transparent parts on white, first frame."""
    if not data:
        raise ProbeError("the file is empty")
    if len(data) > MAX_BYTES:
        raise ProbeError(f"the file has {len(data) / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} are read")
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            _check_pixels(image)
            image.draft(None, (2 * size, 2 * size))  # a large JPEG is decoded at half, a quarter... of its size
            square = _to_rgb(_centre_square(_upright(image)))
            return np.array(square.resize((size, size), Image.Resampling.BICUBIC))
    except ProbeError:
        raise
    except UnidentifiedImageError:
        raise ProbeError("not an image, or of a kind that is not read here") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ProbeError(f"the image unpacks to more than {MAX_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow's readers raise anything at all on damaged bytes
        raise ProbeError(f"the image is damaged ({error or type(error).__name__})") from error


def _check_pixels(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ProbeError(f"the image is {width} x {height} pixels; at most {MAX_PIXELS:,} in all are read")


def _upright(image: Image.Image) -> Image.Image:
    """Return the image turned as its EXIF orientation says; a camera's broken EXIF block does not spoil the picture."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  broken EXIF raises as freely as broken pixels do
        return image


def _centre_square(image: Image.Image) -> Image.Image:
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_deep_grey(image)
    image = _to_srgb(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey by 65535; I and F by the least usual full scale that holds the values, else by their range."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    scales = {"I": (255, 65535, 2**31 - 1), "F": (1, 255, 65535)}.get(image.mode, (65535,))
    low, high = float(values.min()), float(values.max())
    full = next((scale for scale in scales if high <= scale), None)
    grey = (values - low) / ((high - low) or 1.0) if low < 0 or full is None else values / full
    return Image.fromarray(np.rint(255 * grey).astype(np.uint8)).convert("RGB")


def _to_srgb(image: Image.Image) -> Image.Image:
    """Return RGB and CMYK pixels in sRGB where the file brings a colour profile of another kind."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # a damaged profile, or one for another kind of pixels: the plain formula
        return image
    return image if converted is None else converted
