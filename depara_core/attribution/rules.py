"""Rules for the backward pass of activations, wherever they are called: as modules, as functions, in place.

A mode intercepts the calls themselves, so that nothing depends on how a network is written. What is computed inside one
fused operation (the softmax of fused attention) takes its plain gradient.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from depara_core.attribution.exact import Exact
from depara_core.attribution.hooks import at_rest, captured
from depara_core.attribution.passes import Features, Maps, Run, Tick, one_pass
from depara_core.zoo.spec import Network

NEAR = 1e-10  # of an input to its reference: there the plain gradient stands for the quotient

Function = Callable[..., Any]

RELUS: frozenset[Function] = frozenset({F.relu, torch.relu, Tensor.relu, F.relu_, torch.relu_, Tensor.relu_})
ELEMENTWISE: frozenset[Function] = RELUS | {
    *(F.relu6, F.elu, F.selu, F.celu, F.leaky_relu, F.prelu, F.gelu, F.silu, F.mish, F.softplus, F.softsign),
    *(F.hardswish, F.hardsigmoid, F.hardtanh, F.logsigmoid, torch.sigmoid, torch.tanh, F.sigmoid, F.tanh),
    *(Tensor.sigmoid, Tensor.tanh, Tensor.sigmoid_, Tensor.tanh_, torch.sigmoid_, torch.tanh_),
    *(F.elu_, F.selu_, F.celu_, F.leaky_relu_, F.hardtanh_, torch.selu, torch.celu, torch.prelu, Tensor.prelu),
    *(torch.clamp, torch.clamp_min, Tensor.clamp, Tensor.clamp_min, Tensor.clamp_, Tensor.clamp_min_),
}
SOFTMAX: frozenset[Function] = frozenset({F.softmax, torch.softmax, Tensor.softmax})
POOLS: frozenset[Function] = frozenset(
    {F.max_pool1d, F.max_pool2d, F.max_pool3d, torch.max_pool1d, torch.max_pool2d, torch.max_pool3d}
)


@contextmanager
def guided_backprop(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Send only positive signals back through every ReLU."""

    def run(x: Tensor) -> tuple[Features, Maps]:
        return one_pass(capture, layers, objective, x, tick, rules=Guided())

    with at_rest(network.module), captured(network, layers) as capture, torch.enable_grad():
        yield run


@contextmanager
def deep_lift(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Send differences from the zero baseline back; the references ride along as the second half of the batch."""

    def run(x: Tensor) -> tuple[Features, Maps]:
        pair = torch.cat([x, torch.zeros_like(x)])
        features, gradients = one_pass(capture, layers, objective, pair, tick, rules=Rescaled())
        count = len(x)
        maps = {layer: x * gradient[:count] for layer, gradient in gradients.items()}
        return {layer: feature[:count] for layer, feature in features.items()}, maps

    with at_rest(network.module), captured(network, layers) as capture, torch.enable_grad():
        yield run


class Guided(TorchFunctionMode):
    """Let only positive signals pass a ReLU on the way back (Springenberg et al. 2015, section 3.4)."""

    def __torch_function__(self, func: Function, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Replace the ReLUs."""
        kwargs = kwargs or {}
        if func not in RELUS:
            return func(*args, **kwargs)
        (x, *_), inplace = _split(func, args, kwargs)
        y = _GuidedRelu.apply(x)
        return x.copy_(y) if inplace else y


class Rescaled(TorchFunctionMode):
    """Send back differences from a reference (DeepLIFT, Shrikumar et al. 2017, Rescale rule).

    The batch holds the images, then as many references. An activation multiplies by (f(z) - f(z')) / (z - z'); a
    max-pool gives its change to the inputs that won; a softmax's multipliers are shifted to mean 0 (section 3.6).
    """

    def __torch_function__(self, func: Function, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Replace activations, softmax and max-pools of tensors."""
        kwargs = kwargs or {}
        rule = next((rule for known, rule in _RESCALE if func in known), None)
        of_a_tensor = bool(args) and isinstance(args[0], Tensor) and args[0].is_floating_point()
        if rule is None or not of_a_tensor or kwargs.get("return_indices"):
            return func(*args, **kwargs)
        (x, *others), inplace = _split(func, args, kwargs)
        kwargs.pop("inplace", None)
        y = rule.apply(
            x.clone() if inplace else x, partial(_out_of_place, func, others, kwargs), _dimension(others, kwargs)
        )
        return x.copy_(y) if inplace else y


def _split(func: Function, args: tuple, kwargs: dict) -> tuple[list, bool]:
    """Return the arguments without the wish to work in place, and whether there is that wish."""
    given = list(args)
    inplace = func.__name__.endswith("_") or bool(kwargs.get("inplace", False))
    if func in (F.relu, F.relu6, F.silu, F.mish):  # their second argument
        inplace = inplace or given[1:2] == [True]
        given = given[:1]
    return given, inplace


def _out_of_place(func: Function, others: list, kwargs: dict, x: Tensor) -> Tensor:
    """Call an activation on a copy: it may work in place."""
    return func(x.clone(), *others, **kwargs)


def _dimension(others: list, kwargs: dict) -> int:
    return int(others[0] if others and isinstance(others[0], int) else kwargs.get("dim") or -1)


class _GuidedRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.clamp(min=0)
        ctx.save_for_backward(y > 0)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient.clamp(min=0) * ctx.saved_tensors[0]


class _Rescale(torch.autograd.Function):
    """The rule of elementwise activations; subclasses differ in `multiplied`."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, function: Callable[[Tensor], Tensor], dimension: int) -> Tensor:
        y = function(z)
        ctx.function, ctx.dimension = function, dimension
        ctx.save_for_backward(z, y)
        return y

    @classmethod
    def multiplied(cls, ctx: Any, gradient: Tensor, plain: Tensor) -> Tensor:
        """Return the gradient with respect to z, where `plain` is autograd's."""
        z, y = ctx.saved_tensors
        change_in, change_out = _change(z), _change(y)
        return torch.where(change_in.abs() < NEAR, plain, gradient * change_out / _divisor(change_in))

    @classmethod
    def backward(cls, ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        return cls.multiplied(ctx, gradient, _pulled_back(ctx, gradient)), None, None


class _RescaleSoftmax(_Rescale):
    @classmethod
    def multiplied(cls, ctx: Any, gradient: Tensor, plain: Tensor) -> Tensor:
        multipliers = super().multiplied(ctx, gradient, plain)
        return multipliers - multipliers.mean(dim=ctx.dimension, keepdim=True)


class _RescalePool(_Rescale):
    @classmethod
    def multiplied(cls, ctx: Any, gradient: Tensor, plain: Tensor) -> Tensor:
        z, y = ctx.saved_tensors
        image, reference = y.chunk(2)
        highest = torch.maximum(image, reference)
        shares = _pulled_back(ctx, gradient * torch.cat([highest - reference, image - highest]))
        together = shares.chunk(2)[0] + shares.chunk(2)[1]
        change_in = _change(z)
        return torch.where(change_in.abs() < NEAR, plain, torch.cat([together, together]) / _divisor(change_in))


def _pulled_back(ctx: Any, gradient: Tensor) -> Tensor:
    """Return autograd's gradient of the function at z."""
    with torch.enable_grad(), Exact():
        leaf = ctx.saved_tensors[0].detach().requires_grad_()
        return torch.autograd.grad(ctx.function(leaf), leaf, gradient)[0]


def _change(values: Tensor) -> Tensor:
    """Return image minus reference, once for the images and once for their references."""
    image, reference = values.chunk(2)
    return torch.cat([image - reference] * 2)


def _divisor(change: Tensor) -> Tensor:
    return torch.where(change.abs() < NEAR, 1.0, change)


_RESCALE: tuple[tuple[frozenset[Function], type[_Rescale]], ...] = (
    (ELEMENTWISE, _Rescale),
    (SOFTMAX, _RescaleSoftmax),
    (POOLS, _RescalePool),
)
