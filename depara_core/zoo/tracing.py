"""Which layers a module has, in forward order, from one dry run with hooks."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, is_dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

BATCH = 2  # images of a dry run; an output whose first axis is not this long is not one feature an image


@dataclass(frozen=True)
class Trace:
    """Where a tensor lay when it was seen; the memory is held, so that equal places mean equal contents."""

    tensor: Tensor
    version: int  # counts the in-place changes so far

    def same_as(self, other: "Trace") -> bool:
        """Tell whether both are the same numbers, views of another shape included."""
        a, b = self.tensor, other.tensor
        same_memory = a.untyped_storage()._cdata == b.untyped_storage()._cdata
        return same_memory and a.numel() == b.numel() and self.version == other.version

    def is_feature(self) -> bool:
        """Tell whether this is a float tensor with one row an image."""
        return self.tensor.is_floating_point() and self.tensor.ndim >= 2 and self.tensor.shape[0] == BATCH


@dataclass(frozen=True)
class Call:
    """One call of a module during the forward pass; None for what is no tensor."""

    path: str
    result: object
    input: Trace | None
    output: Trace | None


def first_tensor(value: object) -> Tensor | None:
    """Return the first dense tensor of a module's output: itself, or the first in a tuple, list, mapping, dataclass."""
    if isinstance(value, Tensor):
        return value if value.layout == torch.strided and not value.is_nested else None
    return next((found for _, item in _parts(value) if (found := first_tensor(item)) is not None), None)


def tensor_name(value: object) -> str:
    """Say which of several things `first_tensor` takes, such as "logits of ImageClassifierOutput"; "" of a tensor."""
    for name, item in _parts(value):
        if first_tensor(item) is not None:
            inner, own = tensor_name(item), f"{name} of {type(value).__name__}"
            return f"{inner}, {own}" if inner else own
    return ""


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Yield what a tuple, list, mapping or dataclass holds, each with its name."""
    if isinstance(value, dict):
        yield from ((str(key), item) for key, item in value.items())
    elif isinstance(value, tuple | list):
        names = getattr(value, "_fields", None) or [f"item {place}" for place in range(len(value))]
        yield from zip(names, value, strict=True)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name)) for field in fields(value))


def told_kind(value: object) -> str:
    """Return what a module yields that holds no dense tensor, in a word or two."""
    return f"tensor that is not dense ({value.layout})" if isinstance(value, Tensor) else type(value).__name__


def run(module: nn.Module, example: Tensor) -> tuple[Call, ...]:
    """Run `module` on `example` (B, 3, S, S) and return every call in order of completion; the last is its own."""
    calls: list[Call] = []
    inputs: dict[str, Trace | None] = {}

    def trace(value: object) -> Trace | None:
        tensor = first_tensor(value)
        return None if tensor is None else Trace(tensor, tensor._version)

    with ExitStack() as hooks, torch.no_grad():
        for path, part in module.named_modules():

            def before(_: nn.Module, args: tuple, kwargs: dict, path: str = path) -> None:
                inputs[path] = trace((args, kwargs))

            def after(_: nn.Module, __: tuple, result: object, path: str = path) -> None:
                calls.append(Call(path, result, inputs.pop(path, None), trace(result)))

            hooks.callback(part.register_forward_pre_hook(before, with_kwargs=True).remove)
            hooks.callback(part.register_forward_hook(after).remove)
        module(example)
    return tuple(calls)


def feature_layers(module: nn.Module, calls: Sequence[Call], output: Trace) -> tuple[str, ...]:
    """Return the paths of the layers worth comparing, in forward order, none of them equal to `output`.

    They are the network's repeated blocks (residual, inverted residual, dense, inception, transformer...), the stages
    that such blocks are gathered in, and outside these every module with a weight matrix or kernel of its own, read at
    its output. The calls of a module that runs several times are "<path>#1", "<path>#2".
    """
    units = _blocks(module)
    times, turns = Counter(call.path for call in calls), Counter[str]()
    wanted = units | {path for path, part in module.named_modules() if _is_matrix(part) and not _within(path, units)}
    names = []
    for call in calls:
        turns[call.path] += 1
        is_feature = call.output is not None and call.output.is_feature() and not call.output.same_as(output)
        if call.path in wanted and is_feature:
            names.append(call.path if times[call.path] == 1 else f"{call.path}#{turns[call.path]}")
    return tuple(names)


def head_input(module: nn.Module, calls: Sequence[Call]) -> str:
    """Return the path of the head, whose input is the encoder's output.

    It is the linear layer that yields the model's output, else the last child of the module that holds weights.
    """
    final = calls[-1].output
    for call in reversed(calls[:-1]):
        linear = isinstance(module.get_submodule(call.path), nn.Linear)
        if linear and final is not None and call.output is not None and call.output.same_as(final):
            return call.path
    children = {path for path, child in module.named_children() if any(True for _ in child.parameters())}
    return next(call.path for call in reversed(calls) if call.path in children)


def _is_matrix(part: nn.Module) -> bool:
    """Tell whether a module without children has a weight that is more than a vector, parametrised or not."""
    if parametrize.is_parametrized(part):
        inner = [child for name, child in part.named_children() if name != "parametrizations"]
        return not inner and any(p.ndim >= 2 for p in part.parameters())
    return not any(True for _ in part.children()) and any(p.ndim >= 2 for p in part.parameters(recurse=False))


def _kind(part: nn.Module) -> type:
    """Return a module's class; a parametrised one has a class of its own, which hides what it was."""
    return parametrize.type_before_parametrizations(part)


def _is_container(part: nn.Module) -> bool:
    """Tell whether a module only holds others: one after another, or (the two classes themselves) to be picked from."""
    return isinstance(part, nn.Sequential) or type(part) in (
        nn.ModuleList,
        nn.ModuleDict,
        parametrize.ParametrizationList,
    )


def _within(path: str, parents: set[str]) -> bool:
    pieces = path.split(".")
    return any(".".join(pieces[:depth]) in parents for depth in range(1, len(pieces)))


def _blocks(module: nn.Module) -> set[str]:
    """Return the paths of the outermost modules of several weights whose class is used repeatedly, and of their kin.

    Kin are modules of several weights beside such a block: inception_v3 uses some of its blocks' classes only once.
    Where such a module is a stage, one that holds a row of blocks itself, these are taken too.
    """
    parts = {path: part for path, part in module.named_modules() if path and not _is_container(part)}
    deep = {_kind(part) for part in parts.values() if sum(map(_is_matrix, part.modules())) > 1}
    parts = {path: part for path, part in parts.items() if _kind(part) in deep}
    times = Counter(_kind(part) for part in parts.values())
    blocks: set[str] = set()
    for path, part in parts.items():  # parents come before their children
        if times[_kind(part)] > 1 and not _within(path, blocks):
            blocks.add(path)
    homes = {path.rpartition(".")[0] for path in blocks}
    inner = {".".join(path.split(".")[:depth]) for path in blocks for depth in range(1, path.count(".") + 1)}
    kin = {path for path in parts if path.rpartition(".")[0] in homes and path not in inner}
    outer = blocks | {path for path in kin if not _within(path, blocks)}
    return outer | {
        f"{path}.{row}" for path in outer for row in _rows(module.get_submodule(path)) if f"{path}.{row}" in parts
    }


def _rows(stage: nn.Module) -> list[str]:
    """Return the paths, within `stage`, of the members of those of its containers that hold a class of several weights.

    A stage is told by a container with one such class: a list of branches or of projections is none.
    """
    found = []
    for name, child in stage.named_children():
        if not _is_container(child):
            continue
        members = {path: part for path, part in child.named_children() if sum(map(_is_matrix, part.modules())) > 1}
        if len(members) == len(list(child.children())) and len({_kind(part) for part in members.values()}) == 1:
            found += [f"{name}.{path}" for path in members]
    return found
