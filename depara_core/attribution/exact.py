"""What a backward pass leaves to chance: which of several equal inputs of a max-pool won, and how a gradient lies.

On flat backgrounds the inputs of a max-pool are equal but for rounding, which depends on how many images a batch holds.
Plain autograd gives the gradient to one of them. Here all inputs that are the largest share it, the mean of the
subgradients, so that a map depends neither on the batch nor on rounding.

And torch's batch norm gives wrong gradients on the processor for one image whose gradient comes transposed from tokens
(torch 2.15: the stride of the batch axis, of length 1, is taken at its word). Its tensors are laid out plainly.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

TIE = 1e-5  # of a channel's largest absolute value: inputs of a max-pool that differ by less are equal
MAX_POOLS: frozenset[Callable[..., Any]] = frozenset({F.max_pool2d, torch.max_pool2d})
NORMS: frozenset[Callable[..., Any]] = frozenset({F.batch_norm, torch.batch_norm, F.instance_norm})


class Exact(TorchFunctionMode):
    """Let gradients depend on nothing but the image, wherever max-pools and batch norms are called."""

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Replace max-pools of images; lay batch norms' tensors out plainly."""
        kwargs = kwargs or {}
        of_images = bool(args) and isinstance(args[0], Tensor) and args[0].ndim == 4 and args[0].requires_grad
        if func in MAX_POOLS and of_images and not kwargs.get("return_indices") and torch.is_grad_enabled():
            return _shared_max(*args, **kwargs)
        if func in NORMS and args and isinstance(args[0], Tensor):
            result = func(args[0].contiguous(), *args[1:], **kwargs)
            if result.requires_grad:
                result.register_hook(Tensor.contiguous)
            return result
        return func(*args, **kwargs)


def _shared_max(
    input: Tensor,
    kernel_size: int | tuple[int, ...],
    stride: int | tuple[int, ...] | None = None,
    padding: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """Take F.max_pool2d's own arguments."""
    del return_indices
    return _SharedMax.apply(input, kernel_size, stride or kernel_size, padding, dilation, ceil_mode)


class _SharedMax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Tensor:
        y = F.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode)
        ctx.kernel, ctx.stride, ctx.padding, ctx.dilation = map(_pair, (kernel, stride, padding, dilation))
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        x, y = ctx.saved_tensors
        least = y - TIE * x.abs().amax(dim=(2, 3), keepdim=True)
        (top, left), (height, width) = ctx.padding, x.shape[2:]
        ends = (
            (size - 1) * stride + dilation * (kernel - 1) + 1
            for size, stride, dilation, kernel in zip(y.shape[2:], ctx.stride, ctx.dilation, ctx.kernel, strict=True)
        )
        bottom, right = (
            max(0, end - size - before) for end, size, before in zip(ends, (height, width), ctx.padding, strict=True)
        )
        wide = F.pad(x, (left, right, top, bottom), value=-torch.inf)
        won = [wide[place] >= least for place in _places(ctx, y)]
        share = gradient / torch.stack(won).sum(dim=0).clamp(min=1)
        spread = torch.zeros_like(wide)
        for place, one in zip(_places(ctx, y), won, strict=True):
            spread[place] += one * share
        return spread[:, :, top : top + height, left : left + width], None, None, None, None, None


def _places(ctx: Any, y: Tensor) -> Iterator[tuple[slice, ...]]:
    """Yield where each member of the windows lies in the padded input, for all windows at once."""
    rows, columns = (
        [slice(k * dilation, k * dilation + (size - 1) * stride + 1, stride) for k in range(kernel)]
        for size, stride, dilation, kernel in zip(y.shape[2:], ctx.stride, ctx.dilation, ctx.kernel, strict=True)
    )
    for row in rows:
        for column in columns:
            yield slice(None), slice(None), row, column


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])
