"""The user's own fine-tuning results, read from a table: which models, for which targets, of which images.

Symbols: S models, T targets.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from depara_core.errors import DeparaError, OptionError
from depara_core.probes.loading import BUNDLED
from depara_core.untrusted import read_csv
from depara_core.zoo import ModelSpec, model

COLUMNS = ("model", "target", "value")
ELSEWHERE = ("upload/",)  # images that only who reads the table can find
Find = Callable[[str], ModelSpec]


@dataclass(frozen=True, eq=False)
class OwnBenchmark:
    """Measured transfer of S models to T targets; a target is a network, or a set of labelled images."""

    frame: pd.DataFrame  # S x T, higher is better, NaN where it was not measured
    specs: tuple[ModelSpec, ...]
    images: Mapping[str, str]  # where they are, by target; of those that are no network
    notes: tuple[str, ...]
    networks: Mapping[str, ModelSpec]  # by target, under the network's id


def read_benchmark(path: str | os.PathLike[str], *, find: Find | None = None) -> OwnBenchmark:
    """Read a CSV of the columns model, target and value.

    A target is a folder (.zip, .csv) of labelled images, beside the table or anywhere, or a bundled set of images; any
    other target that is a model's id is that network. Accuracies in per cent become shares. Models that do not exist,
    rows without a value and repeated rows are left out, and noted. `find` knows models by id (None: `model`). Raises
    OptionError where columns are missing, values contradict each other, or per cent and shares are mixed within a
    target.
    """
    find = find or model
    file = Path(path)
    table = read_csv(file, "measured transfer")
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise OptionError(f"{file.name} lacks {', '.join(missing)}. Expected the columns {', '.join(COLUMNS)}.")
    table, notes = table[list(COLUMNS)].astype({"model": str, "target": str}), []
    table["value"] = pd.to_numeric(table["value"], errors="coerce").astype(float)
    empty = table[~np.isfinite(table["value"])]
    if len(empty):
        notes.append(f"{len(empty)} rows have no number and are left out, first {empty['model'].iloc[0]!r}.")
    table = table.drop(index=empty.index)
    again = table.duplicated()
    if again.any():
        notes.append(f"{int(again.sum())} rows are there twice and count once.")
    table = table[~again]
    twice = table[table.duplicated(["model", "target"], keep=False)]
    if len(twice):
        raise OptionError(
            f"{file.name} tells two values of {twice['model'].iloc[0]!r} for {twice['target'].iloc[0]!r}. Keep one."
        )
    specs = _known(table["model"].unique().tolist(), notes, find)
    table = table.assign(model=table["model"].map(specs), value=_shares(table, notes)).dropna(subset=["model"])
    table = table.assign(id=[spec.id for spec in table["model"]])
    if not len(table):
        raise OptionError(f"{file.name} names no model that exists: {' '.join(notes)}")
    if table.duplicated(["id", "target"]).any():
        raise OptionError(f"{file.name} names one model in two ways. Keep one row for each model and target.")
    frame = table.pivot(index="id", columns="target", values="value")
    frame = frame.loc[table["id"].unique(), table["target"].unique()]
    chosen = {spec.id: spec for spec in table["model"]}
    images, networks = _targets([str(target) for target in frame.columns], file.parent, find)
    frame = frame.rename(columns={name: spec.id for name, spec in networks.items()})
    if not frame.columns.is_unique:
        raise OptionError(f"{file.name} names one target network in two ways. Name each target one way.")
    by_id = {spec.id: spec for spec in networks.values()}
    return OwnBenchmark(frame, tuple(chosen[one] for one in frame.index), images, tuple(notes), by_id)


def _targets(names: Sequence[str], folder: Path, find: Find) -> tuple[dict[str, str], dict[str, ModelSpec]]:
    """Return where the images of targets are, and which targets are networks, both by name."""
    images: dict[str, str] = {}
    networks: dict[str, ModelSpec] = {}
    for name in names:
        place = folder / Path(name).expanduser()
        if name in BUNDLED or name.startswith(ELSEWHERE):
            images[name] = name
            continue
        if not place.exists() and "/" in name:
            try:
                networks[name] = find(name)
                continue
            except DeparaError:  # reading the images will say what is wrong
                pass
        images[name] = str(place)
    return images, networks


def _known(names: Sequence[str], notes: list[str], find: Find) -> dict[str, ModelSpec]:
    known = {}
    for name in names:
        try:
            known[name] = find(name)
        except DeparaError as error:
            notes.append(f"{name!r} is left out: {error}")
    return known


def _shares(table: pd.DataFrame, notes: list[str]) -> pd.Series:
    """Turn accuracies in per cent into shares; refuse both within one target; other numbers stay as they are."""
    values = table["value"].copy()
    for target, rows in table.groupby("target", sort=False):
        own = rows["value"]
        shares, per_cent = own.between(0, 1, inclusive="right"), own.between(1, 100, inclusive="right")
        if not (own.between(0, 100).all() and per_cent.any()):
            continue
        if shares.any() and own[per_cent].min() > 10 * own[shares].max():
            raise OptionError(
                f"The values of {target!r} mix per cent ({own[per_cent].iloc[0]:g}) and shares "
                f"({own[shares].iloc[0]:g}). Write all of them one way."
            )
        notes.append(f"The values of {target!r} are read as per cent.")
        values.loc[rows.index] = own / 100
    return values
