"""Every model of timm, its weights from the hub's or torch's cache on this machine: nothing is downloaded."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from torch import nn

from depara_core.errors import ModelError
from depara_core.zoo.library import (
    RANDOM,
    SEED,
    LibraryModel,
    of_sequence,
    require,
    resized_and_cut,
    split_id,
    with_options,
    with_output,
)
from depara_core.zoo.module import IMAGENET_MEAN, IMAGENET_STD
from depara_core.zoo.spec import ModelSpec


def specs() -> Sequence[ModelSpec]:
    """Return one spec a set of pretrained weights; none is built."""
    return [spec(name) for name in names()]


@cache
def names() -> tuple[str, ...]:
    """Return the names of all pretrained models, "<architecture>.<tag>"."""
    return tuple(require("timm", "timm").list_models(pretrained=True))


def architectures() -> list[str]:
    """Return the names of all architectures."""
    return list(require("timm", "timm").list_models())


@cache
def spec(name: str) -> ModelSpec:
    """Return the spec of "<architecture>[.<tag>][@none][?tokens=...]"."""
    timm = require("timm", "timm")
    plain, options = split_id(name)
    wanted, _, weights = plain.partition("@")
    architecture = wanted.partition(".")[0]
    if not timm.is_model(architecture) or weights not in ("", RANDOM):
        near = get_close_matches(wanted, [*timm.list_models(), *names()], n=5, cutoff=0.5)
        raise ModelError(f"timm has no model {plain!r}. Did you mean: {', '.join(f'timm/{one}' for one in near)}?")
    if "." in wanted and wanted not in names():
        tags = [one for one in names() if one.partition(".")[0] == architecture]
        raise ModelError(f"timm has no weights {wanted!r}. It has: {', '.join(tags) or 'none'}.")
    config = timm.get_pretrained_cfg(wanted, allow_unregistered=True)
    random = weights == RANDOM
    tag = "" if config is None or not config.tag else f".{config.tag}"
    shown = f"{architecture}@{RANDOM}" if random else f"{architecture}{tag}"
    size = (224, 224) if config is None else config.input_size[1:]
    return LibraryModel(
        id=with_options(f"timm/{shown}", options),
        name=with_options(shown, options),
        group=_family(timm, architecture),
        summary=_summary(config, random),
        input_size=max(size),
        mean=IMAGENET_MEAN if config is None else tuple(config.mean),
        std=IMAGENET_STD if config is None else tuple(config.std),
        own_view=None if config is None else resized_and_cut(max(size), config.crop_pct, str(config.interpolation)),
        library="timm",
        build=partial(build, architecture if random else f"{architecture}{tag}", random, options.get("tokens")),
        tokens=options.get("tokens"),
    ).spec()


def _family(timm: Any, architecture: str) -> str:
    return str(timm.model_entrypoint(architecture).__module__.rpartition(".")[2])


def _summary(config: Any, random: bool) -> str:
    if random or config is None:
        return f"Random weights (seed {SEED}), never trained: a baseline."
    _, height, width = config.input_size
    return (
        f"timm's weights {config.tag or 'default'!r}, {height} x {width} pixels, licence {config.license or 'untold'}."
    )


def build(name: str, random: bool, tokens: str | None) -> nn.Module:
    """Return the model without its classifier; with `tokens`, it yields these of its last sequence."""
    timm = require("timm", "timm")
    overlay = None if random else {"file": str(weights_file(name)), "hf_hub_id": None, "url": ""}
    try:
        module: nn.Module = timm.create_model(
            name, pretrained=not random, num_classes=0, pretrained_cfg_overlay=overlay
        )
    except (RuntimeError, KeyError) as error:
        raise ModelError(f"The weights of timm/{name} do not fit the model: {str(error)[:300]}") from error
    if tokens is None:
        return module
    module.forward = module.forward_features  # type: ignore[method-assign, assignment]
    return with_output(module, of_sequence(tokens))


def count(name: str) -> int:
    """Return the encoder's parameters of "<architecture>[.<tag>][@none]", built without memory for weights."""
    architecture = name.partition("?")[0].partition("@")[0].partition(".")[0]
    with torch.device("meta"):
        module = require("timm", "timm").create_model(architecture, num_classes=0)
    return sum(one.numel() for one in module.parameters())


def weights_file(name: str) -> Path:
    """Return the file of a model's weights, in the hub's cache or in torch's, or say how to bring it here."""
    config = require("timm", "timm").get_pretrained_cfg(name)
    hub = require("huggingface_hub", "timm")
    if config.hf_hub_id:
        repository, _, revision = config.hf_hub_id.partition("@")
        for file in ("model.safetensors", "pytorch_model.bin"):
            found = hub.try_to_load_from_cache(repository, config.hf_hub_filename or file, revision=revision or None)
            if isinstance(found, str):
                return Path(found)
    if config.url:
        kept = Path(torch.hub.get_dir()) / "checkpoints" / PurePosixPath(config.url).name
        if kept.is_file():
            return kept
    bring = f"Run: hf download {config.hf_hub_id}" if config.hf_hub_id else f"Download {config.url}"
    raise ModelError(
        f"The weights of timm/{name} are not on this machine, and nothing is downloaded unasked. {bring} - or take "
        f"timm/{name.partition('.')[0]}@{RANDOM} (random weights), or your own file/<path>?arch=timm/{name}."
    )


def is_here(name: str) -> bool:
    """Tell whether a model's weights are on this machine."""
    try:
        return weights_file(name).is_file()
    except ModelError:
        return False
