import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from depara_core import store as store_module
from depara_core.errors import OptionError, StoreError
from depara_core.store import Store, parse_size

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
@settings(max_examples=40)
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


def test_a_renamed_file_is_not_another_result(tmp_path):
    store, other = Store(tmp_path), "cd34" * 16
    store.put(KEY, arrays(), {})
    file_of(store, other).parent.mkdir()
    file_of(store).rename(file_of(store, other))
    assert store.verify() == (other,)
    assert store.get(other) is None
    assert not file_of(store, other).exists()


def forged(header, data=b"\0" * 16):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype="F32", shape=(4,), offsets=(0, 16)):
    notes = {"key": KEY, "metadata": "{}", "sha256": "0" * 64}
    return {"__metadata__": notes, "a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


FORGED = {
    "nested": forged(b"[" * 200_000),
    "nested metadata": forged({"__metadata__": {"key": KEY, "metadata": "[" * 100_000, "sha256": ""}}),
    "far": forged(entry(shape=(10**12,), offsets=(0, 4 * 10**12))),
    "far off": forged(entry(offsets=(10**12, 10**12 + 16))),
    "backwards": forged(entry(offsets=(16, 0))),
    "negative": forged(entry(shape=(-2, -2))),
    "other shape": forged(entry(shape=(5,))),
    "unknown type": forged(entry(dtype="Q9")),
    "words": forged(entry(offsets=("0", "16"))),
    "twice the same": forged(entry() | {"b": entry()["a"]}),
    "rest": forged(entry(), b"\0" * 99),
    "no header": forged([]),
    "long header": (2**63).to_bytes(8, "little") + b"{}",
    "only a length": (2**30).to_bytes(8, "little"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_header_is_damage(tmp_path, kind):
    store = Store(tmp_path)
    file_of(store).parent.mkdir()
    file_of(store).write_bytes(FORGED[kind])
    assert store.verify() == (KEY,)
    assert store.get(KEY) is None
    assert not file_of(store).exists()


def test_what_is_not_what_it_should_be_is_damage(tmp_path):
    store = Store(tmp_path)
    store.put(KEY, arrays(), {})
    assert store.get(KEY, lambda kept: kept.arrays["nodes"]) is not None
    assert store.get(KEY, lambda kept: kept.arrays["edges"]) is None
    assert not file_of(store).exists()


def test_a_pipe_in_the_store_is_written_over(tmp_path):
    store = Store(tmp_path)
    file_of(store).parent.mkdir()
    os.mkfifo(file_of(store))
    assert store.get(KEY) is None
    assert store.verify() == (KEY,)
    store.put(KEY, arrays(), {})
    assert store.get(KEY) is not None


def test_a_store_at_an_unknown_home_is_told(monkeypatch):
    monkeypatch.setenv("DEPARA_STORE", "~no-such-user-here/store")
    with pytest.raises(OptionError, match="home folder"):
        Store()


def test_what_died_half_way_goes_whether_file_or_folder(tmp_path):
    old = time.time() - 2 * store_module.STALE_SECONDS
    for name in (".a.part", "folder.part"):
        (tmp_path / "ab").mkdir(exist_ok=True)
        part = tmp_path / "ab" / name
        part.mkdir() if name.startswith("folder") else part.touch()
        os.utime(part, (old, old))
    Store(tmp_path).put(KEY, arrays(), {})
    assert [*tmp_path.rglob("*.part")] == []


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
    with pytest.raises(StoreError, match="do not fit"):
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

    monkeypatch.setattr("depara_core.artefacts.save_file", full)
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


LIMIT, LARGEST, KEYS, WORKERS = 200_000, 40_000, 16, 4
WORKER = """
import contextlib, random, sys, types
from pathlib import Path

import numpy as np

package = types.ModuleType("depara_core")  # the store alone: what the package imports at once takes seconds
package.__path__ = [sys.argv[1]]
sys.modules["depara_core"] = package
from depara_core.store import Store

path, seed = Path(sys.argv[2]), int(sys.argv[3])
limit, largest, keys, workers = map(int, sys.argv[4:])
store, dice = Store(path, max_bytes=limit), random.Random(seed)
got = 0

def check(artefact, number):
    global got
    got += 1
    assert artefact.metadata == {"number": number}, "another artefact"
    assert (artefact.arrays["nodes"] == number).all(), "damaged numbers"

for step in range(250):
    number = dice.randrange(keys)
    key = f"{number:064d}"
    nodes = np.full(largest // 4 // keys * (number + 1) - 100, number, np.float32)
    deed = dice.choices(["get", "put", "keep", "verify", "status", "clear", "damage"], [40, 30, 10, 5, 8, 1, 6])[0]
    if deed == "get":
        artefact = store.get(key)
        if artefact is not None:
            check(artefact, number)
    elif deed == "put":
        store.put(key, {"nodes": nodes}, {"number": number})
    elif deed == "keep":
        check(store.keep(key, {"nodes": nodes}, {"number": number}), number)
    elif deed == "verify":
        store.verify()
    elif deed == "status":
        assert store.status().size <= limit + workers * largest, "out of bounds"
    elif deed == "clear":
        store.clear()
    else:  # as a failing disk would: the name stays, the content is another
        with contextlib.suppress(FileNotFoundError):
            file = path / key[:2] / f"{key}.safetensors"
            content = bytearray(file.read_bytes())
            content[dice.randrange(len(content))] ^= 1
            aside = file.with_suffix(f".{seed}")
            aside.write_bytes(content)
            aside.replace(file)
assert store.trouble == "", store.trouble
print(got)
"""


def test_several_processes_share_a_store(tmp_path):
    """Four processes put, get, evict, verify, clear and damage the same few artefacts in a store too small for all."""
    script, package = tmp_path / "worker.py", Path(store_module.__file__).parent
    script.write_text(WORKER)
    numbers = [str(number) for number in (LIMIT, LARGEST, KEYS, WORKERS)]
    command = [sys.executable, "-W", "error", str(script), str(package), str(tmp_path / "store")]
    workers = [
        subprocess.Popen([*command, str(seed), *numbers], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for seed in range(WORKERS)
    ]
    answers = [worker.communicate(timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * WORKERS, "".join(error for _, error in answers)
    assert sum(int(got) for got, _ in answers) > 50, "they met each other's artefacts"
    store = Store(tmp_path / "store", max_bytes=LIMIT)
    for key in store.verify():
        assert store.get(key) is None
    assert store.verify() == ()
    assert store.status().size <= LIMIT
    assert {file.suffix for file in store.path.rglob("*") if file.is_file()} <= {".safetensors"}


def test_the_bound_is_given_or_told_or_a_share_of_the_room(tmp_path, monkeypatch):
    monkeypatch.delenv("DEPARA_STORE_LIMIT", raising=False)
    free = {"is": 30 * 10**9}
    monkeypatch.setattr(store_module.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free["is"]))
    assert Store(tmp_path / "not" / "made").status().max_bytes == 15 * 10**9
    store = Store(tmp_path)
    store.put(KEY, arrays(), {})
    assert store.status().max_bytes == 15 * 10**9 + store.status().size // 2, "what it holds itself is room too"
    for free["is"], expected in ((0, 2 * 10**9), (10**13, 100 * 10**9)):
        assert Store(tmp_path).status().max_bytes == expected
    monkeypatch.setenv("DEPARA_STORE_LIMIT", "1.5 GB")
    assert Store(tmp_path).status().max_bytes == 1_500_000_000
    assert Store(tmp_path, max_bytes=7).status().max_bytes == 7
    monkeypatch.setenv("DEPARA_STORE_LIMIT", "plenty")
    with pytest.raises(OptionError, match=r"DEPARA_STORE_LIMIT.*such as 40GB.*'plenty'"):
        Store(tmp_path)


@pytest.mark.parametrize(
    ("text", "size"), [("123", 123), ("5k", 5000), ("40GB", 40 * 10**9), (" 2 tb ", 2 * 10**12), ("0.5M", 500_000)]
)
def test_sizes_are_read(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "1 XB", "1e9", "4 GiB"])
def test_what_is_no_size(text):
    with pytest.raises(OptionError, match="such as 40GB"):
        parse_size(text)


def test_room_is_made_before_and_an_artefact_replaces_itself(tmp_path):
    store = Store(tmp_path, max_bytes=6000)
    for _ in range(5):
        store.put(KEY, arrays(size=250), {})
    assert store.status().artefacts == 1
    store.put("c" * 64, arrays(size=250), {})
    assert store.get(KEY) is None, "two do not fit, and the older one went"
    assert store.get("c" * 64) is not None


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_reading_takes_no_memory_until_the_numbers_are_used(tmp_path):
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    store, size = Store(tmp_path), 32 * 2**20
    store.put(KEY, {"nodes": np.ones(size // 4, np.float32)}, {})
    before = resident()
    artefact = store.get(KEY)
    assert resident() - before < size // 4
    assert artefact.arrays["nodes"].sum() == size // 4


def test_clearing_takes_what_dead_processes_left(tmp_path):
    store = Store(tmp_path)
    store.put(KEY, arrays(), {})
    part = file_of(store).with_name(".left.part")
    part.write_bytes(b"x")
    os.utime(part, (time.time() - 10_000,) * 2)
    assert store.clear() == 1
    assert not part.exists()
