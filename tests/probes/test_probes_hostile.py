"""Probes from places that nobody vouches for: special files, endless trees, costly archives, other people's paths."""

import io
import os
import socket
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depara_core import paths
from depara_core.errors import Cancelled, DeparaError, OptionError, ProbeError
from depara_core.files import FILE, FOLDER, NOTHING, kind_at, open_regular
from depara_core.probes import archives, candidates, decoding, listing, loading, tars
from depara_core.probes.listing import listing_digest
from depara_core.probes.loading import load_probes


def png(value=0, side=4):
    content = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), value, np.uint8)).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def special(tmp_path):
    """One path of every kind that must not be opened."""
    os.mkfifo(tmp_path / "pipe.png")
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.relpath(tmp_path / "socket.png"))
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "log.png").symlink_to("/proc/kmsg")
    yield tmp_path
    server.close()


def within(seconds, work):
    """Do the work in a thread: one that blocks fails the test, and does not stop the others."""
    came = []

    def run():
        try:
            came.append(work())
        except DeparaError as error:
            came.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert came, "it blocks, or ended with another error"
    return came[0]


KINDS = {"pipe.png": "a named pipe", "socket.png": "a socket", "device.png": "a device", "log.png": "empty"}


@pytest.mark.parametrize("name", KINDS)
def test_a_special_file_is_refused_by_its_kind(special, name):
    assert KINDS[name] in str(within(20, lambda: load_probes(special / name)))
    assert KINDS[name] in str(within(20, lambda: load_probes([special / name])))
    with pytest.raises(OSError, match=KINDS[name]):
        open_regular(special / name)


def test_a_folder_and_a_table_are_read_without_the_special_files_in_them(special):
    (special / "good.png").write_bytes(png())
    found = within(20, lambda: load_probes(special))
    assert found.names == ("good.png",)
    assert {name: reason.partition(": only")[0] for name, reason in found.skipped} == {
        "pipe.png": "a named pipe",
        "socket.png": "a socket",
        "device.png": "a device",
        "log.png": "the file cannot be read: the file is empty",
    }
    (special / "list.csv").write_text("path\ngood.png\npipe.png\nlog.png\n~no-such-user/x.png\n" + "x" * 300 + ".png\n")
    found = within(20, lambda: load_probes(special / "list.csv"))
    assert found.names == ("good.png",)
    assert len(found.skipped) == 4


@pytest.mark.parametrize("suffix", ["zip", "tar", "npz", "npy", "parquet", "arrow", "csv"])
def test_no_reader_opens_what_says_that_it_is_empty(tmp_path, suffix):
    link = tmp_path / f"a.{suffix}"
    link.symlink_to("/proc/kmsg")
    assert isinstance(within(20, lambda: load_probes(link)), ProbeError)


def test_kinds(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    kinds = [kind_at(tmp_path / name) for name in (".", "file", "ring", "none", "file/below", "a\0b")]
    assert kinds == [FOLDER, FILE, NOTHING, NOTHING, NOTHING, NOTHING]
    with pytest.raises(OSError, match="too long"):
        kind_at(tmp_path / ("x" * 300))


@pytest.mark.parametrize("path", ["", "x" * 300, "~no-such-user-here", "~no-such-user-here/a/*.png", "a\0b", "b\ud800"])
def test_no_path_is_an_error_of_another_kind(path):
    with pytest.raises(DeparaError):
        load_probes(path)
    with pytest.raises(DeparaError):
        load_probes([path])
    assert len(listing_digest(path)) == 64


def stop_after(reports):
    seen = []

    def progress(done, total, message):
        seen.append(message)
        if len(seen) > reports:
            raise Cancelled("enough")

    progress.seen = seen
    return progress


def test_walking_a_tree_reports_and_stops(tmp_path, monkeypatch):
    monkeypatch.setattr(candidates, "TICK", 10)
    for folder in range(20):
        (tmp_path / f"{folder:02d}").mkdir()
        for i in range(10):
            (tmp_path / f"{folder:02d}" / f"{i}.txt").touch()
    for source in (tmp_path, tmp_path / "**" / "*.png", [tmp_path]):
        progress = stop_after(3)
        with pytest.raises(Cancelled):
            load_probes(source, progress=progress)
        assert progress.seen[1] == "Looking for images: 20 files and folders seen"


def test_a_tree_that_a_page_asks_about_is_looked_at_up_to_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "MOST", 3)
    for name in "abcd":
        (tmp_path / name).touch()
    before = listing_digest(tmp_path)
    (tmp_path / "d").write_text("beyond the bound")
    assert listing_digest(tmp_path) == before
    (tmp_path / "b").write_text("within")
    assert listing_digest(tmp_path) != before


def test_a_pattern_follows_no_ring_of_links(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_bytes(png())
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    assert load_probes(tmp_path / "**" / "*.png").names == ("x.png",)


# --- archives made to cost


def overlapping_zip(count):
    """One deflated picture that `count` entries of the directory point at."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("00000.png", png(side=64))
        first = archive.infolist()[0]
        for i in range(1, count):
            other = zipfile.ZipInfo(f"{i:05d}.png")
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset", "flag_bits"):
                setattr(other, name, getattr(first, name))
            archive.filelist.append(other)
    return content.getvalue()


def test_members_that_overlap_are_refused_before_any_is_unpacked(monkeypatch):
    monkeypatch.setattr(archives, "read_member", None)
    with pytest.raises(ProbeError, match="overlaps another member"):
        load_probes([("bomb.zip", overlapping_zip(500))])


def test_members_side_by_side_do_not_overlap(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for i, name in enumerate(["ä.png", "b/ü.png", "c.png", "日本.png"]):
            archive.writestr(name, png(i))
    assert len(load_probes(tmp_path / "a.zip")) == 4


@pytest.mark.parametrize("content", [png(), b"nonsense"])
def test_a_content_is_decoded_once(monkeypatch, content):
    calls = []

    def counted(*given, **options):
        calls.append(given)
        return decoding.decode(*given, **options)

    monkeypatch.setattr(loading, "decode", counted)
    files = [(f"{i}.png", content) for i in range(50)] + [("good.png", png(9))]
    found = load_probes(files)
    assert len(calls) == 2
    assert len(found.skipped) == 51 - len(found)


def test_a_packed_tar_is_not_unpacked_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(tars, "MAX_TOTAL", 10_000)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("a.png")
        member.size = 10**6
        archive.addfile(member, io.BytesIO(bytes(10**6)))
    with pytest.raises(ProbeError, match="unpacks to more than"):
        load_probes(tmp_path / "a.tar.gz")


# --- paths that may not be read


@pytest.fixture
def roots(tmp_path, monkeypatch):
    """A public server that reads one folder, with ways out of it."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
    (inside / "a.png").write_bytes(png(1))
    (outside / "secret.png").write_bytes(png(2))
    (inside / "link.png").symlink_to(outside / "secret.png")
    (inside / "folder").symlink_to(outside)
    (inside / "list.csv").write_text(f"path\na.png\n../outside/secret.png\n{outside}/secret.png\n")
    monkeypatch.setenv(paths.PUBLIC, "1")
    monkeypatch.setenv(paths.ROOTS, os.pathsep.join(["/nowhere", str(inside)]))
    return inside


def test_a_public_server_reads_below_its_roots_alone(roots):
    assert load_probes(roots).names == ("a.png",)
    assert load_probes(roots / "list.csv").names == ("a.png",)
    assert load_probes([roots / "a.png", roots / "link.png"]).names == ("a.png",)
    assert load_probes([("up.png", png(3))]).names == ("up.png",)
    outside = roots.parent / "outside"
    for path in (outside, roots / "folder", roots / ".." / "outside", Path("/"), roots / "**" / ".." / "*"):
        with pytest.raises((OptionError, ProbeError)):
            load_probes(path)


def test_a_refused_path_does_not_tell_whether_it_exists(roots):
    told = []
    for path in (roots.parent / "outside", roots.parent / "nothing-here"):
        with pytest.raises(OptionError) as refusal:
            load_probes(path)
        told.append(str(refusal.value))
        assert listing_digest(path) == listing_digest("/no/such/place")
    assert told[0] == told[1]


@pytest.mark.parametrize("content", [b"path\n\r\0", b"a\rb,c\0\n", b"path\n" + b'"' + b"x" * 200_000])
def test_a_table_that_is_none_says_so(content):
    with pytest.raises(ProbeError):
        load_probes([("list.csv", content)])
