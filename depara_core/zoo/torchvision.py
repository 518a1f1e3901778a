"""Every classification model of torchvision, and the backbones of its segmentation and detection models."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from depara_core.errors import ModelError, OptionError
from depara_core.files import Progress
from depara_core.zoo.digest import module_digest
from depara_core.zoo.downloads import check_safe, fetch
from depara_core.zoo.library import LibraryModel, with_output
from depara_core.zoo.spec import OUTPUT, ModelSpec, Network, View
from depara_core.zoo.tracing import BATCH, feature_layers, head_input, run

RANDOM = "none"  # "<name>@none": random weights
SEED = 0


def _models() -> ModuleType:
    """Import torchvision's models late: that takes seconds, and the bundled zoo needs none of them."""
    from torchvision import models

    return models


@cache
def specs() -> tuple[ModelSpec, ...]:
    """Return one spec a model, with its default weights, without building any."""
    return tuple(spec(name) for name in architectures())


def download(name: str) -> tuple[str | None, float]:
    """Return where the weights of "<name>[@<weights>]" are on the web, and their megabytes; None for random ones."""
    architecture, _, wanted = name.partition("@")
    if wanted == RANDOM:
        return None, 0
    weights = _models().get_model_weights(architecture)[wanted or "DEFAULT"]
    return weights.url, weights.meta.get("_file_size", 0)


def spec(name: str) -> ModelSpec:
    """Return the spec of "<name>[@<weights>]"; `@none` has random weights, always the same ones."""
    architecture, _, wanted = name.partition("@")
    if architecture not in architectures():
        if architecture in _models().list_models(module=_models().video):
            raise ModelError(f"torchvision's {architecture} reads clips, not images, so it cannot be compared here.")
        if architecture in [*_dense("segmentation"), *_dense("detection")]:
            return _backbone_spec(architecture, wanted)
        raise ModelError(f"torchvision has no classification model named {architecture!r}.")
    choices = _models().get_model_weights(architecture)
    if wanted == RANDOM:
        weights = None
        view = min((choice.transforms() for choice in choices), key=lambda transforms: transforms.crop_size[0])
    elif (wanted or "DEFAULT") in choices.__members__:
        weights = choices[wanted or "DEFAULT"]
        view = weights.transforms()
    else:
        raise OptionError(
            f"{architecture} has no weights {wanted!r}. Expected one of: {', '.join([*choices.__members__, RANDOM])}."
        )
    label = RANDOM if weights is None else weights.name
    default = weights is not None and weights is choices["DEFAULT"]
    return ModelSpec(
        id=f"torchvision/{architecture}@{label}",
        name=architecture if default else f"{architecture}@{label}",
        source="torchvision",
        group=_models().get_model_builder(architecture).__module__.rpartition(".")[2],
        summary=_summary(weights, next(iter(choices)).meta["num_params"]),
        input_size=view.crop_size[0],
        mean=tuple(view.mean),
        std=tuple(view.std),
        bundled=False,
        own_view=View(max(view.resize_size[0], view.crop_size[0]), view.crop_size[0], view.interpolation.value),
        _layers=lambda: _layout(architecture)[0],
        _open=partial(_open, architecture, weights),
    )


def architectures() -> list[str]:
    """Return the names of all classification models."""
    return list(_models().list_models(module=_models()))


def count(name: str) -> int:
    """Return the parameters of "<architecture>[@<weights>]", its classifier's too, as torchvision tells them."""
    return int(next(iter(_models().get_model_weights(name.partition("@")[0]))).meta["num_params"])


def weights_of(architecture: str) -> list[str]:
    """Return what may follow the @ in a model's id: its default weights first, `none` last."""
    choices = _models().get_model_weights(architecture)
    return [*dict.fromkeys([choices["DEFAULT"].name, *(choice.name for choice in choices), RANDOM])]


def _summary(weights: Any, parameters: int) -> str:
    if weights is None:
        return f"Random weights (seed {SEED}), {parameters / 1e6:.1f} M parameters, never trained: a baseline."
    meta = weights.meta
    accuracy = meta["_metrics"].get("ImageNet-1K", {}).get("acc@1")
    return (
        f"ImageNet-1K classifier ({weights.name}), {parameters / 1e6:.1f} M parameters,"
        + (f" {accuracy:.1f} % top-1 accuracy," if accuracy else "")
        + f" {meta['_file_size']:.0f} MB."
    )


@cache
def _layout(name: str) -> tuple[tuple[str, ...], Mapping[str, tuple[str, str]]]:
    """Return a model's layer names in forward order and where to read them, from a run without any weights."""
    size = spec(f"{name}@{RANDOM}").input_size
    with _NoWeights():
        module = _models().get_model(name, weights=None, **_arguments(name)).eval()
    calls = run(module.to("meta"), torch.empty(BATCH, 3, size, size, device="meta"))
    head = head_input(module, calls)
    output = next(call.input for call in calls if call.path == head)
    if output is None:
        raise ModelError(f"The head of torchvision's {name}, {head!r}, reads no tensor.")
    encoder = [call for call in calls if not f"{call.path}.".startswith(f"{head}.")]
    names = feature_layers(module, encoder, output)
    taps = {layer: (layer, "output") for layer in names} | {OUTPUT: (head, "input")}
    return (*names, OUTPUT), MappingProxyType(taps)


class _NoWeights(TorchFunctionMode):
    """Give new parameters a shape but no memory; unlike the meta device, arithmetic on small tensors still works."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        return func(*args, **(kwargs | {"device": "meta"} if func is torch.empty else kwargs))


@cache
def _detectors_transform(name: str) -> Any:
    """Return what a detector does to images before its backbone: mean, deviation and sizes; nothing is read for it."""
    with torch.device("meta"):
        return _models().get_model(name, weights=None, weights_backbone=None).transform


def _dense(task: str) -> list[str]:
    return list(_models().list_models(module=getattr(_models(), task)))


def _backbone_spec(name: str, wanted: str) -> ModelSpec:
    """Return the spec of a segmentation or detection model: its backbone, which yields one feature an image.

    A detector resizes images by itself, by a filter that no other network uses, so it has no view of its own.
    """
    choices = _models().get_model_weights(name)
    if wanted not in ("", RANDOM, *choices.__members__):
        raise OptionError(
            f"{name} has no weights {wanted!r}. Expected one of: {', '.join([*choices.__members__, RANDOM])}."
        )
    weights = None if wanted == RANDOM else choices[wanted or "DEFAULT"]
    label = RANDOM if weights is None else weights.name
    own, told = None, "which resizes images by itself; here it sees what all networks see"
    if name in _dense("segmentation"):
        shown = (weights or choices["DEFAULT"]).transforms()
        mean, std = shown.mean, shown.std
        own, told = View(shown.resize_size[0], shown.resize_size[0], shown.interpolation.value), "for segmentation"
    else:
        inside = _detectors_transform(name)
        mean, std = inside.image_mean, inside.image_std
    return LibraryModel(
        id=f"torchvision/{name}@{label}",
        name=name if wanted == "" else f"{name}@{label}",
        group=_models().get_model_builder(name).__module__.rpartition(".")[2],
        summary=f"The backbone of torchvision's {name}, {told}; weights {label}; output: its last feature map.",
        input_size=224,
        mean=(mean[0], mean[1], mean[2]),
        std=(std[0], std[1], std[2]),
        own_view=own,
        library="torchvision",
        build=partial(_backbone, name, weights),
    ).spec()


def _backbone(name: str, weights: Any) -> nn.Module:
    if weights is not None:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        check_safe(fetch(weights.url, folder, f"use torchvision/{name}@{RANDOM} (random weights)"))
    extra = {} if weights is not None else {"weights_backbone": None}
    return with_output(_models().get_model(name, weights=weights, **extra).backbone, _last_map)


def _last_map(result: Any, _: int) -> torch.Tensor:
    """Return the feature map that the head reads: "out" of segmentation; the deepest level of a pyramid."""
    if isinstance(result, torch.Tensor):
        return result
    if "out" in result:
        return result["out"]
    return [value for key, value in result.items() if key not in ("aux", "pool")][-1]


def encoder(name: str) -> nn.Module:
    """Return an architecture with random weights whose head is taken off."""
    if name not in architectures():
        raise ModelError(f"torchvision has no classification model named {name!r}.")
    module: nn.Module = _models().get_model(name, weights=None, **_arguments(name))
    module.set_submodule(_layout(name)[1][OUTPUT][0], nn.Identity())
    return module.eval()


def _arguments(name: str) -> dict[str, bool]:
    """Return the builder's arguments for random weights: two models warn unless told to initialise themselves."""
    return {"init_weights": True} if name in ("googlenet", "inception_v3") else {}


def _open(name: str, weights: Any, progress: Progress | None) -> Network:
    """Build the model, its weights from the torch hub cache, the web, or the fixed seed."""
    if weights is not None:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        check_safe(fetch(weights.url, folder, f"use torchvision/{name}@{RANDOM} (random weights)", progress))
    arguments = _arguments(name) if weights is None else {}
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers go on as if nothing had happened
        torch.manual_seed(SEED)
        try:
            module: nn.Module = _models().get_model(name, weights=weights, **arguments)
        except (RuntimeError, KeyError) as error:
            raise ModelError(f"The weights {weights} do not fit the model {name!r}: {str(error)[:300]}") from error
    module.eval().requires_grad_(False)
    return Network(module, dict(_layout(name)[1]), module_digest(module, version("torchvision")))
