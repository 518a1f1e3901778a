"""How exactly the network is computed: float32, or something faster where it was measured to agree with float32."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from depara_core.errors import OptionError

PRECISIONS: tuple[str, ...] = ("float32", "fast")
AGREEMENT = 0.99  # the least cosine to float32 that "fast" accepts, of any map or feature of the probes tried
TRIED = 8  # probes
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
def computing_in(numerics: str, device: torch.device) -> Iterator[None]:
    """Compute in "float32", "tf32" (float32 with 10 bits in products) or "bfloat16" (mixed) until the exit."""
    with exact_float32("tf32" if numerics == "tf32" else "ieee"):
        if numerics == "bfloat16":
            with torch.autocast(device.type, dtype=torch.bfloat16):
                yield
        else:
            yield


def choose_numerics(precision: str, device: torch.device, trial: Callable[[], Outcome]) -> Numerics:
    """Return the fastest numerics in which `trial` agrees with float32: no cosine of two rows below `AGREEMENT`."""
    candidates: Sequence[str] = FASTER[device.type] if precision == "fast" else ()
    if not candidates:
        return Numerics()
    with computing_in("float32", device):
        exact = trial()
    for name in candidates:
        with computing_in(name, device):
            agreement = least_cosine(exact, trial())
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
