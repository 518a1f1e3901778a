"""Peak resident memory as probes and layers grow: VGG-19 with random weights at 224 x 224, on the CPU.

Each row is a process of its own, so that its peak is its own. Baseline: the memory that its features and maps would
take if all were held (N x D numbers a layer, and N x 3 x 224 x 224), and the project's target of 6 GB for 1,000 probes
and all 19 layers, which `--full` measures (over an hour on 2 cores). `--light` measures that size on the same network
with 1 x 1 kernels: every feature, map and activation is as large, and the arithmetic a ninth.

    python benchmarks/memory.py [--quick | --light | --full]
"""

import argparse
import subprocess
import sys
import tempfile

import torch
from extraction import NETWORKS, weighted_layers
from report import headline, measure, peak_memory_gb, report
from torch import nn

import depara_core as depara

TARGET_GB = 6.0
QUICK = ((4, 4), (16, 4))  # probes, layers from the input on: the early ones are the large ones
USUAL = ((8, 4), (32, 4), (128, 4), (8, 19), (32, 19))
FULL = ((1000, 19),)


def lighten(module: nn.Module) -> None:
    """Give every convolution a 1 x 1 kernel."""
    for name, part in module.named_modules():
        if isinstance(part, nn.Conv2d):
            module.set_submodule(name, nn.Conv2d(part.in_channels, part.out_channels, 1))


def one(count: int, layers: int, light: bool) -> None:
    """Build the graphs in this process; print seconds, its peak and what holding all would take in GB."""
    torch.manual_seed(0)
    module = NETWORKS["vgg19"]()
    if light:
        lighten(module)
    names = weighted_layers(module)[:layers]
    spec = depara.model_from_module(module, name="vgg19", input_size=224)
    del module
    sizes = [0]
    network = spec.open(None)
    handles = [
        network.tap(name)[0].register_forward_hook(lambda _m, _i, out: sizes.append(out.numel())) for name in names
    ]
    with torch.no_grad():
        network.module(torch.zeros(1, 3, 224, 224))
    for handle in handles:
        handle.remove()
    del network
    held = 4 * count * (sum(sizes) + layers * 3 * 224 * 224) / 1e9
    probes = depara.load_probes("rooms", count=count)
    with tempfile.TemporaryDirectory() as folder, measure() as watch:
        depara.build_graphs(spec, probes, layers=names, device="cpu", store=folder)
    print(watch.seconds, peak_memory_gb(), held)


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="4 layers, 4 and 16 probes")
    size.add_argument("--full", action="store_true", help="19 layers, 1,000 probes")
    size.add_argument("--light", action="store_true", help="1 x 1 kernels, and the size of --full")
    parser.add_argument("--one", nargs=2, type=int, metavar=("PROBES", "LAYERS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(*asked.one, asked.light)
        return
    rows = []
    for count, layers in QUICK if asked.quick else FULL if asked.full or asked.light else USUAL:
        command = [sys.executable, __file__, "--one", str(count), str(layers), *["--light"] * asked.light]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        seconds, peak, held = map(float, said[-3:])
        row = {"probes": count, "layers": layers, "seconds": seconds, "peak GB": peak, "if all were held GB": held}
        rows.append(row)
    name = "VGG-19 with 1 x 1 kernels" if asked.light else "VGG-19"
    report(f"Peak memory, {name}, 224 x 224", rows, [f"Target: {TARGET_GB:g} GB for 1,000 probes and 19 layers."])
    most = max(rows, key=lambda row: row["if all were held GB"])
    headline(
        f"{name}, {most['layers']} layers, {most['probes']:,} probes: peak memory",
        f"{most['peak GB']:.1f} GB, where holding all would take {most['if all were held GB']:.1f} GB",
        f"{TARGET_GB:g} GB",
    )


if __name__ == "__main__":
    main()
