"""Reading a network's layers: what touches the model is registered on enter and put back on exit."""

import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from depara_core.errors import ModelError
from depara_core.zoo.spec import Network
from depara_core.zoo.tracing import first_tensor

ACTIVATIONS = (nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softmax, nn.MaxPool2d)


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

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.features: dict[str, Tensor] = {}  # layer -> feature, in the order of their (last) calls
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

    def keep(self, layer: str, value: object, wanted: int | None) -> None:
        """Note what a layer's module yields, in its call number `wanted` or (None) in the last."""
        self.calls += 1
        self.turns[layer] += 1
        if wanted in (None, self.turns[layer]):
            self._note(layer, value)
        if self.calls == self.enough:
            raise _Enough

    def _note(self, layer: str, value: object) -> None:
        tensor = first_tensor(value)
        if tensor is None:
            raise ModelError(f"Layer {layer!r} should yield a tensor; it yields {type(value).__name__}. Pick another.")
        self.features.pop(layer, None)
        self.features[layer] = tensor.clone()


@contextmanager
def captured(network: Network, layers: Sequence[str]) -> Iterator[Capture]:
    """Yield a `Capture` whose forward passes read `layers`, each feature still attached to the input's gradient.

    The features are clones, so an in-place operation after the layer cannot overwrite them. Of a module that is called
    several times in one forward, the last call is read; of a module that returns several tensors, the first.
    """
    capture = Capture(network.module)
    with ExitStack() as hooks:
        for layer in layers:
            module, side = network.tap(layer)
            call = network.call(layer)
            if side == "input":  # first of all hooks: what comes into the module, before any rule touches it

                def read_input(
                    _: nn.Module, args: tuple, kwargs: dict, name: str = layer, call: int | None = call
                ) -> None:
                    capture.keep(name, (args, kwargs), call)

                handle = module.register_forward_pre_hook(read_input, prepend=True, with_kwargs=True)
            else:

                def read_output(
                    _: nn.Module, __: tuple, output: object, name: str = layer, call: int | None = call
                ) -> None:
                    capture.keep(name, output, call)

                handle = module.register_forward_hook(read_output)
            hooks.callback(handle.remove)
        yield capture


def check_captured(seen: dict[str, Tensor], layers: Sequence[str], count: int) -> None:
    """Refuse layers that the forward did not reach, or whose first axis is not the batch of `count` images."""
    for layer in layers:
        if layer not in seen:
            raise ModelError(f"Layer {layer!r} exists, but the model's forward pass never calls it. Pick another one.")
        shape = tuple(seen[layer].shape)
        if len(shape) == 0 or shape[0] != count:
            raise ModelError(
                f"Layer {layer!r} should yield one feature per image, {count} of them; its output has shape {shape}. "
                "Pick a layer whose first axis is the batch."
            )


class PerCall(nn.Module):
    """Stand in for an activation that a network calls several times: every call of one forward gets its own copy."""

    def __init__(self, activation: nn.Module, calls: int) -> None:
        super().__init__()
        self.copies = nn.ModuleList(copy.deepcopy(activation) for _ in range(calls))
        self.turn = 0

    def forward(self, x: Tensor) -> Tensor:
        """Apply the next copy; after the last one it is the first one's turn again."""
        part = self.copies[self.turn]
        self.turn = (self.turn + 1) % len(self.copies)
        return part(x)


def unshared(network: Network, x: Tensor) -> Network:
    """Copy `network` so that no activation module is called twice in a forward of `x` (B, 3, S, S).

    DeepLIFT keeps one input and one output for each activation module, so a ReLU used twice (torchvision's ResNets)
    would mix its calls up. The copy must compute what the original does, else a `ModelError` says so.
    """
    try:
        module = copy.deepcopy(network.module)
    except Exception as error:
        raise ModelError(f"This method works on a copy of the model, which cannot be copied: {error}") from error
    calls: Counter[nn.Module] = Counter()
    with ExitStack() as hooks, torch.no_grad():
        for part in module.modules():
            if isinstance(part, ACTIVATIONS):
                hooks.callback(part.register_forward_hook(lambda m, *_: calls.update([m])).remove)
        before = first_tensor(module(x))
    replacements = {part: PerCall(part, count) for part, count in calls.items() if count > 1}
    for parent in list(module.modules()):
        for name, child in list(parent._modules.items()):
            if child in replacements:
                setattr(parent, name, replacements[child])
    stand_ins = tuple(replacements.values())

    def first_turns(*_: object) -> None:  # a forward that broke off must not shift the next one's turns
        for stand_in in stand_ins:
            stand_in.turn = 0

    module.register_forward_pre_hook(first_turns)
    with torch.no_grad():
        after = first_tensor(module(x))
    if before is None or after is None or not torch.equal(before, after):
        raise ModelError(
            "This method needs every activation module to be called once in a forward pass; giving each call its own "
            "copy changed the model's output. Choose input_x_gradient, integrated_gradients or another gradient method."
        )
    return Network(module, network.taps, network.digest)
