"""Images and labels by tables: CSV, parquet, and data sets as Hugging Face keeps them."""

import csv
import importlib
import io
import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from depara_core.errors import OptionError, ProbeError
from depara_core.files import FILE, NOTHING, kind_at
from depara_core.paths import expanded
from depara_core.probes.candidates import LABELS, Candidates, read_allowed, read_file
from depara_core.probes.decoding import SUFFIXES

PATHS = ("path", "file", "filename", "file_name", "image", "image_path", "filepath", "name")
IMAGES = ("image", "img", "images", "picture", "photo", "pixel_values", "jpg", "png")


def rows_of_csv(content: bytes, name: str) -> list[tuple[str, str | None]]:
    """Return (path, label) of each line of a CSV; without a header, the first two columns."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProbeError(f"{name} is no CSV in UTF-8: {error.reason} at byte {error.start}.") from error
    dialect: Any = csv.excel_tab if "\t" in text.partition("\n")[0] else csv.excel
    if ";" in text.partition("\n")[0] and "," not in text.partition("\n")[0]:
        dialect = type("Semicolons", (csv.excel,), {"delimiter": ";"})
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), dialect) if any(row)
        ]
    except csv.Error as error:  # a lone carriage return, a null character, a field without end
        raise ProbeError(f"{name} is no CSV: {error}.") from error
    if not rows:
        raise ProbeError(f"{name} is empty. Expected lines of path,label.")
    header = [cell.lower() for cell in rows[0]]
    path = next((header.index(word) for word in PATHS if word in header), None)
    if path is None:
        if not any(Path(cell).suffix.lower() in SUFFIXES for cell in rows[0]):
            raise ProbeError(f"{name} has no column of paths; expected one named {', '.join(PATHS)}; got {rows[0]}.")
        return [(row[0], row[1] if len(row) > 1 and row[1] else None) for row in rows]
    label = next((header.index(word) for word in LABELS if word in header), None)
    return [
        (row[path], row[label] if label is not None and len(row) > label and row[label] else None)
        for row in rows[1:]
        if len(row) > path
    ]


def add_csv(candidates: Candidates, path: Path) -> None:
    """Add the images that a CSV names, relative to its folder; unknown paths and repeated lines are noted."""
    for name, label in _once(candidates, rows_of_csv(read_file(path), path.name)):
        try:
            file = path.parent / expanded(name)
            kind = kind_at(file)
        except (OptionError, OSError) as error:
            candidates.skip(name, error)
            continue
        if kind == NOTHING:
            candidates.skip(name, f"{path.name} names it, but there is no such file")
        elif kind == FILE:
            candidates.add(name.replace("\\", "/"), partial(read_allowed, file), label=label, any_suffix=True)
        else:
            candidates.skip(name, f"{path.name} names it, but it is {kind}")


def _once(candidates: Candidates, rows: Iterable[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Return the rows without repeated paths, which are noted."""
    first: dict[str, str | None] = {}
    for name, label in rows:
        if name in first:
            other = "" if first[name] == label else f" with another label ({first[name]!r} and {label!r})"
            candidates.skip(name, f"named twice in the table{other}; the first counts")
        else:
            first[name] = label
    return list(first.items())


def rows_once(candidates: Candidates, content: bytes, name: str) -> list[tuple[str, str | None]]:
    """Return (path, label) of each line of a CSV without those whose path came before, which are noted."""
    return _once(candidates, rows_of_csv(content, name))


def add_parquet(candidates: Candidates, path: Path, prefix: str = "") -> None:
    """Add the images of a parquet file: a column of bytes, or of {bytes, path} as Hugging Face writes it."""
    pq = _pyarrow("parquet")
    try:
        file = pq.ParquetFile(path)
    except Exception as error:
        raise ProbeError(f"{path.name} is no parquet file, or a damaged one: {error}.") from error
    candidates.opened.callback(file.close)
    groups = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    names = file.schema_arrow.names
    column = _image_column(file.schema_arrow, path.name)
    group = _kept(lambda number: file.read_row_group(number, columns=[column]).column(0))
    label = next((word for word in LABELS if word in names), None)
    labels = _labels(file.read(columns=[label]).column(0), file.schema_arrow, label) if label else None
    row = 0
    for number, count in enumerate(groups):
        for inside in range(count):
            read = partial(_cell, group, number, inside)
            told = None if labels is None else labels[row]
            candidates.add(f"{prefix}{path.stem} {row:06d}", read, label=told, any_suffix=True)
            row += 1


def add_arrow(candidates: Candidates, path: Path, prefix: str = "") -> None:
    """Add the images of an Arrow file, as `datasets.save_to_disk` writes it."""
    ipc = _pyarrow("ipc")
    try:
        source = candidates.opened.enter_context(_pyarrow("").memory_map(str(path)))
        table = ipc.open_stream(source).read_all()
    except Exception as error:
        raise ProbeError(f"{path.name} is no Arrow file, or a damaged one: {error}.") from error
    column = table.column(_image_column(table.schema, path.name))
    label = next((word for word in LABELS if word in table.schema.names), None)
    labels = _labels(table.column(label), table.schema, label) if label else None
    for row in range(table.num_rows):
        read = partial(_cell, lambda _: column, 0, row)
        told = None if labels is None else labels[row]
        candidates.add(f"{prefix}{path.stem} {row:06d}", read, label=told, any_suffix=True)


def _pyarrow(module: str) -> Any:
    try:
        return importlib.import_module(f"pyarrow.{module}".rstrip("."))
    except ImportError:
        raise ProbeError("Reading parquet and Arrow needs pyarrow. Run: pip install pyarrow") from None


def _image_column(schema: Any, name: str) -> str:
    candidates = [word for word in IMAGES if word in schema.names] or [
        field.name for field in schema if "binary" in str(field.type)
    ]
    if not candidates:
        raise ProbeError(f"{name} has no column of images; its columns are {', '.join(schema.names)}.")
    return str(candidates[0])


def _labels(column: Any, schema: Any, name: str) -> list[str | None]:
    """Return a column of labels as text; numbers become the class names that the file's metadata lists."""
    told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    names = told.get("info", {}).get("features", {}).get(name, {}).get("names")
    values = column.to_pylist()
    if names:
        return [names[value] if isinstance(value, int) and 0 <= value < len(names) else None for value in values]
    return [None if value is None else str(value) for value in values]


def _cell(group: Callable[[int], Any], number: int, row: int) -> bytes:
    value = group(number)[row].as_py()
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, str):
        return read_allowed(Path(value))
    if not isinstance(value, bytes):
        raise ProbeError(f"the cell holds no image but {type(value).__name__}")
    return value


def _kept(read: Callable[[int], Any]) -> Callable[[int], Any]:
    """Remember the last row group: neighbours are read one after another."""
    held: dict[int, Any] = {}

    def get(number: int) -> Any:
        if number not in held:
            held.clear()
            held[number] = read(number)
        return held[number]

    return get
