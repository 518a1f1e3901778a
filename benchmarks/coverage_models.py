"""Which models stand for the families of the libraries: the smallest of each, with random weights."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import open_clip
import timm
import torch
import transformers
from huggingface_hub.utils import disable_progress_bars
from torchvision import models as torchvision_models

SMALL = (  # parts of names of small variants, the smallest first
    *(r"^test_", "zepto", "atto", "femto", "pico", "nano", "xxs", "xx_small", "xxtiny", "micro", "mini"),
    *(
        "_xs",
        "x_small",
        "tiny",
        r"_t\d?\b",
        r"_?b0\b",
        r"[_-]?0\b",
        r"s0\b",
        r"\D18\b",
        r"_s\b",
        "small",
        r"\D26\b",
        "lite",
    ),
)
TRIED = 4  # variants of a family whose parameters are counted
COMMON = 25.6e6 * 224**2  # parameters times pixels of a ResNet-50
MOST = 12 * COMMON
SIZED = {"image_size": 64, "patch_size": 16}
SMALLEST = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
STAGES = {"depths": [1, 1, 1, 1], "hidden_sizes": [8, 16, 16, 32]}
TRANSFORMERS: Mapping[str, Mapping[str, object]] = {  # architecture -> what its configuration is made small by
    "ViT": {**SMALLEST, **SIZED},
    "DeiT": {**SMALLEST, **SIZED},
    "Beit": {**SMALLEST, **SIZED},
    "Dinov2": {**SMALLEST, **SIZED},
    "Dinov2WithRegisters": {**SMALLEST, **SIZED},
    "SiglipVision": {**SMALLEST, **SIZED},
    "CLIPVision": {**SMALLEST, **SIZED},
    "ViTMAE": {**SMALLEST, **SIZED},
    "Swin": {"image_size": 64, "embed_dim": 16, "depths": [1, 1], "num_heads": [1, 2], "window_size": 4},
    "Swinv2": {"image_size": 64, "embed_dim": 16, "depths": [1, 1], "num_heads": [1, 2], "window_size": 4},
    "ConvNext": {**STAGES, "image_size": 64},
    "ConvNextV2": {**STAGES, "image_size": 64},
    "ResNet": {**STAGES, "embedding_size": 8},
    "RegNet": {**STAGES, "embedding_size": 8, "groups_width": 8},
    "Segformer": {**STAGES, "num_attention_heads": [1, 1, 1, 1], "image_size": 64},
    "Pvt": {**STAGES, "num_attention_heads": [1, 1, 1, 1], "image_size": 64},
}
TOWERS = ("ViT-S-32", "RN50", "convnext_tiny")


def families(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield (library, family, id, why not): torchvision's classifiers, timm's modules, transformers' classes, towers.

    Where the smallest model of a family is more than `MOST`, the last says so; else it is empty. Models of transformers
    are written to `folder` first, as their ids name a place.
    """
    for family, name in _torchvision():
        yield "torchvision", family, f"torchvision/{name}@none", ""
    for kind in TRANSFORMERS:
        yield "transformers", kind, f"hf/{_saved(kind, folder)}", ""
    for tower in TOWERS:
        if tower in open_clip.list_models():
            yield "open_clip", tower, f"openclip/{tower}@none", ""
    for module in timm.list_modules():
        names = timm.list_models(module=module)
        if names:
            name, parameters, cost = _smallest(names)
            size = f"{parameters / 1e6:.0f} million parameters"
            told = f"the smallest one, {size}, takes {cost / COMMON:.0f} times what a ResNet-50 does"
            yield "timm", module, f"timm/{name}@none", told if cost > MOST else ""


def _torchvision() -> list[tuple[str, str]]:
    """Return the model with the fewest parameters of every family of classifiers."""
    least: dict[str, tuple[int, str]] = {}
    for name in torchvision_models.list_models(module=torchvision_models):
        family = torchvision_models.get_model_builder(name).__module__.rpartition(".")[2]
        count = next(iter(torchvision_models.get_model_weights(name))).meta["num_params"]
        least[family] = min(least.get(family, (count, name)), (count, name))
    return [(family, name) for family, (_, name) in sorted(least.items())]


def _smallest(names: list[str]) -> tuple[str, int, float]:
    """Return the least costly of the variants named like small ones, its parameters, and these times its pixels."""

    def rank(name: str) -> tuple[int, int]:
        found = [place for place, sign in enumerate(SMALL) if re.search(sign, name)]
        return (min(found, default=len(SMALL)), len(name))

    def cost(name: str) -> tuple[float, int]:
        size = timm.get_pretrained_cfg(name, allow_unregistered=True)
        try:
            with torch.device("meta"):
                module = timm.create_model(name, num_classes=0)
        except (RuntimeError, NotImplementedError, AttributeError, TypeError, ValueError):
            return float("inf"), 0  # it needs numbers while it is built
        parameters = sum(p.numel() for p in module.parameters())
        return float(parameters) * (size.input_size[-1] ** 2 if size else 224**2), parameters

    costs = {name: cost(name) for name in sorted(names, key=rank)[:TRIED]}
    best = min(costs, key=lambda name: costs[name])
    pixels, parameters = costs[best]
    return best, parameters, pixels if pixels < float("inf") else 0.0


def _saved(kind: str, folder: Path) -> Path:
    """Write a small model of a class to a folder of its own and return it."""
    place = folder / kind
    disable_progress_bars()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if not (place / "config.json").exists():
        torch.manual_seed(0)
        config = getattr(transformers, f"{kind}Config")(**TRANSFORMERS[kind])
        getattr(transformers, f"{kind}Model")(config).eval().save_pretrained(place)
    return place
