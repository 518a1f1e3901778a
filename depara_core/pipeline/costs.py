"""What a candidate costs, and what the literature says of it: size, work, speed here, published ImageNet accuracy."""

import csv
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from depara_core.attribution.hooks import at_rest
from depara_core.extraction.device import on_device, resolve_device
from depara_core.paths import assets_folder
from depara_core.store import Store, as_store
from depara_core.zoo.spec import ModelSpec, Network

VERSION = 2
BATCH = 8  # images of a timed pass
PASSES, SECONDS = 3, 0.2  # at least; the fastest pass counts: other programs only slow it down
RANDOM = "@none"


@dataclass(frozen=True)
class Costs:
    """What one model takes.

    Attributes
    ----------
    parameters
        How many it has, its own head included where it comes with one.
    gflops
        10^9 floating point operations of one image's forward pass, a multiplication and an addition counted as two.
    throughput
        Images a second on this machine, in batches of 8.
    """

    parameters: int
    gflops: float
    throughput: float


def measure_costs(
    spec: ModelSpec, *, device: str = "auto", store: str | os.PathLike[str] | Store | None = None
) -> Costs:
    """Count a model's parameters and operations and time it here; what the store has of this machine is read."""
    kept, place = as_store(store), resolve_device(device)
    identity, network = spec.identity(), None
    if identity is None:
        network = spec.open(None)
        identity = network.identity
    key = _key(identity.digest, spec.input_size, place)
    artefact = kept.get(key)
    if artefact is None:
        numbers = np.array(_count(network or spec.open(None), spec, place))
        artefact = kept.keep(key, {"costs": numbers}, {"model": spec.id})
    parameters, gflops, throughput = artefact.arrays["costs"].tolist()
    return Costs(int(parameters), gflops, throughput)


def _key(weights: str, size: int, place: torch.device) -> str:
    """Return what costs are kept under: speed is a machine's."""
    name = torch.cuda.get_device_name(place) if place.type == "cuda" else platform.processor()
    machine = [platform.node(), platform.machine(), name, os.cpu_count(), torch.get_num_threads(), torch.__version__]
    return hashlib.sha256(json.dumps(["costs", VERSION, weights, size, str(place), machine]).encode()).hexdigest()


def _count(network: Network, spec: ModelSpec, place: torch.device) -> tuple[float, float, float]:
    module = network.module
    parameters = sum(one.numel() for one in module.parameters())
    with at_rest(module), on_device(module, place), torch.no_grad():
        images = torch.zeros((BATCH, 3, spec.input_size, spec.input_size), device=place)
        with FlopCounterMode(display=False) as counter:
            module(images[:1])
        times: list[float] = []
        while len(times) < PASSES or sum(times) < SECONDS:
            times.append(_seconds(module, images, place))
    return parameters, counter.get_total_flops() / 1e9, BATCH / min(times)


def _seconds(module: torch.nn.Module, images: torch.Tensor, place: torch.device) -> float:
    start = time.perf_counter()
    module(images)
    if place.type == "cuda":
        torch.cuda.synchronize(place)
    return time.perf_counter() - start


def static_facts(specs: Sequence[ModelSpec], sizes: Sequence[int | None]) -> str:
    """Say what size alone, and published ImageNet accuracy alone, would choose: what any score must beat.

    Parameters
    ----------
    specs
        The candidates.
    sizes
        How many parameters each has; None where that is not known.

    Returns
    -------
    str
        One sentence.
    """
    accuracies = [published_accuracy(spec) for spec in specs]
    size = _largest(specs, sizes, "size", lambda value: f"{value / 1e6:,.1f} million parameters")
    imagenet = _largest(specs, accuracies, "published ImageNet accuracy", lambda value: f"{value:.1f} %")
    return f"Static facts, which look at no image: {size}; {imagenet}."


def _largest(
    specs: Sequence[ModelSpec], values: Sequence[float | None], words: str, write: Callable[[float], str]
) -> str:
    known = [(value, spec.id) for value, spec in zip(values, specs, strict=True) if value is not None]
    if len({value for value, _ in known}) < 2:
        return f"{words} tells nothing apart here" + ("" if known else " (known of none)")
    largest = max(value for value, _ in known)
    first = [name for value, name in known if value == largest]
    told = first[0] if len(first) == 1 else f"one of {len(first)}"
    return f"by {words} alone it would be {told} ({write(largest)})"


def published_accuracy(spec: ModelSpec) -> float | None:
    """Return the published top-1 accuracy on ImageNet-1K in per cent, or None where there is none.

    Of torchvision's models it comes with their weights, of timm's from timm's own table of results (at the model's
    input size where it lists several). Random weights, and networks of other sources, have none.
    """
    name = spec.id.partition("/")[2].partition("?")[0]
    if RANDOM in spec.id:
        return None
    if spec.source == "torchvision":
        return _torchvision_accuracy(name)
    if spec.source == "timm":
        known = _timm_accuracies().get(name, {})
        return known[min(known, key=lambda size: abs(size - spec.input_size))] if known else None
    return None


def _torchvision_accuracy(name: str) -> float | None:
    from torchvision import models  # late: that takes seconds

    architecture, _, weights = name.partition("@")
    if architecture not in models.list_models(module=models):
        return None
    choices: Any = models.get_model_weights(architecture)
    found = choices[weights or "DEFAULT"].meta["_metrics"].get("ImageNet-1K", {}).get("acc@1")
    return None if found is None else float(found)


@cache
def _timm_accuracies() -> dict[str, dict[int, float]]:
    """Return timm's accuracies by the model's name and the images' size."""
    found: dict[str, dict[int, float]] = {}
    with (assets_folder() / "published" / "timm-imagenet.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            found.setdefault(row["model"], {})[int(row["img_size"])] = float(row["top1"])
    return found
