"""One artefact as a file: named arrays and JSON metadata in safetensors, with its key and a checksum."""

import hashlib
import json
import math
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors.numpy import save_file

from depara_core.files import written_aside

BLOCK = 2**20  # bytes that are checked at a time
MOST_HEADER = 2**24  # bytes; a longer header is none of ours
SUFFIX = ".safetensors"
DAMAGE = (  # what reading nonsense can raise
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
_DTYPES = {"F32": np.float32, "F64": np.float64, "BOOL": np.bool_, "U8": np.uint8, "I32": np.int32, "I64": np.int64}


@dataclass(frozen=True)
class Artefact:
    """What was stored under a key: read-only arrays, mapped from the file, and JSON metadata."""

    arrays: Mapping[str, np.ndarray]
    metadata: Mapping[str, Any]


def write_artefact(file: Path, key: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write an artefact whole or not at all; the file holds its key, so that another name does not make it another."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    text = json.dumps(dict(metadata), sort_keys=True)
    with written_aside(file) as aside:
        checksum = _checksum(key, contiguous, text)
        save_file(contiguous, aside, metadata={"key": key, "metadata": text, "sha256": checksum})


def read_artefact(opened: BinaryIO, key: str) -> Artefact:
    """Check a safetensors file (8 bytes of header length, JSON header, data) against key and checksum, and map it.

    It is read in blocks before it is mapped: pages that were only checked take no memory, and a disk that fails to
    read raises an error instead of ending the process.
    """
    start = 8 + int.from_bytes(opened.read(8), "little")
    size = os.fstat(opened.fileno()).st_size
    if start > min(size, MOST_HEADER):
        raise ValueError(f"{opened.name} is cut off, or its header is no header.")
    header = json.loads(opened.read(start - 8))
    notes = header.pop("__metadata__")
    if notes["key"] != key:
        raise ValueError(f"{opened.name} was kept under another key.")
    _require_places(header, size - start)
    digest = _begun(key, notes["metadata"])
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


def _require_places(header: Mapping[str, Any], size: int) -> None:
    """Check that the arrays lie one behind the other and fill the file, before anything is read or reserved."""
    place = 0
    for entry in sorted(header.values(), key=lambda entry: entry["data_offsets"]):
        first, last = entry["data_offsets"]
        count = math.prod(entry["shape"]) * np.dtype(_DTYPES[entry["dtype"]]).itemsize
        if first != place or last - first != count or min(entry["shape"], default=0) < 0:
            raise ValueError("An array lies where it cannot.")
        place = last
    if place != size:
        raise ValueError("The arrays do not fill the file.")


def _begun(key: str, metadata: str) -> Any:
    return hashlib.sha256(f"{key}|{metadata}".encode())


def _label(name: str, dtype: np.dtype, shape: tuple[int, ...]) -> bytes:
    return f"|{name}|{dtype.str}|{shape}|".encode()


def _checksum(key: str, arrays: Mapping[str, np.ndarray], metadata: str) -> str:
    """Return the sha256 of key, metadata, names, types, shapes and numbers."""
    digest = _begun(key, metadata)
    for name, array in sorted(arrays.items()):
        digest.update(_label(name, array.dtype, array.shape))
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
