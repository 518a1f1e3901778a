"""Visual towers of open_clip, weights from the caches on this machine: nothing is downloaded."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from torch import nn

from depara_core.errors import ModelError
from depara_core.zoo.library import RANDOM, LibraryModel, require
from depara_core.zoo.spec import ModelSpec, View

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def specs() -> Sequence[ModelSpec]:
    """Return one spec a pretrained pair of architecture and weights; none is built."""
    return [spec(f"{architecture}@{tag}") for architecture, tag in require("open_clip", "openclip").list_pretrained()]


@cache
def spec(name: str) -> ModelSpec:
    """Return the spec of "<architecture>@<pretrained>", "@none" for random weights."""
    clip = require("open_clip", "openclip")
    architecture, _, tag = name.partition("@")
    config = clip.get_model_config(architecture)
    if config is None:
        near = get_close_matches(architecture, clip.list_models(), n=5, cutoff=0.4)
        raise ModelError(f"open_clip has no model {architecture!r}. Did you mean: {', '.join(near)}?")
    tags = clip.list_pretrained_tags_by_model(architecture)
    if tag not in (*tags, RANDOM):
        raise ModelError(f"{architecture} has no weights {tag!r}. Expected one of: {', '.join([*tags, RANDOM])}.")
    told = {} if tag == RANDOM else clip.get_pretrained_cfg(architecture, tag)
    size = config["vision_cfg"].get("image_size", 224)
    side = size if isinstance(size, int) else max(size)
    return LibraryModel(
        id=f"openclip/{architecture}@{tag}",
        name=name,
        group="open_clip",
        summary=f"The visual tower of {architecture}, weights {tag!r}; output: the image's embedding, not normalised.",
        input_size=side,
        mean=tuple(told.get("mean") or CLIP_MEAN),
        std=tuple(told.get("std") or CLIP_STD),
        own_view=View(side, side, str(told.get("interpolation") or "bicubic")),
        library="open_clip_torch",
        build=partial(build, architecture, tag),
    ).spec()


def build(architecture: str, tag: str) -> nn.Module:
    """Return the visual tower."""
    clip = require("open_clip", "openclip")
    path = None if tag == RANDOM else weights_file(clip, architecture, tag)
    model = clip.create_model(architecture, pretrained=None, pretrained_text=False)
    if path is not None:
        try:
            clip.load_checkpoint(model, str(path))
        except Exception as error:
            raise ModelError(f"The weights {str(path)!r} do not fit {architecture}: {str(error)[:300]}") from error
    visual: nn.Module = model.visual
    return visual


def count(name: str) -> int:
    """Return the parameters of the visual tower of "<architecture>@<pretrained>", built without memory for weights."""
    clip = require("open_clip", "openclip")
    with torch.device("meta"):
        model = clip.create_model(name.partition("@")[0], pretrained=None, pretrained_text=False, device="meta")
    return sum(one.numel() for one in model.visual.parameters())


def weights_file(clip: Any, architecture: str, tag: str) -> Path:
    """Return the file of the weights, or say how to bring it here."""
    told = clip.get_pretrained_cfg(architecture, tag)
    repository = str(told.get("hf_hub") or "").rstrip("/")
    if repository:
        hub = require("huggingface_hub", "openclip")
        for file in (
            "open_clip_model.safetensors",
            "open_clip_pytorch_model.safetensors",
            "open_clip_pytorch_model.bin",
        ):
            found = hub.try_to_load_from_cache(repository, file)
            if isinstance(found, str):
                return Path(found)
    if told.get("url"):
        kept = Path.home() / ".cache" / "clip" / PurePosixPath(told["url"]).name
        if kept.is_file():
            return kept
    bring = f"Run: hf download {repository}" if repository else f"Download {told.get('url')} to ~/.cache/clip"
    raise ModelError(
        f"The weights of openclip/{architecture}@{tag} are not on this machine, and nothing is downloaded unasked. "
        f"{bring} - or take openclip/{architecture}@{RANDOM} (random weights)."
    )
