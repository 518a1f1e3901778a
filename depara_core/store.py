"""Artefacts on disk by content: written whole, checksummed, bounded; an unreadable one counts as absent."""

import contextlib
import os
import re
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from depara_core.artefacts import DAMAGE, SUFFIX, Artefact, read_artefact, write_artefact
from depara_core.errors import OptionError, StoreError
from depara_core.files import UNFINISHED, open_regular, remove
from depara_core.paths import expanded

UPLOADS = "uploads"  # the folder of what people uploaded: folders, in use like artefacts, but not made again
LIMIT = "DEPARA_STORE_LIMIT"  # the environment variable that bounds every store
MANY = 500  # uploads: each is looked at whenever room is made
SHARE, FLOOR, CEILING = 0.5, 2 * 10**9, 100 * 10**9  # of the disk's free room, unless told otherwise; bytes
STALE_SECONDS = 600  # an unfinished file that has not grown for so long belongs to a process that died
MOST_BYTES = 10**18  # of any size that is given
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@dataclass(frozen=True)
class StoreStatus:
    """How full a store is; the size holds uploads too."""

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
    return check_bytes(int(Decimal(found[1]) * _UNITS[unit]), option)


def check_bytes(value: Any, option: str) -> int:
    """Return a number of bytes that can be one: text is read by `parse_size`."""
    if isinstance(value, str):
        return parse_size(value, option)
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not 1 <= value <= MOST_BYTES:
        raise OptionError(f"{option}: expected 1 to 10^18 bytes, or text such as 40GB; {str(value)[:60]!r} came.")
    return int(value)


class Store:
    """A folder of artefacts, shared by any number of processes; the least recently used go when it is full.

    Parameters
    ----------
    path
        The folder, made when something is written; None: $DEPARA_STORE, else the platform's cache folder.
    max_bytes
        What the artefacts may take: a number, or text such as "40GB"; None: $DEPARA_STORE_LIMIT, else half of the room
        that they and the disk's free space make, though 2 to 100 GB.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, max_bytes: int | str | None = None) -> None:
        chosen = path or os.environ.get("DEPARA_STORE") or platformdirs.user_cache_dir("depara", appauthor=False)
        self.path = expanded(chosen)
        told = max_bytes if max_bytes is not None else os.environ.get(LIMIT) or None
        self._told = None if told is None else check_bytes(told, "max_bytes" if told is max_bytes else LIMIT)
        self.trouble = ""  # why the last result could not be kept

    def get(self, key: str, check: Callable[[Artefact], object] | None = None) -> Artefact | None:
        """Return what is kept under a key.

        Parameters
        ----------
        key
            Letters and digits, such as a sha256 in hex.
        check
            Called with the artefact: an error such as a KeyError or a ValueError says that it is not what it should be,
            and counts as damage.

        Returns
        -------
        Artefact or None
            None where there is nothing; a damaged artefact is removed and counts as none.
        """
        file = self._file(key)
        try:
            with open_regular(file, empty=True) as opened:
                try:
                    artefact = read_artefact(opened, key)
                    if check is not None:
                        check(artefact)
                except DAMAGE:
                    if os.path.samestat(os.fstat(opened.fileno()), file.stat()):  # else another process mended it
                        file.unlink()
                    return None
        except OSError:
            return None
        with contextlib.suppress(OSError):  # a store that may only be read still serves
            os.utime(file)
        return artefact

    def put(self, key: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
        """Write an artefact, whole or not at all.

        Parameters
        ----------
        key
            Letters and digits, such as a sha256 in hex.
        arrays
            By name; float32, float64, bool, uint8, int32 or int64.
        metadata
            What JSON can hold.

        Raises
        ------
        StoreError
            It cannot be written, or is larger than the store may be.
        """
        file = self._file(key)
        self.make_room(sum(array.nbytes for array in arrays.values()), keep=file)
        try:
            write_artefact(file, key, arrays, metadata)
        except Exception as error:
            raise StoreError(
                f"The result cannot be kept in {self.path}: {error}. "
                "Free some space there, or choose a folder that can be written with DEPARA_STORE."
            ) from error
        self.make_room(0, keep=file)  # again, as other processes write too

    def keep(self, key: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> Artefact:
        """Put an artefact and return it mapped, which frees the memory of what came.

        What cannot be kept comes back as it is: a store in trouble stops no work. The first trouble is warned of.

        Parameters
        ----------
        key, arrays, metadata
            As `put` takes them.

        Returns
        -------
        Artefact
            Mapped from its file, or what was given.
        """
        try:
            self.put(key, arrays, metadata)
        except StoreError as error:
            if not self.trouble:
                warnings.warn(f"Results are not kept for the next time. {error}", RuntimeWarning, stacklevel=2)
            self.trouble = str(error)
            return Artefact(arrays, metadata)
        return self.get(key) or Artefact(arrays, metadata)

    def discard(self, key: str) -> None:
        """Remove what is kept under a key, if there is anything.

        Parameters
        ----------
        key
            As `put` takes it.
        """
        remove(self._file(key))

    def status(self) -> StoreStatus:
        """Count the artefacts and their bytes.

        Returns
        -------
        StoreStatus
            How full the store is.
        """
        sizes = [size for _, size, _ in self._entries()]
        total = sum(sizes) + sum(size for _, size, _ in self._uploads())
        return StoreStatus(self.path, len(sizes), total, self._limit(total))

    def verify(self) -> tuple[str, ...]:
        """Read every artefact.

        Returns
        -------
        tuple of str
            The keys of the damaged ones, which the next `get` removes.
        """
        damaged = []
        for file, _, _ in self._entries():
            key = file.name.removesuffix(SUFFIX)
            try:
                with open_regular(file, empty=True) as opened:
                    read_artefact(opened, key)
            except FileNotFoundError:
                continue
            except (OSError, *DAMAGE):
                damaged.append(key)
        return tuple(sorted(damaged))

    def clear(self) -> int:
        """Remove every artefact.

        Returns
        -------
        int
            How many there were.

        Raises
        ------
        StoreError
            One cannot be removed.
        """
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
                remove(part)

    def make_room(self, need: int, keep: Path, *, share: int = 1) -> None:
        """Remove the least recently used artefacts and uploads until something more fits.

        Parameters
        ----------
        need
            Its bytes.
        keep
            A path that is never removed.
        share
            A share of n makes room in the n-th part of the store, among uploads alone, and keeps the last 500 of them.

        Raises
        ------
        StoreError
            It is larger than all that may be kept.
        """
        self._sweep()
        artefacts, uploads = [*self._entries()], [*self._uploads()]
        limit = self._limit(sum(size for _, size, _ in (*artefacts, *uploads)))
        if need > limit // share:
            raise StoreError(f"{need:,} bytes do not fit in the store's {limit // share:,} bytes. Set {LIMIT} higher.")
        if share > 1:
            newest = {
                path for path, _, _ in _without_oldest([(path, 1, last) for path, _, last in uploads], MANY, keep)
            }
            uploads = _without_oldest([entry for entry in uploads if entry[0] in newest], limit // share - need, keep)
        _without_oldest([*artefacts, *uploads], limit - need, keep)

    def _uploads(self) -> Iterator[tuple[Path, int, float]]:
        for folder in _listed(self.path / UPLOADS):
            with contextlib.suppress(OSError):
                if folder.is_dir() and not folder.name.endswith(UNFINISHED):
                    size = sum(entry.stat().st_size for entry in _listed(folder.path))
                    yield Path(folder.path), size, folder.stat().st_mtime


def _without_oldest(entries: list[tuple[Path, int, float]], limit: int, keep: Path) -> list[tuple[Path, int, float]]:
    """Remove the least recently used of (path, size, last use) but one until the rest fits, and return the rest."""
    rest = sorted(entries, key=lambda entry: entry[2])
    total = sum(size for _, size, _ in rest)
    for entry in [entry for entry in rest if entry[0] != keep]:
        if total <= limit:
            break
        remove(entry[0])
        if not entry[0].exists():  # else it could not be removed
            total -= entry[1]
            rest.remove(entry)
    return rest


def as_store(store: str | os.PathLike[str] | Store | None) -> Store:
    """Return the store itself, or the one at a path; None: see `Store`."""
    return store if isinstance(store, Store) else Store(store)


def _listed(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [*entries]
    except OSError:
        return []
