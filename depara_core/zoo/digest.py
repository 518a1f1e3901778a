"""What a module is made of, as one number: weights, structure and code. What it does is told by `behaviour`."""

import hashlib
import inspect
import re
from types import CodeType

import torch
from torch import nn

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_KNOWN = ("torch", "torchvision", "timm", "transformers", "open_clip")  # their code is told by their versions


def module_digest(module: nn.Module, *context: object) -> str:
    """Return sha256 (hex) of the weights' names, kinds, shapes and bytes, the structure, the classes' code, `context`.

    `context` is whatever else decides what the model computes: its behaviour, a library's version, how the input is
    normalised.
    """
    content = hashlib.sha256()

    def add(value: object) -> None:
        content.update(_ADDRESS.sub("", repr(value)).encode() + b"\0")

    add((module, context))
    for kind in sorted({type(part) for part in module.modules()}, key=_qualified):
        add(_qualified(kind))
        if kind.__module__.partition(".")[0] not in _KNOWN:
            for function in vars(kind).values():
                if inspect.isfunction(function):
                    add(_code(function.__code__))
    for name, value in module.state_dict().items():
        if isinstance(value, torch.Tensor):
            add((name, value.dtype, tuple(value.shape)))
            content.update(_bytes(value))
        else:
            add((name, value))
    return content.hexdigest()


def _bytes(value: torch.Tensor) -> memoryview:
    flat = value.detach().cpu().reshape(-1)
    if flat.stride() != (1,):  # an expanded parameter, which counts as contiguous where it holds one number
        flat = flat.clone(memory_format=torch.contiguous_format)
    return flat.view(torch.uint8).numpy().data


def _qualified(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _code(code: CodeType) -> tuple[object, ...]:
    """Return what a function computes, without its line numbers."""
    return code.co_code, code.co_names, [_constant(value) for value in code.co_consts]


def _constant(value: object) -> object:
    if isinstance(value, CodeType):
        return _code(value)
    return sorted(map(repr, value)) if isinstance(value, frozenset) else value  # whose order changes with every start
