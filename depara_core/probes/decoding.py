"""From the bytes of one image file to square RGB pixels; whatever is wrong with the bytes becomes a `ProbeError`."""

import contextlib
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
    for kinds in (
        "jpg jpeg jpe jfif mpo png gif bmp dib tif tiff",
        "webp avif heic heif jxl jp2 j2k ppm pgm pbm pnm pfm qoi",
    )
    for kind in kinds.split()
)


@lru_cache(maxsize=1)
def _formats() -> tuple[str, ...]:
    """Return the file formats to try; not all that Pillow knows: EPS, for one, would run a program."""
    Image.init()
    with contextlib.suppress(ImportError):
        import pillow_heif  # type: ignore[import-not-found,unused-ignore]

        pillow_heif.register_heif_opener()
    with contextlib.suppress(ImportError):
        import pillow_jxl  # type: ignore[import-not-found,unused-ignore]  # noqa: F401  it registers itself
    photographs = ("JPEG", "MPO", "PNG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "HEIF", "JXL", "JPEG2000")
    wanted = (*photographs, "PPM", "QOI")
    return tuple(name for name in wanted if name in Image.OPEN)


def decode(
    data: bytes | Image.Image,
    size: int,
    *,
    enlarge: bool = True,
    background: str = "white",
    notes: list[str] | None = None,
) -> UInt8[np.ndarray, "size size 3"]:
    """Return the upright centre square of an image, `size` x `size`, sRGB.

    Without `enlarge`, a smaller square keeps its own size, so that nothing is resampled before a network reads it.
    Transparent parts lie on `background`, a colour's name or "#rrggbb". Of an animation or several pages the first
    picture is taken, which `notes` is told.
    """
    if isinstance(data, Image.Image):
        return _read(data.copy(), size, enlarge, background)
    if not data:
        raise ProbeError("the file is empty")
    if len(data) > MAX_BYTES:
        raise ProbeError(f"the file has {len(data) / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} are read")
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > 1 and notes is not None and image.format != "MPO":  # a phone's, whose others are depth and such
                notes.append(f"holds {frames} pictures; the first is taken")
            return _read(image, size, enlarge, background)
    except ProbeError:
        raise
    except UnidentifiedImageError:
        raise ProbeError(_unidentified(data)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ProbeError(f"the image unpacks to more than {MAX_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow's readers raise anything at all on damaged bytes
        raise ProbeError(f"the image is damaged ({error or type(error).__name__})") from error


def _read(image: Image.Image, size: int, enlarge: bool, background: str) -> np.ndarray:
    _check_pixels(image)
    image.draft(None, (2 * size, 2 * size))  # a large JPEG is decoded at half, a quarter... of its size
    square = _to_rgb(_centre_square(_upright(image)), background)
    side = size if enlarge else min(size, square.width)
    if square.width != side:
        square = square.resize((side, side), Image.Resampling.BICUBIC)
    return np.array(square)


def _unidentified(data: bytes) -> str:
    """Say what kind of file this is, where a package that is not installed would read it."""
    head, known = data[:32], _formats()
    heic = head[4:8] == b"ftyp" and any(brand in head for brand in (b"heic", b"heix", b"mif1", b"msf1"))
    if heic and "HEIF" not in known:
        return "HEIC is read with another package: pip install 'depara-explorer[images]'"
    if "JXL" not in known and (head[:2] == b"\xff\x0a" or head[4:8] == b"JXL "):
        return "JPEG XL is read with another package: pip install 'depara-explorer[images]'"
    return "not an image, or of a kind that is not read here"


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


def _to_rgb(image: Image.Image, background: str) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_deep_grey(image)
    image = _to_srgb(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, background), layer).convert("RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """Scale grey by the least usual full scale that holds its values (8, 12, 16 bits, ...), else by their range.

    So 12-bit values, which cameras and scanners keep in 16-bit files, are as bright as they are meant to be.
    """
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    scales = {"I": (255, 4095, 65535, 2**31 - 1), "F": (1, 255, 65535)}.get(image.mode, (255, 4095, 65535))
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
