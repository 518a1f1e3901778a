"""What lies at the place that probes are read from, told cheaply: without opening a file."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def listing_digest(path: str | os.PathLike[str]) -> str:
    """Return a digest of the names, sizes and times of change of a file, or of all files in and below a folder.

    Parameters
    ----------
    path
        A file or a folder, "~" allowed. Hidden files and folders do not count, as they are no probes.

    Returns
    -------
    str
        SHA-256 (hex). Another one means that other images may lie there; a file rewritten with the same size within
        the file system's clock goes unseen. What does not exist, or may not be read, is an empty listing.
    """
    place = Path(path).expanduser()
    digest = hashlib.sha256()
    for line in sorted(_files(place, "") if place.is_dir() else _file(place, "")):
        digest.update(repr(line).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _files(folder: Path, within: str) -> Iterator[tuple[str, int, int]]:
    """Yield (path, bytes, nanoseconds) of every file below; a link to another folder is not followed."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:  # folders and files may vanish at any time
        return
    for entry in found:
        below = _files if entry.is_dir(follow_symlinks=False) else _file
        yield from below(Path(entry.path), f"{within}/{entry.name}")


def _file(place: Path, within: str) -> Iterator[tuple[str, int, int]]:
    with contextlib.suppress(OSError):
        stat = place.stat()
        yield within, stat.st_size, stat.st_mtime_ns
