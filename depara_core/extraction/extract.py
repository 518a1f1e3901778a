"""One pass over the probes: attribution rows and feature geometry of every wanted layer of one network."""

import contextlib
import copy
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import torch
from torch import Tensor

from depara_core.attribution.hooks import at_rest, captured, check_captured
from depara_core.attribution.methods import METHODS
from depara_core.attribution.options import Options
from depara_core.attribution.passes import Run
from depara_core.attribution.vanishing import gradient_is_noise
from depara_core.errors import DeparaError, ModelError
from depara_core.extraction.collector import Collector, Extraction, Pass, Rooms
from depara_core.extraction.device import on_device, release, resolve_device
from depara_core.extraction.numerics import TRIED, Numerics, choose_numerics, computing_in
from depara_core.extraction.spill import free_disk
from depara_core.files import Progress
from depara_core.probes import ProbeSet, model_input
from depara_core.zoo.spec import ModelSpec, Network

BATCH_PIXELS = {"cpu": 50 * 64 * 64, "mps": 400 * 64 * 64, "cuda": 400 * 64 * 64}  # of input, in one batch
DISK_BYTES = 16 * 2**30  # of features in a file during one pass, where the disk has twice that free
DEFAULT_MEMORY = {  # least and most of the budget that is taken where none is given
    "cpu": (2**29, 3 * 2**30),
    "mps": (2**29, 3 * 2**30),
    "cuda": (2**29, 32 * 2**30),  # only for rows, as features and batches stay on the GPU
}


def extract(
    network: Network,
    spec: ModelSpec,
    probes: ProbeSet,
    layers: Sequence[str],
    options: Options,
    *,
    device: str = "auto",
    batch_size: int | None = None,
    memory_budget: int | None = None,
    precision: str = "float32",
    progress: Progress | None = None,
) -> Iterator[tuple[str, Extraction]]:
    """Attribute `layers` of `network` on all probes and yield (layer, `Extraction`) as soon as one is whole.

    Layers are read together, as many in one pass as their features leave room for; the features of one that is larger
    than that are read in parts, and the inner products of the parts added up, which is exact. `memory_budget` bounds,
    in bytes, what is held in memory of features, attributions and one batch beside the model; what is beyond lies in
    files. A GPU keeps features and batches in its own memory, of which seven eighths of what is free are taken. Memory
    that runs out halves the batch. `precision`: see `choose_numerics`. `progress(done, total, message)` counts
    probes; raising `Cancelled` from it stops within the batch.
    """
    place = resolve_device(device)
    network = _in_float32(network)
    budget = memory_budget or default_memory(place)
    with ExitStack() as held:
        held.enter_context(at_rest(network.module))
        held.enter_context(on_device(network.module, place))
        numerics = _numerics(network, spec, probes, layers, options, place, precision)
        held.enter_context(computing_in(numerics.name, place))
        sizes, activations = _rehearse(network, spec, probes, layers, place)
        rooms = _rooms(place, budget)
        size = batch_size or _batch_size(spec, place, activations, rooms.batch)

        def is_noise(layer: str) -> bool:
            x = model_input(probes, slice(1), spec).to(place)
            return gradient_is_noise(network, layer, x, options.objective)

        collector = held.enter_context(closing(Collector(spec, probes, sizes, options, rooms, numerics, is_noise)))
        passes = _passes(sizes, len(probes), rooms.features + rooms.spill)
        for number, part in enumerate(passes):

            def tick(done: int, number: int = number) -> None:
                if progress is not None:
                    share = (number * len(probes) + done) // len(passes)
                    progress(share, len(probes), f"{spec.name}: {share} of {len(probes)} probes")

            collector.begin(part)
            size = _sweep(network, spec, probes, collector, place, size, tick)
            yield from collector.finish()


def default_memory(place: torch.device) -> int:
    """Return the memory budget that is taken where none is given: a quarter of the machine's, in `DEFAULT_MEMORY`."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else [2 * 2**30]
    for group in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):  # of a container
        with contextlib.suppress(OSError, ValueError):
            limits.append(int(Path(group).read_text()))
    least, most = DEFAULT_MEMORY[place.type]
    return max(least, min(most, min(limits) // 4))


def _rooms(place: torch.device, budget: int) -> Rooms:
    """Share out a device's free memory, and the budget for the host's: rows need little but last the longest."""
    if place.type == "cuda":
        release(place)  # what the rehearsal and an earlier model left
        free = torch.cuda.mem_get_info(place)[0]  # an eighth of it is left for gradients and the workspace of kernels
        return Rooms(place, batch=free // 2, features=free * 3 // 8, spill=0, nodes=budget)
    spill = min(DISK_BYTES, free_disk() // 2)
    return Rooms(None, batch=budget // 4, features=budget * 3 // 8, spill=spill, nodes=budget // 4)


def _in_float32(network: Network) -> Network:
    """Return the network itself, or a float32 copy of one that is kept in another precision."""
    tensors = [*network.module.parameters(), *network.module.buffers()]
    if all(t.dtype == torch.float32 for t in tensors if t.is_floating_point()):
        return network
    return Network(copy.deepcopy(network.module).float(), network.taps, network.digest)


def _numerics(
    network: Network,
    spec: ModelSpec,
    probes: ProbeSet,
    layers: Sequence[str],
    options: Options,
    place: torch.device,
    precision: str,
) -> Numerics:
    """Choose the numerics by the maps and features of a few probes."""

    def trial() -> dict[str, Tensor]:
        x = model_input(probes, slice(TRIED), spec).to(place)
        with METHODS[options.method].open(network, layers, options.objective) as run:
            done = _guarded(run, x, spec)
        features, maps = done or ({}, {})
        return {f"feature {layer}": rows for layer, rows in features.items()} | dict(maps)

    return choose_numerics(precision, place, trial)


def _rehearse(
    network: Network, spec: ModelSpec, probes: ProbeSet, layers: Sequence[str], place: torch.device
) -> tuple[dict[str, int], int]:
    """Run one probe to learn each layer's size, in the order the network comes to them, and what a forward keeps.

    The sizes are in numbers, what is kept for the backward in bytes. A model that cannot take the input shows it here.
    """
    x = model_input(probes, slice(1), spec).to(place)
    weights = {parameter.data_ptr() for parameter in network.module.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in weights:
            kept[tensor.data_ptr()] = tensor.nbytes
        return tensor.detach()  # an operation that keeps its own result would never be let go of otherwise

    def run(x: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        counted = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
        with captured(network, layers) as capture, torch.enable_grad(), counted:
            seen = dict(capture.forward(x.clone().requires_grad_().clone()))
        check_captured(seen, layers, len(x))
        return seen, {}

    done = _guarded(run, x, spec)
    seen = {} if done is None else done[0]
    sizes = {layer: feature.numel() for layer, feature in seen.items()}
    return sizes, sum(kept.values()) + 4 * sum(sizes.values())


def _batch_size(spec: ModelSpec, place: torch.device, activations: int, room: int) -> int:
    """Return how many images go through the network at once: enough to keep the device busy, and no more than fit."""
    busy = max(4, min(64 * (1 if place.type == "cpu" else 16), BATCH_PIXELS[place.type] // spec.input_size**2))
    return max(1, min(busy, room // max(1, activations)))


def _passes(sizes: dict[str, int], count: int, room: int) -> list[Pass]:
    """Group layers, in the order the network comes to them, so that a pass collects at most `room` bytes of features.

    A pass runs the network only as far as its last layer, and early layers, which are the large ones, are soon reached.
    """
    passes: list[Pass] = []
    most = max(1, room // (4 * count))
    left = 0
    for layer, width in sizes.items():
        first = min(width, most)
        if not passes or first > left:
            passes.append(Pass({}, attributes=True))
            left = most
        passes[-1].columns[layer] = slice(0, first)
        left -= first
        for start in range(first, width, most):
            passes.append(Pass({layer: slice(start, min(start + most, width))}, attributes=False))
            left = 0
    return passes


def _sweep(
    network: Network,
    spec: ModelSpec,
    probes: ProbeSet,
    collector: Collector,
    place: torch.device,
    size: int,
    tick: Callable[[int], None],
) -> int:
    """Take all probes through one pass batch by batch; return the batch size that fitted.

    The next batch is made ready in a thread of its own while the present one is computed.
    """
    start = 0
    tick(0)
    with collector.open(network, lambda: tick(start)) as run, ThreadPoolExecutor(1, "depara-batches") as ahead:

        def prepare(start: int, size: int) -> Tensor:
            x = model_input(probes, slice(start, start + size), spec)
            return x.pin_memory().to(place, non_blocking=True) if place.type == "cuda" else x.to(place)

        coming = ahead.submit(prepare, 0, size)
        while start < len(probes):
            x = coming.result()
            coming = ahead.submit(prepare, start + len(x), size)
            done = _guarded(run, x, spec)
            if done is None:
                size = len(x) // 2
                del x
                coming.result()
                release(place)
                coming = ahead.submit(prepare, start, size)
                continue
            collector.add(start, *done)
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
