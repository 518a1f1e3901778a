"""From models and images to graphs: nothing is computed twice, and what is finished is never lost."""

import contextlib
import hashlib
import json
import logging
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from depara_core.attribution.methods import METHODS
from depara_core.attribution.options import Options, resolve_options
from depara_core.errors import Cancelled, DeparaError, ModelError, OptionError
from depara_core.extraction.collector import Extraction
from depara_core.extraction.device import release, resolve_device
from depara_core.extraction.extract import extract
from depara_core.extraction.numerics import check_precision
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph
from depara_core.jobs import Tally, alone
from depara_core.probes import ProbeSet
from depara_core.store import Artefact, Store
from depara_core.zoo.spec import OUTPUT, Identity, ModelSpec, Network

MATHS_VERSION = 2  # raise it when the same inputs come to mean other numbers: stored graphs are then computed anew
_LOG = logging.getLogger("depara")

OnError = Callable[[str, DeparaError], None]


def build_graphs(
    specs: ModelSpec | Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    layers: str | Sequence[str] = OUTPUT,
    preset: str = "paper",
    method: str | None = None,
    objective: str | None = None,
    channels: str | None = None,
    center: bool | None = None,
    resolution: int | None = None,
    device: str = "auto",
    memory_budget: int | None = None,
    precision: str = "float32",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError | None = None,
) -> list[AttributionGraph]:
    """Build the graph of each model's layers over the probes, model by model, layers in the order given.

    `progress(done, total, message)` counts probes of models that must be computed. A model that fails raises, or with
    `on_error(spec_id, error)` is left out while the rest goes on. Finished layers stay in the store whatever follows.
    `memory_budget` is in bytes (default: a quarter of the machine's memory, 0.5 to 3 GiB, beside a GPU to 32); what
    does not fit in it lies in files for a while. `precision` "fast" computes in bfloat16 or TF32 on a device that has
    them, where the maps and features of a few probes keep a cosine of 0.99 or more to float32; `versions` of a graph
    tells which it was, and the cosine.
    """
    chosen = [specs] if isinstance(specs, ModelSpec) else list(specs)
    _require_different_names(chosen)
    options = resolve_options(
        preset, method=method, objective=objective, channels=channels, center=center, resolution=resolution
    )
    if not chosen:
        raise OptionError(
            "No model was given. Expected one or more ModelSpec, such as depara.model('rooms/curvature')."
        )
    probes.require_comparable()
    check_precision(precision)
    place = resolve_device(device).type if device == "auto" else device
    execution = _Execution(place, memory_budget, precision)
    wanted: list[tuple[ModelSpec, tuple[str, ...]]] = []
    for spec in chosen:
        with _reporting(spec, on_error):
            wanted.append((spec, _existing_layers(spec, layers)))
    tally = Tally(progress, len(wanted) * len(probes))
    shelf = store if isinstance(store, Store) else Store(store)
    builder = _Builder(probes, options, execution, shelf, tally)
    graphs: list[AttributionGraph] = []
    try:
        for spec, names in wanted:
            finished = False
            with _reporting(spec, on_error):
                graphs += builder.build(spec, names)
                finished = True
            if not finished:
                tally.close(len(probes), computed=False, message=f"{spec.name}: failed")
    finally:
        _give_back()
    return graphs


def _require_different_names(specs: Sequence[ModelSpec]) -> None:
    """Refuse two modules of one name: the id of a named source says what it is, that of a user's module does not."""
    first: dict[str, ModelSpec] = {}
    for spec in specs:
        if first.setdefault(spec.id, spec) is not spec and spec.source == "module":
            raise OptionError(f"Two models are named {spec.name!r}. Give each a name of its own.")


def _give_back() -> None:
    """Let go of the GPU's memory that torch holds for what comes next: other programs may need it."""
    if torch.cuda.is_initialized():
        with contextlib.suppress(RuntimeError):  # of a device that was lost
            release(torch.device("cuda"))


@contextlib.contextmanager
def _reporting(spec: ModelSpec, on_error: OnError | None) -> Iterator[None]:
    """Hand a model's failure to `on_error` if there is one; a cancellation is no failure."""
    try:
        yield
    except Cancelled:
        raise
    except DeparaError as error:
        if on_error is None:
            raise
        on_error(spec.id, error)


def _existing_layers(spec: ModelSpec, layers: str | Sequence[str]) -> tuple[str, ...]:
    """Resolve the layers of a model and refuse those that it has not, before anything is computed."""
    names = spec.resolve_layers(layers if isinstance(layers, str) else list(layers))
    others = [name for name in names if name != OUTPUT and name not in spec.layers]
    if others:  # module paths are layers too, which only the opened model can tell
        _require_layers(spec, _open(spec), others)
    return names


def _require_layers(spec: ModelSpec, network: Network, names: Iterable[str]) -> None:
    """Refuse layers that a network has not, naming the model."""
    for name in names:
        try:
            network.tap(name)
        except ModelError as error:
            raise ModelError(f"{spec.id}: {error}") from error


def _open(spec: ModelSpec, progress: Progress | None = None) -> Network:
    try:
        return spec.open(progress)
    except DeparaError:
        raise
    except Exception as error:
        raise ModelError(f"{spec.id} cannot be opened: {error or type(error).__name__}. Check its weights.") from error


def _explained(spec: ModelSpec, error: Exception) -> DeparaError:
    """Name the model in what broke its computing off; what names it already stays, unless the device is the cause."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    if "CUDA error" in reason and "out of memory" not in reason:
        return ModelError(
            f"{spec.id}: the device was lost. {reason.rstrip('.')}. What was finished is kept: start this program "
            "again to go on from there, or compute with device='cpu'."
        )
    if isinstance(error, DeparaError):
        return error
    _LOG.warning("Computing %s failed.", spec.id, exc_info=error)  # a message has no room for where
    return ModelError(f"{spec.id} cannot be computed: {reason}")


@dataclass(frozen=True)
class _Execution:
    """Where and how a network is computed; only `precision` may change what comes out."""

    device: str
    memory_budget: int | None
    precision: str

    @property
    def numerics(self) -> str:
        """What the numbers depend on: "fast" means something else on every kind of device."""
        fast = "" if self.precision == "float32" else f" {torch.device(self.device).type}"
        return self.precision + fast


class _Builder:
    """What all models of one call share."""

    def __init__(self, probes: ProbeSet, options: Options, execution: _Execution, store: Store, tally: Tally) -> None:
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
        found = {layer: self.built.get(key) or self.store.get(key) for layer, key in keys.items()}
        missing = [layer for layer in layers if found[layer] is None]
        if missing:
            network = network or self.open(spec, layers)
            with alone(identity.digest, lambda: self.tally.report(0, f"{spec.name}: another job computes it")):
                found |= {layer: self.store.get(keys[layer]) for layer in missing}
                missing = [layer for layer in missing if found[layer] is None]
                if missing:
                    found |= self.compute(spec, network, missing, keys)
        self.tally.close(len(self.probes), computed=bool(missing), message=spec.name)
        self.built |= {keys[layer]: artefact for layer, artefact in found.items() if artefact is not None}
        return [
            self.graph(spec, identity, layer, artefact) for layer, artefact in found.items() if artefact is not None
        ]

    def open(self, spec: ModelSpec, layers: tuple[str, ...]) -> Network:
        """Read a model's weights, which takes longer than reading a stored graph, and refuse layers it has not."""
        network = _open(spec, lambda _done, _total, message: self.tally.report(0, f"{spec.name}: {message}"))
        _require_layers(spec, network, layers)
        return network

    def compute(
        self, spec: ModelSpec, network: Network, layers: list[str], keys: dict[str, str]
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
                network,
                spec,
                self.probes,
                layers,
                self.options,
                **asdict(self.execution),
                progress=self.tally.part(),
            )
            return {layer: self.keep(keys[layer], spec, layer, extraction, versions) for layer, extraction in done}
        except Cancelled:
            raise
        except Exception as error:
            raise _explained(spec, error) from error

    def keep(self, key: str, spec: ModelSpec, layer: str, extraction: Extraction, versions: dict[str, str]) -> Artefact:
        """Store one layer and return it, mapped from the store where that worked, so that memory is freed."""
        arrays = {
            "nodes": extraction.nodes,
            "edges": extraction.edges,
            "no_attribution": extraction.no_attribution,
            "no_feature": extraction.no_feature,
        }
        numerics = extraction.numerics
        if numerics.name != "float32":
            versions = versions | {"numerics": numerics.name, "agreement with float32": f"{numerics.agreement:.4f}"}
        metadata = {"model": spec.id, "layer": layer, "shape": list(extraction.shape), "versions": versions}
        return self.store.keep(key, arrays, metadata | {"note": extraction.note})

    def key(self, spec: ModelSpec, identity: Identity, layer: str) -> str:
        """Return the sha256 (hex) of all that the numbers of a layer's graph depend on."""
        content = {
            "maths": MATHS_VERSION,
            "numerics": self.execution.numerics,
            "weights": identity.digest,
            "tap": identity.taps.get(layer, (layer, "output")),
            "input": (spec.input_size, spec.mean, spec.std),
            "probes": self.probes.digest,
            "options": asdict(self.options),
            "settings": dict(METHODS[self.options.method].settings),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def graph(self, spec: ModelSpec, identity: Identity, layer: str, artefact: Artefact) -> AttributionGraph:
        """Dress an artefact as the graph of this model and layer."""
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
        )
