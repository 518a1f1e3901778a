"""Models of transformers on pixels, from the hub's cache on this machine or a folder: nothing is downloaded."""

import json
from collections.abc import Sequence
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from depara_core.errors import ModelError
from depara_core.files import require_regular
from depara_core.zoo.library import (
    LibraryModel,
    local_file,
    require,
    require_code_allowed,
    resized_and_cut,
    split_id,
    with_options,
    with_output,
)
from depara_core.zoo.module import IMAGENET_MEAN, IMAGENET_STD, Triple
from depara_core.zoo.spec import ModelSpec, View
from depara_core.zoo.tokens import select_tokens

CONFIG, PROCESSOR = "config.json", "preprocessor_config.json"
FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}  # Pillow's numbers
POOLER, POOLED = "pooler", "pooler_output"
MOST_LACKING = 0.05  # of a model's numbers may be missing in its file, beside a pooling that it never had
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
    held = sum(_held(folder).values())
    told = _json(folder / PROCESSOR, str(folder)) if (folder / PROCESSOR).is_file() else {}
    if "pretrained_cfg" in config:  # one of timm's, which transformers wraps
        size, mean, std, own = _of_timm(config["pretrained_cfg"])
    else:
        size, mean, std = _view(told, vision)
        own = _own_view(told)
    kind = kind or str(config.get("architecture", ""))
    return LibraryModel(
        id=with_options(f"hf/{plain}", options),
        name=with_options(plain.rstrip("/").rpartition("/")[2], options),
        group=kind,
        summary=f"{(config.get('architectures') or [kind])[0]} of transformers, {size} x {size} pixels"
        + (f", weights of {held / 1e6:.1f} M numbers" if held else "")
        + "; output: "
        + (
            "its own pooling, else its class token, else all tokens."
            if "tokens" not in options
            else f"tokens={options['tokens']}."
        ),
        input_size=size,
        mean=mean,
        std=std,
        own_view=own,
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


def _of_timm(told: dict[str, Any]) -> tuple[int, Triple, Triple, View | None]:
    """Return input size, mean, deviation and own view of one of timm's models, as its configuration tells them."""
    side, mean, std = max(told["input_size"][1:]), told.get("mean", IMAGENET_MEAN), told.get("std", IMAGENET_STD)
    own = resized_and_cut(side, told.get("crop_pct", 1), told.get("interpolation", "bicubic"))
    return side, (mean[0], mean[1], mean[2]), (std[0], std[1], std[2]), own


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
        model, report = chosen.from_pretrained(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=None if unsafe else True,
            output_loading_info=True,
        )
    except Exception as error:
        hint = "" if unsafe else " Weights are read from safetensors only; ?unsafe=1 also reads pickles (weights_only)."
        raise ModelError(
            f"{folder.name} cannot be opened by transformers: {str(error).splitlines()[0]}.{hint}"
        ) from error
    missing = [name for name in report["missing_keys"] if POOLER not in name]
    lacking = sum(one.numel() for name, one in model.named_parameters() if name in missing)
    if lacking > MOST_LACKING * sum(one.numel() for one in model.parameters()):
        raise ModelError(
            f"The weights in {folder.name} lack {len(missing)} tensors of the model that its configuration describes, "
            f"such as {missing[0]!r}: they would be random. Download the model again."
        )
    model = _tower(model)
    if getattr(model, "main_input_name", "pixel_values") != "pixel_values":
        raise ModelError(f"{folder.name} reads {model.main_input_name}, not pixels. Expected a model on images.")
    if any(POOLER in name for name in report["missing_keys"]):  # a classifier reads the class token, and has no pooling
        setattr(model, POOLER, None)
    return with_output(model, partial(_output, tokens))


def _tower(model: Any) -> nn.Module:
    """Return what of a model reads images: the vision tower of one that reads text too, the backbone of a detector."""
    for tower in ("vision_model", "vision_tower", "visual"):
        if isinstance(getattr(model, tower, None), nn.Module):
            model = getattr(model, tower)
    inner = getattr(model, "backbone", None)
    if isinstance(inner, nn.Module):  # DETR and its kin
        model = next((getattr(inner, name) for name in ("model", "conv_encoder") if hasattr(inner, name)), inner)
        model = getattr(model, "model", model)
    found: nn.Module = model
    return found


def count(name: str) -> int:
    """Return the encoder's parameters of a model, built from its configuration without memory for weights."""
    folder = _folder(*name.partition("?")[0].partition("@")[::2])
    transformers = require("transformers", "hf")
    config = transformers.AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        mae = config.model_type == "vit_mae"
        encoder = transformers.ViTConfig(**config.to_dict()) if mae else config
        model = _tower(transformers.AutoModel.from_config(encoder))
    pools = any(POOLER in tensor for tensor in _held(folder))
    return sum(one.numel() for place, one in model.named_parameters() if pools or POOLER not in place)


def _held(folder: Path) -> dict[str, int]:
    """Return how many numbers each tensor in a model's safetensors has, told by their heads; none where none are."""
    found: dict[str, int] = {}
    for file in folder.glob("*.safetensors"):
        try:
            require_regular(file)
            with safe_open(file, framework="pt") as held:
                found |= {name: prod(held.get_slice(name).get_shape()) for name in held.keys()}  # noqa: SIM118  no dict
        except (OSError, ValueError, SafetensorError):  # opening the model tells
            return {}
    return found


def _output(tokens: str | None, result: Any, prefix: int) -> torch.Tensor:
    """Return the model's own pooling, else its class token, else all; with `tokens`, these of the last hidden state."""
    pooled = None if tokens else getattr(result, POOLED, None)
    if isinstance(pooled, torch.Tensor):
        return pooled.flatten(1)
    last = getattr(result, "last_hidden_state", None)
    if last is None:
        last = getattr(result, "feature_maps", result)
        last = last[-1] if isinstance(last, list | tuple) else last
    first = "cls" if prefix and pooled is None and getattr(result, POOLED, last) is None else "all"
    return select_tokens(last, tokens or first, prefix)
