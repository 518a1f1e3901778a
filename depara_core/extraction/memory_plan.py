"""The memory of a pass: what features, nodes and one batch may take of a budget, and which layers fit together."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from depara_core.extraction.device import release
from depara_core.extraction.spill import DeviceScratch, Scratch, free_disk

BATCH_PIXELS = {"cpu": 50 * 64 * 64, "mps": 400 * 64 * 64, "cuda": 400 * 64 * 64}  # of input, in one batch
BATCH_IMAGES = {"cpu": (4, 64), "mps": (4, 1024), "cuda": (4, 1024)}  # least and most, where memory allows it
DISK_BYTES = 16 * 2**30  # of features in a file during one pass, where the disk has twice that free
DEFAULT_BYTES = {  # least and most of the budget that is taken where none is given
    "cpu": (2**29, 3 * 2**30),
    "mps": (2**29, 3 * 2**30),
    "cuda": (2**29, 32 * 2**30),  # only for rows, as features and batches stay on the GPU
}


@dataclass(frozen=True)
class Pass:
    """What one pass over the probes reads: columns of layers' features, and whether it attributes these layers too."""

    columns: dict[str, slice]
    attributes: bool


@dataclass(frozen=True)
class MemoryPlan:
    """How many bytes may be held at once: of one batch's activations, of features, in memory and in files, of nodes."""

    device: torch.device | None  # which keeps features in its own memory; None: the processor does
    batch: int
    features: int
    spill: int  # features in files
    nodes: int

    def feature_arrays(self) -> Scratch | DeviceScratch:
        """Return what hands out the arrays of one pass's features."""
        return Scratch(self.features) if self.device is None else DeviceScratch(self.device)

    def batch_size(self, place: torch.device, input_size: int, activations: int) -> int:
        """Return how many images go through a network at once: enough to keep the device busy, no more than fit.

        `activations` are the bytes that a forward of one image of `input_size` squared keeps.
        """
        least, most = BATCH_IMAGES[place.type]
        busy = max(least, min(most, BATCH_PIXELS[place.type] // input_size**2))
        return max(1, min(busy, self.batch // max(1, activations)))

    def passes(self, sizes: dict[str, int], count: int) -> list[Pass]:
        """Group layers of these sizes, in the order the network comes to them, so that `count` features of a pass fit.

        A pass runs the network only as far as its last layer, and early layers, which are the large ones, are soon
        reached. A layer that does not fit at all is read in parts, by passes of its own.
        """
        passes: list[Pass] = []
        most = max(1, (self.features + self.spill) // (4 * count))  # numbers of one probe
        left = 0
        for layer, size in sizes.items():
            first = min(size, most)
            if not passes or first > left:
                passes.append(Pass({}, attributes=True))
                left = most
            passes[-1].columns[layer] = slice(0, first)
            left -= first
            for start in range(first, size, most):
                passes.append(Pass({layer: slice(start, min(start + most, size))}, attributes=False))
                left = 0
        return passes


def default_budget(place: torch.device) -> int:
    """Return the bytes that are taken where no budget is given: a quarter of the machine's, in `DEFAULT_BYTES`."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else [2 * 2**30]
    for group in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):  # of a container
        with contextlib.suppress(OSError, ValueError):
            limits.append(int(Path(group).read_text()))
    least, most = DEFAULT_BYTES[place.type]
    return max(least, min(most, min(limits) // 4))


def plan_memory(place: torch.device, budget: int) -> MemoryPlan:
    """Share out a GPU's free memory, and the budget for the host's: nodes need little but last the longest."""
    if place.type == "cuda":
        release(place)  # what the rehearsal and an earlier model left
        free = torch.cuda.mem_get_info(place)[0]  # an eighth of it is left for gradients and the workspace of kernels
        return MemoryPlan(place, batch=free // 2, features=free * 3 // 8, spill=0, nodes=budget)
    spill = min(DISK_BYTES, free_disk() // 2)
    return MemoryPlan(None, batch=budget // 4, features=budget * 3 // 8, spill=spill, nodes=budget // 4)
