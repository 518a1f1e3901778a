"""Any `torch.nn.Module` as a model: a frozen copy, and its layers found by a dry run."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import torch
from torch import nn

from depara_core.errors import ModelError, OptionError
from depara_core.zoo.digest import module_digest
from depara_core.zoo.downloads import Progress
from depara_core.zoo.spec import OUTPUT, ModelSpec, Network
from depara_core.zoo.tracing import BATCH, Call, Trace, feature_layers, run

Triple = tuple[float, float, float]
IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


def model_from_module(
    module: nn.Module,
    *,
    name: str,
    input_size: int = 224,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    layers: Sequence[str] | None = None,
    output: str | None = None,
) -> ModelSpec:
    """Return the spec of your own module, which is copied as it is now and never changed.

    It reads RGB images (B, 3, input_size, input_size), normalised by `mean` and `std`. `layers` are dotted module
    paths (None: its repeated blocks and other weighted layers, then "output"); `output` is the path of the module
    whose output is the encoder's (None: the module's own output; of a tuple or dict, the first tensor).
    """
    if not isinstance(module, nn.Module):
        raise ModelError(f"Expected a torch.nn.Module; {type(module).__name__} came.")
    if not isinstance(name, str) or not name.strip():
        raise OptionError(f"Expected a name for the module; {name!r} came.")
    if isinstance(input_size, bool) or not isinstance(input_size, int) or input_size < 1:
        raise OptionError(f"Expected input_size as a whole number of pixels >= 1; {input_size!r} came.")
    if isinstance(layers, str):
        raise OptionError(f"Expected layers as a list of module paths; the text {layers!r} came. Write [{layers!r}].")
    means, deviations = _triple("mean", mean), _triple("std", std)
    if min(deviations) <= 0:
        raise OptionError(f"Expected std > 0 for each of the three channels; {tuple(std)} came.")
    listed = None if layers is None else tuple(dict.fromkeys(layers))
    frozen = _Frozen(_frozen_copy(module, name), name, input_size, means, deviations, listed, output)
    parameters = sum(parameter.numel() for parameter in frozen.module.parameters())
    return ModelSpec(
        id=f"module/{name}",
        name=name,
        source="module",
        group=type(module).__name__,
        summary=f"Your module of class {type(module).__name__}, {parameters / 1e6:.1f} M parameters.",
        input_size=input_size,
        mean=means,
        std=deviations,
        bundled=False,
        _layers=lambda: frozen.layers,
        _open=frozen.open,
    )


def _triple(what: str, values: Sequence[float]) -> Triple:
    try:
        red, green, blue = (float(value) for value in values)
    except (TypeError, ValueError):
        raise OptionError(f"Expected {what} as three numbers, one a channel; {values!r} came.") from None
    return red, green, blue


def _frozen_copy(module: nn.Module, name: str) -> nn.Module:
    try:
        twin = copy.deepcopy(module)
    except Exception as error:
        raise ModelError(
            f"{name!r} cannot be copied ({error}); it must be, so that your module stays as it is."
        ) from error
    return twin.cpu().float().eval().requires_grad_(False)


@dataclass(frozen=True, eq=False)
class _Frozen:
    """The copy of a user's module and what a dry run tells about it."""

    module: nn.Module
    name: str
    input_size: int
    mean: Triple
    std: Triple
    listed: tuple[str, ...] | None
    output: str | None

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """Return the layer names: the listed ones, checked, or those that the dry run finds, then "output"."""
        calls = self._run()
        output = self._check(calls, self.output or "")
        if self.listed is None:
            return (*feature_layers(self.module, calls, output), OUTPUT)
        for layer in self.listed:
            if layer != OUTPUT:
                self._check(calls, layer)
        return self.listed

    @cached_property
    def digest(self) -> str:
        return module_digest(self.module, self.input_size, self.mean, self.std, self.output)

    def open(self, progress: Progress | None = None) -> Network:
        """Return a network of its own, so that two users of the spec cannot meet in one module."""
        del progress  # nothing is downloaded
        taps = {layer: (layer, "output") for layer in self.layers} | {OUTPUT: (self.output or "", "output")}
        return Network(copy.deepcopy(self.module), taps, self.digest)

    def _run(self) -> tuple[Call, ...]:
        example = torch.zeros(BATCH, 3, self.input_size, self.input_size)
        try:
            return run(self.module, example)
        except Exception as error:
            raise ModelError(
                f"{self.name!r} cannot take its input: float32 RGB images of shape {tuple(example.shape)} were given, "
                f"and the module says: {error} Give the input_size that it expects, or wrap it so that it takes "
                "(B, 3, S, S)."
            ) from error

    def _check(self, calls: Sequence[Call], path: str) -> Trace:
        """Return what the module at `path` yields, or say why it cannot be a layer."""
        known = dict(self.module.named_modules(remove_duplicate=False))
        if path not in known:
            near = get_close_matches(path, known, n=5, cutoff=0.4) or [key for key in known if key][:8]
            raise ModelError(f"Layer {path!r} does not exist in {self.name!r}. Did you mean: {', '.join(near)}?")
        names = {key for key, part in known.items() if part is known[path]}  # a shared module has several
        own = [call for call in calls if call.path in names]
        what = f"Layer {path!r} of {self.name!r}" if path else f"The output of {self.name!r}"
        if len(own) != 1:
            raise ModelError(
                f"{what} should be computed once in a forward pass; it is computed {len(own)} times. Choose another."
            )
        trace = own[0].output
        if trace is None:
            kind = type(own[0].result).__name__
            raise ModelError(f"{what} should be a tensor, or a tuple or dict that holds one; it is a {kind}.")
        if not trace.is_feature():
            raise ModelError(
                f"{what} should be a float tensor with one row an image, ({BATCH}, ...); "
                f"it is {trace.tensor.dtype} {tuple(trace.tensor.shape)}."
            )
        return trace
