"""Every score, and static facts, held against the user's own fine-tuning results.

Symbols: S models, T targets, N images.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from depara_core.attribution.options import Options
from depara_core.choice.own_benchmark import OwnBenchmark
from depara_core.comparison import planned_grid
from depara_core.errors import DeparaError, ModelError, OptionError
from depara_core.evaluation import Evaluation, evaluate, static_mean
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid
from depara_core.jobs import give_way
from depara_core.metrics import METRICS
from depara_core.metrics.matrices import one_hot
from depara_core.metrics.modelgif import SIDE
from depara_core.pipeline.costs import measure_costs, published_accuracy
from depara_core.pipeline.features import Features, build_features, computed_on
from depara_core.pipeline.fields import build_fields
from depara_core.pipeline.fit import pooled
from depara_core.pipeline.graphs import build_graphs
from depara_core.pipeline.models import attempt
from depara_core.probes import ProbeSet, load_probes
from depara_core.similarity import check_lam, similarity
from depara_core.store import Store, as_store
from depara_core.targets import graph_of_features, target_from_labels
from depara_core.zoo import ModelSpec

SCORED = ("rsa", "dds_cosine", "logme", "parc", "hscore_shrunk", "gbc", "knn", "sfda")  # for labels
COMPARED = ("rsa", "dds_cosine", "cka", "local_directed")  # for a network
STATICS = ("static_size", "static_imagenet")
RELEVANT = 5  # of the best models count as right, fewer where there are few
Warn = Callable[[str], None]
Load = Callable[[str], ProbeSet]


def score_benchmark(
    own: OwnBenchmark,
    *,
    probes: ProbeSet | None = None,
    lam: float = 1.0,
    fields: bool = False,
    count: int | None = None,
    seed: int = 0,
    load: Load | None = None,
    device: str = "auto",
    store: Store | None = None,
    progress: Progress | None = None,
    warn: Warn = lambda _: None,
    executor: str | None = None,
) -> dict[str, pd.DataFrame]:
    """Return every score of every model for every target, source x target, and both static facts where all are known.

    For labelled images DEPARA is s_E with the labels' graph; RSA and DDS compare with the labels as one number a class.
    For a network DEPARA is S at `lam`, and what is defined without labels is given, over `probes` (None: the bundled
    rooms), with `fields` ModelGiF too. Where a score is not defined for a target its column is NaN. `load` finds a
    target's images (None: by `load_probes`). A model that fails is left out everywhere, and told to `warn`; so is a
    target network that fails. With an `executor` features and graphs are computed on that cluster (see `build_graphs`).
    """
    seen = _Seen(own, device, as_store(store), check_lam(lam), fields, executor, progress, {})
    find = load or (lambda place: load_probes(place, count=count, seed=seed))
    columns: dict[str, dict[str, pd.Series]] = {}
    given = probes
    for done, target in enumerate(map(str, own.frame.columns)):
        give_way()
        if progress is not None:
            progress(done, own.frame.shape[1], f"{target}: features")
        if target in own.networks:
            given = load_probes("rooms", count=count, seed=seed) if given is None else given
            found = seen.for_network(own.networks[target], given)
        else:
            found = seen.for_labels(target, find(own.images[target]))
        for name, values in found.items():
            columns.setdefault(name, {})[target] = values
    for name, error in seen.failed.items():
        warn(f"{name} was left out: {error}")
    kept = [spec.id for spec in own.specs if spec.id not in seen.failed]
    targets = [target for target in map(str, own.frame.columns) if any(target in known for known in columns.values())]
    if not columns or not kept:
        raise ModelError("Nothing is left to score: every model, or every target, failed.")
    frames = {name: pd.DataFrame(known).reindex(index=kept, columns=targets) for name, known in columns.items()}
    return frames | _statics([spec for spec in own.specs if spec.id in kept], targets, device, store)


def assess_benchmark(own: OwnBenchmark, frames: Mapping[str, pd.DataFrame], *, seed: int = 0) -> Evaluation:
    """Hold the scores against the measured values; raises OptionError where a target has fewer than 5 models."""
    first = next(iter(frames.values()))
    truth = own.frame.loc[first.index, first.columns]
    fewest = int(truth.notna().sum().min())
    controls = {"static_mean": static_mean(truth)} if truth.shape[1] > 1 and fewest > 1 else {}
    return evaluate({**frames, **controls}, truth, relevant=max(1, min(RELEVANT, fewest // 4)), seed=seed)


@dataclass(frozen=True, eq=False)
class _Seen:
    """The models of a table seen on one set of images after the other, and which of them failed."""

    own: OwnBenchmark
    device: str
    store: Store
    lam: float
    fields: bool
    executor: str | None
    progress: Progress | None
    failed: dict[str, DeparaError]

    @property
    def grid(self) -> Grid:
        """What maps are compared on, whichever models fail."""
        return planned_grid(self._every, Options())

    @property
    def _every(self) -> list[ModelSpec]:
        return list({spec.id: spec for spec in (*self.own.specs, *self.own.networks.values())}.values())

    def for_labels(self, target: str, probes: ProbeSet) -> dict[str, pd.Series]:
        """Return every score of the models for the labels of one set of images."""
        if probes.labels is None:
            raise OptionError(f"The target {target!r} has no labels. Put its images into a folder a class.")
        self._ahead(self.own.specs, probes)
        aim, classes = target_from_labels(probes), np.unique(probes.labels, return_inverse=True)[1]
        told: dict[str, dict[str, float]] = {}
        for features in self._features(probes):
            graph = graph_of_features(features.values, probes, model=features.model, weights=features.weights)
            values = pooled(features)
            told.setdefault("depara", {})[features.model] = METRICS["edges"](graph, aim)
            for name in SCORED:
                second = one_hot(classes) if METRICS[name].takes[1] == "features" else classes
                told.setdefault(name, {})[features.model] = METRICS[name](values, second)
        return {name: pd.Series(values) for name, values in told.items()}

    def for_network(self, target: ModelSpec, probes: ProbeSet) -> dict[str, pd.Series]:
        """Return every score of the models for a network, over some images; nothing where the network fails."""
        self._ahead([target, *self.own.specs], probes, graphs=True)
        aims = None if target.id in self.failed else attempt(self.failed.__setitem__, self._build, target, probes)
        if aims is None:
            return {}
        asked, goal, aim = aims
        told: dict[str, dict[str, float]] = {}
        for spec in self.own.specs:
            built = None if spec.id in self.failed else attempt(self.failed.__setitem__, self._build, spec, probes)
            if built is None:
                continue
            features, graph, field = built
            if field is not None:
                told.setdefault("modelgif", {})[spec.id] = METRICS["modelgif"](field, aim)
            told.setdefault("depara", {})[spec.id] = similarity(graph, goal, grid=self.grid).total(self.lam)
            for name in COMPARED:
                sides = (features.code, asked.code) if name == "local_directed" else (features.values, asked.values)
                told.setdefault(name, {})[spec.id] = METRICS[name](*sides)
        return {name: pd.Series(values) for name, values in told.items()}

    def _ahead(self, specs: Sequence[ModelSpec], probes: ProbeSet, *, graphs: bool = False) -> None:
        """Let the cluster, where there is one, fill the store with what is read from it next."""
        if self.executor is None:
            return
        known = {spec.id: spec for spec in specs if spec.id not in self.failed}
        told: dict[str, Any] = {"device": self.device, "progress": self.progress, "store": self.store}
        told["on_error"] = self.failed.__setitem__
        left = computed_on(self.executor, list(known.values()), probes, **told)
        if graphs and left:
            build_graphs(left, probes, executor=self.executor, **told)

    def _build(self, spec: ModelSpec, probes: ProbeSet) -> tuple[Features, AttributionGraph, np.ndarray | None]:
        (features,) = build_features(spec, probes, device=self.device, store=self.store)
        (graph,) = build_graphs(spec, probes, device=self.device, store=self.store)
        if not self.fields:
            return features, graph, None
        side = min([SIDE, *(one.input_size for one in self._every)])
        (field,) = build_fields(spec, probes, side=side, device=self.device, store=self.store)
        return features, graph, field.values

    def _features(self, probes: ProbeSet) -> Iterator[Features]:
        def build(spec: ModelSpec, some: ProbeSet) -> list[Features]:
            return build_features(spec, some, device=self.device, store=self.store)

        for spec in self.own.specs:
            if spec.id not in self.failed:
                yield from attempt(self.failed.__setitem__, build, spec, probes) or ()


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
