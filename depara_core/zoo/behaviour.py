"""What a module does, as one number: the part of its identity that no reading of its code can give.

Attributes, closures, hooks, patched forwards and plain tensors all change what a module computes. So two modules count
as one network only if, beside weights and structure, every module inside them yields the same on a few fixed images,
with the same gradients at the pixels.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor, nn

from depara_core.errors import ModelError
from depara_core.zoo.tracing import first_tensor

DECIMALS = 7  # of what is compared; rounding noise in float64 lies orders below, on any machine
WIDTH = 1021  # columns that a tensor is laid out in to be projected
DIRECTIONS = 8  # in which the gradient is projected
AGREEMENT = {torch.float64: 1e-6, torch.float32: 2e-3}  # of an image alone and in a batch, in units of the feature


def example_images(size: int, count: int = 2) -> Tensor:
    """Return the fixed images in [0, 1], (count, 3, size, size): soft patches with noise, the same on every machine."""
    generator = torch.Generator().manual_seed(0)
    patches = torch.rand((count, 3, 8, 8), generator=generator)
    soft = torch.nn.functional.interpolate(patches, (size, size), mode="bilinear", align_corners=False)
    return 0.7 * soft + 0.3 * torch.rand((count, 3, size, size), generator=generator)


@dataclass
class _Record:
    """What was seen in one forward: for every call of a module, one number an image, in units of the tensor's norm."""

    calls: list[tuple[str, Tensor]] = field(default_factory=list)  # path, (B,) or (1,) where it has no batch axis
    norms: list[Tensor] = field(default_factory=list)


def fingerprint(module: nn.Module, x: Tensor) -> str:
    """Return sha256 (hex) of how `module` answers to x (2, 3, S, S): all its modules' outputs and the input's gradient.

    It is computed in float64, one forward and one backward pass of two images and a forward of one, and rounded to
    `DECIMALS`, so that it is the same on other machines. A module that cannot be run in float64 is run in float32: its
    fingerprint may differ elsewhere, and its results are then computed anew there.

    Raises
    ------
    ModelError
        The module's forward is random, depends on what else is in the batch, or cuts the gradient off.
    """
    try:
        with in_double(module):
            return _fingerprint(module, x.double())
    except ModelError:
        raise
    except Exception:  # noqa: BLE001  whatever a stranger's forward raises at float64, float32 decides
        return _fingerprint(module, x)


@contextmanager
def in_double(module: nn.Module) -> Iterator[None]:
    """Hold the parameters and buffers of `module` in float64, then put back the very tensors that were there."""
    parameters = [(p, p.data) for p in module.parameters() if p.is_floating_point()]
    buffers = [
        (part, name, value)
        for part in module.modules()
        for name, value in part._buffers.items()
        if value is not None and value.is_floating_point()
    ]
    try:
        for parameter, data in parameters:
            parameter.data = data.double()
        for part, name, value in buffers:
            part._buffers[name] = value.double()
        yield
    finally:
        for parameter, data in parameters:
            parameter.data = data
        for part, name, value in buffers:
            part._buffers[name] = value


def _fingerprint(module: nn.Module, x: Tensor) -> str:
    leaf = x.clone().requires_grad_()
    with torch.enable_grad():
        record, output = _observe(module, leaf)
        _require_steady(module, record, x)
        _require_gradient(output)
        answers = torch.stack([numbers.sum() for _, numbers in record.calls]).sum()
        (gradient,) = torch.autograd.grad(answers, leaf, allow_unused=True)
    content = hashlib.sha256()
    for (path, numbers), norm in zip(record.calls, record.norms, strict=True):
        content.update(f"{path} {_written(numbers)} {[f'{value:.{DECIMALS}e}' for value in norm.tolist()]}\n".encode())
    if gradient is not None:
        norm = torch.linalg.vector_norm(gradient)
        directions = [_project(gradient.flatten(1), seed) / norm for seed in range(1, DIRECTIONS + 1)]
        content.update(f"{_written(torch.cat(directions))} {norm.item():.{DECIMALS}e}".encode())
    return content.hexdigest()


def _written(numbers: Tensor) -> list[float]:
    return [round(value, DECIMALS) + 0.0 for value in numbers.tolist()]  # + 0.0: no negative zeros


def _observe(module: nn.Module, x: Tensor) -> tuple[_Record, object]:
    """Run `module` on x (B, 3, S, S) and note every tensor that its modules yield."""
    record = _Record()
    with ExitStack() as hooks:
        for path, part in module.named_modules():

            def after(_: nn.Module, __: tuple, result: object, path: str = path) -> None:
                tensor = first_tensor(result)
                if tensor is None or tensor.numel() == 0 or tensor.is_complex():
                    return
                values = tensor.to(x.dtype)
                flat = values.flatten(1) if values.ndim > 1 and len(values) == len(x) else values.reshape(1, -1)
                norm = torch.linalg.vector_norm(flat.detach(), dim=1)
                record.calls.append((path, _project(flat, 0) / torch.where(norm == 0, 1.0, norm)))
                record.norms.append(norm)

            hooks.callback(part.register_forward_hook(after).remove)
        return record, module(x)


def _project(flat: Tensor, seed: int) -> Tensor:
    """Return one number a row, u' F w, where F is the row in `WIDTH` columns and u, w are fixed and normal."""
    rows = -(-flat.shape[1] // WIDTH)
    table = torch.nn.functional.pad(flat, (0, rows * WIDTH - flat.shape[1])).reshape(len(flat), rows, WIDTH)
    w, u = _normal(WIDTH, 2 * seed), _normal(rows, 2 * seed + 1)
    return (table @ w.to(flat)) @ u.to(flat)


@lru_cache(maxsize=256)
def _normal(length: int, seed: int) -> Tensor:
    return torch.randn(length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _require_steady(module: nn.Module, together: _Record, x: Tensor) -> None:
    """Refuse a forward in which an image alone yields something else than in the batch, naming the first module."""
    with torch.no_grad():
        alone, _ = _observe(module, x[1:2])
        culprit = _first_difference(together, alone, AGREEMENT[x.dtype], batch=len(x))
        if culprit is None:
            return
        again, _ = _observe(module, x)
    random = _first_difference(together, again, AGREEMENT[x.dtype], batch=None)
    where = _described(module, culprit if random is None else random)
    if random is not None:
        raise ModelError(
            f"The forward pass is random in evaluation mode: run twice on the same images, {where} yields other "
            "numbers. Results would not be facts. Functional dropout needs training=self.training; a mask or noise "
            "needs numbers of its own that stay the same (a buffer, or a seeded torch.Generator)."
        )
    raise ModelError(
        f"What the forward pass yields for an image depends on the others in its batch: {where} yields something else "
        "for an image alone. Batch normalisation needs running statistics (track_running_stats=True); statistics over "
        "the batch axis have to be taken out."
    )


def _first_difference(a: _Record, b: _Record, tolerance: float, *, batch: int | None) -> str | None:
    """Return the path of the first call that differs; with `batch`, b holds only the second image of a's batch."""
    for (path, numbers), (other, found) in zip(a.calls, b.calls, strict=False):
        if batch is not None and len(numbers) != batch:
            continue  # no batch axis of its own
        expected = numbers if batch is None else numbers[1:2]
        if path != other or len(expected) != len(found) or not torch.allclose(expected, found, rtol=0, atol=tolerance):
            return path
    return None


def _described(module: nn.Module, path: str) -> str:
    kind = type(module.get_submodule(path)).__name__
    return f"module {path!r} ({kind})" if path else f"the forward of {kind} itself"


def _require_gradient(output: object) -> None:
    tensor = first_tensor(output)
    if tensor is None or not tensor.is_floating_point() or tensor.requires_grad:
        return
    mode = "torch.inference_mode()" if tensor.is_inference() else "torch.no_grad() or .detach()"
    raise ModelError(
        f"The forward pass cuts gradients off ({mode} inside it), so nothing can be attributed to the image. "
        "Take that out of the forward; evaluation mode and frozen weights are set here anyway."
    )
