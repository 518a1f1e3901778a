"""One pass over the probes: attribution rows and feature geometry of every wanted layer of one network."""

import copy
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from depara_core.attribution import METHODS, Options
from depara_core.backward import Run, read_features
from depara_core.capture import at_rest, exact_float32, on_device
from depara_core.errors import DeparaError, ModelError, OptionError
from depara_core.geometry import cosines, gram_matrix, unit_rows
from depara_core.probes import ProbeSet, preprocess
from depara_core.scratch import Scratch
from depara_core.zoo.spec import ModelSpec, Network

Progress = Callable[[int, int, str], None]

BATCH_PIXELS = {"cpu": 50 * 64 * 64, "mps": 400 * 64 * 64, "cuda": 3200 * 64 * 64}  # of input, in one batch
PASS_BYTES = 4 * 2**30  # of features that one pass over the probes collects; further layers take another pass
MEMORY_BYTES = 512 * 2**20  # of features, and again of attributions, held in memory; what is beyond lies in a file


@dataclass(frozen=True)
class Extraction:
    """One layer over N probes: unit attribution rows (zero rows stay zero), feature cosines, and what is missing."""

    nodes: Float32[np.ndarray, "N P"]
    edges: Float32[np.ndarray, "N N"]
    shape: tuple[int, int, int]  # (C, H, W) of one row's map, C * H * W == P
    no_attribution: Bool[np.ndarray, " N"]
    no_feature: Bool[np.ndarray, " N"]


def extract(
    network: Network,
    spec: ModelSpec,
    probes: ProbeSet,
    layers: Sequence[str],
    options: Options,
    *,
    device: str = "auto",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Extraction]:
    """Attribute `layers` of `network` on all probes; layer -> `Extraction`, in the order given.

    Layers are read together, as many in one pass as their features leave room for. Memory that runs out halves the
    batch. `progress(done, total, message)` counts probes; raising `Cancelled` from it stops within the batch.
    """
    place = resolve_device(device)
    network = _in_float32(network)
    size = batch_size or max(
        4, min(64 * (1 if place.type == "cpu" else 16), BATCH_PIXELS[place.type] // spec.input_size**2)
    )
    results: dict[str, Extraction] = {}
    nodes_room = Scratch(MEMORY_BYTES)
    with ExitStack() as held:
        held.enter_context(exact_float32())
        held.enter_context(at_rest(network.module))
        held.enter_context(on_device(network.module, place))
        passes = _passes(_feature_sizes(network, spec, probes, layers, place), len(probes))
        for number, group in enumerate(passes):
            collector = _Collector(spec, probes, group, options, nodes_room)

            def tick(done: int, number: int = number) -> None:
                if progress is not None:
                    share = (number * len(probes) + done) // len(passes)
                    progress(share, len(probes), f"{spec.name}: {share} of {len(probes)} probes")

            size = _sweep(network, spec, probes, collector, place, size, tick)
            results |= {layer: collector.result(layer) for layer in group}
    return {layer: results[layer] for layer in layers}


def resolve_device(device: str) -> torch.device:
    """Turn "auto" into the best device here (cuda, mps, cpu), or check the one that was named."""
    present = ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available() + ["cpu"]
    if device == "auto":
        return torch.device(present[0])
    try:
        place = torch.device(device)
    except RuntimeError:
        place = None
    if place is None or place.type not in present:
        raise OptionError(f"The device {device!r} is not available. Expected one of: auto, {', '.join(present)}.")
    return place


def _in_float32(network: Network) -> Network:
    """Return the network itself, or a float32 copy of one that is kept in another precision."""
    tensors = [*network.module.parameters(), *network.module.buffers()]
    if all(t.dtype == torch.float32 for t in tensors if t.is_floating_point()):
        return network
    return Network(copy.deepcopy(network.module).float(), network.taps, network.digest)


def _feature_sizes(
    network: Network, spec: ModelSpec, probes: ProbeSet, layers: Sequence[str], place: torch.device
) -> dict[str, int]:
    """Run one probe to learn how many numbers each layer's feature has, and whether the model takes the input."""
    x = preprocess(probes.images[:1], spec).to(place)
    done = _guarded(lambda x: (read_features(network, layers, x), {}), x, spec)
    return {} if done is None else {layer: done[0][layer].numel() for layer in layers}


def _passes(sizes: dict[str, int], count: int) -> list[list[str]]:
    """Group layers in their order so that the features of one group stay within PASS_BYTES, or are one layer's."""
    groups: list[list[str]] = []
    room = 0
    for layer, size in sizes.items():
        need = 4 * size * count
        if not groups or need > room:
            groups.append([])
            room = PASS_BYTES
        groups[-1].append(layer)
        room -= need
    return groups


def _sweep(
    network: Network,
    spec: ModelSpec,
    probes: ProbeSet,
    collector: "_Collector",
    place: torch.device,
    size: int,
    tick: Callable[[int], None],
) -> int:
    """Take all probes through the method batch by batch; return the batch size that fitted."""
    start = 0
    tick(0)
    method, options = METHODS[collector.options.method], collector.options
    with method.open(network, collector.layers, options.objective, lambda: tick(start)) as run:
        while start < len(probes):
            x = preprocess(probes.images[start : start + size], spec).to(place)
            done = _guarded(run, x, spec)
            if done is None:
                size = len(x) // 2
                del x
                _release(place)
                continue
            features, maps = done
            collector.add(start, features, maps)
            start += len(x)
            tick(start)
    return size


def _guarded(run: Run, x: Tensor, spec: ModelSpec) -> tuple[dict[str, Tensor], dict[str, Tensor]] | None:
    """Run a batch and name the model in whatever goes wrong; None when memory has no room for more than one image."""
    try:
        return run(x)
    except ModelError as error:
        raise ModelError(f"{spec.id}: {error}") from error
    except DeparaError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if isinstance(error, torch.OutOfMemoryError | MemoryError) or _tells_of_memory(reason):
            if len(x) > 1:
                return None  # and not an exception, whose traceback would hold on to the batch
            raise ModelError(
                f"{spec.id}: there is no memory left on {x.device}, even for one image. {reason}"
            ) from error
        raise ModelError(
            f"{spec.id} cannot be run and attributed on an input of shape {tuple(x.shape)}: {reason} "
            "Check the model's input size, and that its layers can be differentiated."
        ) from error


def _tells_of_memory(reason: str) -> bool:
    return any(sign in reason.lower() for sign in ("out of memory", "not enough memory", "can't allocate memory"))


def _release(place: torch.device) -> None:
    if place.type == "cuda":
        torch.cuda.empty_cache()
    elif place.type == "mps":
        torch.mps.empty_cache()


class _Collector:
    """Batches of features and maps, gathered into rows and, at the end, into the geometry of each layer."""

    def __init__(
        self, spec: ModelSpec, probes: ProbeSet, layers: Sequence[str], options: Options, nodes_room: Scratch
    ) -> None:
        self.spec, self.probes, self.layers, self.options = spec, probes, layers, options
        self.nodes_room, self.features_room = nodes_room, Scratch(MEMORY_BYTES)
        self.nodes: dict[str, np.ndarray] = {}
        self.features: dict[str, np.ndarray] = {}
        self.shapes: dict[str, tuple[int, int, int]] = {}
        self.without = {layer: np.zeros(len(probes), bool) for layer in layers}

    def add(self, start: int, features: dict[str, Tensor], maps: dict[str, Tensor]) -> None:
        """Take a batch that begins at probe `start`."""
        for layer in self.layers:
            feature = features[layer].flatten(1).float().cpu()
            stop = start + len(feature)
            self._require_finite(layer, "feature", feature, start)
            rows, shape, none = unit_rows(maps[layer].float().cpu(), self.options)
            self._require_finite(layer, "attribution", rows, start)
            if layer not in self.nodes:
                count = len(self.probes)
                self.shapes[layer] = shape
                self.nodes[layer] = self.nodes_room.array((count, rows.shape[1]))
                self.features[layer] = self.features_room.array((count, feature.shape[1]))
            self.nodes[layer][start:stop] = rows.numpy()
            self.features[layer][start:stop] = feature.numpy()
            self.without[layer][start:stop] = none.numpy()

    def result(self, layer: str) -> Extraction:
        """Close a layer: its features become cosines and are let go."""
        edges, no_feature = cosines(gram_matrix(self.features.pop(layer)), center=self.options.center)
        return Extraction(self.nodes.pop(layer), edges, self.shapes[layer], self.without[layer], no_feature)

    def _require_finite(self, layer: str, what: str, rows: Tensor, start: int) -> None:
        bad = torch.nonzero(~torch.isfinite(rows).all(dim=1)).flatten().tolist()
        if bad:
            names = ", ".join(self.probes.names[start + i] for i in bad[:3])
            raise ModelError(
                f"{self.spec.id}, layer {layer!r}: the {what} is not finite (NaN or infinite) for {names}"
                f"{' and others' if len(bad) > 3 else ''}. Check the model's weights and its input normalisation."
            )
