"""The graphs of a zoo as files, one an entry: what scores are exact by, and what a lost index is made again from."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from depara_core.artefacts import SUFFIX, Artefact
from depara_core.graphs import AttributionGraph
from depara_core.grids import node_vectors
from depara_core.search.manifest import Manifest
from depara_core.store import Store

UNBOUNDED = 10**18  # bytes: a zoo loses nothing that was added


@dataclass(frozen=True)
class Provenance:
    """Where a graph comes from: what can be filtered for."""

    source: str
    family: str
    licence: str
    added: str  # ISO 8601, UTC


def entry_id(model: str, layer: str) -> str:
    """Return what a model's layer is kept under."""
    return hashlib.sha256(f"{model}\n{layer}".encode()).hexdigest()


class GraphFiles:
    """Graphs on the zoo's grid, with their provenance, each in a checksummed file."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest, self.folder = manifest, folder
        self._store = Store(folder, UNBOUNDED)

    def ids(self) -> set[str]:
        """Return the entries that have a file."""
        return {file.name.removesuffix(SUFFIX) for file in self.folder.glob(f"??/*{SUFFIX}")}

    def put(self, graph: AttributionGraph, provenance: Provenance) -> str:
        """Write a graph and return its entry; raises StoreError where it cannot be written."""
        arrays = {
            "nodes": node_vectors(graph, self.manifest.grid),
            "edges": graph.edges,
            "no_attribution": graph.no_attribution,
            "no_feature": graph.no_feature,
        }
        about: dict[str, Any] = {"model": graph.model, "layer": graph.layer, "weights": graph.weights}
        about |= {"parameters": graph.parameters, "versions": dict(graph.versions), "note": graph.note}
        self._store.put(entry_id(graph.model, graph.layer), arrays, about | {"provenance": asdict(provenance)})
        return entry_id(graph.model, graph.layer)

    def get(self, entry: str) -> tuple[AttributionGraph, Provenance] | None:
        """Read a graph; a damaged one is removed and counts as none."""
        artefact = self._store.get(entry, self._require_whole)
        if artefact is None:
            return None
        told = artefact.metadata
        names = ("model", "layer", "weights", "parameters", "versions", "note")
        given: dict[str, Any] = {name: told[name] for name in names} | dict(artefact.arrays)
        graph = AttributionGraph(
            **given, shape=self.manifest.grid, probes=self.manifest.probes, options=self.manifest.options
        )
        return graph, Provenance(**told["provenance"])

    def graphs(self, entries: set[str]) -> Iterator[tuple[str, AttributionGraph, Provenance]]:
        """Read many, passing over what is gone or damaged."""
        for entry in sorted(entries):
            found = self.get(entry)
            if found is not None:
                yield entry, *found

    def remove(self, entry: str) -> None:
        """Remove a graph, if it is there."""
        (self.folder / entry[:2] / f"{entry}{SUFFIX}").unlink(missing_ok=True)

    def _require_whole(self, artefact: Artefact) -> None:
        count, arrays = self.manifest.count, artefact.arrays
        arrays["nodes"].reshape(count, math.prod(self.manifest.grid))
        arrays["edges"].reshape(count, count)
        Provenance(**artefact.metadata["provenance"])
