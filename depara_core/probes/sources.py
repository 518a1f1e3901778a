"""From whatever a user names to candidates: each kind of source by its reader."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fnmatch import fnmatchcase
from functools import partial
from os import PathLike, fspath
from os.path import commonpath
from pathlib import Path, PurePosixPath
from typing import Any

from depara_core.errors import OptionError, ProbeError
from depara_core.files import FILE, FOLDER, NOTHING, kind_at, require_regular
from depara_core.paths import assets_folder, expanded, require_allowed
from depara_core.probes.archives import open_zip, read_member, usable_members
from depara_core.probes.arrays import add_array_file, add_dataset, is_picture, picture
from depara_core.probes.candidates import Candidates, read_allowed, read_file
from depara_core.probes.folders import add_folder
from depara_core.probes.labels import Labels, give_labels, label_beside, labels_from_csv
from depara_core.probes.listing import before_pattern
from depara_core.probes.tables import add_arrow, add_csv, add_parquet
from depara_core.probes.tars import add_tar

FASHION = "fashion"  # the name of the photographs that come with the library
TARS = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")


def collect(candidates: Candidates, source: Any) -> str:
    """Add what `source` holds and return its title."""
    if isinstance(source, str) and source == FASHION:
        add_array_file(candidates, assets_folder() / "probes" / "fashion.npz")
        return "photographs (Fashion-MNIST)"
    if isinstance(source, str | PathLike):
        _add_path(candidates, expanded(source))
        return fspath(source)
    if isinstance(source, list | tuple):
        _add_items(candidates, source)
        return "a list of images"
    if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        add_dataset(candidates, source)
        return type(source).__name__
    raise OptionError(
        "Expected 'rooms', 'fashion', a folder, a file of images, a list of images or a torch Dataset; "
        f"{source!r} came."
    )


def is_source(path: str | PathLike[str]) -> bool:
    """Tell whether there is a folder or a file at a path, or one that a pattern names; none is opened."""
    place = require_allowed(expanded(path))
    with ExitStack() as opened:
        return kind_at(place) in (FOLDER, FILE) or any(True for _ in _matching(Candidates(opened), place))


def _add_items(candidates: Candidates, items: Iterable[object]) -> None:
    """Add paths, named from the folder they share, uploads and pictures; one that fails does not stop the others."""
    items = list(items)
    folders = [expanded(item).absolute().parent for item in items if isinstance(item, str | PathLike) and _exists(item)]
    shared = Path(commonpath(folders)) if folders else Path()
    told: dict[str, str | None] = {}
    for number, item in enumerate(items):
        try:
            if isinstance(item, str | PathLike):
                _add_listed(candidates, item, shared)
            elif isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], bytes | Path):
                told |= _add_upload(candidates, str(item[0]), item[1])
            elif is_picture(item):
                candidates.add(f"image {number:03d}", partial(picture, item), any_suffix=True)
            else:
                raise OptionError(
                    f"Expected a list of image paths, (name, bytes), Pillow images or arrays; an item of type "
                    f"{type(item).__name__} came."
                )
        except ProbeError as error:
            candidates.skip(item[0] if isinstance(item, tuple) else item, error)
    if told:
        give_labels(candidates, told)


def _add_upload(candidates: Candidates, name: str, data: bytes | Path) -> Labels:
    """Add an upload, in memory or kept in a file; one that is a table of labels returns them instead."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        _add_zip(candidates, data)
    elif name.lower().endswith(TARS):
        add_tar(candidates, data, name)
    elif suffix in (".parquet", ".npz", ".npy") and isinstance(data, Path):
        (add_parquet if suffix == ".parquet" else add_array_file)(candidates, data)
    elif suffix in (".csv", ".tsv"):
        return labels_from_csv(candidates, data if isinstance(data, bytes) else read_file(data), name)
    else:
        read = partial(read_file, data) if isinstance(data, Path) else lambda: data
        candidates.add(name, read, any_suffix=True)
    return {}


def _add_path(candidates: Candidates, path: Path, shared: Path | None = None) -> None:
    """Add a folder with everything under it, a file that holds images, or one image named relative to `shared`."""
    suffix = path.suffix.lower()
    readers: dict[str, Callable[[Candidates, Path], None]] = {
        ".csv": add_csv,
        ".tsv": add_csv,
        ".parquet": add_parquet,
        ".arrow": add_arrow,
        ".npz": add_array_file,
        ".npy": add_array_file,
        ".zip": _add_zip,
    }
    kind = _kind(path)
    if kind == FOLDER:
        _add_folder(candidates, path)
    elif kind == NOTHING:
        matches = sorted(_matches(candidates, path))
        if not matches:
            raise ProbeError(
                "Expected 'rooms', 'fashion', a folder, an archive, a table or images; there is nothing to read at "
                f"{str(path)!r}."
            )
        _add_items(candidates, matches)
    elif kind != FILE:
        raise ProbeError(f"Expected a folder or a regular file; {str(path)!r} is {kind}.")
    elif path.name.lower().endswith(TARS):
        add_tar(candidates, _with_content(path), path.name)
    elif suffix in readers:
        readers[suffix](candidates, _with_content(path))
    else:
        name = path.relative_to(shared or path.parent)
        candidates.add(name.as_posix(), partial(read_allowed, path), any_suffix=True)


def _add_listed(candidates: Candidates, item: str | PathLike[str], shared: Path) -> None:
    """Add one path of a list; one that may not be read is left out like one that is damaged."""
    try:
        _add_path(candidates, expanded(item).absolute(), shared)
    except OptionError as error:
        raise ProbeError(str(error)) from error


def _exists(item: str | PathLike[str]) -> bool:
    try:
        return kind_at(expanded(item)) != NOTHING
    except (OptionError, OSError):
        return False


def _with_content(path: Path) -> Path:
    """Return a file that another library will open."""
    try:
        require_regular(path)
    except OSError as error:
        raise ProbeError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    return path


def _kind(path: Path) -> str:
    """Return what is at a path that may be read here."""
    try:
        return kind_at(require_allowed(path))
    except OSError as error:
        raise ProbeError(f"{str(path)!r} cannot be read: {error.strerror or error}.") from error


def _add_folder(candidates: Candidates, folder: Path) -> None:
    """Add a folder's images, labelled where a table of labels lies there; else those of the tables or shards in it."""
    inside = Candidates(candidates.opened, progress=candidates.progress)
    add_folder(inside, folder)
    tables = [name for name, _ in inside.skipped if PurePosixPath(name).suffix in (".parquet", ".arrow", ".tar")]
    if inside.found or not tables:
        label_beside(inside, [name for name, _ in inside.skipped], lambda name: read_allowed(folder / name))
        candidates.found += inside.found
        candidates.skipped += inside.skipped
        return
    for name in tables:
        file, split = _with_content(require_allowed(folder / name)), PurePosixPath(name).stem.partition("-")[0]
        prefix = f"{split}/" if file.suffix != ".tar" else ""
        if file.suffix == ".tar":
            add_tar(candidates, file, name)
        else:
            (add_parquet if file.suffix == ".parquet" else add_arrow)(candidates, file, prefix)


def _matches(candidates: Candidates, pattern: Path) -> list[Path]:
    """Return the files and folders that a pattern names, such as a/**/*.jpg; none where it is no pattern."""
    return [*dict.fromkeys(_matching(candidates, pattern))]


def _matching(candidates: Candidates, pattern: Path) -> Iterator[Path]:
    folder = before_pattern(pattern)
    if folder is not None:
        yield from _below(candidates, folder, pattern.parts[len(folder.parts) :])


def _below(candidates: Candidates, folder: Path, steps: tuple[str, ...]) -> Iterator[Path]:
    """Yield what the steps of a pattern name below a folder; "**" stands for any number of folders, also none."""
    if not steps:
        yield folder
        return
    step, rest = steps[0], steps[1:]
    if step == "**" and rest:
        yield from _below(candidates, folder, rest)
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:  # no folder, or one that may not be read
        return
    for entry in found:
        candidates.tick()
        if step == "**" and rest:
            if entry.is_dir(follow_symlinks=False):  # a link back would never end
                yield from _below(candidates, Path(entry.path), steps)
        elif fnmatchcase(entry.name, step) and (not rest or entry.is_dir()):
            yield from _below(candidates, Path(entry.path), rest)


def _add_zip(candidates: Candidates, content: Path | bytes) -> None:
    archive = candidates.opened.enter_context(open_zip(content))
    members, refused = usable_members(archive)
    candidates.skipped.extend(refused)
    inside = Candidates(candidates.opened, progress=candidates.progress)
    for member in members:
        inside.add(member.filename, partial(read_member, archive, member))
    held = {member.filename: member for member in members}
    label_beside(inside, [name for name, _ in inside.skipped], lambda name: read_member(archive, held[name]))
    candidates.found += inside.found
    candidates.skipped += inside.skipped
