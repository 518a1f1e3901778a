"""The probes in batches through one network, on its device; memory that runs out halves the batch."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from depara_core.attribution.passes import Features, Maps, Run, Tick
from depara_core.errors import DeparaError, ModelError
from depara_core.extraction.device import release
from depara_core.probes import ProbeSet, model_input
from depara_core.zoo.spec import ModelSpec

Opened = Callable[[Tick], AbstractContextManager[Run]]
Take = Callable[[int, Features, Maps], None]  # what becomes of a batch that begins at a probe


@dataclass(frozen=True)
class NoMemory:
    """What a run yields instead when memory ran out: no exception, as its traceback would hold on to the batch."""

    reason: str


@dataclass(frozen=True)
class Batches:
    """The probes as one model's input; `computing` is held while the network computes and no longer."""

    spec: ModelSpec
    probes: ProbeSet
    place: torch.device
    computing: Callable[[], AbstractContextManager[None]] = nullcontext

    def images(self, start: int, size: int) -> Tensor:
        """Return the normalised images (size, 3, S, S), or fewer at the end, on the device."""
        x = model_input(self.probes, slice(start, start + size), self.spec)
        return x.pin_memory().to(self.place, non_blocking=True) if self.place.type == "cuda" else x.to(self.place)

    def attempt(self, run: Run, x: Tensor) -> tuple[Features, Maps] | NoMemory:
        """Run a batch and name the model in whatever goes wrong, except in a lack of memory."""
        try:
            with self.computing():
                return run(x)
        except ModelError as error:
            raise ModelError(f"{self.spec.id}: {error}") from error
        except DeparaError:
            raise
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            if isinstance(error, torch.OutOfMemoryError | MemoryError) or _tells_of_memory(reason):
                return NoMemory(reason)
            raise ModelError(
                f"{self.spec.id} cannot be run and attributed on an input of shape {tuple(x.shape)}: {reason} "
                "Check the model's input size, and that its layers can be differentiated."
            ) from error

    def require(self, run: Run, x: Tensor) -> tuple[Features, Maps]:
        """Run one image, which must fit."""
        done = self.attempt(run, x)
        if isinstance(done, NoMemory):
            raise self.no_memory(done)
        return done

    def no_memory(self, lack: NoMemory) -> ModelError:
        """Return what to raise where not even one image fits."""
        return ModelError(f"{self.spec.id}: there is no memory left on {self.place}, even for one image. {lack.reason}")

    def sweep(self, opened: Opened, size: int, take: Take, tick: Callable[[int], None]) -> int:
        """Take all probes through what `opened` yields, `size` at a time; return the batch size that fitted.

        The next batch is made ready in a thread of its own while the present one is computed. `tick(done)` counts
        probes; what it raises ends the sweep.
        """
        start = 0
        tick(0)
        with opened(lambda: tick(start)) as run, ThreadPoolExecutor(1, "depara-batches") as ahead:
            coming = ahead.submit(self.images, 0, size)
            while start < len(self.probes):
                x = coming.result()
                coming = ahead.submit(self.images, start + len(x), size)
                done = self.attempt(run, x)
                if isinstance(done, NoMemory):
                    if len(x) == 1:
                        raise self.no_memory(done)
                    size = len(x) // 2
                    del x
                    coming.result()
                    release(self.place)
                    coming = ahead.submit(self.images, start, size)
                    continue
                take(start, *done)
                start += len(x)
                tick(start)
        return size


def _tells_of_memory(reason: str) -> bool:
    return any(sign in reason.lower() for sign in ("out of memory", "not enough memory", "can't allocate memory"))
