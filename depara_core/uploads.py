"""Images that came from a browser: kept beside the artefacts under their content's digest, within the store's bound."""

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from depara_core.errors import ProbeError, StoreError
from depara_core.files import file_name, written_aside
from depara_core.store import UPLOADS, Store

MAX_FILES = 2000
MAX_TOTAL = 500 * 2**20  # bytes of one upload
SHARE = 4  # all uploads together may take a fourth of the store


def keep_upload(store: Store, files: Sequence[tuple[str, bytes | memoryview]]) -> str:
    """Keep files in one folder of a store; the least recently used uploads and artefacts make room.

    Parameters
    ----------
    store
        Where.
    files
        (name, content) of 1 to 2,000 files of at most 500 MiB together, which is checked before anything is read.

    Returns
    -------
    str
        The digest that `find_upload` knows them by; the same files in the same order have the same one.

    Raises
    ------
    ProbeError
        Too many files, or too large ones.
    StoreError
        They cannot be written, or are larger than all uploads may be.
    """
    total = sum(len(data) for _, data in files)
    if not files or len(files) > MAX_FILES or total > MAX_TOTAL:
        raise ProbeError(
            f"Expected 1 to {MAX_FILES:,} files of {MAX_TOTAL // 2**20} MiB together; {len(files):,} files of "
            f"{total / 2**20:.0f} MiB came. Give the path of a folder instead: it is read in place."
        )
    content = hashlib.sha256()
    for name, data in files:
        content.update(repr((name, len(data))).encode() + hashlib.sha256(data).digest())
    digest = content.hexdigest()[:24]
    place = store.path / UPLOADS / digest
    if not place.is_dir():
        store.make_room(total, keep=place, share=SHARE)
        _write(place, files)
    _use(place)
    return digest


def find_upload(store: Store, digest: str) -> list[tuple[str, Path]]:
    """Return the (name, file) of what was kept under a digest.

    Raises ProbeError where it is no longer there: it made room for other work, or it never was.
    """
    place = store.path / UPLOADS / digest
    try:
        if not (digest.isalnum() and digest.isascii()):
            raise FileNotFoundError(digest)
        files = sorted(place.iterdir())
    except OSError:
        raise ProbeError(
            f"The uploaded images {digest[:40]!r} are no longer kept here. "
            "Upload them again in Setup, or choose the rooms."
        ) from None
    _use(place)
    return [(file.name.split("-", 1)[1], file) for file in files]


def _write(place: Path, files: Sequence[tuple[str, bytes | memoryview]]) -> None:
    try:
        with written_aside(place) as aside:
            aside.mkdir()
            for index, (name, data) in enumerate(files):
                (aside / f"{index:04d}-{_safe(name)}").write_bytes(data)
    except OSError as error:
        if not place.is_dir():  # else somebody uploaded the same at the same time
            raise StoreError(
                f"The images cannot be kept in {place.parent}: {error.strerror or error}. Free some space there, "
                "or give the path of a folder instead: it is read in place."
            ) from error


def _use(place: Path) -> None:
    with contextlib.suppress(OSError):  # of a store that may only be read
        os.utime(place)


def _safe(name: str) -> str:
    """Return a file name without folders and what no disk takes; the rest stays, as tables name the file so."""
    last = name.replace("\\", "/").split("/")[-1]
    plain = PurePath("".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in last))
    return file_name(plain.stem or "image", plain.suffix[:20])
