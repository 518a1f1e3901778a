"""Artefacts on disk by content: written aside and renamed, checksummed, bounded; what cannot be read does not exist."""

import contextlib
import hashlib
import json
import mmap
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from safetensors.numpy import save_file

from depara_core.errors import StoreError

MAX_BYTES = 8 * 2**30
STALE_SECONDS = 3600  # an unfinished file older than this belongs to a process that died
SUFFIX = ".safetensors"
_DTYPES = {"F32": np.float32, "F64": np.float64, "BOOL": np.bool_, "U8": np.uint8, "I32": np.int32, "I64": np.int64}


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


class Store:
    """A folder of artefacts, shared by any number of processes; the least recently used go when it is full."""

    def __init__(self, path: str | os.PathLike[str] | None = None, max_bytes: int = MAX_BYTES) -> None:
        """Use `path`, else $DEPARA_STORE, else the platform's cache folder; nothing is written yet."""
        chosen = path or os.environ.get("DEPARA_STORE") or platformdirs.user_cache_dir("depara", appauthor=False)
        self.path = Path(chosen).expanduser()
        self.max_bytes = max_bytes

    def get(self, key: str) -> Artefact | None:
        """Return the artefact, or None where there is none; a damaged one is removed and counts as none."""
        file = self._file(key)
        try:
            artefact = _read(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            with contextlib.suppress(OSError):
                file.unlink()
            return None
        with contextlib.suppress(OSError):  # a store that may only be read still serves
            os.utime(file)
        return artefact

    def put(self, key: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
        """Write an artefact whole or not at all; a `StoreError` says why it could not be."""
        file = self._file(key)
        aside = file.with_name(f".{key}.{uuid.uuid4().hex}.part")
        contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
        size = sum(array.nbytes for array in contiguous.values())
        if size > self.max_bytes:
            raise StoreError(f"An artefact of {size:,} bytes does not fit in the store of {self.max_bytes:,} bytes.")
        text = json.dumps(dict(metadata), sort_keys=True)
        header = {"metadata": text, "sha256": _checksum(contiguous, text)}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            save_file(contiguous, aside, metadata=header)
            aside.replace(file)
        except Exception as error:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise StoreError(
                f"The result cannot be kept in {self.path}: {error}. "
                "Free some space there, or choose a folder that can be written with DEPARA_STORE."
            ) from error
        self._evict(keep=file)

    def status(self) -> StoreStatus:
        """Count the artefacts and their bytes."""
        sizes = [size for _, size, _ in self._entries()]
        return StoreStatus(self.path, len(sizes), sum(sizes), self.max_bytes)

    def verify(self) -> tuple[str, ...]:
        """Read every artefact and return the keys of the damaged ones, which the next `get` removes."""
        damaged = []
        for file, _, _ in self._entries():
            try:
                _read(file)
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError):
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
        return removed

    def _file(self, key: str) -> Path:
        if not key.isalnum():
            raise StoreError(f"A key should be letters and digits, such as a sha256 in hex; {key!r} came.")
        return self.path / key[:2] / f"{key}{SUFFIX}"

    def _entries(self) -> Iterator[tuple[Path, int, float]]:
        """Yield (file, bytes, last use) of every artefact; files may vanish at any time."""
        for file in self.path.glob(f"*/*{SUFFIX}"):
            with contextlib.suppress(OSError):
                stat = file.stat()
                yield file, stat.st_size, stat.st_mtime

    def _evict(self, keep: Path) -> None:
        """Remove the least recently used artefacts until the rest fits, and what dead processes left unfinished."""
        for part in self.path.glob("*/.*.part"):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > STALE_SECONDS:
                    part.unlink()
        entries = sorted(self._entries(), key=lambda entry: entry[2])
        total = sum(size for _, size, _ in entries)
        for file, size, _ in entries:
            if total <= self.max_bytes:
                return
            if file != keep:
                with contextlib.suppress(OSError):
                    file.unlink()
                    total -= size


def _checksum(arrays: Mapping[str, np.ndarray], metadata: str) -> str:
    """Return the sha256 of names, types, shapes, numbers and metadata."""
    digest = hashlib.sha256(metadata.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"|{name}|{array.dtype.str}|{array.shape}|".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _read(file: Path) -> Artefact:
    """Map a safetensors file (8 bytes of header length, JSON header, data) and check it against its checksum."""
    with file.open("rb") as opened:
        content = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    notes = header.pop("__metadata__")
    arrays = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        dtype = np.dtype(_DTYPES[entry["dtype"]])
        flat = np.frombuffer(content, dtype, (last - first) // dtype.itemsize, start + first)
        arrays[name] = flat.reshape(entry["shape"])
    if _checksum(arrays, notes["metadata"]) != notes["sha256"]:
        raise ValueError(f"{file} does not match its checksum.")
    return Artefact(arrays, json.loads(notes["metadata"]))
