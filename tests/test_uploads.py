"""Uploads: kept by content, within bounds, whatever goes wrong on the disk and whoever else uploads the same."""

import errno
import io
import os
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depara_core import store as store_module
from depara_core import uploads
from depara_core.errors import ProbeError, StoreError
from depara_core.probes.loading import load_probes
from depara_core.store import Store
from depara_core.uploads import find_upload, keep_upload

KEY = "ab12" * 16


def age(store, digest, seconds):
    os.utime(store.path / "uploads" / digest, (time.time() - seconds,) * 2)


def test_uploads_are_kept_by_content_under_safe_names(tmp_path):
    store = Store(tmp_path)
    first = keep_upload(store, [("../../a<b>.png", b"1"), ("b.png", b"2")])
    assert first == keep_upload(store, [("../../a<b>.png", b"1"), ("b.png", memoryview(b"2"))])
    assert first != keep_upload(store, [("b.png", b"2"), ("../../a<b>.png", b"1")])
    assert [(name, file.read_bytes()) for name, file in find_upload(store, first)] == [
        ("a_b_.png", b"1"),
        ("b.png", b"2"),
    ]
    assert {path.parent for path in tmp_path.rglob("*.png")} == {tmp_path / "uploads" / first} | {
        path.parent for path in (tmp_path / "uploads").rglob("*.png")
    }


def test_long_names_are_shortened(tmp_path):
    digest = keep_upload(Store(tmp_path), [("日" * 300 + ".png", b"1")])
    ((name, file),) = find_upload(Store(tmp_path), digest)
    assert name.endswith(".png")
    assert len(file.name.encode()) <= 255


def test_what_is_too_much_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads.hashlib, "sha256", None)
    monkeypatch.setattr(uploads, "MAX_TOTAL", 3)
    with pytest.raises(ProbeError, match="Give the path of a folder"):
        keep_upload(Store(tmp_path), [("a.png", b"1234")])
    with pytest.raises(ProbeError, match="1 to 2,000 files"):
        keep_upload(Store(tmp_path), [])
    assert not tmp_path.joinpath("uploads").exists()


def test_the_least_recently_used_make_room(tmp_path):
    store = Store(tmp_path, max_bytes=4000)  # 1000 for uploads
    digests = [keep_upload(store, [(f"{i}.png", bytes([i]) * 400)]) for i in range(2)]
    for number, digest in enumerate(digests):
        age(store, digest, 100 - number)
    find_upload(store, digests[0])  # in use: the other one goes
    newest = keep_upload(store, [("2.png", b"2" * 400)])
    assert len(find_upload(store, digests[0])) == len(find_upload(store, newest)) == 1
    with pytest.raises(ProbeError, match="no longer kept"):
        find_upload(store, digests[1])
    with pytest.raises(StoreError, match="do not fit"):
        keep_upload(store, [("big.png", bytes(1001))])


def test_many_small_uploads_drop_none(tmp_path):
    store = Store(tmp_path)
    digests = [keep_upload(store, [("a.png", bytes([i]))]) for i in range(40)]
    assert all(find_upload(store, digest) for digest in digests)


def test_of_very_many_uploads_the_last_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "MANY", 3)
    store = Store(tmp_path)
    digests = [keep_upload(store, [("a.png", bytes([i]))]) for i in range(5)]
    for number, digest in enumerate(digests[1:]):
        age(store, digest, 100 - number)
    last = keep_upload(store, [("b.png", b"9")])
    assert {path.name for path in (tmp_path / "uploads").iterdir()} == {*digests[2:], last}


def test_uploads_count_in_the_bound_of_the_store(tmp_path):
    store = Store(tmp_path, max_bytes=10_000)
    digest = keep_upload(store, [("a.png", bytes(2400))])
    assert store.status().size == 2400
    age(store, digest, 50)
    store.put(KEY, {"a": np.zeros(1100)}, {})
    assert store.get(KEY) is not None
    with pytest.raises(ProbeError, match="no longer kept"):
        find_upload(store, digest)
    assert store.status().size <= 10_000


def test_clearing_the_store_leaves_what_cannot_be_made_again(tmp_path):
    store = Store(tmp_path)
    digest = keep_upload(store, [("a.png", b"1")])
    assert store.clear() == 0
    assert find_upload(store, digest)


def test_a_full_disk_leaves_nothing_and_the_next_upload_works(tmp_path, monkeypatch):
    store, real = Store(tmp_path), Path.write_bytes

    def full(path, data):
        real(path, bytes(data)[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(StoreError, match="No space left"):
            keep_upload(store, [("a.png", b"12345678")])
    assert [*tmp_path.rglob("*.p*")] == []
    assert find_upload(store, keep_upload(store, [("a.png", b"1")]))


def test_what_a_killed_process_left_goes(tmp_path):
    left = tmp_path / "uploads" / ".abc.part"
    left.mkdir(parents=True)
    (left / "0000-a.png").write_bytes(bytes(1000))
    long_ago = time.time() - 2 * store_module.STALE_SECONDS
    os.utime(left, (long_ago, long_ago))
    keep_upload(Store(tmp_path), [("a.png", b"1")])
    assert not left.exists()


def test_the_same_upload_from_many_at_once(tmp_path, monkeypatch):
    together, real = threading.Barrier(4), Path.replace

    def at_once(path, target):
        together.wait(20)
        return real(path, target)

    monkeypatch.setattr(Path, "replace", at_once)
    came = []
    files = [("a.png", b"1"), ("b.png", b"2")]
    threads = [threading.Thread(target=lambda: came.append(keep_upload(Store(tmp_path), files))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(came) == 4
    assert len(set(came)) == 1
    assert len(find_upload(Store(tmp_path), came[0])) == 2
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [came[0]]


@pytest.mark.parametrize("digest", ["gone", "../../etc", "", "x" * 300, "ä", "a\0b"])
def test_an_upload_that_is_gone_says_what_to_do(digest, tmp_path):
    with pytest.raises(ProbeError, match="Upload them again"):
        find_upload(Store(tmp_path), digest)


def test_an_upload_is_read_from_its_files_one_at_a_time(tmp_path):
    def png(value):
        content = io.BytesIO()
        Image.fromarray(np.full((4, 4, 3), value, np.uint8)).save(content, "PNG")
        return content.getvalue()

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inside.png", png(7))
    files = [
        ("b.png", png(1)),
        ("a.png", png(2)),
        ("c.zip", packed.getbuffer()),
        ("list.csv", b"path,label\na.png,cat"),
    ]
    digest = keep_upload(Store(tmp_path), files)
    found = load_probes(find_upload(Store(tmp_path), digest))
    assert found.names == ("b.png", "a.png", "inside.png")
