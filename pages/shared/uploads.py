"""Images a reader uploads: kept beside the store under their content's digest, so that a link or a reload finds them.

    source = _uploads.keep([("cat.jpg", data), ...])            # -> "upload/<digest>", a value for Selection.probes
    probes = _uploads.load(source, count=100, seed=0)           # any Selection.probes: rooms, a path, an upload

What a browser sends is bounded in number and size; each file is decoded, and checked, by the core.
"""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

import depara_core as depara
from depara_core.files import FILE, FOLDER, file_name, kind_at, written_aside
from depara_core.paths import expanded, require_allowed

PREFIX = "upload/"
MAX_FILES = 2000
MAX_TOTAL = 500 * 2**20  # bytes of one upload
KEPT = 10  # uploads on disk, the oldest dropped first


def folder() -> Path:
    """Return where uploads are kept: beside the artefact store."""
    return depara.Store().path / "uploads"


def keep(files: Sequence[tuple[str, bytes]]) -> str:
    """Keep the files in one folder and return their name as a source of probes."""
    total = sum(len(data) for _, data in files)
    if not files or len(files) > MAX_FILES or total > MAX_TOTAL:
        raise depara.ProbeError(
            f"Expected 1 to {MAX_FILES:,} files of {MAX_TOTAL // 2**20} MiB together; {len(files):,} files of "
            f"{total / 2**20:.0f} MiB came. Give the path of a folder instead: it is read in place."
        )
    content = hashlib.sha256()
    for name, data in files:
        content.update(repr((name, len(data))).encode() + hashlib.sha256(data).digest())
    digest = content.hexdigest()[:24]
    place = folder() / digest
    if not place.exists():
        with written_aside(place) as aside:
            aside.mkdir()
            for index, (name, data) in enumerate(files):
                (aside / f"{index:04d}-{_safe(name)}").write_bytes(data)
        _drop_old(place)
    return PREFIX + digest


def load(
    probes: str, count: int, seed: int, progress: Callable[[int, int, str], None] | None = None
) -> depara.ProbeSet:
    """Return the probes of a selection, whatever their source; `progress(done, total, message)` counts images."""
    if not probes.startswith(PREFIX):
        return depara.load_probes(probes, count=count, seed=seed, progress=progress)
    digest = probes.removeprefix(PREFIX)
    place = folder() / digest
    if not digest.isalnum() or not place.is_dir():
        raise depara.ProbeError(
            f"The uploaded images {digest!r} are no longer kept here. Upload them again in Setup, or choose the rooms."
        )
    files = [(path.name.split("-", 1)[1], path.read_bytes()) for path in sorted(place.iterdir())]
    return depara.load_probes(files, count=count, seed=seed, progress=progress)


def is_there(path: str) -> bool:
    """Tell whether something may be read at a path that a reader typed."""
    try:
        return kind_at(require_allowed(expanded(path))) in (FOLDER, FILE)
    except (depara.DeparaError, OSError):
        return False


def _safe(name: str) -> str:
    """Return a file name without folders or odd characters; its suffix stays."""
    plain = "".join(c if c.isalnum() or c in "._- ()" else "_" for c in PurePath(name.replace("\\", "/")).name)
    return file_name(PurePath(plain).stem or "image", PurePath(plain).suffix)


def _drop_old(newest: Path) -> None:
    places = sorted((p for p in newest.parent.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in places[KEPT:]:
        if old != newest:
            shutil.rmtree(old, ignore_errors=True)
