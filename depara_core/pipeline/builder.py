"""The graphs of one model: read from the store, or computed and kept there as soon as a layer is whole."""

import math
import platform
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from depara_core.artefacts import Artefact
from depara_core.attribution.options import Options
from depara_core.errors import Cancelled
from depara_core.extraction.collector import Extraction, KeepFeatures
from depara_core.extraction.device import resolve_device
from depara_core.extraction.extract import extract
from depara_core.graphs import AttributionGraph
from depara_core.jobs import Tally, alone
from depara_core.pipeline.keys import graph_key
from depara_core.pipeline.models import explained, open_network, require_layers
from depara_core.probes import ProbeSet
from depara_core.store import Store
from depara_core.zoo.spec import Identity, ModelSpec, Network

AGREEMENT = "agreement with float32"  # the name that a graph's versions tell it by


@dataclass(frozen=True)
class Execution:
    """Where and how a network is computed; only `precision` may change what comes out."""

    device: str
    memory_budget: int | None
    precision: str

    @property
    def numerics(self) -> str:
        """What the numbers depend on: "fast" means something else on every kind of device."""
        fast = "" if self.precision == "float32" else f" {torch.device(self.device).type}"
        return self.precision + fast


class Builder:
    """Builds the graphs of one model after the other, over the same probes with the same options."""

    def __init__(self, probes: ProbeSet, options: Options, execution: Execution, store: Store, tally: Tally) -> None:
        self.probes, self.options, self.execution, self.store, self.tally = probes, options, execution, store, tally
        self.built: dict[str, Artefact] = {}  # by key: a model given twice is computed once, store or no store

    def build(self, spec: ModelSpec, layers: tuple[str, ...]) -> list[AttributionGraph]:
        """Read what the store has of a model's layers and compute the rest."""
        self.tally.report(0, f"{spec.name}: opening")
        identity, network = spec.identity(), None
        if identity is None or not identity.taps.keys() >= set(layers):
            network = self.open(spec, layers)
            identity = network.identity
        keys = {layer: self.key(spec, identity, layer) for layer in layers}
        found = {layer: self.built.get(key) or self.store.get(key, self.require_whole) for layer, key in keys.items()}
        missing = [layer for layer in layers if found[layer] is None]
        if missing:
            network = network or self.open(spec, layers)
            with alone(identity.digest, lambda: self.tally.report(0, f"{spec.name}: another job computes it")):
                found |= {layer: self.store.get(keys[layer], self.require_whole) for layer in missing}
                missing = [layer for layer in missing if found[layer] is None]
                if missing:
                    found |= self.compute(spec, network, missing, keys)
        self.tally.close(len(self.probes), computed=bool(missing), message=spec.name)
        self.built |= {keys[layer]: artefact for layer, artefact in found.items() if artefact is not None}
        return [
            self.graph(spec, identity, layer, artefact) for layer, artefact in found.items() if artefact is not None
        ]

    def key(self, spec: ModelSpec, identity: Identity, layer: str) -> str:
        """Return what the graph of a layer is kept under."""
        return graph_key(spec, identity, layer, self.probes, self.options, self.execution.numerics)

    def open(self, spec: ModelSpec, layers: tuple[str, ...]) -> Network:
        """Read a model's weights, which takes longer than reading a stored graph, and refuse layers it has not."""
        network = open_network(spec, lambda _done, _total, message: self.tally.report(0, f"{spec.name}: {message}"))
        require_layers(spec, network, layers)
        return network

    def compute(
        self,
        spec: ModelSpec,
        network: Network,
        layers: list[str],
        keys: dict[str, str],
        keep_features: KeepFeatures | None = None,
    ) -> dict[str, Artefact | None]:
        """Extract layers and store each as soon as it is whole."""
        versions = {
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "device": resolve_device(self.execution.device).type,
        }
        try:
            done = extract(
                network, spec, self.probes, layers, self.options, **asdict(self.execution), progress=self.tally.part(),
                keep_features=keep_features,
            )  # fmt: skip
            about = {"versions": versions, "parameters": network.parameters}
            return {layer: self.keep(keys[layer], spec, layer, extraction, about) for layer, extraction in done}
        except Cancelled:
            raise
        except Exception as error:
            raise explained(spec, error) from error

    def keep(self, key: str, spec: ModelSpec, layer: str, extraction: Extraction, about: dict[str, Any]) -> Artefact:
        """Store one layer and return it, mapped from the store where that worked, so that memory is freed."""
        arrays = {
            "nodes": extraction.nodes,
            "edges": extraction.edges,
            "no_attribution": extraction.no_attribution,
            "no_feature": extraction.no_feature,
        }
        numerics = extraction.numerics
        if numerics.name != "float32":
            fast = {"numerics": numerics.name, AGREEMENT: f"{numerics.agreement:.4f}"}
            about = about | {"versions": about["versions"] | fast}
        metadata = {"model": spec.id, "layer": layer, "shape": list(extraction.shape), "note": extraction.note}
        metadata |= {"taken": extraction.taken, "feature": list(extraction.feature)}
        return self.store.keep(key, arrays, metadata | about)

    def require_whole(self, artefact: Artefact) -> None:
        """Raise an error of an artefact that is no graph over these probes."""
        count, arrays = len(self.probes), artefact.arrays
        arrays["nodes"].reshape(count, math.prod(artefact.metadata["shape"]))
        arrays["edges"].reshape(count, count)
        for name in ("no_attribution", "no_feature"):
            arrays[name].reshape(count)
        dict(artefact.metadata["versions"])

    def graph(self, spec: ModelSpec, identity: Identity, layer: str, artefact: Artefact) -> AttributionGraph:
        """Return what was stored as the graph of this model and layer."""
        channels, height, width = artefact.metadata["shape"]
        return AttributionGraph(
            model=spec.id,
            layer=layer,
            nodes=artefact.arrays["nodes"],
            edges=artefact.arrays["edges"],
            shape=(channels, height, width),
            probes=self.probes.digest,
            options=self.options,
            weights=identity.digest,
            no_attribution=artefact.arrays["no_attribution"],
            no_feature=artefact.arrays["no_feature"],
            versions=artefact.metadata["versions"],
            note=artefact.metadata.get("note", ""),
            taken=artefact.metadata.get("taken", ""),
            feature=tuple(artefact.metadata.get("feature", ())),
            parameters=artefact.metadata.get("parameters"),
        )
