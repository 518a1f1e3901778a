"""The user's own fine-tuning results as a benchmark: every score, and static facts, held against them.

Symbols: S models, T targets.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from depara_core.errors import DeparaError, OptionError
from depara_core.evaluation import Evaluation, evaluate, static_mean
from depara_core.files import Progress
from depara_core.metrics import METRICS
from depara_core.metrics.matrices import one_hot
from depara_core.pipeline.costs import measure_costs, published_accuracy
from depara_core.pipeline.features import build_features
from depara_core.pipeline.fit import pooled
from depara_core.pipeline.models import attempt
from depara_core.probes import ProbeSet, load_probes
from depara_core.store import Store
from depara_core.targets import graph_of_features, target_from_labels
from depara_core.zoo import ModelSpec, model

COLUMNS = ("model", "target", "value")
SCORED = ("rsa", "dds_cosine", "logme", "parc", "hscore_shrunk", "gbc", "knn", "sfda")
STATICS = ("static_size", "static_imagenet")
RELEVANT = 5  # of the best models count as right, fewer where there are few
Warn = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class OwnBenchmark:
    """Measured transfer of S models to T targets, and where each target's labelled images are."""

    frame: pd.DataFrame  # S x T, higher is better, NaN where it was not measured
    specs: tuple[ModelSpec, ...]
    images: Mapping[str, str]  # by target
    notes: tuple[str, ...]


def read_benchmark(path: str | os.PathLike[str]) -> OwnBenchmark:
    """Read a CSV of the columns model, target and value; a target is a folder (.zip, .csv) of labelled images.

    Accuracies in per cent become shares. Models that do not exist, rows without a value and repeated rows are left out,
    and noted. Raises OptionError where columns are missing, values contradict each other, or per cent and shares are
    mixed within a target.
    """
    file = Path(path)
    try:
        table = pd.read_csv(file, sep=None, engine="python", encoding="utf-8-sig", skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise OptionError(f"{str(path)!r} cannot be read as a CSV of measured transfer: {error}.") from None
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
    specs = _known(table["model"].unique().tolist(), notes)
    table = table.assign(model=table["model"].map(specs), value=_shares(table, notes)).dropna(subset=["model"])
    table = table.assign(id=[spec.id for spec in table["model"]])
    if not len(table):
        raise OptionError(f"{file.name} names no model that exists: {' '.join(notes)}")
    if table.duplicated(["id", "target"]).any():
        raise OptionError(f"{file.name} names one model in two ways. Keep one row for each model and target.")
    frame = table.pivot(index="id", columns="target", values="value")
    frame = frame.loc[table["id"].unique(), table["target"].unique()]
    chosen = {spec.id: spec for spec in table["model"]}
    images = {str(target): str(file.parent / Path(target).expanduser()) for target in frame.columns}
    return OwnBenchmark(frame, tuple(chosen[one] for one in frame.index), images, tuple(notes))


def score_benchmark(
    own: OwnBenchmark,
    *,
    count: int | None = None,
    seed: int = 0,
    device: str = "auto",
    store: Store | None = None,
    progress: Progress | None = None,
    warn: Warn = lambda _: None,
) -> dict[str, pd.DataFrame]:
    """Return every score of every model for every target, source x target, and both static facts where all are known.

    DEPARA is s_E with the labels' graph; RSA and DDS compare with the labels as one number a class. A model that fails
    is left out everywhere, and told to `warn`.
    """
    failed: dict[str, DeparaError] = {}
    columns: dict[str, dict[str, pd.Series]] = {}
    for done, (target, place) in enumerate(own.images.items()):
        if progress is not None:
            progress(done, len(own.images), f"{target}: features")
        probes = load_probes(place, count=count, seed=seed)
        if probes.labels is None:
            raise OptionError(f"The target {target!r} has no labels. Put its images into a folder a class.")
        for name, values in _column(own.specs, probes, device, store, failed).items():
            columns.setdefault(name, {})[target] = values
    for name, error in failed.items():
        warn(f"{name} was left out: {error}")
    kept = [spec for spec in own.specs if spec.id not in failed]
    frames = {name: pd.DataFrame(by_target).loc[[one.id for one in kept]] for name, by_target in columns.items()}
    return frames | _statics(kept, list(own.images), device, store)


def assess_benchmark(own: OwnBenchmark, frames: Mapping[str, pd.DataFrame], *, seed: int = 0) -> Evaluation:
    """Hold the scores against the measured values; raises OptionError where a target has fewer than 5 models."""
    truth = own.frame.loc[next(iter(frames.values())).index]
    fewest = int(truth.notna().sum().min())
    controls = {"static_mean": static_mean(truth)} if truth.shape[1] > 1 and fewest > 1 else {}
    return evaluate({**frames, **controls}, truth, relevant=max(1, min(RELEVANT, fewest // 4)), seed=seed)


def _known(names: Sequence[str], notes: list[str]) -> dict[str, ModelSpec]:
    known = {}
    for name in names:
        try:
            known[name] = model(name)
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


def _column(
    specs: Sequence[ModelSpec],
    probes: ProbeSet,
    device: str,
    store: Store | None,
    failed: dict[str, DeparaError],
) -> dict[str, pd.Series]:
    """Return every score of the models for the labels of one set of images."""
    target, classes = target_from_labels(probes), np.unique(probes.labels or (), return_inverse=True)[1]
    told: dict[str, dict[str, float]] = {}
    for spec in specs:
        if spec.id in failed:
            continue
        built = attempt(
            failed.__setitem__, lambda one, some: build_features(one, some, device=device, store=store), spec, probes
        )
        for features in built or ():
            graph = graph_of_features(features.values, probes, model=features.model, weights=features.weights)
            values = pooled(features)
            told.setdefault("depara", {})[spec.id] = METRICS["edges"](graph, target)
            for name in SCORED:
                second = one_hot(classes) if METRICS[name].takes[1] == "features" else classes
                told.setdefault(name, {})[spec.id] = METRICS[name](values, second)
    return {name: pd.Series(values) for name, values in told.items()}


def _statics(
    specs: Sequence[ModelSpec], targets: Sequence[str], device: str, store: Store | None
) -> dict[str, pd.DataFrame]:
    facts: dict[str, list[float | None]] = {
        "static_size": [float(measure_costs(spec, device=device, store=store).parameters) for spec in specs],
        "static_imagenet": [published_accuracy(spec) for spec in specs],
    }
    names = [spec.id for spec in specs]
    return {
        name: pd.DataFrame(dict.fromkeys(targets, values), index=names, dtype=float)
        for name, values in facts.items()
        if None not in values
    }
