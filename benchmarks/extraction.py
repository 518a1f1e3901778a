"""Extraction of every layer of a network: against the way published scripts do it, and against its own floor.

VGG-19 with random weights, its 19 layers, 224 x 224 (weights change no time). Baseline: for each layer, a forward of
the whole network and a backward through inputs and parameters for each batch, nothing shared between layers, as the
released code of DEPARA and most scripts do. The floor is the cost model: one forward and, for each layer, the part of
one full input-backward that lies below it, by its share of the multiplications; both are measured here.

On a GPU the best of several batch sizes is taken for all three, and beside float32 stand the "fast" numerics and the
part of the device's float32 matrix rate that is reached.

    python benchmarks/extraction.py [--quick] [--device cpu] [--network vgg19] [--probes 16] [--batch 4]
"""

import argparse
import itertools
import statistics
from collections.abc import Callable, Sequence

import numpy as np
import torch
from report import headline, measure, report
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

import depara_core as depara
from depara_core.attribution.hooks import at_rest
from depara_core.attribution.options import resolve_options
from depara_core.extraction.collector import Extraction
from depara_core.extraction.device import on_device, resolve_device
from depara_core.extraction.extract import extract
from depara_core.extraction.numerics import exact_float32
from depara_core.probes import preprocess
from depara_core.zoo.spec import ModelSpec, Network

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "vgg19": lambda: models.vgg19(weights=None, init_weights=False),
    "resnet50": lambda: models.resnet50(weights=None),
}
REPEATS = 3
BATCHES = {"cpu": (4,), "mps": (16,), "cuda": (32, 64, 128, 256)}


def weighted_layers(module: nn.Module) -> list[str]:
    """Name the convolutions and linear layers in their order, the shortcuts of a ResNet left out."""
    kinds = (nn.Conv2d, nn.Linear)
    return [name for name, part in module.named_modules() if isinstance(part, kinds) and "downsample" not in name]


def seconds(work: Callable[[], object], device: torch.device, repeats: int = REPEATS) -> float:
    """Return the median time of some work on a device."""
    times = []
    for _ in range(repeats):
        with measure() as watch:
            work()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
        times.append(watch.seconds)
    return statistics.median(times)


def as_published(
    network: Network, layers: Sequence[str], batches: Sequence[torch.Tensor]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Attribute and read one layer after another: (unit rows, features) by layer, in memory, all parameters live."""
    result = {}
    network.module.requires_grad_(True)
    for layer in layers:
        rows, features = [], []
        for batch in batches:
            seen: list[torch.Tensor] = []
            part = network.tap(layer)[0]
            handle = part.register_forward_hook(lambda _m, _i, out, seen=seen: seen.append(out.clone()))
            x = batch.detach().requires_grad_()
            network.module.zero_grad()
            network.module(x)
            handle.remove()
            torch.linalg.vector_norm(seen[0].flatten(1), dim=1).sum().backward()
            maps = (x * x.grad).detach().flatten(1)
            rows.append((maps / maps.norm(dim=1, keepdim=True)).cpu().numpy())
            features.append(seen[0].detach().flatten(1).cpu().numpy())
        result[layer] = (np.concatenate(rows), np.concatenate(features))
    return result


def shares(network: Network, layers: Sequence[str], x: torch.Tensor) -> list[float]:
    """Return for each layer the share of the network's multiplications that lie at it or before it."""
    done: list[int] = []
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        handles = [
            network.tap(layer)[0].register_forward_hook(lambda *_: done.append(counter.get_total_flops()))
            for layer in layers
        ]
        network.module(x)
        total = counter.get_total_flops()
    for handle in handles:
        handle.remove()
    return [flops / total for flops in done]


def floor(network: Network, layers: Sequence[str], batches: Sequence[torch.Tensor]) -> tuple[float, float, float]:
    """Return the cost model's seconds, and the forward and the full input-backward that it is made of."""
    device = batches[0].device
    forwards, backwards = [], []
    with at_rest(network.module):
        for batch in itertools.islice(itertools.cycle(batches), max(REPEATS + 1, len(batches))):
            x = batch.detach().requires_grad_()
            outputs: list[torch.Tensor] = []
            forwards.append(seconds(lambda x=x, outputs=outputs: outputs.append(network.module(x)), device, 1))
            score = torch.linalg.vector_norm(outputs[0], dim=1).sum()
            backwards.append(seconds(lambda x=x, score=score: torch.autograd.grad(score, x), device, 1))
        part = sum(shares(network, layers, batches[0][:1]))
    forward, backward = (len(batches) * statistics.median(times[1:]) for times in (forwards, backwards))
    return forward + part * backward, forward, backward


def matrix_rate(device: torch.device, size: int = 4096) -> float:
    """Return the device's float32 multiply-add rate in TFLOP/s, of one large matrix product."""
    size = size if device.type == "cuda" else size // 2
    a, b = torch.randn(2, size, size, device=device)
    return 2 * size**3 / seconds(lambda: a @ b, device, 5) / 1e12


def compare(spec: ModelSpec, probes: depara.ProbeSet, device: torch.device, sizes: Sequence[int]) -> dict[str, object]:
    """Time the three ways on one network at the best batch size and check that the two that compute agree."""
    network = spec.open(None)
    layers = weighted_layers(network.module)
    x = preprocess(probes.images, spec).to(device)
    options = resolve_options("paper")

    def ours(batch: int, precision: str = "float32") -> dict[str, Extraction]:
        how = {"device": device.type, "batch_size": batch, "precision": precision}
        return dict(extract(network, spec, probes, layers, options, **how))

    with exact_float32(), on_device(network.module, device):
        for size in sizes:  # warm up
            few = depara.load_probes("rooms", count=size)
            dict(extract(network, spec, few, layers[-1:], options, device=device.type, batch_size=size))
        times = {size: seconds(lambda size=size: ours(size), device, 1) for size in sizes if len(sizes) > 1}
        batch = min(times, key=times.__getitem__, default=sizes[0])
        batches = [x[start : start + batch] for start in range(0, len(x), batch)]
        before = floor(network, layers, batches)
        with measure() as watch:
            found = ours(batch)
        mine = watch.seconds
        after = floor(network, layers, batches)  # twice, as a machine's speed drifts
        least, forward, backward = (statistics.mean(times) for times in zip(before, after, strict=True))
        with measure() as watch:
            slow = as_published(network, layers, batches)
        flops = 2 * backward_flops(network, layers, x[:1]) * len(x)
        rate = matrix_rate(device)
        fast = {}
        if device.type == "cuda":
            with measure() as quick:
                other = ours(batch, "fast")
            numerics = other[layers[0]].numerics
            fast = {"fast s": quick.seconds, "numerics": numerics.name, "agreement": numerics.agreement}
    gap = max(float(np.abs(found[layer].nodes - slow[layer][0]).max()) for layer in layers)
    return {
        "network": spec.name,
        "layers": len(layers),
        "probes": len(x),
        "batch": batch,
        "ours s": mine,
        "published way s": watch.seconds,
        "times faster": watch.seconds / mine,
        "floor s": least,
        "ours / floor": mine / least,
        "forward s": forward,
        "backward s": backward,
        "TFLOP/s": flops / mine / 1e12,
        "of one product": flops / mine / 1e12 / rate,
        "largest difference": gap,
        **fast,
    }


def backward_flops(network: Network, layers: Sequence[str], x: torch.Tensor) -> float:
    """Return half of the multiplications and additions of one forward and all layers' backwards, for one image."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.module(x)
    return counter.get_total_flops() * (1 + sum(shares(network, layers, x))) / 2


def main() -> None:
    """Compare on the networks asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="8 probes")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--network", choices=list(NETWORKS), default="vgg19")
    parser.add_argument("--probes", type=int, default=0, help="default: 16 on a CPU, 256 on a GPU")
    parser.add_argument("--batch", type=int, nargs="*", help="default: 4 on a CPU, the best of several on a GPU")
    asked = parser.parse_args()
    device = resolve_device(asked.device)
    small = device.type == "cpu"
    count = asked.probes or (8 if asked.quick else 16 if small else 256)
    torch.manual_seed(0)
    module = NETWORKS[asked.network]()
    spec = depara.model_from_module(module, name=asked.network, input_size=224)
    probes = depara.load_probes("rooms", count=count)
    row = compare(spec, probes, device, asked.batch or BATCHES[device.type])
    notes = [
        "Baseline: a fresh forward and a full backward for every layer and batch, parameters live, nothing shared."
    ]
    if not small:
        notes.append(f"Device: {torch.cuda.get_device_name(device)}")
    report(f"Extraction, 224 x 224, {device.type}", [row], notes)
    what = f"{row['layers']} layers of {asked.network}, 224 x 224, {device.type}"
    faster, over = f"{row['times faster']:.1f} times faster", f"{row['ours / floor']:.2f} times"
    headline(f"{what}, against a forward and a full backward a layer", faster, "2.5 times" if small else "5 times")
    headline(f"{what}, against the cost model's floor", over, "1.2 times")
    if not small:
        reached = f"{row['of one product']:.0%}, {row['TFLOP/s']:.1f} TFLOP/s in all"
        headline(f"{what}, of the float32 rate of one matrix product", reached, "40 % on ResNet-50")
        faster = f"{row['numerics']}: {row['ours s'] / row['fast s']:.1f} times faster"
        kept = row["numerics"] == "float32"
        headline(f"{what}, fast", "float32 is kept, as nothing faster agrees with it" if kept else faster)


if __name__ == "__main__":
    main()
