"""Models whose transfer was measured, and the score that every metric gives every pair of their models."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image
from sklearn.cluster import KMeans
from sklearn.datasets import load_sample_image

from depara_core import rooms
from depara_core.benchmark.transfer_table import TransferTable, load_transfer_table
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph
from depara_core.pipeline.features import build_features
from depara_core.pipeline.fields import build_fields
from depara_core.pipeline.graphs import build_graphs
from depara_core.pipeline.models import OnError
from depara_core.probes import ProbeSet, load_probes
from depara_core.store import Store
from depara_core.zoo import ModelSpec, model

COMPONENTS = 16  # principal components that stand for a target's label, or for a source's feature before clustering
CLUSTERS = 8  # classes made of a label that has none, and of a source's features where a metric asks for its classes
GRID = 8  # pixel labels are averaged over this many cells a side


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known of one target's probes: whole-number classes (N,) and, where the label is a quantity, numbers."""

    classes: Int[np.ndarray, " N"]
    numbers: Float[np.ndarray, "N T"] | None


@dataclass(frozen=True)
class Benchmark:
    """Models whose transfer was measured, and the probes that they are compared on by default."""

    name: str
    title: str
    probes: Callable[[int, int, Progress | None], ProbeSet]  # count, seed, progress
    labels: Callable[[ProbeSet, int, Sequence[str]], dict[str, Labels]] | None  # probes, seed, model ids

    @property
    def transfer_table(self) -> TransferTable:
        """The measured transfer."""
        return load_transfer_table(self.name)

    @property
    def models(self) -> tuple[ModelSpec, ...]:
        """The sources that are candidates, then targets that are no source."""
        frame = self.transfer_table.frame()
        return tuple(model(name) for name in dict.fromkeys([*frame.index, *frame.columns]))


@dataclass(frozen=True, eq=False)
class Evidence:
    """What metrics compare, for M models over N probes."""

    graphs: tuple[AttributionGraph, ...]  # of the paper's preset, one a model
    predecessors: tuple[AttributionGraph, ...]  # their maps as in the NeurIPS 2019 paper: attribution of mean(F)
    features: Mapping[str, Float[np.ndarray, "N D"]]  # by model id
    labels: Mapping[str, Labels] = field(default_factory=dict)  # by model id, where the benchmark has labels
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # by model id, of one probe's features
    fields: Mapping[str, Float[np.ndarray, "N K P"]] = field(default_factory=dict)  # by model id, where asked for

    def code(self, name: str) -> Float[np.ndarray, "N ..."]:
        """Return a model's features with their places, where they have any."""
        values = self.features[name]
        return values.reshape(len(values), *self.shapes.get(name, values.shape[1:]))


def gather(
    benchmark: Benchmark,
    *,
    count: int = 200,
    seed: int = 0,
    models: Iterable[ModelSpec] | None = None,
    probes: ProbeSet | None = None,
    fields: bool = False,
    device: str = "auto",
    store: Store | str | None = None,
    progress: Progress | None = None,
    on_error: OnError | None = None,
    executor: str | None = None,
) -> Evidence:
    """Compute, or read from the store, all that the metrics compare.

    Parameters
    ----------
    benchmark
        An entry of `BENCHMARKS`, or one of your own.
    count
        How many probes.
    seed
        Which probes.
    models
        M models; None: those of the benchmark.
    probes
        In place of the benchmark's own; then there are no labels.
    fields
        Whether gradient fields are made too, ten passes a probe, so that ModelGiF is scored.
    device
        "auto", "cpu", "cuda", "mps": where it is computed.
    store
        Where results are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache folder.
    progress
        progress(done, total, message) counts rendered probes, models and probes of models.
    on_error
        on_error(model id, error) takes the failure of one model, and the rest goes on; None: the first one is raised.
    executor
        Where it is computed, as `build_graphs` takes it.

    Returns
    -------
    Evidence
        Graphs, features and labels of the M models.

    Raises
    ------
    ModelError
        A model cannot be opened or computed.
    """
    specs = tuple(benchmark.models if models is None else models)
    chosen = benchmark.probes(count, seed, progress) if probes is None else probes
    where: dict[str, Any] = {"device": device, "store": store, "progress": progress, "executor": executor}
    features = build_features(specs, chosen, on_error=on_error, **where)
    ids = [one.model for one in features]
    specs = tuple(spec for spec in specs if spec.id in ids)
    build = partial(build_graphs, specs, chosen, **where)
    made = build_fields(specs, chosen, device=device, store=store, progress=progress) if fields else []
    known = benchmark.labels(chosen, seed, ids) if benchmark.labels is not None and probes is None else {}
    return Evidence(
        tuple(build()),
        tuple(build(preset="released_models", center=False)),
        {one.model: one.values for one in features},
        known,
        {one.model: one.shape for one in features},
        {one.model: one.values for one in made},
    )


def probe_sets(count: int, seed: int, progress: Progress | None = None) -> list[tuple[str, ProbeSet]]:
    """Return other sets of probes, to see how far a ranking depends on them: other rooms, bare rooms, pieces of
    photographs.

    The photographs are the two that scikit-learn brings (a temple, a flower), cut at random places of random size.
    """
    bare = rooms.render(count, seed + 1, progress=progress, domain="bare")
    return [
        ("other rooms", load_probes("rooms", count=count, seed=seed + 1, progress=progress)),
        ("bare rooms", ProbeSet.from_arrays(bare)),
        ("photographs", ProbeSet.from_arrays(_photographs(count, seed))),
    ]


def _photographs(count: int, seed: int, size: int = 128) -> UInt8[np.ndarray, "N size size 3"]:
    rng = np.random.default_rng(seed)
    pieces = []
    for number in range(count):
        photo = load_sample_image(("china.jpg", "flower.jpg")[number % 2])
        side = int(rng.integers(size, min(photo.shape[:2]) + 1))
        top, left = (int(rng.integers(length - side + 1)) for length in photo.shape[:2])
        piece = Image.fromarray(photo[top : top + side, left : left + side])
        pieces.append(np.asarray(piece.resize((size, size), Image.Resampling.BOX)))
    return np.stack(pieces)


def components(values: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N T"]:
    """Return the leading principal components, scaled together so that the first has variance 1."""
    centred = values - values.mean(axis=0)
    left, scale, _ = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    kept = left[:, :COMPONENTS] * scale[:COMPONENTS]
    spread = kept.std(axis=0).max() if kept.size else 0.0
    return kept / spread if spread > 0 else kept


def _rooms_labels(probes: ProbeSet, seed: int, models: Sequence[str]) -> dict[str, Labels]:
    """Return the exact labels of the tasks of these models on the rendered probes."""
    tasks = {name: name.partition("/")[2] for name in models}
    made = rooms.labels(len(probes), seed, tasks=[task for task in tasks.values() if task in rooms.TASKS])
    return {name: _describe(rooms.TASKS[task], made[task]) for name, task in tasks.items() if task in made}


def _describe(task: rooms.Task, values: np.ndarray) -> Labels:
    if task.kind == "class":
        return Labels(np.unique(values, return_inverse=True)[1], None)  # "no class" is a class of its own
    if task.is_class:
        values = np.moveaxis(np.eye(task.channels)[values], -1, 1)
    if task.kind == "pixel":
        count, channels, size, _ = values.shape
        side = size // GRID
        values = values.reshape(count, channels, GRID, side, GRID, side).mean(axis=(3, 5)).reshape(count, -1)
    numbers = components(values)
    classes = KMeans(min(CLUSTERS, len(numbers)), n_init=4, random_state=0).fit_predict(numbers)
    return Labels(classes, numbers)


BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            "rooms",
            "The bundled rooms: twenty tasks, measured on this zoo",
            lambda count, seed, progress: load_probes("rooms", count=count, seed=seed, progress=progress),
            _rooms_labels,
        ),
        Benchmark(
            "taskonomy",
            "Taskonomy's published affinities, its own encoders",
            lambda count, seed, progress: load_probes("rooms", count=count, seed=seed, progress=progress),
            None,
        ),
    )
}
