"""From whatever a user names to candidates: each kind of source by its reader."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from os import PathLike, fspath
from os.path import commonpath
from pathlib import Path, PurePosixPath
from typing import Any

from depara_core.errors import OptionError, ProbeError
from depara_core.probes.archives import open_zip, read_member, usable_members
from depara_core.probes.arrays import add_array_file, add_dataset, is_picture, picture
from depara_core.probes.candidates import Candidates, read_file
from depara_core.probes.folders import add_folder
from depara_core.probes.tables import add_arrow, add_csv, add_parquet, labels_from_csv
from depara_core.probes.tars import add_tar

TARS = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")


def collect(candidates: Candidates, source: Any) -> str:
    """Add what `source` holds and return its title."""
    if isinstance(source, str | PathLike):
        _add_path(candidates, Path(source).expanduser())
        return fspath(source)
    if isinstance(source, list | tuple):
        _add_items(candidates, source)
        return "a list of images"
    if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        add_dataset(candidates, source)
        return type(source).__name__
    raise OptionError(
        f"Expected 'rooms', a folder, a file of images, a list of images or a torch Dataset; {source!r} came."
    )


def _add_items(candidates: Candidates, items: Iterable[object]) -> None:
    """Add paths, named from the folder they share, uploads and pictures; one that fails does not stop the others."""
    items = list(items)
    paths = [Path(item).expanduser().absolute() for item in items if isinstance(item, str | PathLike)]
    folders = [path.parent for path in paths if path.exists()]
    shared = Path(commonpath(folders)) if folders else Path()
    told: dict[str, str | None] = {}
    for number, item in enumerate(items):
        try:
            if isinstance(item, str | PathLike):
                _add_path(candidates, Path(item).expanduser().absolute(), shared)
            elif isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], bytes):
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
        candidates.found = [
            replace(one, label=told.get(one.name, told.get(one.name.rpartition("/")[2]))) for one in candidates.found
        ]
        names = {one.name for one in candidates.found} | {one.name.rpartition("/")[2] for one in candidates.found}
        for name in told:
            if name.rpartition("/")[2] not in names:
                candidates.skip(name, "the table names it, but there is no such image")


def _add_upload(candidates: Candidates, name: str, data: bytes) -> dict[str, str | None]:
    """Add an upload; one that is a table of labels returns them instead."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        _add_zip(candidates, data)
    elif name.lower().endswith(TARS):
        add_tar(candidates, data, name)
    elif suffix in (".csv", ".tsv"):
        return labels_from_csv(candidates, data, name)
    else:
        candidates.add(name, lambda: data, any_suffix=True)
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
    if path.is_dir():
        _add_folder(candidates, path)
    elif not path.is_file():
        matches = _matches(path)
        if not matches:
            raise ProbeError(
                f"Expected 'rooms', a folder, an archive, a table or images; there is nothing to read at {str(path)!r}."
            )
        _add_items(candidates, matches)
    elif path.name.lower().endswith(TARS):
        add_tar(candidates, path, path.name)
    elif suffix in readers:
        readers[suffix](candidates, path)
    else:
        name = path.relative_to(shared or path.parent)
        candidates.add(name.as_posix(), partial(read_file, path), any_suffix=True)


def _add_folder(candidates: Candidates, folder: Path) -> None:
    """Add a folder's images, or, where it holds none, those of the tables or shards in it."""
    inside = Candidates(candidates.opened)
    add_folder(inside, folder)
    tables = [name for name, _ in inside.skipped if PurePosixPath(name).suffix in (".parquet", ".arrow", ".tar")]
    if inside.found or not tables:
        candidates.found += inside.found
        candidates.skipped += inside.skipped
        return
    for name in tables:
        file, split = folder / name, PurePosixPath(name).stem.partition("-")[0]
        prefix = f"{split}/" if file.suffix != ".tar" else ""
        if file.suffix == ".tar":
            add_tar(candidates, file, name)
        else:
            (add_parquet if file.suffix == ".parquet" else add_arrow)(candidates, file, prefix)


def _matches(pattern: Path) -> list[Path]:
    """Return the files that a pattern names, such as a/**/*.jpg; none where it is no pattern."""
    steps = pattern.parts
    first = next((i for i, part in enumerate(steps) if any(sign in part for sign in "*?[")), None)
    return [] if first is None else sorted(Path(*steps[:first]).glob("/".join(steps[first:])))


def _add_zip(candidates: Candidates, content: Path | bytes) -> None:
    archive = candidates.opened.enter_context(open_zip(content))
    members, refused = usable_members(archive)
    candidates.skipped.extend(refused)
    for member in members:
        candidates.add(member.filename, partial(read_member, archive, member))
