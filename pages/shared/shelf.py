"""Finished work, kept in memory up to a bound; the store on disk holds it all."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

import depara_core as depara

MAX_BYTES = 1_500_000_000


class Kept(Protocol):
    """Finished work that can stand on the shelf."""

    key: str

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""


@dataclass(frozen=True)
class Comparison:
    """The graphs of some models on one set of probes; `failed` lists (model id, reason).

    `unkept` says why the store could not keep them, where it could not.
    """

    key: str
    recipe: str  # probes and options: comparisons of one recipe can be looked at together
    probes: depara.ProbeSet
    specs: tuple[depara.ModelSpec, ...]  # those with graphs
    graphs: tuple[depara.AttributionGraph, ...]  # model by model, layers in order
    failed: tuple[tuple[str, str], ...]
    unkept: str = ""

    @property
    def nbytes(self) -> int:
        """Memory of the graphs and the images."""
        return self.probes.images.nbytes + sum(graph.nodes.nbytes + graph.edges.nbytes for graph in self.graphs)

    @property
    def models(self) -> tuple[str, ...]:
        """Model ids, in order."""
        return tuple(spec.id for spec in self.specs)

    def of(self, model: str) -> tuple[depara.AttributionGraph, ...]:
        """Return the graphs of one model, from input to output."""
        return tuple(graph for graph in self.graphs if graph.model == model)

    def graph(self, model: str, layer: str = "output") -> depara.AttributionGraph | None:
        """Return the graph of one layer of one model, or None."""
        return next((graph for graph in self.of(model) if graph.layer == layer), None)


class Shelf:
    """Finished work, the least recently used dropped first, and how often each key was begun."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._begun: dict[str, int] = {}
        self._lock = Lock()

    def get(self, key: str) -> Any:
        """Return what was finished under a key, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def like(self, recipe: str) -> list[Comparison]:
        """Return the comparisons made by one recipe, the latest used first."""
        with self._lock:
            kept = [one for one in reversed(self._kept.values()) if isinstance(one, Comparison)]
        return [one for one in kept if one.recipe == recipe]

    def put(self, made: Kept) -> None:
        """Keep what was made, and drop old things over the bound."""
        with self._lock:
            self._kept[made.key] = made
            while len(self._kept) > 1 and sum(kept.nbytes for kept in self._kept.values()) > MAX_BYTES:
                self._kept.popitem(last=False)

    def job_key(self, key: str, *, again: bool = False) -> str:
        """Return the key of the job that makes `key`; `again` asks for a fresh job."""
        with self._lock:
            self._begun[key] = self._begun.get(key, 0) + again
            return f"{key}#{self._begun[key]}"
