"""The device that computes: which it is, a module moved there and back, its unused memory released."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from depara_core.errors import OptionError


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


@contextmanager
def on_device(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Hold `module` on `device`, then move it back to where it was."""
    first = next(iter([*module.parameters(), *module.buffers()]), None)
    home = torch.device("cpu") if first is None else first.device
    try:
        module.to(device)
        yield
    finally:
        module.to(home)


def release(place: torch.device) -> None:
    """Give back the memory of a device that torch keeps for later but does not use."""
    if place.type == "cuda":
        torch.cuda.empty_cache()
    elif place.type == "mps":
        torch.mps.empty_cache()
