"""From a network and probes to attributions and feature cosines of every wanted layer, in as few passes as fit."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from depara_core.attribution.hooks import at_rest
from depara_core.attribution.methods import METHODS
from depara_core.attribution.options import Options
from depara_core.attribution.vanishing import gradient_is_noise
from depara_core.extraction.batches import Batches, NoMemory
from depara_core.extraction.collector import Collector, Extraction, KeepFeatures
from depara_core.extraction.device import on_device, release, resolve_device
from depara_core.extraction.memory_plan import default_budget, plan_memory
from depara_core.extraction.numerics import choose_numerics, computing_in
from depara_core.extraction.rehearsal import rehearse
from depara_core.files import Progress
from depara_core.probes import ProbeSet
from depara_core.zoo.spec import ModelSpec, Network


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
    keep_features: KeepFeatures | None = None,
) -> Iterator[tuple[str, Extraction]]:
    """Attribute `layers` of `network` on all probes and yield (layer, `Extraction`) as soon as one is whole.

    Layers are read together, as many in one pass as their features leave room for; the features of one that is larger
    than that are read in parts, and the inner products of the parts added up, which is exact. `memory_budget` bounds,
    in bytes, what is held in memory of features, attributions and one batch beside the model; what is beyond lies in
    files. A GPU keeps features and batches in its own memory, of which seven eighths of what is free are taken. Memory
    that runs out halves the batch. `precision`: see `choose_numerics`. `progress(done, total, message)` counts
    probes; raising `Cancelled` from it stops within the batch. `keep_features` sees all features before they go.
    """
    place = resolve_device(device)
    network = _in_float32(network)
    with ExitStack() as held:
        held.enter_context(at_rest(network.module))
        held.enter_context(on_device(network.module, place))
        batches = Batches(spec, probes, place)
        numerics = choose_numerics(precision, place, partial(_trial, network, layers, options, batches))
        batches = replace(batches, computing=partial(computing_in, numerics.name, place))
        rehearsal = rehearse(network, layers, batches)
        plan = plan_memory(place, memory_budget or default_budget(place))
        size = batch_size or plan.batch_size(place, spec.input_size, rehearsal.activations)
        is_noise = partial(_is_noise, network, options.objective, batches)
        collector = Collector(spec, probes, rehearsal, options, plan, numerics, is_noise, keep_features)
        held.enter_context(closing(collector))
        passes = plan.passes(rehearsal.sizes, len(probes))
        for number, part in enumerate(passes):

            def tick(done: int, number: int = number) -> None:
                if progress is not None:
                    share = (number * len(probes) + done) // len(passes)
                    progress(share, len(probes), f"{spec.name}: {share} of {len(probes)} probes")

            collector.begin(part)
            size = batches.sweep(partial(collector.open, network), size, collector.add, tick)
            yield from collector.finish()


def _in_float32(network: Network) -> Network:
    """Return the network itself, or a float32 copy of one that is kept in another precision."""
    tensors = [*network.module.parameters(), *network.module.buffers()]
    if all(t.dtype == torch.float32 for t in tensors if t.is_floating_point()):
        return network
    return replace(network, module=copy.deepcopy(network.module).float())


def _trial(
    network: Network, layers: Sequence[str], options: Options, batches: Batches, count: int
) -> dict[str, Tensor] | None:
    """Return features and maps of a few probes, or None where memory has no room for them."""
    with METHODS[options.method].open(network, layers, options.objective) as run:
        done = batches.attempt(run, batches.images(0, count))
    if isinstance(done, NoMemory):
        release(batches.place)
        return None
    features, maps = done
    return {f"feature {layer}": rows for layer, rows in features.items()} | dict(maps)


def _is_noise(network: Network, objective: str, batches: Batches, layer: str) -> bool:
    """Tell whether the gradient of a layer's objective is nothing but rounding."""
    with batches.computing():
        return gradient_is_noise(network, layer, batches.images(0, 1), objective)
