"""Where probes come from: the bundled rooms, folders, zip files, lists of paths, uploads."""

import hashlib
import operator
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from os import PathLike, fspath
from os.path import commonpath
from pathlib import Path, PurePosixPath

import numpy as np

from depara_core import rooms
from depara_core.errors import OptionError, ProbeError
from depara_core.files import Progress
from depara_core.probes.archives import open_zip, read_member, usable_members
from depara_core.probes.decoding import MAX_BYTES, SUFFIXES, decode
from depara_core.probes.probeset import ProbeSet

Source = str | PathLike[str] | Sequence[str | PathLike[str] | tuple[str, bytes]]
ROOMS_COUNT = 200
ROOMS_SIZE = 128  # pixels; photographs are kept at 256
MAX_PROBES = 10_000  # 256 x 256 pixels each: 2 GB in memory


@dataclass
class _Candidates:
    """Files that may be probes, in order, and those that cannot be; `opened` holds the zip files until the end."""

    opened: ExitStack
    files: list[tuple[PurePosixPath, Callable[[], bytes]]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: PurePosixPath, read: Callable[[], bytes], *, any_suffix: bool = False) -> None:
        if any_suffix or name.suffix.lower() in SUFFIXES:
            self.files.append((name, read))
        else:
            self.skipped.append((str(name), f"{name.suffix or 'no suffix'}: not an image type that is read here"))


def load_probes(
    source: Source,
    *,
    count: int | None = None,
    seed: int = 0,
    size: int | None = None,
    progress: Progress | None = None,
) -> ProbeSet:
    """Return square probes, `size` x `size`, from "rooms", a folder, a .zip, or a list of paths or (name, bytes).

    Folders are read with their subfolders, in sorted order; where every image lies in a subfolder, its name is the
    label. `count` takes that many usable images, drawn with `seed` (None: all; 200 rooms). Files that cannot be
    used, and images whose pixels repeat an earlier one's, are left out and listed in `skipped` with the reason:
    a repeated image would add an edge of cosine 1 that says nothing about the network. `progress(done, total, message)`
    counts images; what it raises stops the work.
    """
    count = None if count is None else _whole("count", count)
    size = None if size is None else _whole("size", size)
    if isinstance(source, str) and source == "rooms":
        return _render_rooms(ROOMS_COUNT if count is None else count, seed, size or ROOMS_SIZE, progress)
    with ExitStack() as opened:
        candidates = _Candidates(opened)
        if isinstance(source, str | PathLike):
            title = fspath(source)
            _add_path(candidates, Path(source).expanduser())
        else:
            title = "a list of files"
            _add_items(candidates, source)
        return _decode_all(candidates, title, count, seed, size or 256, progress)


def _whole(what: str, value: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if not 1 <= number <= MAX_PROBES:
        raise OptionError(f"Expected {what} as a whole number from 1 to {MAX_PROBES:,}; {value!r} came.")
    return number


def _render_rooms(count: int, seed: int, size: int, progress: Progress | None) -> ProbeSet:
    images = rooms.render(count, seed, size=size, progress=progress)
    return ProbeSet(images, tuple(f"room {i:03d}" for i in range(count)), source=f"rooms (seed {seed})")


def _add_items(candidates: _Candidates, items: Iterable[object]) -> None:
    """Add paths, named from the folder they share, and uploads; one that fails does not stop the others."""
    items = list(items)
    paths = [Path(item).expanduser().absolute() for item in items if isinstance(item, str | PathLike)]
    folders = [path.parent for path in paths if path.exists()]
    shared = Path(commonpath(folders)) if folders else Path()
    for item in items:
        try:
            if isinstance(item, str | PathLike):
                _add_path(candidates, Path(item).expanduser().absolute(), shared)
            elif isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], bytes):
                _add_upload(candidates, PurePosixPath(str(item[0])), item[1])
            else:
                raise OptionError(
                    f"Expected a list of image paths or of (name, bytes); an item of type {type(item).__name__} came."
                    " Arrays of pixels go to ProbeSet.from_arrays."
                )
        except ProbeError as error:
            name = item[0] if isinstance(item, tuple) else item
            candidates.skipped.append((str(name), str(error)))


def _add_upload(candidates: _Candidates, name: PurePosixPath, data: bytes) -> None:
    if name.suffix.lower() == ".zip":
        _add_zip(candidates, data)
    else:
        candidates.add(name, lambda: data, any_suffix=True)


def _add_path(candidates: _Candidates, path: Path, shared: Path | None = None) -> None:
    """Add a folder with everything under it, a zip with its members, or one file named relative to `shared`."""
    if path.is_dir():
        _add_folder(candidates, path)
    elif not path.is_file():
        raise ProbeError(f"Expected 'rooms', a folder, a .zip or images; there is nothing to read at {str(path)!r}.")
    elif path.suffix.lower() == ".zip":
        _add_zip(candidates, path)
    else:
        name = path.relative_to(shared or path.parent)
        candidates.add(PurePosixPath(name.as_posix()), partial(_read_file, path), any_suffix=True)


def _add_folder(candidates: _Candidates, folder: Path) -> None:
    try:
        found = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    except OSError as error:
        raise ProbeError(f"The folder {str(folder)!r} cannot be read: {error.strerror}.") from error
    for path in found:
        if not any(part.startswith(".") for part in path.parts):
            candidates.add(PurePosixPath(path.as_posix()), partial(_read_file, folder / path))


def _add_zip(candidates: _Candidates, content: Path | bytes) -> None:
    archive = candidates.opened.enter_context(open_zip(content))
    members, refused = usable_members(archive)
    candidates.skipped.extend(refused)
    for member in members:
        candidates.add(PurePosixPath(member.filename), partial(read_member, archive, member))


def _read_file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ProbeError(f"the file is larger than {MAX_BYTES // 2**20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise ProbeError(f"the file cannot be read: {error.strerror or error}") from error


def _decode_all(
    candidates: _Candidates, title: str, count: int | None, seed: int, size: int, progress: Progress | None
) -> ProbeSet:
    files, skipped = candidates.files, candidates.skipped
    if count is None and len(files) > MAX_PROBES:
        raise ProbeError(f"{title} holds {len(files):,} images; give a count of at most {MAX_PROBES:,} to sample.")
    sampled = count is not None and count < len(files)
    order = np.random.default_rng(seed).permutation(len(files)) if sampled else range(len(files))
    kept: dict[int, np.ndarray] = {}
    seen: dict[bytes, str] = {}
    wanted = len(files) if count is None else min(count, len(files))
    for index in order:
        if progress:
            progress(len(kept), wanted, "Reading images")
        name, read = files[index]
        try:
            pixels = decode(read(), size)
            content = hashlib.sha256(pixels.data).digest()
            if content in seen:
                raise ProbeError(f"the same pixels as {seen[content]}")
            seen[content] = str(name)
            kept[int(index)] = pixels
        except ProbeError as error:
            skipped.append((str(name), str(error)))
        if len(kept) == count:
            break
    if not kept:
        raise ProbeError(_nothing_usable(title, skipped))
    labels, chosen = _labels([name for name, _ in files]), sorted(kept)
    return ProbeSet(
        images=np.stack([kept[i] for i in chosen]),
        names=_unique([str(files[i][0]) for i in chosen]),
        labels=None if labels is None else tuple(labels[i] for i in chosen),
        source=title,
        skipped=tuple(skipped),
    )


def _nothing_usable(title: str, skipped: list[tuple[str, str]]) -> str:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped[:3]) or "it holds no files"
    more = f" (and {len(skipped) - 3} more)" if len(skipped) > 3 else ""
    return f"Expected images in {title}; none can be used: {reasons}{more}. Give JPEG, PNG or similar files."


def _labels(names: list[PurePosixPath]) -> list[str] | None:
    """Return each image's class folder: the first folder below those that all share; None if some image has none."""
    folders = [name.parts[:-1] for name in names]
    if not all(folders):
        return None
    shared = 0
    while len({parts[: shared + 1] for parts in folders}) == 1 and all(len(parts) > shared for parts in folders):
        shared += 1
    if all(len(parts) == shared for parts in folders):  # a single class
        shared -= 1
    if not all(len(parts) > shared for parts in folders):
        return None
    return [parts[shared] for parts in folders]


def _unique(names: list[str]) -> tuple[str, ...]:
    """Return the names with " (2)", " (3)" behind repeated ones."""
    taken: set[str] = set()
    for index, name in enumerate(names):
        copy, number = name, 1
        while copy in taken:
            number += 1
            copy = f"{name} ({number})"
        taken.add(copy)
        names[index] = copy
    return tuple(names)
