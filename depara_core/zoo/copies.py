"""Copies of modules: unwrapped, frozen, and sharing one set of weights in memory."""

import copy

import torch
from torch import nn

from depara_core.errors import ModelError


def unwrapped(module: nn.Module) -> nn.Module:
    """Return the module inside torch.compile, DataParallel and DistributedDataParallel."""
    while True:
        inner = getattr(module, "_orig_mod", None)
        if inner is None and isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = module.module
        if not isinstance(inner, nn.Module):
            return module
        module = inner


def snapshot(module: nn.Module, name: str) -> nn.Module:
    """Return a copy of `module` with weights of its own: float32, on the CPU, frozen, in evaluation mode."""
    twin = _copied(module, name, _detached(module))
    for part in list(twin.modules()):
        part._compiled_call_impl = None  # module.compile() of the user's: its graph belongs to the original
        for child, inner in list(part.named_children()):
            if unwrapped(inner) is not inner:
                setattr(part, child, unwrapped(inner))
    return twin.cpu().float().eval().requires_grad_(False)


def sharing(module: nn.Module, name: str) -> nn.Module:
    """Return a copy of a frozen module that is another module, yet reads the same weights in memory."""
    memo: dict[int, object] = {
        id(parameter): nn.Parameter(parameter.detach(), requires_grad=False) for parameter in module.parameters()
    }
    return _copied(module, name, memo | _detached(module))


def _copied(module: nn.Module, name: str, memo: dict[int, object]) -> nn.Module:
    try:
        return copy.deepcopy(module, memo)
    except Exception as error:
        raise ModelError(
            f"{name!r} cannot be copied ({error}); it must be, so that your module stays as it is."
        ) from error


def _detached(module: nn.Module) -> dict[int, object]:
    """Return stand-ins for tensors that deepcopy refuses: results of earlier computing, kept as plain attributes."""
    kept = (value for part in module.modules() for value in vars(part).values() if isinstance(value, torch.Tensor))
    return {id(value): value.detach().clone() for value in kept if not value.is_leaf}
