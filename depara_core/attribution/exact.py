"""What a backward pass leaves to chance: which of several equal inputs of a max-pool won, and how a gradient lies.

On flat backgrounds the inputs of a max-pool are equal but for rounding, which depends on how many images a batch holds.
Plain autograd gives the gradient to one of them. Here all inputs that are the largest share it, the mean of the
subgradients, so that a map depends neither on the batch nor on rounding: in one, two and three dimensions, with windows
of one size or adaptive ones.

And torch's batch norm gives wrong gradients on the processor for one image whose gradient comes transposed from tokens
(torch 2.15: the stride of the batch axis, of length 1, is taken at its word). Its tensors are laid out plainly.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

TIE = 1e-5  # of a channel's largest absolute value: inputs of a max-pool that differ by less are equal
NORMS: frozenset[Callable[..., Any]] = frozenset({F.batch_norm, torch.batch_norm, F.instance_norm})
Place = tuple[Any, ...]  # an index: ... and a slice a dimension


def _pools(adaptive: bool) -> dict[Callable[..., Any], int]:
    """Return torch's max-pools, those of exported programs too, and over how many dimensions each goes."""
    found: dict[Callable[..., Any], int] = {}
    for dims in (1, 2, 3):
        name = f"{'adaptive_' if adaptive else ''}max_pool{dims}d"
        for where, end in product((F, torch, torch.ops.aten), ("", "_with_indices")):
            function = getattr(where, name + end, None)
            if function is not None:
                found |= {function: dims, getattr(function, "default", function): dims}
    return found


STRIDED, ADAPTIVE = _pools(adaptive=False), _pools(adaptive=True)


class Exact(TorchFunctionMode):
    """Let gradients depend on nothing but the image, wherever max-pools and batch norms are called."""

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Replace max-pools; lay batch norms' tensors out plainly."""
        kwargs = kwargs or {}
        if (func in STRIDED or func in ADAPTIVE) and torch.is_grad_enabled():
            return _shared_max(func, *args, **kwargs)
        if func in NORMS and args and isinstance(args[0], Tensor):
            result = func(args[0].contiguous(), *args[1:], **kwargs)
            if result.requires_grad:
                result.register_hook(Tensor.contiguous)
            return result
        return func(*args, **kwargs)


def _shared_max(func: Callable[..., Any], input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Call a max-pool whose largest inputs share the gradient; indices, where it yields them, are torch's."""
    with torch.no_grad():
        plain = func(input, *args, **kwargs)
    y = plain[0] if isinstance(plain, tuple) else plain
    if func in ADAPTIVE:
        windows = _adaptive(input.shape[-ADAPTIVE[func] :], y.shape[-ADAPTIVE[func] :])
    else:
        windows = _strided(STRIDED[func], *args, **kwargs)
    shared = _SharedMax.apply(input, y, windows)
    return (shared, *plain[1:]) if isinstance(plain, tuple) else shared


class _Strided(NamedTuple):
    """Windows of one size, a value a dimension."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    def spread(self, x: Tensor, least: Tensor, gradient: Tensor) -> Tensor:
        """Share each window's gradient among its inputs of at least `least`, for all windows at once."""
        sizes, sides = least.shape[-len(self.kernel) :], x.shape[-len(self.kernel) :]
        ends = ((n - 1) * s + d * (k - 1) + 1 for n, k, s, _, d in zip(sizes, *self, strict=True))
        after = [max(0, end - side - p) for end, side, p in zip(ends, sides, self.padding, strict=True)]
        around = [extent for pair in zip(self.padding[::-1], after[::-1], strict=True) for extent in pair]
        wide = F.pad(x, around, value=-torch.inf)
        won = [wide[place] >= least for place in self.places(sizes)]
        share = gradient / torch.stack(won).sum(dim=0).clamp(min=1)
        spread = torch.zeros_like(wide)
        for place, one in zip(self.places(sizes), won, strict=True):
            spread[place] += one * share
        inside: Place = (..., *(slice(p, p + side) for p, side in zip(self.padding, sides, strict=True)))
        return spread[inside]

    def places(self, sizes: Sequence[int]) -> Iterator[Place]:
        """Yield where each member of the windows lies in the padded input."""
        members = (
            [slice(i * d, i * d + (n - 1) * s + 1, s) for i in range(k)]
            for n, k, s, _, d in zip(sizes, *self, strict=True)
        )
        for place in product(*members):
            yield ..., *place


def _strided(
    dims: int,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> _Strided:
    """Take the arguments of F.max_pool2d and its kin behind the input."""
    del ceil_mode, return_indices

    def each(value: Any) -> tuple[int, ...]:
        values = (value,) if isinstance(value, int) else tuple(value)
        return values * dims if len(values) == 1 else values

    return _Strided(each(kernel_size), each(stride or kernel_size), each(padding), each(dilation))


class _Adaptive(NamedTuple):
    """Windows that divide each dimension as evenly as they can: (start, end) of each."""

    bounds: tuple[tuple[tuple[int, int], ...], ...]

    def spread(self, x: Tensor, least: Tensor, gradient: Tensor) -> Tensor:
        """Share each window's gradient among its inputs of at least `least`, window by window."""
        spread, axes = torch.zeros_like(x), tuple(range(-len(self.bounds), 0))
        for cell in product(*(range(len(bounds)) for bounds in self.bounds)):
            window: Place = (..., *(slice(*bounds[i]) for bounds, i in zip(self.bounds, cell, strict=True)))
            own: Place = (..., *(slice(i, i + 1) for i in cell))
            won = x[window] >= least[own]
            spread[window] += won * (gradient[own] / won.sum(dim=axes, keepdim=True))
        return spread


def _adaptive(sides: Sequence[int], sizes: Sequence[int]) -> _Strided | _Adaptive:
    """Return the windows of an adaptive pool: one size, where the sides are multiples."""
    if all(side % size == 0 for side, size in zip(sides, sizes, strict=True)):
        kernel = tuple(side // size for side, size in zip(sides, sizes, strict=True))
        return _Strided(kernel, kernel, (0,) * len(kernel), (1,) * len(kernel))
    return _Adaptive(
        tuple(
            tuple((i * side // size, -(-(i + 1) * side // size)) for i in range(size))
            for side, size in zip(sides, sizes, strict=True)
        )
    )


class _SharedMax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, windows: _Strided | _Adaptive) -> Tensor:
        ctx.windows = windows
        ctx.save_for_backward(x, y)
        return y.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        x, y = ctx.saved_tensors
        axes = tuple(range(-len(ctx.windows[0]), 0))
        level = torch.where(x.isinf(), 0, x).abs().amax(dim=axes, keepdim=True)  # -inf: padding of the network's own
        return ctx.windows.spread(x, y - TIE * level, gradient), None, None
