"""Gradient fields of many models over the probes, kept on disk: what ModelGiF compares.

Symbols: N probes, K points of a path, P cells of a map.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from depara_core.attribution.fields import gradient_field
from depara_core.errors import ModelError
from depara_core.extraction.batches import Batches
from depara_core.extraction.device import on_device, resolve_device
from depara_core.extraction.memory_plan import BATCH_PIXELS
from depara_core.extraction.numerics import exact_float32
from depara_core.files import Progress
from depara_core.jobs import give_way
from depara_core.metrics.modelgif import POINTS, SIDE
from depara_core.pipeline.keys import fields_key
from depara_core.pipeline.models import OnError, attempt
from depara_core.probes import ProbeSet
from depara_core.store import Store, as_store
from depara_core.zoo.spec import OUTPUT, ModelSpec, Network


@dataclass(frozen=True, eq=False)
class GradientField:
    """One layer's gradient field over N probes (Song et al., ICCV 2023).

    Attributes
    ----------
    model
        The model's id.
    layer
        The layer's name.
    values
        (N, K, P) float32: at each of K points of the path from grey to the image the integrated gradient so far,
        averaged over colours and to P cells; read-only.
    probes
        `ProbeSet.digest`.
    weights
        Digest of the network.
    """

    model: str
    layer: str
    values: Float32[np.ndarray, "N K P"]
    probes: str
    weights: str


def build_fields(
    specs: ModelSpec | Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    layer: str = OUTPUT,
    points: int = POINTS,
    side: int | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError | None = None,
) -> list[GradientField]:
    """Compute the gradient field of each model, what `metric("modelgif")` takes; what the store has is read.

    Parameters
    ----------
    specs
        One model or several.
    probes
        N images, the same for every model.
    layer
        "output" or a layer that every model has.
    points
        K points of every path, each a forward and a backward pass; the released code takes 50.
    side
        Maps are averaged to side x side cells, so that networks of different input sizes meet; None: 32, or the
        smallest input among these models.
    device
        "auto", "cpu", "cuda", "mps": where it is computed.
    progress
        progress(done, total, message) counts models; raising `Cancelled` from it stops within a batch.
    store
        Where fields are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache folder.
    on_error
        on_error(model id, error) takes the failure of one model, and the rest goes on; None: the first is raised.

    Returns
    -------
    list of GradientField
        One a model, in the order given, without those that failed.

    Raises
    ------
    ModelError
        A model cannot be opened or differentiated, lacks the layer, or reads fewer pixels than `side`.
    """
    chosen = [specs] if isinstance(specs, ModelSpec) else list(specs)
    side = min([SIDE, *(spec.input_size for spec in chosen)]) if side is None else side
    maker = _Maker(layer, points, side, device, as_store(store))
    built: list[GradientField] = []
    for done, spec in enumerate(chosen):
        give_way()
        tell = partial(progress or _silent, done, len(chosen), f"{spec.name}: gradient field")
        tell()
        found = attempt(on_error, partial(maker.build, tell), spec, probes)
        built += [] if found is None else [found]
    return built


def _silent(done: int, total: int, message: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class _Maker:
    """How a field is made: of which layer, at how many points, on what grid, where."""

    layer: str
    points: int
    side: int
    device: str
    store: Store

    def build(self, tell: Callable[[], None], spec: ModelSpec, probes: ProbeSet) -> GradientField:
        if self.side > spec.input_size:
            raise ModelError(
                f"{spec.id} reads {spec.input_size} pixels a side: expected a field of no more cells, {self.side} came."
            )
        identity, network = spec.identity(), None
        if identity is None or self.layer not in identity.taps:
            network = spec.open(None)
            identity = network.identity
        key = fields_key(spec, identity, self.layer, probes, (self.points, self.side))
        shape = (len(probes), self.points, self.side**2)
        artefact = self.store.get(key, lambda kept: kept.arrays["field"].reshape(shape))
        if artefact is None:
            values = self.run(tell, spec, network or spec.open(None), probes)
            artefact = self.store.keep(key, {"field": values}, {"model": spec.id, "layer": self.layer})
        values = artefact.arrays["field"]
        values.setflags(write=False)
        return GradientField(spec.id, self.layer, values, probes.digest, identity.digest)

    def run(
        self, tell: Callable[[], None], spec: ModelSpec, network: Network, probes: ProbeSet
    ) -> Float32[np.ndarray, "N K P"]:
        place, parts = resolve_device(self.device), []
        size = max(2, BATCH_PIXELS["cpu"] // (4 * spec.input_size**2))

        def take(_: int, __: dict[str, Tensor], maps: dict[str, Tensor]) -> None:
            coarse = torch.nn.functional.adaptive_avg_pool2d(maps[self.layer], (self.side, self.side))
            parts.append(coarse.flatten(2).float().cpu().numpy())

        with on_device(network.module, place):
            batches = Batches(spec, probes, place, exact_float32)
            opened = partial(gradient_field, network, self.layer, self.points)
            batches.sweep(opened, size, take, lambda _: tell())
        values = np.concatenate(parts)
        if not np.isfinite(values).all():
            raise ModelError(f"{spec.id}, layer {self.layer!r}: the gradient field is not finite. Check the weights.")
        return values
