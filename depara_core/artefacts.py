"""One artefact as a file: named arrays and JSON metadata in safetensors, with a checksum."""

import hashlib
import json
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
SUFFIX = ".safetensors"
DAMAGE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)  # what reading nonsense can raise
_DTYPES = {"F32": np.float32, "F64": np.float64, "BOOL": np.bool_, "U8": np.uint8, "I32": np.int32, "I64": np.int64}


@dataclass(frozen=True)
class Artefact:
    """What was stored under a key: read-only arrays, mapped from the file, and JSON metadata."""

    arrays: Mapping[str, np.ndarray]
    metadata: Mapping[str, Any]


def write_artefact(file: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write an artefact whole or not at all."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    text = json.dumps(dict(metadata), sort_keys=True)
    with written_aside(file) as aside:
        save_file(contiguous, aside, metadata={"metadata": text, "sha256": _checksum(contiguous, text)})


def read_artefact(opened: BinaryIO) -> Artefact:
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


def _label(name: str, dtype: np.dtype, shape: tuple[int, ...]) -> bytes:
    return f"|{name}|{dtype.str}|{shape}|".encode()


def _checksum(arrays: Mapping[str, np.ndarray], metadata: str) -> str:
    """Return the sha256 of metadata, names, types, shapes and numbers."""
    digest = hashlib.sha256(metadata.encode())
    for name, array in sorted(arrays.items()):
        digest.update(_label(name, array.dtype, array.shape))
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
