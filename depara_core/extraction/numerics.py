"""How exactly the network is computed: float32, or something faster where it was measured to agree with float32."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from depara_core.errors import OptionError

PRECISIONS: tuple[str, ...] = ("float32", "fast")
AGREEMENT = 0.99  # the least cosine to float32 that "fast" accepts, of any map or feature of the probes tried
TRIED = 8  # probes, or fewer where memory has no room for so many
FASTER: dict[str, tuple[str, ...]] = {"cuda": ("bfloat16", "tf32"), "mps": (), "cpu": ()}  # the fastest first

Outcome = Mapping[str, Tensor]  # rows to compare, by name


@dataclass(frozen=True)
class Numerics:
    """What was chosen, and the least cosine to float32 that was measured for it: exactly 1 for float32 itself."""

    name: str = "float32"
    agreement: float = 1.0


def check_precision(precision: str) -> None:
    """Refuse an unknown precision."""
    if precision not in PRECISIONS:
        raise OptionError(f"The precision {precision!r} is unknown. Expected one of: {', '.join(PRECISIONS)}.")


class _Float32Products:
    """How this process multiplies float32 numbers, which torch keeps in global flags: one way at a time.

    Any number of threads may hold the same way at once; who wants another waits until all have left, and those who
    come later wait behind. The flags of before are put back when the last one leaves.
    """

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.waiting: deque[object] = deque()
        self.products, self.holders = "", 0
        self.before: tuple[list[str], bool] = ([], True)
        self.own = threading.local()  # how often this thread holds it

    @contextmanager
    def hold(self, products: str) -> Iterator[None]:
        """Multiply in one way until the exit, in the thread that entered."""
        if not getattr(self.own, "depth", 0):
            self._enter(products)
        elif products != self.products:
            raise RuntimeError(f"This thread computes in {self.products!r} and cannot turn to {products!r} in between.")
        self.own.depth = getattr(self.own, "depth", 0) + 1
        try:
            yield
        finally:
            self.own.depth -= 1
            if not self.own.depth:
                self._leave()

    def _enter(self, products: str) -> None:
        turn = object()
        with self.condition:
            self.waiting.append(turn)
            try:
                self.condition.wait_for(
                    lambda: self.waiting[0] is turn and (not self.holders or products == self.products)
                )
                if not self.holders:
                    self._set(products)
                self.holders += 1
            finally:
                self.waiting.remove(turn)
                self.condition.notify_all()

    def _leave(self) -> None:
        with self.condition:
            self.holders -= 1
            if not self.holders:
                self._put_back()
            self.condition.notify_all()

    def _set(self, products: str) -> None:
        self.products = products
        self.before = [backend.fp32_precision for backend in _backends()], torch.backends.mha.get_fastpath_enabled()
        for backend in _backends():
            backend.fp32_precision = products
        torch.backends.mha.set_fastpath_enabled(False)

    def _put_back(self) -> None:
        for backend, precision in zip(_backends(), self.before[0], strict=True):
            backend.fp32_precision = precision
        torch.backends.mha.set_fastpath_enabled(self.before[1])


def _backends() -> tuple[Any, ...]:
    cudnn: Any = torch.backends.cudnn
    return torch.backends.cuda.matmul, cudnn.conv, cudnn.rnn


_PRODUCTS = _Float32Products()


def exact_float32() -> AbstractContextManager[None]:
    """Keep float32 products float32, and attention unfused so that its modules are really called, until the exit.

    TF32 and its like spoil attributions long before they spoil accuracy. Whoever computes otherwise at the same time is
    waited for: hold this for as long as a batch takes, not a job.
    """
    return _PRODUCTS.hold("ieee")


@contextmanager
def computing_in(numerics: str, device: torch.device) -> Iterator[None]:
    """Compute in "float32", "tf32" (float32 with 10 bits in products) or "bfloat16" (mixed) until the exit."""
    with _PRODUCTS.hold("tf32" if numerics == "tf32" else "ieee"):
        if numerics == "bfloat16":
            with torch.autocast(device.type, dtype=torch.bfloat16):
                yield
        else:
            yield


def choose_numerics(precision: str, device: torch.device, trial: Callable[[int], Outcome | None]) -> Numerics:
    """Return the fastest numerics in which a trial agrees with float32: no cosine of two rows below `AGREEMENT`.

    `trial(count)` computes that many probes, or returns None where memory has no room for them; then half as many are
    tried. What has no room for what float32 computed was not measured, and is not taken.
    """
    candidates: Sequence[str] = FASTER[device.type] if precision == "fast" else ()
    if not candidates:
        return Numerics()
    count, exact = TRIED, None
    while exact is None and count:
        with computing_in("float32", device):
            exact = trial(count)
        count = count if exact is not None else count // 2
    if exact is None:
        return Numerics()  # the pass itself will tell of the memory
    for name in candidates:
        with computing_in(name, device):
            outcome = trial(count)
        agreement = 0.0 if outcome is None else least_cosine(exact, outcome)
        if agreement >= AGREEMENT:
            return Numerics(name, agreement)
    return Numerics()


def least_cosine(exact: Outcome, other: Outcome) -> float:
    """Return the smallest cosine of two rows of the same place; of two zero rows it is 1, of one that is zero 0."""
    lowest = 1.0
    for name, rows in exact.items():
        a, b = (torch.nan_to_num(part.flatten(1).double()) for part in (rows, other[name]))
        norms = torch.linalg.vector_norm(a, dim=1), torch.linalg.vector_norm(b, dim=1)
        product = norms[0] * norms[1]
        both_zero = (norms[0] == 0) & (norms[1] == 0)
        cosine = torch.where(both_zero, 1.0, (a * b).sum(1) / torch.where(product == 0, 1.0, product))
        lowest = min(lowest, float(cosine.min()))
    return lowest
