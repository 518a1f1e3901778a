"""Targets without a network: graphs of edges alone, the likeness of labels or the cosines of a foreign embedding.

Symbols: N probes, D numbers of an embedding, K classes.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Float32, Int

from depara_core.attribution.options import Options
from depara_core.errors import OptionError
from depara_core.extraction.edges import cosines, gram_matrix
from depara_core.graphs import AttributionGraph
from depara_core.probes import ProbeSet
from depara_core.probes.tables import PATHS
from depara_core.untrusted import read_csv

NO_NODES = "This graph has no nodes: S is lambda times s_E alone."
WHAT = "image names and labels"  # of a table
SHOWN = 5  # names spelled out in a message


def target_from_labels(
    probes: ProbeSet,
    table: pd.DataFrame | str | os.PathLike[str] | np.ndarray | None = None,
    *,
    name: str | None = None,
) -> AttributionGraph:
    """Make a target of what is known of the probes: edges alone, as labels look at no pixels.

    An edge is Gower's likeness of two probes (Biometrics, 1971): the mean over the columns of 1 where two classes are
    the same, else 0, of 1 - |a - b| / range for numbers, and of (1 + cosine) / 2 for vectors. Where classes are counted
    (several rows an image, as boxes have, or masks), it is the cosine of the two images' counts.

    Parameters
    ----------
    probes
        N images, in at least two classes where no table is given.
    table
        None: `probes.labels`. A table, or the path of a CSV: a column of image names ("name", "path", "file", ...;
        without one, a table's index) and columns of classes (text), numbers or vectors ("[0.1, 0.2]", such as
        embeddings of text labels); or one column of classes and several rows an image. An array (N, H, W) of whole
        numbers: masks, the class of each pixel, in the order of the probes.
    name
        What the target is called; None: "classes", or the file's name.

    Returns
    -------
    AttributionGraph
        Edges in [0, 1] and no nodes: s_V with it is 0, so that S = lam * s_E. It can stand wherever a target can.

    Raises
    ------
    OptionError
        There are no labels, they are all alike, a name is wrong, missing or there twice, or a value is missing.
    """
    if table is None:
        if probes.labels is None:
            raise OptionError(
                f"The probes of {probes.source} have no labels. Put the images into a folder a class, or give a table "
                "of image names and labels."
            )
        edges, called = _same(np.array(probes.labels)), "classes"
    elif isinstance(table, np.ndarray):
        edges, called = _cosines(_counts_of_masks(table, len(probes))), "masks"
    else:
        frame, called = (
            (table, "table") if isinstance(table, pd.DataFrame) else (read_csv(table, WHAT), Path(table).stem)
        )
        edges = _likeness(frame, probes)
    return _edges_alone(f"labels/{name or called}", edges, probes, np.zeros(len(probes), dtype=bool))


def target_from_features(
    array: Float[np.ndarray, "N D"], names: Sequence[str], probes: ProbeSet, *, name: str = "embedding"
) -> AttributionGraph:
    """Make a graph of any foreign embedding of the probes: text vectors, recordings of a brain, judgements of people.

    Edges are cosines of the rows (DEPARA, Eq. 4); there are no nodes. It can stand wherever a target can, or a source.

    Parameters
    ----------
    array
        (N, D) finite numbers, a row an image.
    names
        The image of each row: the names of the probes, each once, in any order. A file's name without its folders will
        do where no two probes share it.
    probes
        N images.
    name
        What the embedding is called.

    Returns
    -------
    AttributionGraph
        Edges in [-1, 1] and no nodes: S = lam * s_E. A row of zeros is flagged as a probe without feature.

    Raises
    ------
    OptionError
        The array is no table of finite numbers with a name a row, or a name is wrong, missing or there twice.
    """
    values = np.asarray(array)
    if values.dtype.kind not in "iubf" or values.ndim != 2 or len(values) != len(names) or not values.shape[1]:
        raise OptionError(
            f"Expected an embedding (images, numbers) and a name for each row; got {values.dtype} of shape "
            f"{values.shape} and {len(names)} names."
        )
    rows = values[rows_of_probes(names, probes)].astype(np.float64)
    if not np.isfinite(rows).all():
        bad = [probes.names[i] for i in np.flatnonzero(~np.isfinite(rows).all(axis=1))]
        raise OptionError(f"The embedding of {_listed(bad)} is not finite. Leave these images out of both sides.")
    rows = _scaled(rows)
    edges, none = cosines(rows @ rows.T, center=False)
    return _edges_alone(f"features/{name}", edges, probes, none)


def graph_of_features(
    values: Float[np.ndarray, "N D"], probes: ProbeSet, *, model: str, weights: str, layer: str = "output"
) -> AttributionGraph:
    """Return the edges of a network's graph from its features alone: what a target without nodes compares with."""
    edges, none = cosines(gram_matrix(values.astype(np.float32, copy=False)), center=False)
    return _graph(model, edges, probes, none, weights, layer)


def rows_of_probes(names: Sequence[str], probes: ProbeSet) -> Int[np.ndarray, " N"]:
    """Return, for each probe, the place of its name in a list; refuse names that are wrong, missing or there twice."""
    given = [str(one) for one in names]
    twice = [one for one, count in Counter(given).items() if count > 1]
    if twice:
        raise OptionError(f"Images are named twice: {_listed(twice)}. Expected each name once.")
    own = list(probes.names)
    if not set(given) & set(own) and len(set(map(_base, own))) == len(own):  # told by file names alone
        own, given = [_base(one) for one in own], [_base(one) for one in given]
    wrong, missing = sorted(set(given) - set(own)), [one for one in own if one not in set(given)]
    if wrong or missing:
        parts = [f"no probe is named {_listed(wrong)}"] if wrong else []
        parts += [f"nothing is given for {_listed(missing)}"] if missing else []
        raise OptionError(
            f"Names must be those of the {len(own)} probes of {probes.source}: {'; '.join(parts)}. Give each probe's "
            "row under its name, such as those of `probes.names`."
        )
    places = {one: place for place, one in enumerate(given)}
    return np.array([places[one] for one in own])


def _edges_alone(model: str, edges: Float[np.ndarray, "N N"], probes: ProbeSet, none: np.ndarray) -> AttributionGraph:
    probes.require_comparable()
    if not np.ptp(edges[np.triu_indices(len(edges), k=1)]):
        raise OptionError(
            f"{model}: any two probes are equally alike, so there is nothing to rank. Expected at least two classes, "
            "one of them with two images, or numbers that differ."
        )
    kept = np.ascontiguousarray(edges, dtype=np.float32)
    return _graph(model, kept, probes, none, hashlib.sha256(kept.data).hexdigest(), "output")


def _graph(
    model: str, edges: Float32[np.ndarray, "N N"], probes: ProbeSet, none: np.ndarray, weights: str, layer: str
) -> AttributionGraph:
    return AttributionGraph(
        model=model,
        layer=layer,
        nodes=np.zeros((len(probes), 0), dtype=np.float32),
        edges=edges,
        shape=(0, 0, 0),
        probes=probes.digest,
        options=Options(),
        weights=weights,
        no_attribution=np.ones(len(probes), dtype=bool),
        no_feature=none,
        note=NO_NODES,
    )


def named_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table under its images' names: those of the column that holds them, else of its index."""
    column = next((one for one in table.columns if str(one).lower() in PATHS), None)
    frame = table.copy() if column is None else table.set_index(column)
    frame.index = frame.index.map(str)
    return frame


def of_probes(names: Sequence[str], probes: ProbeSet) -> list[int]:
    """Return the places of the names that are those of probes, with or without their folders."""
    asked = {*probes.names, *map(_base, probes.names)}
    return [place for place, one in enumerate(names) if one in asked]


def _likeness(table: pd.DataFrame, probes: ProbeSet) -> Float[np.ndarray, "N N"]:
    """Return Gower's likeness of a table's rows, or the cosines of its counts where images have several rows."""
    frame = named_rows(table)
    if not len(frame.columns):
        raise OptionError("The table has names but no column of classes or numbers. Expected at least one.")
    if frame.isna().to_numpy().any():
        rows = frame.index[frame.isna().any(axis=1)]
        raise OptionError(f"The table has no value for {_listed(rows)}. Fill it in, or leave these images out.")
    if frame.index.has_duplicates and len(frame.columns) == 1:
        frame = pd.crosstab(frame.index, frame.iloc[:, 0])
        return _cosines(frame.to_numpy(dtype=np.float64)[rows_of_probes(list(frame.index), probes)])
    frame = frame.iloc[rows_of_probes(list(frame.index), probes)]
    return np.mean([_of_column(frame[one]) for one in frame.columns], axis=0)


def _of_column(values: pd.Series) -> Float[np.ndarray, "N N"]:
    if is_classes(values):
        return _same(values.astype(str).to_numpy())
    if not pd.api.types.is_numeric_dtype(values):
        return (1 + _cosines(_vectors(values))) / 2
    numbers = values.to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise OptionError(f"The column {values.name!r} holds numbers that are not finite.")
    spread = np.ptp(numbers)
    return 1 - np.abs(numbers - numbers[:, None]) / (spread if spread > 0 else 1)


def is_classes(values: pd.Series) -> bool:
    """Tell whether a column holds classes: neither numbers nor vectors."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return False
    return not all(str(cell).lstrip().startswith("[") and str(cell).rstrip().endswith("]") for cell in values)


def _vectors(values: pd.Series) -> Float[np.ndarray, "N D"]:
    """Return a column of vectors, written as "[0.1, 0.2]" or "[0.1 0.2]"."""
    try:
        rows = [[float(one) for one in str(cell).strip()[1:-1].replace(",", " ").split()] for cell in values]
    except ValueError:
        rows = []
    if not rows or len({len(row) for row in rows}) > 1 or not rows[0] or not np.isfinite(rows).all():
        raise OptionError(
            f"The column {values.name!r} holds no vectors: expected cells such as [0.1, 0.2], finite numbers, as many "
            "in every cell."
        )
    return _scaled(np.array(rows))


def _same(classes: np.ndarray) -> Float[np.ndarray, "N N"]:
    return (classes == classes[:, None]).astype(np.float64)


def _counts_of_masks(masks: np.ndarray, count: int) -> Float[np.ndarray, "N K"]:
    if masks.dtype.kind not in "iub" or masks.ndim != 3 or len(masks) != count:
        raise OptionError(
            f"Expected masks (N, H, W) of whole numbers, one for each of the {count} probes; got {masks.dtype} of "
            f"shape {masks.shape}."
        )
    flat = np.unique(masks, return_inverse=True)[1].reshape(count, -1)
    return np.stack([np.bincount(row, minlength=int(flat.max()) + 1) for row in flat]).astype(np.float64)


def _cosines(counts: Float[np.ndarray, "N K"]) -> Float32[np.ndarray, "N N"]:
    return cosines(counts @ counts.T, center=False)[0]


def _scaled(rows: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
    """Divide by the largest number, which no cosine minds, so that no square overflows."""
    largest = np.abs(rows).max(initial=0.0)
    return rows / largest if largest > 0 else rows


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _listed(names: Sequence[str] | pd.Index) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, map(str, names[:SHOWN]))) + more
