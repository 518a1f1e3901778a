"""Graphs over very many probes, in tasks: shards of the probes attributed apart, their Gram matrix block by block.

What a part yields is kept in the store under the whole graph's key and the part's name, until the graph is whole: a run
that was stopped goes on from there, and what a full store has pushed out is computed again. Symbols: N probes, of which
a shard has N_i; D numbers in a feature.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations_with_replacement, pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from depara_core.artefacts import Artefact
from depara_core.attribution.options import Options
from depara_core.errors import ModelError, StoreError
from depara_core.extraction.device import resolve_device
from depara_core.extraction.edges import cosines, cross_gram_matrix
from depara_core.extraction.memory_plan import default_budget
from depara_core.extraction.spill import Scratch
from depara_core.jobs import Tally
from depara_core.pipeline.builder import AGREEMENT, Builder, Execution
from depara_core.pipeline.cluster import Task
from depara_core.pipeline.keys import part_key
from depara_core.probes import ProbeSet
from depara_core.store import LIMIT, Store
from depara_core.zoo.spec import Identity, ModelSpec

SHARD_PROBES = 2000  # more probes than that are divided, into shards of at most so many
PART_BYTES = 256 * 2**20  # of a shard's features in one file, which is written and checked as a whole

Rows = tuple[int, int]  # a shard's first probe, and the first one behind it


@dataclass(frozen=True)
class Plan:
    """What is to be made of one model, and how the probes are divided."""

    identity: Identity
    layers: tuple[str, ...]
    options: Options
    memory_budget: int | None
    precision: str
    shards: tuple[Rows, ...]


@dataclass(frozen=True)
class Columns:
    """The numbers from `start` to `stop`, of `size`, of the features of one shard."""

    start: int
    stop: int
    size: int
    values: Float32[np.ndarray, "N_i C"]

    def between(self, start: int, stop: int) -> Float32[np.ndarray, "N_i C"]:
        """Return some of them."""
        return self.values[:, start - self.start : stop - self.start]


def divide(count: int) -> tuple[Rows, ...]:
    """Divide N probes into as few shards of at most `SHARD_PROBES` as there can be, all about as large."""
    number = -(-count // SHARD_PROBES)
    return tuple(pairwise(count * place // number for place in range(number + 1)))


def shard_tasks(spec: ModelSpec, plan: Plan, first: int) -> list[Task]:
    """Return the tasks that make one model's graphs, where `first` tasks of the run stand before them."""
    told = {"plan": plan}
    shards = [Task(attribute_shard, spec, {**told, "rows": rows}) for rows in plan.shards]
    blocks = [
        Task(multiply_shards, spec, {**told, "rows": plan.shards[i], "others": plan.shards[j]}, (first + i, first + j))
        for i, j in combinations_with_replacement(range(len(shards)), 2)
    ]
    done = range(first + len(shards), first + len(shards) + len(blocks))
    return [*shards, *blocks, Task(assemble_graphs, spec, told, tuple(done))]


def attribute_shard(spec: ModelSpec, probes: ProbeSet, *, plan: Plan, rows: Rows, device: str, store: Store) -> None:
    """Keep nodes and features of one shard of the probes."""
    parts = _Parts(spec, probes, plan, device, store)
    missing = [layer for layer in parts.unfinished() if store.get(parts.key(layer, f"shard {rows}")) is None]
    if missing:
        parts.attribute(missing, rows)


def multiply_shards(
    spec: ModelSpec, probes: ProbeSet, *, plan: Plan, rows: Rows, others: Rows, device: str, store: Store
) -> None:
    """Keep one block of the Gram matrix: F_i F_j^T, in float64."""
    parts = _Parts(spec, probes, plan, device, store)
    for layer in parts.unfinished():
        parts.block(layer, rows, others)


def assemble_graphs(spec: ModelSpec, probes: ProbeSet, *, plan: Plan, device: str, store: Store) -> None:
    """Keep the whole graphs, as one machine would have made them, and remove their parts.

    Shards that differ in what they tell, such as whether a layer's objective is the same for all images, cannot be put
    together: such a layer is computed here, whole.
    """
    parts = _Parts(spec, probes, plan, device, store)
    for layer in parts.unfinished():
        shards = [parts.shard(layer, rows) for rows in plan.shards]
        about = _told_alike([shard.metadata for shard in shards])
        if about is None:
            parts.builder.build(spec, (layer,))
        else:
            parts.put_together(layer, shards, about)
        parts.discard(layer)


class _Parts:
    """The parts of one model's graphs: read from the store, or computed where it has them not."""

    def __init__(self, spec: ModelSpec, probes: ProbeSet, plan: Plan, device: str, store: Store) -> None:
        place = resolve_device(device).type if device == "auto" else device
        self.spec, self.probes, self.plan, self.store = spec, probes, plan, store
        self.execution = Execution(place, plan.memory_budget, plan.precision)
        self.builder = self._builder(probes)

    def key(self, layer: str, part: str = "") -> str:
        """Return what a layer's graph, or a part of it, is kept under."""
        whole = self.builder.key(self.spec, self.plan.identity, layer)
        return part_key(whole, part) if part else whole

    def unfinished(self) -> list[str]:
        """Return the layers whose graph the store has not."""
        return [
            layer for layer in self.plan.layers if self.store.get(self.key(layer), self.builder.require_whole) is None
        ]

    def attribute(self, layers: list[str], rows: Rows) -> None:
        """Compute and keep nodes and features of one shard."""
        builder = self._builder(self.probes.take(range(*rows)))
        network = builder.open(self.spec, tuple(layers))
        if network.digest != self.plan.identity.digest:
            raise ModelError(f"{self.spec.id} has other weights on a worker than where the run was started.")
        keys = {layer: self.key(layer, f"shard {rows}") for layer in layers}
        builder.compute(self.spec, network, layers, keys, partial(self._keep_features, rows))

    def shard(self, layer: str, rows: Rows) -> Artefact:
        """Return the nodes of one shard, and what is told of them."""
        return self._found(layer, f"shard {rows}", rows)

    def block(self, layer: str, rows: Rows, others: Rows) -> Artefact:
        """Return the inner products of all features of two shards."""
        key = self.key(layer, f"gram {rows} {others}")
        found = self.store.get(key)
        return found or self.store.keep(key, *self._multiplied(layer, rows, others))

    def put_together(self, layer: str, shards: Sequence[Artefact], about: dict[str, Any]) -> None:
        """Keep the graph of a layer: rows one below the other, cosines of the whole Gram matrix."""
        gram = np.empty((len(self.probes), len(self.probes)))
        for rows, others in combinations_with_replacement(self.plan.shards, 2):
            block = self.block(layer, rows, others).arrays["gram"]
            gram[slice(*rows), slice(*others)] = block
            gram[slice(*others), slice(*rows)] = block.T
        edges, no_feature = cosines(gram, center=self.plan.options.center)
        memory = self.plan.memory_budget or default_budget(torch.device("cpu"))
        nodes = Scratch(memory // 4).array((len(self.probes), shards[0].arrays["nodes"].shape[1]))
        for rows, shard in zip(self.plan.shards, shards, strict=True):
            nodes[slice(*rows)] = shard.arrays["nodes"]
        without = np.concatenate([shard.arrays["no_attribution"] for shard in shards])
        arrays = {"nodes": nodes, "edges": edges, "no_attribution": without, "no_feature": no_feature}
        self.store.keep(self.key(layer), arrays, about)

    def discard(self, layer: str) -> None:
        """Remove the parts of a layer, which would push other results out of the store."""
        for rows in self.plan.shards:
            for start in self.block(layer, rows, rows).metadata["starts"]:
                self.store.discard(self.key(layer, f"features {rows} {start}"))
            self.store.discard(self.key(layer, f"shard {rows}"))
        for rows, others in combinations_with_replacement(self.plan.shards, 2):
            self.store.discard(self.key(layer, f"gram {rows} {others}"))

    def _builder(self, probes: ProbeSet) -> Builder:
        return Builder(probes, self.plan.options, self.execution, self.store, Tally(None, 0))

    def _keep_features(self, rows: Rows, layer: str, columns: slice, size: int, features: np.ndarray | Tensor) -> None:
        step = max(1, PART_BYTES // (4 * len(features)))
        for start in range(columns.start, columns.stop, step):
            stop = min(start + step, columns.stop)
            some = features[:, start - columns.start : stop - columns.start]
            values = some.cpu().numpy() if isinstance(some, Tensor) else some
            key = self.key(layer, f"features {rows} {start}")
            self.store.put(key, {"features": values}, {"stop": stop, "size": size})

    def _columns(self, layer: str, rows: Rows, start: int) -> Columns:
        """Return the features of one shard from a number on, as far as one file holds them."""
        found = self._found(layer, f"features {rows} {start}", rows)
        return Columns(start, found.metadata["stop"], found.metadata["size"], found.arrays["features"])

    def _found(self, layer: str, part: str, rows: Rows) -> Artefact:
        """Return what a shard yields, computed again where the store has it no more."""
        key = self.key(layer, part)
        found = self.store.get(key)
        if found is None:
            self.attribute([layer], rows)
            found = self.store.get(key)
        if found is None:
            raise StoreError(
                f"The store in {self.store.path} has no room for the features of {rows[1] - rows[0]} probes, which are "
                f"needed until the graph of {self.spec.id}, layer {layer!r}, is whole. Set {LIMIT} higher."
            )
        return found

    def _multiplied(
        self, layer: str, rows: Rows, others: Rows
    ) -> tuple[dict[str, Float[np.ndarray, "N_i N_j"]], dict[str, list[int]]]:
        """Return the inner products of two shards' features, and where the files of the first one start."""
        place = torch.device(self.execution.device if self.execution.device.startswith("cuda") else "cpu")
        gram = np.zeros((rows[1] - rows[0], others[1] - others[0]))
        left, right = (self._columns(layer, one, 0) for one in (rows, others))
        starts, done = [0], 0
        while True:  # files of two shards may end at different numbers
            stop = min(left.stop, right.stop)
            gram += cross_gram_matrix(left.between(done, stop), right.between(done, stop), place)
            done = stop
            if done == left.size:
                return {"gram": gram}, {"starts": starts}
            if done == left.stop:
                left = self._columns(layer, rows, done)
                starts.append(done)
            if done == right.stop:
                right = self._columns(layer, others, done)


def _told_alike(told: Sequence[Any]) -> dict[str, Any] | None:
    """Return what all shards tell of a graph, with the least agreement that one of them measured; None: they differ."""
    alike = [one | {"versions": {**one["versions"], AGREEMENT: ""}} for one in told]
    if any(one != alike[0] for one in alike):
        return None
    versions = dict(told[0]["versions"])
    if AGREEMENT in versions:
        versions[AGREEMENT] = min(one["versions"][AGREEMENT] for one in told)
    return {**told[0], "versions": versions}
