"""Any `torch.nn.Module` as a model: a frozen copy, and its layers found by a dry run."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import torch
from torch import nn

from depara_core.errors import ModelError, OptionError
from depara_core.files import Progress
from depara_core.zoo.adapters import adapt, adapters_for
from depara_core.zoo.behaviour import example_images, fingerprint
from depara_core.zoo.copies import sharing, snapshot, unwrapped
from depara_core.zoo.digest import module_digest
from depara_core.zoo.refusals import failed_run, is_detection, refuse_unusable
from depara_core.zoo.spec import OUTPUT, Identity, ModelSpec, Network, split_call
from depara_core.zoo.tracing import BATCH, Call, Trace, feature_layers, run, told_kind

Triple = tuple[float, float, float]
IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


def model_from_module(
    module: nn.Module,
    *,
    name: str,
    input_size: int | tuple[int, int] = 224,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    layers: Sequence[str] | None = None,
    output: str | None = None,
) -> ModelSpec:
    """Return the spec of your own module, which is copied as it is now and never changed.

    torch.compile, DataParallel and DistributedDataParallel are looked through. A module whose first convolution reads
    one channel gets the luminance; the summary says so.

    Parameters
    ----------
    module
        Reads RGB images (B, 3, S, S), normalised by `mean` and `std`, and yields one feature an image.
    name
        The id is "module/<name>".
    input_size
        Height and width in pixels; a pair (height, width) of unequal sides squeezes the square image, and says so.
    mean, std
        Of the RGB input in [0, 1], three numbers each (default: ImageNet's).
    layers
        Dotted module paths; "<path>#2" is the second call of a module that runs several times. None: the repeated
        blocks and other weighted layers, then "output".
    output
        Path of the module whose output is the encoder's. None: the module's own; of a tuple or dict, the first tensor.

    Returns
    -------
    ModelSpec
        The model, of the source "module".

    Raises
    ------
    ModelError
        The module cannot be copied, or is of a kind that has no gradients (TorchScript, quantised, lazy, meta). A
        forward that fails, is random, or depends on the rest of the batch is refused when the model is opened.
    """
    if not isinstance(module, nn.Module):
        raise ModelError(f"Expected a torch.nn.Module; {type(module).__name__} came.")
    if not isinstance(name, str) or not name.strip():
        raise OptionError(f"Expected a name for the module; {name!r} came.")
    height, width = _sides(input_size)
    if isinstance(layers, str):
        raise OptionError(f"Expected layers as a list of module paths; the text {layers!r} came. Write [{layers!r}].")
    means, deviations = _triple("mean", mean), _triple("std", std)
    if min(deviations) <= 0:
        raise OptionError(f"Expected std > 0 for each of the three channels; {tuple(std)} came.")
    module = unwrapped(module)
    refuse_unusable(module, name)
    twin = snapshot(module, name)
    adapters = adapters_for(twin, height, width)
    adapt(twin, adapters)
    listed = None if layers is None else tuple(dict.fromkeys(layers))
    frozen = FrozenModule(twin, name, max(height, width), means, deviations, listed, output)
    parameters = sum(parameter.numel() for parameter in twin.parameters())
    notes = "".join(f" Note: {adapter}." for adapter in adapters)
    return ModelSpec(
        id=f"module/{name}",
        name=name,
        source="module",
        group=type(module).__name__,
        summary=f"Your module of class {type(module).__name__}, {parameters / 1e6:.1f} M parameters.{notes}",
        input_size=frozen.input_size,
        mean=means,
        std=deviations,
        bundled=False,
        _layers=lambda: frozen.layers,
        _open=frozen.open,
        _identity=frozen.identity,
    )


def _sides(input_size: object) -> tuple[int, int]:
    sides = input_size if isinstance(input_size, tuple) else (input_size, input_size)
    if len(sides) != 2 or any(isinstance(side, bool) or not isinstance(side, int) or side < 1 for side in sides):
        raise OptionError(
            f"Expected input_size as a whole number of pixels >= 1, or a pair (height, width); {input_size!r} came."
        )
    return sides[0], sides[1]


def _triple(what: str, values: Sequence[float]) -> Triple:
    try:
        red, green, blue = (float(value) for value in values)
    except (TypeError, ValueError):
        raise OptionError(f"Expected {what} as three numbers, one a channel; {values!r} came.") from None
    return red, green, blue


@dataclass(frozen=True, eq=False)
class FrozenModule:
    """A module of this library's own (frozen, in evaluation mode) and what a dry run tells about it."""

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
        """Sha256 (hex) of weights, structure, code and behaviour; it takes a forward and a backward of two images."""
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (self.mean, self.std))
        try:
            behaviour = fingerprint(self.module, (example_images(self.input_size) - mean) / std)
        except ModelError as error:
            raise ModelError(f"{self.name!r}: {error}") from None
        return module_digest(self.module, self.input_size, self.mean, self.std, self.output, behaviour)

    def identity(self) -> Identity:
        """Return where the layers are read, and the digest."""
        taps = {layer: (layer, "output") for layer in self.layers} | {OUTPUT: (self.output or "", "output")}
        return Identity(taps, self.digest)

    def open(self, progress: Progress | None = None) -> Network:
        """Return a network of its own, which shares the weights: two users never meet in one module."""
        del progress  # nothing is downloaded
        identity = self.identity()
        return Network(sharing(self.module, self.name), identity.taps, identity.digest)

    def _run(self) -> tuple[Call, ...]:
        example = torch.zeros(BATCH, 3, self.input_size, self.input_size)
        try:
            return run(self.module, example)
        except Exception as error:
            raise failed_run(self.module, self.name, tuple(example.shape), error) from error

    def _check(self, calls: Sequence[Call], layer: str) -> Trace:
        """Return what `layer`, a module path or one call of it, yields, or say why it cannot be a layer."""
        path, number = split_call(layer)
        known = dict(self.module.named_modules(remove_duplicate=False))
        if path not in known:
            near = get_close_matches(path, known, n=5, cutoff=0.4) or [key for key in known if key][:8]
            raise ModelError(f"Layer {path!r} does not exist in {self.name!r}. Did you mean: {', '.join(near)}?")
        names = {key for key, part in known.items() if part is known[path]}  # a shared module has several
        own = [call for call in calls if call.path in names]
        what = f"Layer {layer!r} of {self.name!r}" if path else f"The output of {self.name!r}"
        if number is not None and 1 <= number <= len(own):
            own = [own[number - 1]]
        if len(own) != 1:
            choose = f"Choose one of its calls: {path}#1 to {path}#{len(own)}." if own else "Choose another."
            raise ModelError(
                f"{what} should be computed once in a forward pass; it is computed {len(own)} times. {choose}"
            )
        if path == "" and is_detection(own[0].result):
            raise ModelError(
                f"{self.name!r} is a detector: it yields boxes, not one feature an image. Give output= the path of its "
                "backbone, such as output='backbone'."
            )
        trace = own[0].output
        if trace is None:
            kind = told_kind(own[0].result)
            raise ModelError(f"{what} should be a tensor, or a tuple or dict that holds one; it is a {kind}.")
        if not trace.is_feature():
            raise ModelError(
                f"{what} should be a float tensor with one row an image, ({BATCH}, ...); "
                f"it is {trace.tensor.dtype} {tuple(trace.tensor.shape)}."
            )
        return trace
