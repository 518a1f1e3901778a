import multiprocessing
import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from depara_core.errors import StoreError
from depara_core.store import Store

KEY = "ab12" * 16


def arrays(seed=0, size=100):
    rng = np.random.default_rng(seed)
    return {"nodes": rng.normal(size=(4, size)).astype(np.float32), "flags": rng.random(5) > 0.5}


def file_of(store, key=KEY):
    return store.path / key[:2] / f"{key}.safetensors"


@given(
    shape=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    dtype=st.sampled_from([np.float32, np.float64, np.bool_, np.int64]),
    note=st.text(),
)
@settings(max_examples=40, deadline=None)
def test_what_is_put_is_got(tmp_path_factory, shape, dtype, note):
    store = Store(tmp_path_factory.mktemp("store"))
    given = {"a": np.arange(np.prod(shape)).reshape(shape).astype(dtype), "b": np.ones(3, np.float32)}
    store.put(KEY, given, {"note": note})
    got = store.get(KEY)
    assert got.metadata == {"note": note}
    for name, array in given.items():
        np.testing.assert_array_equal(got.arrays[name], array)
        assert got.arrays[name].dtype == array.dtype
        assert not got.arrays[name].flags.writeable


def test_a_file_is_plain_safetensors(tmp_path):
    store = Store(tmp_path)
    store.put(KEY, arrays(), {})
    np.testing.assert_array_equal(load_file(file_of(store))["nodes"], arrays()["nodes"])
    assert [f.name for f in tmp_path.rglob("*") if f.is_file()] == [f"{KEY}.safetensors"]


def test_nothing_there(tmp_path):
    store = Store(tmp_path / "not" / "made")
    assert store.get(KEY) is None
    assert store.status().artefacts == 0
    assert store.verify() == ()
    assert store.clear() == 0
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize("damage", ["flip", "header", "cut", "empty", "garbage"])
def test_damage_is_found_and_counts_as_missing(tmp_path, damage):
    store = Store(tmp_path)
    store.put(KEY, arrays(), {"note": "x"})
    file = file_of(store)
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[-3] ^= 1
    elif damage == "header":
        content = content.replace(b'\\"note\\": \\"x\\"', b'\\"note\\": \\"y\\"')
        assert content != file.read_bytes()
    else:
        content = {"cut": content[: len(content) // 2], "empty": b"", "garbage": os.urandom(300)}[damage]
    file.write_bytes(content)
    assert store.verify() == (KEY,)
    assert store.get(KEY) is None
    assert not file.exists()
    store.put(KEY, arrays(), {})
    assert store.verify() == ()


def test_the_least_recently_used_go_first(tmp_path):
    store = Store(tmp_path, max_bytes=6000)
    keys = [letter * 64 for letter in "abc"]
    for age, key in zip((300, 200, 100), keys, strict=True):
        store.put(key, arrays(), {})
        os.utime(file_of(store, key), (time.time() - age,) * 2)
    assert store.get(keys[0]) is not None  # used just now
    store.put("d" * 64, arrays(), {})
    assert [store.get(key) is not None for key in keys] == [True, False, True]
    assert store.status().size <= 6000
    assert store.status().artefacts == 3


def test_what_is_larger_than_the_store_is_refused(tmp_path):
    store = Store(tmp_path, max_bytes=1000)
    with pytest.raises(StoreError, match="does not fit"):
        store.put(KEY, arrays(), {})
    assert store.status().artefacts == 0


def test_a_folder_that_cannot_be_written(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    store = Store(blocked)
    with pytest.raises(StoreError, match="DEPARA_STORE"):
        store.put(KEY, arrays(), {})
    assert store.get(KEY) is None


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    store = Store(tmp_path)

    def full(tensors, path, metadata):
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("depara_core.store.save_file", full)
    with pytest.raises(StoreError, match="No space left"):
        store.put(KEY, arrays(), {})
    assert not [f for f in tmp_path.rglob("*") if f.is_file()]


def test_unfinished_files_of_dead_processes_go(tmp_path):
    store = Store(tmp_path)
    store.put(KEY, arrays(), {})
    old, new = (file_of(store).with_name(f".{name}.part") for name in ("old", "new"))
    for part, age in ((old, 10_000), (new, 0)):
        part.write_bytes(b"x")
        os.utime(part, (time.time() - age,) * 2)
    store.put("c" * 64, arrays(), {})
    assert not old.exists()
    assert new.exists()


def test_clear_and_status(tmp_path):
    store = Store(tmp_path)
    store.put(KEY, arrays(), {})
    status = store.status()
    assert (status.path, status.artefacts) == (tmp_path, 1)
    assert status.size == file_of(store).stat().st_size
    assert store.clear() == 1
    assert store.get(KEY) is None


def test_the_environment_chooses_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPARA_STORE", str(tmp_path / "mine"))
    assert Store().path == tmp_path / "mine"
    assert Store(tmp_path / "given").path == tmp_path / "given"
    monkeypatch.delenv("DEPARA_STORE")
    assert Store().path.name == "depara"


def test_keys_cannot_leave_the_folder(tmp_path):
    with pytest.raises(StoreError, match="letters and digits"):
        Store(tmp_path).get("../../etc/passwd")


def _hammer(path, seed):
    store = Store(path, max_bytes=20_000)
    for i in range(30):
        key = f"{(i * 7 + seed) % 10}" * 64
        artefact = store.get(key)
        if artefact is not None and artefact.arrays["nodes"][0, 0] != int(key[0]):
            raise AssertionError("another artefact's numbers")
        store.put(key, {"nodes": np.full((4, 100), int(key[0]), np.float32)}, {})


def test_several_processes_share_a_store(tmp_path):
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    workers = [context.Process(target=_hammer, args=(tmp_path, seed)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert Store(tmp_path).verify() == ()
    assert Store(tmp_path).status().size <= 20_000
