"""Temporary arrays: in memory up to a number of bytes, beyond that in nameless files, or on a GPU."""

import mmap
import os
import shutil
import tempfile
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32

from depara_core.errors import StoreError


class Scratch:
    """Hands out float32 arrays: the first `memory` bytes in memory, the rest in files that go with the array."""

    def __init__(self, memory: int) -> None:
        self.left = memory

    def array(self, shape: tuple[int, int]) -> Float32[np.ndarray, "rows columns"]:
        """Return a writable array of this shape; its contents are undefined."""
        size = 4 * shape[0] * shape[1]
        if size <= self.left:
            self.left -= size
            return np.empty(shape, np.float32)
        return _mapped(shape, size)


class DeviceScratch:
    """Hands out float32 tensors in a device's own memory."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def array(self, shape: tuple[int, int]) -> Float32[torch.Tensor, "rows columns"]:
        """Return a tensor of this shape; its contents are undefined."""
        return torch.empty(shape, dtype=torch.float32, device=self.device)


def _mapped(shape: tuple[int, int], size: int) -> Float32[np.ndarray, "rows columns"]:
    """Map a temporary file whose space is reserved beforehand: a full disk must be an error here, not a crash later."""
    folder = tempfile.gettempdir()
    try:
        if free_disk() < size:
            raise OSError("the disk is too full")
        with tempfile.TemporaryFile() as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, np.float32, "r+" if hasattr(os, "posix_fallocate") else "w+", shape=shape)
    except OSError as error:
        raise StoreError(
            f"Features of {size / 2**30:.1f} GiB need that much space in {folder}: {error}. "
            "Free some, set TMPDIR to a larger disk, or take fewer probes or a later layer."
        ) from error


def let_go(array: np.ndarray) -> None:
    """Free the memory that an array in a file takes; other arrays are left as they are.

    Pages of a shared mapping that are dropped are read from the file when they are touched again.
    """
    mapping: Any = array
    while isinstance(mapping, np.memmap):  # a part of an array has the whole as its base
        mapping = mapping.base
    if isinstance(mapping, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


def free_disk() -> int:
    """Return the bytes that are free where files of this module lie."""
    return shutil.disk_usage(tempfile.gettempdir()).free
