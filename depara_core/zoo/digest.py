"""The identity of a model: equal digests promise equal features and gradients."""

import hashlib
import inspect
import re
from types import CodeType

import torch
from torch import nn

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def module_digest(module: nn.Module, *context: object) -> str:
    """Return sha256 (hex) of the weights' names, kinds, shapes and bytes, the structure, the classes' code, `context`.

    `context` is whatever else decides what the model computes: where "output" is read, how the input is normalised.
    """
    content = hashlib.sha256()

    def add(value: object) -> None:
        content.update(_ADDRESS.sub("", repr(value)).encode() + b"\0")

    add((module, context))
    for kind in sorted({type(part) for part in module.modules()}, key=_qualified):
        add(_qualified(kind))
        if not kind.__module__.startswith(("torch.", "torchvision.")):  # their code is told by the version in the store
            for function in vars(kind).values():
                if inspect.isfunction(function):
                    add(_code(function.__code__))
    for name, value in module.state_dict().items():
        if isinstance(value, torch.Tensor):
            add((name, value.dtype, tuple(value.shape)))
            content.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        else:
            add((name, value))
    return content.hexdigest()


def _qualified(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _code(code: CodeType) -> tuple[object, ...]:
    """Return what a function computes, without its line numbers and docstring."""
    constants = [_code(value) if isinstance(value, CodeType) else value for value in code.co_consts]
    return code.co_code, code.co_names, constants[1:] if isinstance(constants[0], str) else constants
