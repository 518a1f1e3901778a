"""Reading a network's layers: what touches the model is registered on enter and put back on exit."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from depara_core.errors import ModelError
from depara_core.zoo.spec import OUTPUT, Network
from depara_core.zoo.tokens import select_tokens, told_tokens
from depara_core.zoo.tracing import first_tensor, tensor_name, told_kind


@contextmanager
def at_rest(module: nn.Module) -> Iterator[None]:
    """Hold `module` in evaluation mode, its parameters frozen and its in-place operations off, then put all back."""
    modes = [(m, m.training) for m in module.modules()]
    grads = [(p, p.requires_grad) for p in module.parameters()]
    parts: list[Any] = list(module.modules())
    inplace = [(part, part.inplace) for part in parts if isinstance(getattr(part, "inplace", None), bool)]
    try:
        module.eval()
        for parameter, _ in grads:
            parameter.requires_grad_(False)
        for part, _ in inplace:
            part.inplace = False
        yield
    finally:
        for part, training in modes:
            part.training = training
        for parameter, required in grads:
            parameter.requires_grad_(required)
        for part, was in inplace:
            part.inplace = was


class _Enough(BaseException):
    """All wanted layers were read: what the forward would still do is not needed. No model catches it by mistake."""


class Capture:
    """Runs a network's forward passes and reads its layers; `features` is what the last one read."""

    def __init__(self, network: Network) -> None:
        self.network, self.module = network, network.module
        self.features: dict[str, Tensor] = {}  # layer -> feature, in the order of their (last) calls
        self.taken: dict[str, str] = {}  # layer -> which tensor it is, where its module yields several things
        self.calls = 0
        self.turns: Counter[str] = Counter()  # calls of each layer's module in this forward
        self.enough: int | None = None  # calls of wanted layers in one forward, known after the first

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Run the network on x (B, 3, S, S), from the second time on only as far as its last wanted layer."""
        self.features.clear()
        self.calls = 0
        self.turns.clear()
        try:
            self.module(x)
        except _Enough:
            return self.features
        self.enough = self.calls
        return self.features

    def keep(self, layer: str, value: object, wanted: int | None, name: str) -> None:
        """Note what a layer's module yields, in its call number `wanted` or (None) in the last, under a name for it."""
        self.calls += 1
        self.turns[layer] += 1
        if wanted in (None, self.turns[layer]):
            self.taken[layer] = ", ".join(part for part in (self._note(layer, value), name) if part)
        if self.calls == self.enough:
            raise _Enough

    def _note(self, layer: str, value: object) -> str:
        """Keep the feature; return which tokens of a sequence it is."""
        tensor = first_tensor(value)
        if tensor is None:
            raise ModelError(f"Layer {layer!r} should yield a tensor; it yields a {told_kind(value)}. Pick another.")
        chosen = "all" if layer == OUTPUT else self.network.tokens
        self.features.pop(layer, None)
        self.features[layer] = select_tokens(tensor, chosen, self.network.prefix).clone()
        return told_tokens(tensor, chosen, self.network.prefix)


@contextmanager
def captured(network: Network, layers: Sequence[str]) -> Iterator[Capture]:
    """Yield a `Capture` whose forward passes read `layers`, each feature still attached to the input's gradient.

    The features are clones, so an in-place operation after the layer cannot overwrite them. Of a module that is called
    several times in one forward, the last call is read; of a module that returns several tensors, the first.
    """
    capture = Capture(network)
    with ExitStack() as hooks:
        for layer in layers:
            hooks.callback(_hooked(capture, network, layer).remove)
        yield capture


def _hooked(capture: Capture, network: Network, layer: str) -> RemovableHandle:
    """Register the hook that hands what a layer yields to `capture`."""
    (module, side), call = network.tap(layer), network.call(layer)

    def read_input(_: nn.Module, args: tuple, kwargs: dict) -> None:
        capture.keep(layer, (args, kwargs), call, "")

    def read_output(_: nn.Module, __: tuple, output: object) -> None:
        capture.keep(layer, output, call, tensor_name(output))

    if side == "input":  # first of all hooks: what comes into the module, before any rule touches it
        return module.register_forward_pre_hook(read_input, prepend=True, with_kwargs=True)
    return module.register_forward_hook(read_output)


@contextmanager
def watched(module: nn.Module, paths: Iterable[str]) -> Iterator[dict[tuple[str, int], Tensor]]:
    """Yield what the modules at `paths` put out in a forward: (path, number of the call from 1) -> its first tensor.

    The tensors are the network's own, in the order of the calls: gradients can be taken at them. Clear it between two
    forwards.
    """
    seen: dict[tuple[str, int], Tensor] = {}
    with ExitStack() as hooks:
        for path in paths:

            def note(_: nn.Module, __: tuple, output: object, path: str = path) -> None:
                tensor = first_tensor(output)
                if tensor is not None:
                    seen[path, 1 + sum(known == path for known, _ in seen)] = tensor

            hooks.callback(module.get_submodule(path).register_forward_hook(note).remove)
        yield seen


def check_captured(seen: dict[str, Tensor], layers: Sequence[str], count: int) -> None:
    """Refuse layers that the forward did not reach, or whose first axis is not the batch of `count` images."""
    for layer in layers:
        if layer not in seen:
            raise ModelError(f"Layer {layer!r} exists, but the model's forward pass never calls it. Pick another one.")
        shape = tuple(seen[layer].shape)
        if len(shape) == 0 or shape[0] != count or 0 in shape:
            raise ModelError(
                f"Layer {layer!r} should yield one feature per image, {count} of them; its output has shape {shape}. "
                "Pick a layer whose first axis is the batch."
            )
