"""Probe images: what comes in, in whichever form, and what a model sees of it."""

import io
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from depara_core import rooms
from depara_core.errors import Cancelled, OptionError, ProbeError
from depara_core.probes import ProbeSet, archives, load_probes, loading, preprocess
from depara_core.probes.decoding import MAX_PIXELS, decode
from depara_core.probes.listing import before_pattern, listing_digest


def encode(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(seed, side=12):
    """A PNG of noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return encode(Image.fromarray(noise))


def flat(mode, colour):
    return Image.new(mode, (4, 4), colour)


def palette(transparent):
    image = flat("P", 1)
    image.putpalette([255, 0, 0, 10, 20, 30])
    image.info = {"transparency": 1} if transparent else {}
    return image


def deep(values, dtype):
    return Image.fromarray(
        np.full((4, 4), values, dtype=dtype) if np.isscalar(values) else np.array(values, dtype=dtype)
    )


MODES = {
    "bilevel": (flat("1", 1), "PNG", (255, 255, 255)),
    "grey": (flat("L", 100), "PNG", (100, 100, 100)),
    "grey, transparent": (flat("LA", (100, 0)), "PNG", (255, 255, 255)),
    "grey, half": (flat("LA", (100, 128)), "PNG", (177, 177, 177)),  # 100 * 128/255 + 255 * 127/255 = 177.2
    "rgb": (flat("RGB", (1, 2, 3)), "BMP", (1, 2, 3)),
    "rgba, opaque": (flat("RGBA", (1, 2, 3, 255)), "PNG", (1, 2, 3)),
    "rgba, half": (flat("RGBA", (200, 0, 55, 51)), "PNG", (244, 204, 215)),  # colour / 5 + 255 * 4 / 5
    "rgba webp": (flat("RGBA", (9, 9, 9, 0)), "WEBP", (255, 255, 255)),
    "palette": (palette(False), "PNG", (10, 20, 30)),
    "palette, transparent": (palette(True), "PNG", (255, 255, 255)),
    "gif": (palette(False), "GIF", (10, 20, 30)),
    "cmyk cyan": (flat("CMYK", (255, 0, 0, 0)), "TIFF", (0, 255, 255)),
    "cmyk black": (flat("CMYK", (0, 0, 0, 255)), "TIFF", (0, 0, 0)),
    "cmyk jpeg white": (flat("CMYK", (0, 0, 0, 0)), "JPEG", (255, 255, 255)),
    "ycbcr jpeg": (flat("YCbCr", (128, 128, 128)), "JPEG", (128, 128, 128)),
    "lab": (flat("LAB", (0, 128, 128)), "TIFF", (1, 0, 1)),
    "16 bit png": (deep(25700, np.uint16), "PNG", (100, 100, 100)),
    "16 bit tiff": (deep(65535, np.uint16), "TIFF", (255, 255, 255)),
    "16 bit pgm": (deep(25700, np.uint16), "PPM", (100, 100, 100)),
    "32 bit, bytes": (deep(200, np.int32), "TIFF", (200, 200, 200)),
    "32 bit, 16 used": (deep(25700, np.int32), "TIFF", (100, 100, 100)),
    "float unit": (deep(0.2, np.float32), "TIFF", (51, 51, 51)),
    "float bytes": (deep(200.0, np.float32), "TIFF", (200, 200, 200)),
    "float not a number": (deep(np.nan, np.float32), "TIFF", (0, 0, 0)),
}


@pytest.mark.parametrize("case", MODES)
def test_every_mode_comes_out_as_the_colour_it_shows(case):
    image, kind, expected = MODES[case]
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    pixels = decode(encode(image, kind, **options), 4)
    assert pixels.shape == (4, 4, 3)
    np.testing.assert_array_equal(pixels, np.broadcast_to(np.uint8(expected), (4, 4, 3)))


def test_signed_floats_are_stretched_over_their_range():
    ramp = np.repeat([[-1.0, 0.0, 1.0, 3.0]], 4, axis=0)
    pixels = decode(encode(deep(ramp, np.float32), "TIFF"), 4)
    np.testing.assert_array_equal(pixels[:, :, 0], np.repeat([[0, 64, 128, 255]], 4, axis=0))


UPRIGHT = {  # EXIF orientation -> how the stored pixels become the upright ones
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_is_undone(orientation, kind):
    stored = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(Image.fromarray(stored), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    np.testing.assert_array_equal(decode(data, 6), UPRIGHT[orientation](stored))


def test_broken_exif_does_not_spoil_the_picture():
    data = encode(flat("RGB", (7, 8, 9)), "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    assert decode(data, 4)[0, 0].tolist() == [7, 8, 9]


def test_a_foreign_colour_profile_is_converted_and_a_broken_one_ignored():
    ordinary = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = ordinary.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    swapped = swapped.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be")).replace(b"sRGB", b"test")
    red = flat("RGB", (255, 0, 0))
    assert decode(encode(red, icc_profile=ordinary), 4)[0, 0].tolist() == [255, 0, 0]
    assert decode(encode(red, icc_profile=b"nonsense"), 4)[0, 0].tolist() == [255, 0, 0]
    assert decode(encode(red, icc_profile=swapped), 4)[0, 0].tolist() == [0, 0, 255]  # its "red" is our blue


def test_the_centre_square_is_kept():
    wide = np.zeros((4, 9, 3), dtype=np.uint8)
    wide[:, 2:6] = np.random.default_rng(0).integers(0, 256, (4, 4, 3))
    np.testing.assert_array_equal(decode(encode(Image.fromarray(wide)), 4), wide[:, 2:6])
    tall = wide.transpose(1, 0, 2)
    np.testing.assert_array_equal(decode(encode(Image.fromarray(tall)), 4), tall[2:6])


def test_a_large_jpeg_agrees_with_its_full_decoding():
    y, x = np.mgrid[0:800, 0:800] / 800
    smooth = np.stack([255 * x, 255 * y, 127 * (1 + np.sin(9 * x))], axis=2).astype(np.uint8)
    data = encode(Image.fromarray(smooth), "JPEG", quality=95)
    full = np.asarray(Image.open(io.BytesIO(data)).resize((64, 64), Image.Resampling.BICUBIC), dtype=int)
    assert np.abs(decode(data, 64).astype(int) - full).max() <= 3


def png_claiming(width, height):
    """A PNG of a few bytes that says it is this large."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (header, b"IDAT" + zlib.compress(b""), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


BAD = {
    "empty.png": (b"", "the file is empty"),
    "text.jpg": (b"not an image at all", "not an image"),
    "postscript.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    "cut.png": (photo(0, 64)[:2000], "the image is damaged"),
    "cut.jpg": (encode(Image.open(io.BytesIO(photo(0, 64))), "JPEG")[:900], "the image is damaged"),
    "bomb.png": (png_claiming(10_000, MAX_PIXELS // 10_000 + 1), "at most 80,000,000 in all"),
    "great bomb.png": (png_claiming(2**30, 2**30), "unpacks to more than"),
    "notes.txt": (b"hello", ".txt: not an image type"),
}


@pytest.fixture
def folder(tmp_path):
    """Two classes of two images each, every bad file, and what a desktop leaves behind."""
    for place, seed in (("cat/a.png", 1), ("cat/b.PNG", 2), ("dog/deep/c.png", 3), ("dog/d.png", 4)):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(photo(seed))
    for name, (data, _) in BAD.items():
        (tmp_path / "dog" / name).write_bytes(data)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.png").write_bytes(photo(9))
    return tmp_path


def packed(folder):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, f"photos/{path.relative_to(folder)}")
    return file.getvalue()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("form", ["folder", "zip", "zip upload", "paths", "uploads"])
def test_the_same_images_come_in_every_form_and_bad_files_are_told(folder, form, tmp_path_factory):
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".hidden" not in path.parts)
    archive = tmp_path_factory.mktemp("zip") / "photos.zip"
    archive.write_bytes(packed(folder))
    source = {
        "folder": folder,
        "zip": str(archive),
        "zip upload": [("photos.zip", packed(folder))],
        "paths": [str(path) for path in files],
        "uploads": [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files],
    }[form]
    probes = load_probes(source, size=12)
    names = [name.removeprefix("photos/") for name in probes.names]
    assert names == ["cat/a.png", "cat/b.PNG", "dog/d.png", "dog/deep/c.png"]
    assert probes.labels == ("cat", "cat", "dog", "dog")
    expected = [decode(photo(seed), 12) for seed in (1, 2, 4, 3)]
    np.testing.assert_array_equal(probes.images, expected)
    reasons = {name.rpartition("/")[2]: reason for name, reason in probes.skipped}
    by_content = form in ("paths", "uploads")  # named one by one, so each is tried whatever its suffix
    for name, (_, reason) in BAD.items():
        assert ("not an image" if name == "notes.txt" and by_content else reason) in reasons.pop(name)
    assert not reasons


def test_labels_need_every_image_in_a_class_folder(folder):
    (folder / "stray.png").write_bytes(photo(7))
    assert load_probes(folder).labels is None


def test_folders_above_the_classes_are_not_labels(tmp_path):
    for place, seed in (("data/train/x/1.png", 1), ("data/train/y/2.png", 2)):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_bytes(photo(seed))
    assert load_probes(tmp_path).labels == ("x", "y")
    assert load_probes(tmp_path / "data/train/x").labels is None


def test_repeated_pixels_are_dropped_and_told(tmp_path):
    for name, seed in (("a.png", 1), ("b.png", 2), ("c.png", 1)):
        (tmp_path / name).write_bytes(photo(seed))
    probes = load_probes(tmp_path)
    assert probes.names == ("a.png", "b.png")
    assert probes.skipped == (("c.png", "the same pixels as a.png"),)


def test_a_sample_is_seeded_sorted_and_looks_further_when_files_are_bad(tmp_path):
    for i in range(20):
        (tmp_path / f"{i:02d}.png").write_bytes(photo(i) if i % 2 else b"")
    first, again, other = (load_probes(tmp_path, count=5, seed=seed, size=12) for seed in (0, 0, 1))
    assert len(first) == 5
    assert list(first.names) == sorted(first.names)
    assert (first.digest, first.names) == (again.digest, again.names)
    assert other.names != first.names
    assert len(load_probes(tmp_path, count=15)) == 10  # all that are usable
    assert len(load_probes(tmp_path)) == 10


def test_uploads_of_one_name_stay_apart():
    probes = load_probes([("a.png", photo(1)), ("a.png", photo(2)), ("a.png", photo(3))])
    assert probes.names == ("a.png", "a.png (2)", "a.png (3)")


UNUSABLE = {
    "missing": (lambda p: p / "absent", "there is nothing to read at"),
    "empty folder": (lambda p: p, "it holds no files"),
    "empty list": (lambda p: [], "it holds no files"),
    "only missing": (lambda p: [p / "absent.png"], "there is nothing to read at"),
    "only bad": (lambda p: [("x.png", b"")], "the file is empty"),
    "bad zip": (lambda p: [("x.zip", b"PK nonsense")], "The zip file cannot be read"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_nothing_usable_is_an_error_that_says_why(case, tmp_path):
    make, message = UNUSABLE[case]
    with pytest.raises(ProbeError, match=message):
        load_probes(make(tmp_path))


@pytest.mark.parametrize("count", [0, -1, 10**9])
def test_a_wrong_count_is_refused(count):
    with pytest.raises(OptionError, match="Expected count as a whole number from 1"):
        load_probes("rooms", count=count)


def zip_of(*members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def test_a_zip_bomb_is_not_unpacked(monkeypatch):
    bomb = ("bomb.bmp", b"BM" + bytes(30 * 2**20))
    read = []
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda self, member: read.append(member.filename) or photo(len(read)))
    probes = load_probes([("z.zip", zip_of(("good.png", b"x"), bomb))])
    assert read == ["good.png"]
    assert probes.skipped == (("bomb.bmp", "unpacks to more than 200 times its size, like a decompression bomb"),)


def test_a_zip_is_bounded_in_members_and_in_bytes(monkeypatch):
    data = zip_of(*((f"{i}.png", photo(i)) for i in range(4)), method=zipfile.ZIP_STORED)
    monkeypatch.setattr(archives, "MAX_TOTAL", 2 * len(photo(0)) + 40)
    probes = load_probes([("z.zip", data)])
    assert probes.names == ("0.png", "1.png")
    assert [name for name, _ in probes.skipped] == ["2.png", "3.png"]
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    with pytest.raises(ProbeError, match="has 4 members; at most 3"):
        load_probes([("z.zip", data)])


def test_odd_zip_members_are_told_and_nothing_lands_on_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = bytearray(zip_of(("../../out.png", photo(1)), ("ok.png", photo(2)), ("wrong.png", photo(3))))
    entry = data.rindex(b"wrong.png") - 46  # the central directory's entry
    data[entry + 16 : entry + 20] = b"\0\0\0\0"  # its checksum
    lock = data.rindex(b"ok.png") - 46
    data[lock + 8] |= 1  # its "encrypted" flag
    probes = load_probes([("z.zip", bytes(data)), ("b.zip", zip_of(("b.png", photo(4)), method=zipfile.ZIP_BZIP2))])
    assert probes.names == ("../../out.png",)
    reasons = dict(probes.skipped)
    assert reasons["ok.png"] == "encrypted in the zip file"
    assert "cannot be unpacked" in reasons["wrong.png"]
    assert "only stored and deflated" in reasons["b.png"]
    assert list(tmp_path.parent.rglob("out.png")) == []


def test_too_many_images_without_a_count_are_refused(tmp_path, monkeypatch):
    for i in range(4):
        (tmp_path / f"{i}.png").write_bytes(photo(i))
    monkeypatch.setattr(loading, "MAX_PROBES", 3)
    with pytest.raises(ProbeError, match="give a count"):
        load_probes(tmp_path)
    assert len(load_probes(tmp_path, count=3)) == 3


def test_rooms_are_what_the_renderer_draws():
    probes = load_probes("rooms", count=3, seed=5, size=32)
    np.testing.assert_array_equal(probes.images, rooms.render(3, 5, size=32))
    assert probes.names == ("room 000", "room 001", "room 002")
    assert probes.skipped == ()


@pytest.mark.parametrize("source", ["rooms", "files"])
def test_progress_counts_images_and_can_stop_the_reading(source):
    files = [(f"{seed}.png", photo(seed)) for seed in range(5)]
    told = []
    load_probes("rooms" if source == "rooms" else files, count=4, size=64, progress=lambda *news: told.append(news))
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert {total for _, total, _ in told} == {4}

    def stop(done, total, message):
        raise Cancelled(message)

    with pytest.raises(Cancelled):
        load_probes("rooms" if source == "rooms" else files, count=4, size=64, progress=stop)


def test_rooms_are_200_of_128_pixels_unless_told(monkeypatch):
    monkeypatch.setattr(
        rooms, "render", lambda count, seed, size, progress: np.full((count, size, size, 3), seed, np.uint8)
    )
    probes = load_probes("rooms")
    assert probes.images.shape == (200, 128, 128, 3)
    assert not probes.images.any()


def test_arrays_are_copied_cropped_and_read_only():
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 7, 3), dtype=np.uint8)
    probes = ProbeSet.from_arrays(images, labels=[1, 2, 1])
    np.testing.assert_array_equal(probes.images, images[:, :, 1:5])
    assert probes.labels == ("1", "2", "1")
    images[:] = 0
    assert probes.images.any()
    with pytest.raises(ValueError, match="read-only"):
        probes.images[0] = 0


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((2, 4, 4, 3), np.float32), r"float32 \(2, 4, 4, 3\) came"),
        (np.zeros((2, 3, 4, 4), np.uint8), r"uint8 \(2, 3, 4, 4\) came"),
        (np.zeros((0, 4, 4, 3), np.uint8), r"uint8 \(0, 4, 4, 3\) came"),
        ([np.zeros((2, 2, 3), np.uint8), np.zeros((3, 3, 3), np.uint8)], "they differ in shape"),
    ],
)
def test_wrong_arrays_are_refused(images, message):
    with pytest.raises(ProbeError, match=message):
        ProbeSet.from_arrays(images)


def test_names_must_match_the_images():
    with pytest.raises(ProbeError, match="2 images, 1 names"):
        ProbeSet.from_arrays(np.zeros((2, 4, 4, 3), np.uint8), names=["a"])


def test_the_digest_tells_pixels_and_shape_and_nothing_else():
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    probes = ProbeSet.from_arrays(images)
    assert probes.digest == ProbeSet.from_arrays(images, names=["x", "y"], labels=["a", "b"]).digest
    changed = images.copy()
    changed[1, 3, 3, 2] ^= 1
    assert ProbeSet.from_arrays(changed).digest != probes.digest
    assert (
        ProbeSet.from_arrays(np.zeros((4, 2, 2, 3), np.uint8)).digest
        != ProbeSet.from_arrays(np.zeros((1, 4, 4, 3), np.uint8)).digest
    )


@settings(max_examples=30)
@given(st.lists(st.integers(-5, 4), min_size=1, max_size=8))
def test_take_picks_images_names_and_labels_alike(indices):
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    taken = ProbeSet.from_arrays(images, names="abcde", labels=range(5)).take(indices)
    chosen = [range(5)[i] for i in indices]
    assert taken.images[:, 0, 0, 0].tolist() == chosen
    assert "".join(taken.names) == "".join("abcde"[i] for i in chosen)
    assert taken.labels == tuple(str(i) for i in chosen)


@pytest.mark.parametrize("indices, message", [([5], r"from 0 to 4; \[5\] came"), ([], "none came")])
def test_take_refuses_what_is_not_there(indices, message):
    with pytest.raises(ProbeError, match=message):
        ProbeSet.from_arrays(np.zeros((5, 2, 2, 3), np.uint8)).take(indices)


def test_too_few_probes_to_compare_are_refused():
    probes = ProbeSet.from_arrays(np.zeros((3, 2, 2, 3), np.uint8))
    assert probes.require_comparable() is probes
    with pytest.raises(ProbeError, match=r"at least 3 probe images.*2 came"):
        probes.take([0, 1]).require_comparable()


class Input:
    interpolation = ""

    def __init__(self, size, mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7)):
        self.input_size, self.mean, self.std = size, mean, std


def triangle(n_in, n_out):
    """The antialiased bilinear filter as a matrix (n_out, n_in): a triangle as wide as an output pixel, at least 1."""
    scale = n_in / n_out
    width = max(scale, 1.0)
    centres = (np.arange(n_out) + 0.5) * scale
    weights = np.maximum(0, 1 - np.abs(np.arange(n_in) + 0.5 - centres[:, None]) / width)
    return weights / weights.sum(1, keepdims=True)


@pytest.mark.parametrize("size", [4, 8, 12, 5])
def test_preprocess_is_an_antialiased_resize_then_normalisation(size):
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    spec = Input(size)
    matrix = triangle(8, size)
    resized = np.einsum("ab,nbcd,ec->naed", matrix, images / 255, matrix)
    expected = ((resized - spec.mean) / spec.std).transpose(0, 3, 1, 2)
    result = preprocess(images, spec)
    assert result.dtype == torch.float32
    np.testing.assert_allclose(result.numpy(), expected, atol=2e-6)


@settings(max_examples=20)
@given(st.integers(1, 9), st.integers(0, 2**31))
def test_preprocess_without_resize_is_exact(side, seed):
    images = np.random.default_rng(seed).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    result = preprocess(images, Input(side, (0.0,) * 3, (1.0,) * 3))
    np.testing.assert_array_equal(np.rint(result.numpy() * 255).astype(np.uint8).transpose(0, 2, 3, 1), images)
    images.setflags(write=False)
    assert torch.equal(preprocess(images, Input(side, (0.0,) * 3, (1.0,) * 3)), result)


def test_a_listing_sees_every_change_below_a_folder(tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "x.png").write_bytes(b"1")
    (tmp_path / "y.png").write_bytes(b"22")
    seen = [listing_digest(tmp_path)]
    assert listing_digest(tmp_path) == seen[0]

    def changed():
        seen.append(listing_digest(tmp_path))
        return len(set(seen)) == len(seen)

    (deep / "x.png").write_bytes(b"333")  # in place, in a sub-folder
    assert changed()
    os.utime(deep / "x.png", ns=(1, 1))  # the same size, written again
    assert changed()
    (deep / "z.png").write_bytes(b"4")
    assert changed()
    (deep / "z.png").rename(deep / "w.png")
    assert changed()
    (deep / "w.png").unlink()
    (tmp_path / "a" / ".hidden").write_bytes(b"5")
    assert listing_digest(tmp_path) == seen[2], "hidden files are no probes"


def test_a_pattern_is_listed_where_it_is_looked_up(tmp_path):
    (tmp_path / "a").mkdir()
    pattern = tmp_path / "a" / "*" / "x.png"
    assert before_pattern(pattern) == tmp_path / "a"
    assert before_pattern(tmp_path) is None
    before = listing_digest(pattern)
    (tmp_path / "a" / "b.png").write_bytes(b"1")
    assert listing_digest(pattern) != before == listing_digest(tmp_path / "none")


def test_a_listing_of_one_file_and_of_nothing(tmp_path):
    file = tmp_path / "images.zip"
    nothing = listing_digest(file)
    file.write_bytes(b"1")
    one = listing_digest(file)
    assert nothing != one
    os.utime(file, ns=(1, 1))
    assert listing_digest(file) not in (one, nothing)
    file.unlink()
    assert listing_digest(file) == nothing


def test_the_bundled_photographs_are_drawn_from_every_kind():
    every = load_probes("fashion")
    assert every.images.shape == (200, 28, 28, 3)
    assert len(set(every.labels)) == 5
    assert load_probes("fashion", count=20, seed=3).images.shape == (20, 28, 28, 3)
    assert len(set(load_probes("fashion", count=5).labels)) == 5
