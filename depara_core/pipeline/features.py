"""Features of many models over the probes, kept on disk: what metrics other than DEPARA compare."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float32
from torch import Tensor

from depara_core.artefacts import Artefact
from depara_core.attribution.hooks import at_rest
from depara_core.attribution.passes import reading
from depara_core.errors import ModelError
from depara_core.extraction.batches import Batches
from depara_core.extraction.device import on_device, resolve_device
from depara_core.extraction.memory_plan import BATCH_PIXELS
from depara_core.extraction.numerics import exact_float32
from depara_core.files import Progress
from depara_core.jobs import give_way
from depara_core.pipeline.cluster import Task, left_after, spread
from depara_core.pipeline.keys import features_key
from depara_core.pipeline.models import OnError, attempt
from depara_core.probes import ProbeSet
from depara_core.store import Store, as_store
from depara_core.zoo.spec import OUTPUT, ModelSpec, Network


@dataclass(frozen=True, eq=False)
class Features:
    """One layer's output over N probes.

    Attributes
    ----------
    model
        The model's id.
    layer
        The layer's name.
    values
        (N, D) float32, each probe's output flattened; read-only.
    shape
        Of one probe's output, such as (C, H, W).
    probes
        `ProbeSet.digest`.
    weights
        Digest of the network.
    """

    model: str
    layer: str
    values: Float32[np.ndarray, "N D"]
    shape: tuple[int, ...]
    probes: str
    weights: str

    @property
    def code(self) -> Float32[np.ndarray, "N ..."]:
        """The output with its places, as `metric("local_directed")` takes it."""
        return self.values.reshape(len(self.values), *self.shape)


def build_features(
    specs: ModelSpec | Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    layer: str = OUTPUT,
    device: str = "auto",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError | None = None,
    executor: str | None = None,
) -> list[Features]:
    """Run each model over the probes and return one layer's output; what the store has is read.

    Parameters
    ----------
    specs
        One model or several.
    probes
        N images, the same for every model.
    layer
        "output" or a layer that every model has.
    device
        "auto", "cpu", "cuda", "mps": where it is computed.
    progress
        progress(done, total, message) counts models; raising `Cancelled` from it stops before the next one.
    store
        Where features are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache folder.
    on_error
        on_error(model id, error) takes the failure of one model, and the rest goes on; None: the first one is raised.
    executor
        As `build_graphs` takes it.

    Returns
    -------
    list of Features
        One a model, in the order given, without the models that failed.

    Raises
    ------
    ModelError
        A model cannot be opened or run, lacks the layer, or yields features that are not finite.
    """
    chosen = [specs] if isinstance(specs, ModelSpec) else list(specs)
    kept = as_store(store)
    if executor is not None:
        chosen = computed_on(
            executor, chosen, probes, layer=layer, device=device, progress=progress, store=kept, on_error=on_error
        )
    built = []
    for done, spec in enumerate(chosen):
        give_way()
        if progress is not None:
            progress(done, len(chosen), f"{spec.name}: features")
        built.append(attempt(on_error, lambda one, some: _features(one, some, layer, device, kept), spec, probes))
    return [one for one in built if one is not None]


def computed_on(
    executor: str,
    specs: Sequence[ModelSpec],
    probes: ProbeSet,
    *,
    layer: str = OUTPUT,
    device: str,
    progress: Progress | None,
    store: Store,
    on_error: OnError | None,
) -> list[ModelSpec]:
    """Compute on a cluster the features that the store lacks, and return the models that did not fail."""
    tasks = [Task(build_features, spec, {"layer": layer}) for spec in specs]
    failed = spread(executor, tasks, probes, store, device=device, progress=progress)
    return left_after(failed, specs, on_error)


def _features(spec: ModelSpec, probes: ProbeSet, layer: str, device: str, store: Store) -> Features:
    """Read one model's features from the store, or compute and keep them."""
    identity, network = spec.identity(), None
    if identity is None or layer not in identity.taps:
        network = spec.open(None)
        identity = network.identity
    key = features_key(spec, identity, layer, probes)
    artefact = store.get(key, partial(_require_features, count=len(probes)))
    if artefact is None:
        output = _run(spec, network or spec.open(None), probes, layer, device)
        about = {"model": spec.id, "layer": layer, "shape": list(output.shape[1:])}
        artefact = store.keep(key, {"features": output.reshape(len(output), -1)}, about)
    values, shape = artefact.arrays["features"], tuple(artefact.metadata["shape"])
    values.setflags(write=False)
    return Features(spec.id, layer, values, shape, probes.digest, identity.digest)


def _require_features(artefact: Artefact, count: int) -> None:
    artefact.arrays["features"].reshape(count, *artefact.metadata["shape"])


def _run(spec: ModelSpec, network: Network, probes: ProbeSet, layer: str, device: str) -> Float32[np.ndarray, "N ..."]:
    place = resolve_device(device)
    size = max(4, BATCH_PIXELS["cpu"] // spec.input_size**2)
    parts: list[np.ndarray] = []

    def take(_: int, features: dict[str, Tensor], __: dict[str, Tensor]) -> None:
        parts.append(features[layer].float().cpu().numpy())

    with at_rest(network.module), on_device(network.module, place):
        batches = Batches(spec, probes, place, exact_float32)
        batches.sweep(lambda _: reading(network, [layer]), size, take, lambda _: None)
    values = np.concatenate(parts)
    if not np.isfinite(values).all():
        raise ModelError(f"{spec.id}, layer {layer!r}: the features are not finite. Check the model's weights.")
    return values
