"""Batches of features and attributions, collected into each layer's nodes and feature cosines."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from depara_core.attribution.methods import METHODS
from depara_core.attribution.objective import objective_values
from depara_core.attribution.options import Options
from depara_core.attribution.passes import Run, reading
from depara_core.attribution.vanishing import is_suspect, no_attribution_note
from depara_core.errors import ModelError
from depara_core.extraction.edges import cosines, gram_matrix, node_rows
from depara_core.extraction.host_copies import HostCopies
from depara_core.extraction.memory_plan import MemoryPlan, Pass
from depara_core.extraction.numerics import Numerics
from depara_core.extraction.rehearsal import Rehearsal
from depara_core.extraction.spill import Scratch, let_go
from depara_core.probes import ProbeSet
from depara_core.zoo.spec import ModelSpec, Network

# keep(layer, columns, of how many, (N, columns) float32): takes features that were read, before they are freed
KeepFeatures = Callable[[str, slice, int, np.ndarray | Tensor], None]


@dataclass(frozen=True)
class Extraction:
    """One layer over N probes: unit attribution rows (zero rows stay zero), feature cosines, and what is missing."""

    nodes: Float32[np.ndarray, "N P"]
    edges: Float32[np.ndarray, "N N"]
    shape: tuple[int, int, int]  # (C, H, W) of one row's map, C * H * W == P
    no_attribution: Bool[np.ndarray, " N"]
    no_feature: Bool[np.ndarray, " N"]
    numerics: Numerics
    note: str = ""  # why no probe has an attribution, and what to take instead
    taken: str = ""  # which tensor the feature is, where the layer's module yields several things
    feature: tuple[int, ...] = ()  # shape of one image's feature


class Collector:
    """Collects what each batch yields; a layer is whole once all columns of its features were read."""

    def __init__(
        self,
        spec: ModelSpec,
        probes: ProbeSet,
        rehearsal: Rehearsal,
        options: Options,
        plan: MemoryPlan,
        numerics: Numerics,
        is_noise: Callable[[str], bool],
        keep_features: KeepFeatures | None = None,
    ) -> None:
        self.keep_features = keep_features
        self.is_noise = is_noise  # tells whether a layer's gradient is but rounding
        self.ranges: dict[str, tuple[Tensor, Tensor]] = {}  # the least and the greatest objective of each layer
        self.spec, self.probes, self.options = spec, probes, options
        self.sizes, self.features_of, self.taken = rehearsal.sizes, rehearsal.shapes, rehearsal.taken
        self.plan, self.numerics = plan, numerics
        self.place = plan.device or torch.device("cpu")  # of the geometry; not every device has float64
        self.arrivals = HostCopies(self.place)
        self.node_arrays = Scratch(plan.nodes)
        self.nodes: dict[str, np.ndarray] = {}
        self.shapes: dict[str, tuple[int, int, int]] = {}
        self.grams: dict[str, np.ndarray] = {}
        self.without = {layer: np.zeros(len(probes), bool) for layer in self.sizes}

    def begin(self, part: Pass) -> None:
        """Allocate what a pass reads."""
        self.part, arrays = part, self.plan.feature_arrays()
        self.features = {
            layer: arrays.array((len(self.probes), columns.stop - columns.start))
            for layer, columns in part.columns.items()
        }

    def open(self, network: Network, tick: Callable[[], None]) -> AbstractContextManager[Run]:
        """Hold the network ready for the pass."""
        layers = list(self.part.columns)
        if self.part.attributes:
            return METHODS[self.options.method].open(network, layers, self.options.objective, tick)
        return reading(network, layers)

    def add(self, start: int, features: dict[str, Tensor], maps: dict[str, Tensor]) -> None:
        """Add a batch that begins at probe `start`."""
        self.arrivals.wait()
        for layer, columns in self.part.columns.items():
            feature = features[layer].flatten(1)[:, columns].float().to(self.place)
            _put(feature, self.features[layer], start)
            self.arrivals.bring(partial(self._require_finite, layer, "feature", start), _finite(feature))
            if layer in maps:
                self._widen_range(layer, features[layer])
                rows, self.shapes[layer], none = node_rows(maps[layer].float().to(self.place), self.options)
                if layer not in self.nodes:
                    self.nodes[layer] = self.node_arrays.array((len(self.probes), rows.shape[1]))
                self.arrivals.bring(partial(self._keep, layer, start), _finite(rows), rows, none)

    def finish(self) -> Iterator[tuple[str, Extraction]]:
        """End a pass: turn its features into inner products, free them, and yield the layers that are whole."""
        self.arrivals.wait()
        for layer, columns in self.part.columns.items():
            if self.keep_features is not None:
                self.keep_features(layer, columns, self.sizes[layer], self.features[layer])
            self.grams[layer] = self.grams.pop(layer, 0.0) + gram_matrix(self.features.pop(layer))
            if columns.stop == self.sizes[layer]:
                edges, no_feature = cosines(self.grams.pop(layer), center=self.options.center)
                nodes, shape = self.nodes.pop(layer), self.shapes[layer]
                note = self._note(layer)
                if note:
                    nodes[:], self.without[layer][:] = 0, True
                none = self.without[layer], no_feature
                taken, feature = self.taken[layer], self.features_of[layer]
                yield layer, Extraction(nodes, edges, shape, *none, self.numerics, note, taken, feature)

    def close(self) -> None:
        """End the thread that copies to the host."""
        self.arrivals.close()

    def _widen_range(self, layer: str, feature: Tensor) -> None:
        values = objective_values(feature.float(), self.options.objective)
        least, most = self.ranges.get(layer, (values.min(), values.max()))
        self.ranges[layer] = torch.minimum(least, values.min()), torch.maximum(most, values.max())

    def _note(self, layer: str) -> str:
        """Say why a layer has no attribution at all, where its objective is the same for every image."""
        least, most = (float(value) for value in self.ranges.pop(layer))
        follows = METHODS[self.options.method].follows_objective
        constant = follows and is_suspect(least, most) and self.is_noise(layer)
        return no_attribution_note(layer, self.options.objective, most) if constant else ""

    def _keep(self, layer: str, start: int, finite: Tensor, rows: Tensor, none: Tensor) -> None:
        self._require_finite(layer, "attribution", start, finite)
        _put(rows, self.nodes[layer], start)
        self.without[layer][start : start + len(rows)] = none.numpy()

    def _require_finite(self, layer: str, what: str, start: int, finite: Tensor) -> None:
        bad = torch.nonzero(~finite).flatten().tolist()
        if bad:
            names = ", ".join(self.probes.names[start + i] for i in bad[:3])
            raise ModelError(
                f"{self.spec.id}, layer {layer!r}: the {what} is not finite (NaN or infinite) for {names}"
                f"{' and others' if len(bad) > 3 else ''}. Check the model's weights and its input normalisation."
            )


def _finite(rows: Tensor) -> Tensor:
    return torch.isfinite(rows).all(dim=1)


def _put(rows: Tensor, target: np.ndarray | Tensor, start: int) -> None:
    """Write rows to their place in an array in memory or a file, or in a tensor on their own device."""
    torch.as_tensor(target)[start : start + len(rows)] = rows
    if isinstance(target, np.ndarray):
        let_go(target)
