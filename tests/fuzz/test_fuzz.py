"""Generated attacks: whatever comes in, what goes out is a result or a `DeparaError`, soon, and no stray file.

Short and seeded in CI; `make fuzz` makes 100,000 inputs of other seeds (FUZZ: how many of each kind).
"""

import io
import math
import os
import signal
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

import depara_core as depara
from depara_core.choice.own_benchmark import read_benchmark
from depara_core.cli import app
from depara_core.errors import DeparaError
from depara_core.metrics import METRICS
from depara_core.probes.decoding import decode
from depara_core.probes.listing import listing_digest
from depara_core.probes.loading import load_probes
from depara_core.store import Store, parse_size
from depara_core.target_files import read_target, targets_in
from depara_core.uploads import find_upload, keep_upload
from depara_core.zoo.claims import path_of
from pages.shared import address, parts

pytestmark = [  # the first input of some kinds imports modules, which draw random numbers
    pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"),
    pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="of POSIX"),
]
COUNT = int(os.environ.get("FUZZ", "25"))
HANGS_S = 30  # of one input; a busy machine is no fault of ours
KEY = "ab12" * 16
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "DIB", "MPO", "AVIF")
generated = settings(
    max_examples=COUNT,
    derandomize="FUZZ" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def survives():
    """Let a result or a `DeparaError` pass; anything else, or an end that does not come, fails."""

    def hangs(*_):
        raise AssertionError(f"no answer within {HANGS_S} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(HANGS_S)
    try:
        yield
    except DeparaError as error:
        assert str(error).strip()  # noqa: PT017
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def _nothing_stray(tmp_path, monkeypatch):
    """Work in an empty folder, which holds nothing unfinished in the end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEPARA_STORE", str(tmp_path / "store"))
    yield
    assert [*tmp_path.rglob("*.part")] == []
    assert {path.name for path in tmp_path.iterdir()} <= {"store", "given", "given.csv", "given.npz"}


def encoded(form):
    pixels = np.arange(12 * 9 * 3, dtype=np.uint8).reshape(12, 9, 3)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, form)
    return content.getvalue()


def seeds():
    known = {}
    Image.init()
    for form in FORMATS:
        if form in Image.SAVE:
            try:
                known[form] = encoded(form)
            except (OSError, ValueError, KeyError):  # a build of Pillow without it
                continue
    return known


IMAGES = seeds()
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255), st.sampled_from(["set", "cut", "add"])), max_size=12)


def damaged(content, edits):
    """Return bytes that were changed, cut off or lengthened here and there."""
    found = bytearray(content)
    for place, value, what in edits:
        index = min(int(place * len(found)), len(found) - 1)
        if index < 0:
            break
        if what == "set":
            found[index] = value
        elif what == "cut":
            del found[index : index + value]
        else:
            found[index:index] = bytes([value]) * (1 + value)
    return bytes(found)


def packed():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (form, image) in enumerate(IMAGES.items()):
            archive.writestr(f"class{number % 2}/{number}.{form.lower()}", image)
        archive.writestr("../../out.png", IMAGES["PNG"])
    return content.getvalue()


ZIP = packed()
TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["nan", "inf", "-1", "1e308", "~nobody", "/proc/kmsg", "../..", "\0", "x" * 600, "rooms", "٣", "=1"]
    ),
)
NAMES = sorted(set().union(*(address.names(kind) for kind in parts.SHARED)))


@given(st.dictionaries(st.one_of(st.sampled_from(NAMES), TEXTS), st.lists(TEXTS, min_size=1, max_size=5), max_size=8))
@generated
def test_addresses(query):
    with survives():
        for kind in parts.SHARED:
            part, notes = address.from_query(kind, query)
            again, none = address.from_query(kind, address.to_query(part))
            assert (again, none) == (part, ())
            assert all(isinstance(note, str) for note in notes)


@given(TEXTS)
@generated
def test_paths(path):
    with survives():
        assert len(listing_digest(path)) == 64
    with survives():
        path_of(path)
    if path not in ("rooms", "fashion") and not path.startswith(("/", ".")):  # of an empty folder
        with survives():
            load_probes(path, count=3)


@given(st.sampled_from(sorted(IMAGES)), EDITS)
@generated
def test_images(form, edits):
    with survives():
        pixels = decode(damaged(IMAGES[form], edits), 16)
        assert pixels.shape == (16, 16, 3)


@given(EDITS)
@generated
def test_zips(edits):
    with survives():
        found = load_probes([("a.zip", damaged(ZIP, edits))])
        assert 1 <= len(found) <= len(IMAGES) + 1


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode(errors="replace"))))
@generated
def test_tables(content):
    with survives():
        load_probes([("a.png", IMAGES["PNG"]), ("list.csv", b"path,label\n" + content)])
    with survives():
        load_probes([("a.png", IMAGES["PNG"]), ("list.tsv", content)])


def embedding():
    content = io.BytesIO()
    rows = np.eye(len(PROBES), dtype=np.float32)
    np.savez_compressed(content, features=rows, names=np.array(PROBES.names), masks=rows[:, None].astype(np.uint8))
    return content.getvalue()


PROBES = load_probes("rooms", count=3)
NPZ = embedding()
CELLS = st.one_of(TEXTS, st.sampled_from(["room 000", "room 001", "room 002", "1", "[1 2]", "[]", '"', "\n", "name"]))


@given(st.lists(st.lists(CELLS, max_size=4), max_size=6), st.binary(max_size=60))
@generated
def test_tables_of_targets(rows, tail):
    content = "\n".join(",".join(row) for row in (["path", "a", "b"], *rows)).encode(errors="replace") + tail
    for name, whole in (("given.csv", content), ("given.csv", tail)):
        Path(name).write_bytes(whole)
        with survives():
            for target in targets_in(name):
                with survives():
                    assert np.isfinite(read_target(name, PROBES, target=target).edges).all()
        with survives():
            read_benchmark(name)


@given(EDITS)
@generated
def test_embeddings(edits):
    Path("given.npz").write_bytes(damaged(NPZ, edits))
    with survives():
        load_probes("given.npz")
    with survives():
        for target in targets_in("given.npz"):
            assert np.isfinite(read_target("given.npz", PROBES, target=target).edges).all()


@given(EDITS)
@generated
def test_store_files(edits):
    store = Store("store")
    arrays = {"a": np.arange(6, dtype=np.float32), "b": np.ones((2, 2), bool)}
    with survives():
        store.put(KEY, arrays, {"note": "x"})
        file = store.path / KEY[:2] / f"{KEY}.safetensors"
        sound = file.read_bytes()
        file.write_bytes(damaged(sound, edits))
        same = file.read_bytes() == sound
        accepted, found = store.verify() == (), store.get(KEY)
        assert accepted == (found is not None) == file.exists()
        assert accepted or not same
        if found is not None:  # blanks behind the header may be others: whatever counts is as it was
            assert all(np.array_equal(found.arrays[name], array) for name, array in arrays.items())
            assert found.metadata["note"] == "x"


@given(TEXTS)
@generated
def test_sizes(text):
    with survives():
        assert 1 <= parse_size(text) <= 10**18


@given(st.lists(st.tuples(TEXTS, st.binary(max_size=50)), max_size=4), TEXTS)
@generated
def test_uploads(files, digest):
    store = Store("store")
    with survives():
        found = find_upload(store, keep_upload(store, files))
        assert [file.read_bytes() for _, file in found] == [content for _, content in files]
    with survives():
        find_upload(store, digest)


OPTIONS = (
    "--lam",
    "--store-limit",
    "--source",
    "--json",
    "--store",
    "--help",
    "--count",
)  # --layers opens all networks
COMMANDS = (["models"], ["store", "status"], ["store", "verify"], ["rank", "--target", "rooms/normal", "--lam", "nan"])


@given(st.sampled_from(COMMANDS), st.lists(st.one_of(st.sampled_from(OPTIONS), TEXTS), max_size=4))
@settings(generated, max_examples=max(5, COUNT // 5))
def test_command_lines(command, arguments):
    with survives():
        done = CliRunner().invoke(app, [*command, *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code in (0, 1, 2)


NUMBERS = st.one_of(st.floats(width=32), st.sampled_from([0.0, 1.0, math.inf, math.nan, 3e38, 1e-38]))
PAIRS = sorted(name for name, metric in METRICS.items() if set(metric.takes) == {"features"})


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@given(st.sampled_from(PAIRS), st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.data())
@generated
def test_metrics(name, count, wide, narrow, data):
    a, b = (
        np.array([data.draw(NUMBERS) for _ in range(count * side)], np.float32).reshape(count, side)
        for side in (wide, narrow)
    )
    with survives():
        assert math.isfinite(depara.metric(name)(a, b))


@given(st.lists(NUMBERS, min_size=1, max_size=6), st.lists(NUMBERS, min_size=1, max_size=6), st.integers(-1, 7))
@generated
def test_measures(scores, truth, k):
    with survives():
        assert 0 <= depara.precision_at_k(np.array(scores), np.array(truth), k=k, relevant=1) <= 1
