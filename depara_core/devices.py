"""Where to compute, in which arithmetic, and how results come home."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

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
def exact_float32(products: str = "ieee") -> Iterator[None]:
    """Keep float32 products float32, and attention unfused so that its modules are really called, until the exit.

    TF32 and its like (`products="tf32"`) spoil attributions long before they spoil accuracy.
    """
    cudnn: Any = torch.backends.cudnn
    backends: tuple[Any, ...] = (torch.backends.cuda.matmul, cudnn.conv, cudnn.rnn)
    before = [backend.fp32_precision for backend in backends]
    fused = torch.backends.mha.get_fastpath_enabled()
    try:
        for backend in backends:
            backend.fp32_precision = products
        torch.backends.mha.set_fastpath_enabled(False)
        yield
    finally:
        for backend, precision in zip(backends, before, strict=True):
            backend.fp32_precision = precision
        torch.backends.mha.set_fastpath_enabled(fused)


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
    """Give a device's memory that torch only keeps for what may come next back to all."""
    if place.type == "cuda":
        torch.cuda.empty_cache()
    elif place.type == "mps":
        torch.mps.empty_cache()


class Arrivals:
    """Brings tensors from a device to memory; from a GPU in a stream and a thread of their own, while it computes."""

    def __init__(self, place: torch.device) -> None:
        self.coming: deque[Future[None]] = deque()
        self.stream = torch.cuda.Stream(place) if place.type == "cuda" else None
        self.thread = ThreadPoolExecutor(1, "depara-arrivals")  # which starts with the first tensor from a GPU

    def bring(self, keep: Callable[..., None], *tensors: Tensor) -> None:
        """Call keep(*tensors) with the tensors in memory: at once, or once they have come from the GPU."""
        if self.stream is None:
            keep(*tensors)
            return
        self.stream.wait_stream(torch.cuda.current_stream(tensors[0].device))
        with torch.cuda.stream(self.stream):
            here = [tensor.to("cpu", non_blocking=True) for tensor in tensors]  # pinned: nobody waits for the copy
            copied = self.stream.record_event()
        for tensor in tensors:
            tensor.record_stream(self.stream)  # its memory is taken until then

        def arrive() -> None:
            copied.synchronize()
            keep(*here)

        self.coming.append(self.thread.submit(arrive))

    def wait(self) -> None:
        """Wait for all that is on its way, and raise what `keep` raised."""
        while self.coming:
            self.coming.popleft().result()

    def close(self) -> None:
        """End the thread once all has arrived."""
        self.thread.shutdown()
