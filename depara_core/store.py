"""Artefacts on disk by content: written whole, checksummed, bounded; what cannot be read does not exist."""

import contextlib
import hashlib
import json
import mmap
import os
import re
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import platformdirs
from safetensors.numpy import save_file

from depara_core.errors import OptionError, StoreError
from depara_core.files import UNFINISHED, written_aside

LIMIT = "DEPARA_STORE_LIMIT"  # the environment variable that bounds every store
SHARE, FLOOR, CEILING = 0.5, 2 * 10**9, 100 * 10**9  # of the disk's free room, unless told otherwise; bytes
STALE_SECONDS = 600  # an unfinished file that has not grown for so long belongs to a process that died
BLOCK = 2**20  # bytes that are checked at a time
SUFFIX = ".safetensors"
_DTYPES = {"F32": np.float32, "F64": np.float64, "BOOL": np.bool_, "U8": np.uint8, "I32": np.int32, "I64": np.int64}
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)  # what reading nonsense can raise


@dataclass(frozen=True)
class Artefact:
    """What was stored under a key: read-only arrays, mapped from the file, and JSON metadata."""

    arrays: Mapping[str, np.ndarray]
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class StoreStatus:
    """How full a store is."""

    path: Path
    artefacts: int
    size: int  # bytes
    max_bytes: int


def parse_size(text: str, option: str = f"{LIMIT} and --store-limit") -> int:
    """Read a number of bytes: "40GB", "500 MB", "1.5T" (powers of 1,000), or plain digits."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)[bB]?\s*", text)
    if found is None:
        raise OptionError(f"{option}: expected a size such as 40GB, 500MB or plain bytes; {text!r} came.")
    unit = found[2].lower() if found[2] in "kK" else found[2].upper()
    return int(float(found[1]) * _UNITS[unit])


class Store:
    """A folder of artefacts, shared by any number of processes; the least recently used go when it is full."""

    def __init__(self, path: str | os.PathLike[str] | None = None, max_bytes: int | str | None = None) -> None:
        """Use `path`, else $DEPARA_STORE, else the platform's cache folder; nothing is written yet.

        The artefacts take at most `max_bytes` (a number, or text such as "40GB"), else $DEPARA_STORE_LIMIT, else half
        of the room that they and the disk's free space make, though 2 to 100 GB.
        """
        chosen = path or os.environ.get("DEPARA_STORE") or platformdirs.user_cache_dir("depara", appauthor=False)
        self.path = Path(chosen).expanduser()
        told = max_bytes if max_bytes is not None else os.environ.get(LIMIT) or None
        self._told = parse_size(told) if isinstance(told, str) else told
        self.trouble = ""  # why the last result could not be kept

    def get(self, key: str) -> Artefact | None:
        """Return the artefact, or None where there is none; a damaged one is removed and counts as none."""
        file = self._file(key)
        try:
            with file.open("rb") as opened:
                try:
                    artefact = _read(opened)
                except _DAMAGE:
                    if os.path.samestat(os.fstat(opened.fileno()), file.stat()):  # else another process mended it
                        file.unlink()
                    return None
        except OSError:
            return None
        with contextlib.suppress(OSError):  # a store that may only be read still serves
            os.utime(file)
        return artefact

    def put(self, key: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
        """Write an artefact whole or not at all; a `StoreError` says why it could not be."""
        file = self._file(key)
        contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
        text = json.dumps(dict(metadata), sort_keys=True)
        self._make_room(sum(array.nbytes for array in contiguous.values()), keep=file)
        try:
            with written_aside(file) as aside:
                save_file(contiguous, aside, metadata={"metadata": text, "sha256": _checksum(contiguous, text)})
        except Exception as error:
            raise StoreError(
                f"The result cannot be kept in {self.path}: {error}. "
                "Free some space there, or choose a folder that can be written with DEPARA_STORE."
            ) from error
        self._make_room(0, keep=file)  # again, as other processes write too

    def keep(self, key: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> Artefact:
        """Put an artefact and return it mapped, which frees the memory of what came.

        What cannot be kept comes back as it is: a store in trouble stops no work. The first trouble is warned of.
        """
        try:
            self.put(key, arrays, metadata)
        except StoreError as error:
            if not self.trouble:
                warnings.warn(f"Results are not kept for the next time. {error}", RuntimeWarning, stacklevel=2)
            self.trouble = str(error)
            return Artefact(arrays, metadata)
        return self.get(key) or Artefact(arrays, metadata)

    def status(self) -> StoreStatus:
        """Count the artefacts and their bytes."""
        sizes = [size for _, size, _ in self._entries()]
        return StoreStatus(self.path, len(sizes), sum(sizes), self._limit(sum(sizes)))

    def verify(self) -> tuple[str, ...]:
        """Read every artefact and return the keys of the damaged ones, which the next `get` removes."""
        damaged = []
        for file, _, _ in self._entries():
            try:
                with file.open("rb") as opened:
                    _read(opened)
            except FileNotFoundError:
                continue
            except (OSError, *_DAMAGE):
                damaged.append(file.name.removesuffix(SUFFIX))
        return tuple(sorted(damaged))

    def clear(self) -> int:
        """Remove every artefact and return how many there were."""
        removed = 0
        for file, _, _ in self._entries():
            try:
                file.unlink()
                removed += 1
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(f"{file} cannot be removed: {error}. Close what uses it and try again.") from error
        self._sweep()
        return removed

    def _file(self, key: str) -> Path:
        if not key.isalnum():
            raise StoreError(f"A key should be letters and digits, such as a sha256 in hex; {key!r} came.")
        return self.path / key[:2] / f"{key}{SUFFIX}"

    def _entries(self, suffix: str = SUFFIX) -> Iterator[tuple[Path, int, float]]:
        """Yield (file, bytes, last use) of every artefact; files and folders may vanish at any time."""
        for folder in _listed(self.path):
            for entry in _listed(folder.path):
                if entry.name.endswith(suffix):
                    with contextlib.suppress(OSError):
                        stat = entry.stat()
                        yield Path(entry.path), stat.st_size, stat.st_mtime

    def _limit(self, used: int) -> int:
        if self._told is not None:
            return self._told
        for folder in (self.path, *self.path.parents):
            with contextlib.suppress(OSError):
                return round(min(max(SHARE * (shutil.disk_usage(folder).free + used), FLOOR), CEILING))
        return FLOOR

    def _sweep(self) -> None:
        """Remove what dead processes left unfinished."""
        for part, _, touched in self._entries(UNFINISHED):
            if time.time() - touched > STALE_SECONDS:
                with contextlib.suppress(OSError):
                    part.unlink()

    def _make_room(self, need: int, keep: Path) -> None:
        """Remove the least recently used artefacts but one until `need` bytes more fit."""
        self._sweep()
        entries = sorted(self._entries(), key=lambda entry: entry[2])
        total = sum(size for _, size, _ in entries)
        limit = self._limit(total)
        if need > limit:
            raise StoreError(
                f"An artefact of {need:,} bytes does not fit in the store of {limit:,} bytes. Set {LIMIT} higher."
            )
        for file, size, _ in entries:
            if total + need <= limit:
                return
            if file != keep:
                with contextlib.suppress(OSError):
                    file.unlink(missing_ok=True)  # another process may have been first
                    total -= size


def as_store(store: str | os.PathLike[str] | Store | None) -> Store:
    """Return the store itself, or the one at a path; None: see `Store`."""
    return store if isinstance(store, Store) else Store(store)


def _listed(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [*entries]
    except OSError:
        return []


def _label(name: str, dtype: np.dtype, shape: tuple[int, ...]) -> bytes:
    return f"|{name}|{dtype.str}|{shape}|".encode()


def _checksum(arrays: Mapping[str, np.ndarray], metadata: str) -> str:
    """Return the sha256 of metadata, names, types, shapes and numbers."""
    digest = hashlib.sha256(metadata.encode())
    for name, array in sorted(arrays.items()):
        digest.update(_label(name, array.dtype, array.shape))
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _read(opened: BinaryIO) -> Artefact:
    """Check a safetensors file (8 bytes of header length, JSON header, data) against its checksum and map it.

    It is read in blocks before it is mapped: pages that were only checked take no memory, and a disk that fails to
    read raises an error instead of ending the process.
    """
    start = 8 + int.from_bytes(opened.read(8), "little")
    if start > os.fstat(opened.fileno()).st_size:
        raise ValueError(f"{opened.name} is cut off.")
    header = json.loads(opened.read(start - 8))
    notes = header.pop("__metadata__")
    digest = hashlib.sha256(notes["metadata"].encode())
    for name, entry in sorted(header.items()):
        first, last = entry["data_offsets"]
        digest.update(_label(name, np.dtype(_DTYPES[entry["dtype"]]), tuple(entry["shape"])))
        opened.seek(start + first)
        for left in range(last - first, 0, -BLOCK):
            digest.update(opened.read(min(BLOCK, left)))
    if digest.hexdigest() != notes["sha256"]:
        raise ValueError(f"{opened.name} does not match its checksum.")
    content = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        dtype = np.dtype(_DTYPES[entry["dtype"]])
        flat = np.frombuffer(content, dtype, (last - first) // dtype.itemsize, start + first)
        arrays[name] = flat.reshape(entry["shape"])
    return Artefact(arrays, json.loads(notes["metadata"]))
