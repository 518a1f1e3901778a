"""Models of transformers on pixels, from the hub's cache on this machine or a folder: nothing is downloaded."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from depara_core.errors import ModelError
from depara_core.zoo.library import (
    LibraryModel,
    local_file,
    require,
    require_code_allowed,
    split_id,
    with_options,
    with_output,
)
from depara_core.zoo.module import IMAGENET_MEAN, IMAGENET_STD, Triple
from depara_core.zoo.spec import ModelSpec, View
from depara_core.zoo.tokens import select_tokens

CONFIG, PROCESSOR = "config.json", "preprocessor_config.json"
FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}  # Pillow's numbers
FINE = 384  # pixels from which ConvNeXt's processor cuts nothing off


def specs() -> Sequence[ModelSpec]:
    """Return the models on pixels that lie in the hub's cache."""
    found = []
    for repository in _cached():
        try:
            found.append(spec(repository))
        except ModelError:  # a language model, or half a download
            continue
    return found


def _cached() -> list[str]:
    try:
        from huggingface_hub import scan_cache_dir
        from huggingface_hub.errors import CacheNotFound
    except ImportError:
        return []
    try:
        return sorted(one.repo_id for one in scan_cache_dir().repos if one.repo_type == "model")
    except CacheNotFound:
        return []


def spec(name: str) -> ModelSpec:
    """Return the spec of "<org>/<name>[@<revision>][?tokens=...]", or of a folder, as in "hf/./model"."""
    plain, options = split_id(name, ("tokens", "unsafe"))
    if options.get("unsafe") == "1":
        require_code_allowed()
    place, _, revision = plain.partition("@")
    folder = _folder(place, revision)
    config = _json(folder / CONFIG, place)
    vision = config.get("vision_config") or config
    kind = str(config.get("model_type", ""))
    told = _json(folder / PROCESSOR, str(folder)) if (folder / PROCESSOR).is_file() else {}
    size, mean, std = _view(told, vision)
    return LibraryModel(
        id=with_options(f"hf/{plain}", options),
        name=with_options(plain.rstrip("/").rpartition("/")[2], options),
        group=kind,
        summary=f"{(config.get('architectures') or [kind])[0]} of transformers, {size} x {size} pixels; output: "
        + ("its own pooling, else its last tokens." if "tokens" not in options else f"tokens={options['tokens']}."),
        input_size=size,
        mean=mean,
        std=std,
        own_view=_own_view(told),
        library="transformers",
        build=partial(build, folder, kind, options.get("tokens"), options.get("unsafe") == "1"),
        tokens=options.get("tokens"),
    ).spec()


def _folder(place: str, revision: str) -> Path:
    """Return where a model's files are."""
    if place.startswith(("/", ".", "~")):
        return local_file(f"{place.rstrip('/')}/{CONFIG}", "the folder of a model of transformers").parent
    hub = require("huggingface_hub", "hf")
    try:
        found = hub.try_to_load_from_cache(place, CONFIG, revision=revision or None)
    except Exception as error:
        raise ModelError(f"{place!r} is no name of the hub: expected '<organisation>/<name>'.") from error
    if not isinstance(found, str):
        at = f" --revision {revision}" if revision else ""
        raise ModelError(
            f"hf/{place} is not in the hub's cache on this machine, and nothing is downloaded unasked. "
            f"Run: hf download {place}{at} (a gated model asks for: hf auth login first), or give a folder."
        )
    return Path(found).parent


def _json(path: Path, what: str) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise ModelError(f"{what}: {path.name} cannot be read ({error}). Download the model again.") from error


def _own_view(told: dict[str, Any]) -> View | None:
    """Return what an image processor shows: resized, and its centre where it cuts one out; None: nothing is told."""
    size, crop, resample = (told.get(key) for key in ("size", "crop_size", "resample"))
    if size is None or resample not in FILTERS or not told.get("do_resize", True):
        return None
    side = int(max(size.values()) if isinstance(size, dict) else size)
    window = int(max(crop.values()) if isinstance(crop, dict) else crop or side)
    if "crop_pct" in told and side < FINE:  # ConvNeXt's: the side is that of the crop
        return View(int(side / told["crop_pct"]), side, FILTERS[resample])
    cuts = bool(told.get("do_center_crop")) and window < side
    return View(side, window if cuts else side, FILTERS[resample])


def _view(told: dict[str, Any], config: dict[str, Any]) -> tuple[int, Triple, Triple]:
    """Return input size, mean and standard deviation: the image processor's, else the config's size and ImageNet's."""
    side = config.get("image_size")
    for size in (told.get("crop_size"), told.get("size"), told.get("image_size")):
        if side is None and size is not None:
            side = max(size.values()) if isinstance(size, dict) else size
    side = max(side) if isinstance(side, list | tuple) else (side or 224)
    mean, std = (
        told.get(f"image_{what}") or default for what, default in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD))
    )
    return int(side), (mean[0], mean[1], mean[2]), (std[0], std[1], std[2])


def build(folder: Path, kind: str, tokens: str | None, unsafe: bool) -> nn.Module:
    """Return the model, or of one that reads text too its vision tower."""
    transformers = require("transformers", "hf")
    chosen = transformers.ViTModel if kind == "vit_mae" else transformers.AutoModel  # the encoder, without masking
    try:
        model = chosen.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False, use_safetensors=None if unsafe else True
        )
    except Exception as error:
        hint = "" if unsafe else " Weights are read from safetensors only; ?unsafe=1 also reads pickles (weights_only)."
        raise ModelError(
            f"{folder.name} cannot be opened by transformers: {str(error).splitlines()[0]}.{hint}"
        ) from error
    for tower in ("vision_model", "vision_tower", "visual"):
        if isinstance(getattr(model, tower, None), nn.Module):
            model = getattr(model, tower)
    inner = getattr(model, "backbone", None)
    if isinstance(inner, nn.Module):  # DETR and its kin
        model = next((getattr(inner, name) for name in ("model", "conv_encoder") if hasattr(inner, name)), inner)
        model = getattr(model, "model", model)
    if getattr(model, "main_input_name", "pixel_values") != "pixel_values":
        raise ModelError(f"{folder.name} reads {model.main_input_name}, not pixels. Expected a model on images.")
    return with_output(model, partial(_output, tokens))


def _output(tokens: str | None, result: Any, prefix: int) -> torch.Tensor:
    """Return the model's own pooling, else its last hidden state; with `tokens`, these of the last hidden state."""
    pooled = None if tokens else getattr(result, "pooler_output", None)
    if isinstance(pooled, torch.Tensor):
        return pooled.flatten(1)
    last = getattr(result, "last_hidden_state", None)
    if last is None:
        last = getattr(result, "feature_maps", result)
        last = last[-1] if isinstance(last, list | tuple) else last
    return select_tokens(last, tokens or "all", prefix)
