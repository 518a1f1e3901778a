"""What lies at the place that probes are read from, told cheaply: without opening a file."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from depara_core.errors import DeparaError
from depara_core.paths import expanded, require_allowed

MOST = 10_000  # files and folders that are looked at: a page asks, and must not wait for a whole disk


def before_pattern(path: Path) -> Path | None:
    """Return the folder that a pattern such as a/*/b.png is looked up in (a); None where a path is no pattern."""
    first = next((i for i, part in enumerate(path.parts) if any(sign in part for sign in "*?[")), None)
    return None if first is None else Path(*path.parts[:first])


def listing_digest(path: str | os.PathLike[str]) -> str:
    """Return a digest of the names, sizes and times of change of a file, or of the files in and below a folder.

    Parameters
    ----------
    path
        A file or a folder, "~" allowed; of a pattern, the folder that it is looked up in. Hidden files and folders do
        not count, as they are no probes.

    Returns
    -------
    str
        SHA-256 (hex). Another one means that other images may lie there; a file rewritten with the same size within
        the file system's clock goes unseen, and so does what changes beyond the first 10,000 files, level by level.
        What does not exist, or may not be read, is an empty listing.
    """
    digest = hashlib.sha256()
    with suppress(DeparaError, OSError, ValueError):
        place = require_allowed(expanded(path))
        if not place.exists():
            place = before_pattern(place) or place
        for line in islice(_files(place), MOST):
            digest.update(repr(line).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _files(place: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (path, bytes, nanoseconds) of all below, by level and name; a link to another folder is not followed."""
    pending = [(os.fspath(place), "")]
    for where, within in pending:  # it grows
        with suppress(OSError, ValueError):  # files and folders may vanish at any time
            with os.scandir(where) as entries:
                found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: e.name)
            for entry in found:
                name = f"{within}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, name))
                    yield name, 0, 0
                else:
                    yield from _file(entry.path, name)
    if len(pending) == 1 and not os.path.isdir(place):  # noqa: PTH112  a path that is none is no error
        yield from _file(place, "")


def _file(place: str | os.PathLike[str], within: str) -> Iterator[tuple[str, int, int]]:
    with suppress(OSError, ValueError):
        stat = os.stat(place)  # noqa: PTH116  of many
        yield within, stat.st_size, stat.st_mtime_ns
