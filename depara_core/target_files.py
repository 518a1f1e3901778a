"""Targets from files: a table of what is known of images, or an .npz of an embedding or of masks; whole or by column.

Rows of other images are passed over, so that one file serves any draw of a folder's images. A target is called
"labels/<file>", "labels/<file>: <column>" or "features/<file>". Symbols: N images, D numbers of an embedding, K labels.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from depara_core.errors import OptionError
from depara_core.files import open_regular
from depara_core.graphs import AttributionGraph
from depara_core.probes import ProbeSet
from depara_core.targets import (
    WHAT,
    is_classes,
    named_rows,
    of_probes,
    rows_of_probes,
    target_from_features,
    target_from_labels,
)
from depara_core.untrusted import read_csv, reading, require_unpacked

MOST_BYTES = 2**29  # of a file, unpacked
MOST_COLUMNS = 100  # of a table
SUFFIXES = (".csv", ".npz")
OWN = "classes"  # what the target of the images' own labels is called: no file's
File = str | os.PathLike[str]


def targets_in(path: File, *, name: str | None = None) -> tuple[str, ...]:
    """Return what the targets of a file are called: the whole, then column by column where there are several.

    Parameters
    ----------
    path
        A .csv or an .npz.
    name
        What the file is called; None: as it is.

    Returns
    -------
    tuple of str
        Each a `target` of `read_target`.

    Raises
    ------
    OptionError
        The file cannot be read, or is too large.
    """
    stem = _stem(path, name)
    if _is_npz(path):
        return (f"{'features' if 'features' in _arrays(path) else 'labels'}/{stem}",)
    columns = list(_table(path).columns)
    return (f"labels/{stem}", *(f"labels/{stem}: {column}" for column in columns if len(columns) > 1))


def split_target(text: str) -> tuple[str, str | None]:
    """Split "birds.csv:colour" into the file and what its target is called; a file alone stands for the whole: None."""
    file, found, column = text.partition(".csv:")
    if not found:
        return text, None
    path = f"{file}.csv"
    return path, f"labels/{_stem(path, None)}: {column}"


def read_target(
    path: File, probes: ProbeSet, *, target: str | None = None, name: str | None = None
) -> AttributionGraph:
    """Make a target of a file.

    Parameters
    ----------
    path
        A .csv of image names and columns (see `target_from_labels`); or an .npz with "names" (N,) and "features"
        (N, D), or "masks" (N, H, W) of whole numbers. Where the names of "features" are the probes' labels, (K, D) such
        as text vectors of the classes, each probe takes the row of its label.
    probes
        N images, each named in the file.
    target
        One of `targets_in`; None: the whole.
    name
        What the file is called; None: as it is.

    Returns
    -------
    AttributionGraph
        Edges and no nodes: S with it is lam * s_E.

    Raises
    ------
    OptionError
        The file cannot be read, has no such column, or does not tell of these probes.
    """
    if _is_npz(path):
        return _of_arrays(_arrays(path), probes, _stem(path, name))
    column = _column(path, target, name)
    table = _rows(path, probes)
    return target_from_labels(
        probes, table if column is None else table[[column]], name=_stem(path, name) + (f": {column}" if column else "")
    )


def classes_in(
    path: File, probes: ProbeSet, *, target: str | None = None, name: str | None = None
) -> tuple[str, ...] | None:
    """Return the class that a file gives each probe, where its target is one column of classes; else None.

    The arguments are those of `read_target`.
    """
    if _is_npz(path):
        return None
    column, table = _column(path, target, name), _rows(path, probes)
    if column is None and len(table.columns) > 1:
        return None
    values = table[column or table.columns[0]]
    if table.index.has_duplicates or values.isna().any() or not is_classes(values):
        return None
    return tuple(values.astype(str).iloc[rows_of_probes(list(table.index), probes)])


def _rows(path: File, probes: ProbeSet) -> pd.DataFrame:
    table = _table(path)
    kept = of_probes(list(table.index), probes)
    return table.iloc[kept] if kept else table  # none at all: matching says which names were expected


def _column(path: File, target: str | None, name: str | None) -> str | None:
    """Return the column that a target stands for; None: the whole table."""
    whole = f"labels/{_stem(path, name)}"
    if target in (None, whole):
        return None
    known = {f"{whole}: {column}": str(column) for column in _table(path).columns}
    if target not in known:
        raise OptionError(f"The file tells of no target {target!r}. Expected one of: {', '.join([whole, *known])}.")
    return known[target]


def _table(path: File) -> pd.DataFrame:
    file = Path(path)
    size = file.stat().st_size if file.is_file() else 0
    if size > MOST_BYTES:
        raise OptionError(f"Expected at most {MOST_BYTES // 2**20} MiB in {file.name}; {size / 2**20:.0f} came.")
    table = named_rows(read_csv(path, WHAT))
    table.columns = table.columns.map(str)
    if len(table.columns) > MOST_COLUMNS:
        raise OptionError(f"Expected a table of at most {MOST_COLUMNS} columns; {len(table.columns)} came.")
    return table


def _arrays(path: File) -> Mapping[str, np.ndarray]:
    """Return the arrays of an .npz that a target can be made of; nothing in it is run, nor unpacked past the bound."""
    file = Path(path)
    with reading(f"{file.name} is no .npz of plain arrays"):
        require_unpacked(file, MOST_BYTES)
        with open_regular(file) as opened, np.load(opened, allow_pickle=False) as held:
            return {one: held[one] for one in ("features", "masks", "names") if one in held}


def _of_arrays(arrays: Mapping[str, np.ndarray], probes: ProbeSet, stem: str) -> AttributionGraph:
    values = arrays.get("features", arrays.get("masks"))
    if values is None or "names" not in arrays:
        raise OptionError(
            f"{stem}.npz is no .npz of an embedding: it holds {', '.join(arrays) or 'neither'}. Expected the arrays "
            "'features' (images, numbers), or 'masks' (images, height, width), and 'names' (images,)."
        )
    names = [str(one) for one in arrays["names"].ravel()]
    if values.ndim < 2 or len(values) != len(names):
        raise OptionError(f"{stem}.npz holds {len(values)} rows and {len(names)} names. Expected one name a row.")
    kept = of_probes(names, probes)
    if "features" not in arrays:
        if not kept:
            rows_of_probes(names, probes)
        chosen = [names[row] for row in kept]
        return target_from_labels(probes, values[kept][rows_of_probes(chosen, probes)], name=stem)
    if not kept and probes.labels is not None and set(probes.labels) <= set(names):
        values, names = values[[names.index(label) for label in probes.labels]], list(probes.names)
        kept = list(range(len(names)))
    chosen = [names[row] for row in kept] if kept else names
    return target_from_features(values[kept] if kept else values, chosen, probes, name=stem)


def _is_npz(path: File) -> bool:
    return Path(path).suffix.lower() == ".npz"


def _stem(path: File, name: str | None) -> str:
    stem = Path(name).stem if name else Path(path).stem
    plain = "".join(one for one in stem if one.isprintable()) or "table"
    return f"{plain} of a file" if plain == OWN else plain
