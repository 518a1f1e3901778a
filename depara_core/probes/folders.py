"""Folders of images: found without opening any, classes told by folders, splits told from classes."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath

from depara_core.errors import OptionError, ProbeError
from depara_core.files import FILE, FOLDER, NOTHING, kind_at
from depara_core.paths import require_allowed
from depara_core.probes.candidates import Candidates, is_hidden, read_allowed

SPLITS = frozenset(
    "train training trn val valid validate validation dev test testing eval trainval holdout".split()  # noqa: SIM905
)


def add_folder(candidates: Candidates, folder: Path) -> None:
    """Add every image below `folder`, links to folders followed once, in sorted order; unreadable folders are noted."""
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    pending = [(folder, "")]
    while pending:
        place, prefix = pending.pop()
        try:
            status = require_allowed(place).stat()
            if (status.st_dev, status.st_ino) in seen:  # a link back, or a second link to the same folder
                candidates.skip(prefix.rstrip("/") or folder, "a link to a folder that is read already")
                continue
            seen.add((status.st_dev, status.st_ino))
            for entry, kind in _entries(candidates, place):
                name = f"{prefix}{entry.name}"
                if kind == FOLDER:
                    pending.append((Path(entry.path), f"{name}/"))
                elif kind == FILE:
                    found.append(name)
                elif kind != NOTHING:  # a link that leads nowhere
                    candidates.skip(name, f"{kind}: only regular files are read")
        except OptionError as error:
            if place == folder:
                raise
            candidates.skip(prefix.rstrip("/"), error)
        except OSError as error:
            if place == folder:
                raise ProbeError(f"The folder {str(folder)!r} cannot be read: {error.strerror}.") from error
            candidates.skip(prefix.rstrip("/"), f"the folder cannot be read: {error.strerror}")
    for name in sorted(found, key=lambda name: name.split("/")):
        candidates.add(name, partial(read_allowed, folder / name))


def _entries(candidates: Candidates, folder: Path) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Yield what is in a folder, with its kind; hidden ones are left out."""
    with os.scandir(folder) as entries:
        for entry in entries:
            candidates.tick()
            if is_hidden(entry.name):
                continue
            with suppress(OSError):  # a link into a folder that may not be read
                yield entry, FOLDER if entry.is_dir() else FILE if entry.is_file() else kind_at(Path(entry.path))


def folders_tell(names: Sequence[str]) -> tuple[list[str] | None, list[str] | None]:
    """Return (labels, splits) of images by their folders, each None where the folders tell none.

    A label is the first folder below those that all images share. Folders named like splits (train, val, test) are
    splits, and the labels lie below them.
    """
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    splits = None
    for depth in range(min(map(len, folders), default=0)):
        if all(parts[depth].lower() in SPLITS for parts in folders):
            splits = [parts[depth].lower() for parts in folders]
            folders = [parts[depth + 1 :] for parts in folders]
            break
    level = _first_difference(folders)
    return (None if level is None else [parts[level] for parts in folders]), splits


def _first_difference(folders: Sequence[tuple[str, ...]]) -> int | None:
    """Return the first level at which the folders differ, the last where none does, None where an image has none."""
    if not all(folders):
        return None
    shared = 0
    while len({parts[: shared + 1] for parts in folders}) == 1 and all(len(parts) > shared for parts in folders):
        shared += 1
    if all(len(parts) == shared for parts in folders):  # a single class
        shared -= 1
    return shared if all(len(parts) > shared for parts in folders) else None
