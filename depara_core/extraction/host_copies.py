"""Copies of a device's tensors to memory; from a GPU in a stream and a thread of their own, while it computes."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor


class HostCopies:
    """Copies tensors to memory and hands them on in order."""

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
