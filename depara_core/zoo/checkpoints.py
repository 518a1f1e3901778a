"""Weights of the user's own in a file: read as tensors alone, freed of prefixes, fitted to an architecture."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from depara_core.errors import ModelError
from depara_core.zoo.library import LibraryModel, local_file, split_id, with_options
from depara_core.zoo.module import IMAGENET_MEAN, IMAGENET_STD
from depara_core.zoo.spec import ModelSpec

SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".tar")
NESTED = ("state_dict_ema", "model_ema", "ema", "state_dict", "model_state_dict", "model", "module", "teacher", "net")
PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "encoder.", "net.", "student.", "teacher.", "ema_model.")
LEAST = 0.95  # of the architecture's own tensors that a file must hold
MOST_NAMED = 3  # architectures in a file's name that are tried, and tensors that are told by name
UNBUILDABLE = (RuntimeError, NotImplementedError, AttributeError, TypeError, ValueError)  # without memory for weights
GUESSES = (
    *("torchvision/resnet18", "torchvision/resnet34", "torchvision/resnet50", "torchvision/resnet101"),
    *("torchvision/vgg16", "torchvision/densenet121", "torchvision/mobilenet_v2", "torchvision/mobilenet_v3_large"),
    *("torchvision/efficientnet_b0", "torchvision/convnext_tiny", "torchvision/vit_b_16", "torchvision/swin_t"),
    *("timm/vit_tiny_patch16_224", "timm/vit_small_patch16_224", "timm/vit_base_patch16_224", "timm/convnext_tiny"),
    *("timm/swin_tiny_patch4_window7_224", "timm/efficientnet_b0", "timm/mobilenetv3_large_100", "timm/regnety_032"),
)


def specs() -> list[ModelSpec]:
    """Return nothing: files are named, not listed."""
    return []


def spec(name: str) -> ModelSpec:
    """Return the spec of "<path>[?arch=<source>/<name>]"; without `arch` the architecture is guessed, and said."""
    plain, options = split_id(name, ("arch", "tokens"))
    path = local_file(plain, f"a file of weights ({', '.join(SUFFIXES)})")
    weights = read_weights(path)
    arch = options.get("arch") or guess(weights, path.stem)
    said = "" if "arch" in options else f" Its architecture was guessed: {arch}."
    source, _, architecture = arch.partition("/")
    held = sum(value.numel() for value in weights.values())
    view = _view(source, architecture, arch)
    said += _fit(path, weights, _wanted(source, architecture), arch).told
    return LibraryModel(
        id=with_options(f"file/{plain}", options),
        name=path.stem,
        group=architecture,
        summary=f"Your weights {path.name} in {arch}, {held / 1e6:.1f} M numbers.{said}",
        input_size=view.input_size if view else 224,
        mean=view.mean if view else IMAGENET_MEAN,
        std=view.std if view else IMAGENET_STD,
        own_view=view.own_view if view else None,
        library=source,
        build=partial(_build, path, source, architecture, options.get("tokens")),
        tokens=options.get("tokens"),
    ).spec()


def _view(source: str, architecture: str, arch: str) -> ModelSpec:
    if source not in ("timm", "torchvision"):
        raise ModelError(f"arch={arch!r}: expected arch=timm/<name> or arch=torchvision/<name>.")
    from depara_core.zoo import timm, torchvision

    return timm.spec(architecture) if source == "timm" else torchvision.spec(architecture)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name, out of whatever a trainer wrapped them in; no code of it is run."""
    try:
        if path.suffix == ".safetensors":
            held: Any = load_file(path)
        else:
            held = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, EOFError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"{path.name} cannot be read: it is damaged, cut off, or no file of weights ({error})."
        ) from error
    except Exception as error:  # an unpickler that refuses
        raise ModelError(
            f"{path.name} holds more than tensors, and was not run: {str(error).splitlines()[0]} Save the state_dict "
            "alone: torch.save(model.state_dict(), ...), or safetensors."
        ) from error
    tensors = {name: value for name, value in _unwrapped(held, path.name).items() if isinstance(value, Tensor)}
    bad = [name for name, value in tensors.items() if value.is_floating_point() and not torch.isfinite(value).all()]
    if bad:
        raise ModelError(f"{path.name} holds numbers that are not finite, in {bad[0]!r} and {len(bad) - 1} others.")
    return tensors


def _unwrapped(held: Any, name: str) -> Mapping[str, Any]:
    while isinstance(held, Mapping):
        if any(isinstance(value, Tensor) for value in held.values()):
            return held
        inner = next((held[key] for key in NESTED if isinstance(held.get(key), Mapping) and held[key]), None)
        if inner is None:
            break
        held = inner
    raise ModelError(f"{name} holds no state_dict: expected tensors by name, or one of {', '.join(NESTED)} with them.")


def fitted(weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size]) -> dict[str, str]:
    """Return which tensor of a file is which of `wanted`, by names and shapes, under the prefix that fits most."""
    best: dict[str, str] = {}
    found = {"": {name: name for name in weights}}
    for _ in range(3):  # module.model.backbone.
        for prefix, names in list(found.items()):
            for more in PREFIXES:
                inside = {name[len(more) :]: whole for name, whole in names.items() if name.startswith(more)}
                if inside:
                    found[prefix + more] = inside
    for names in found.values():
        match = {name: whole for name, whole in names.items() if weights[whole].shape == wanted.get(name)}
        best = match if len(match) > len(best) else best
    return best


@dataclass(frozen=True)
class Fit:
    """Which tensors of a file an architecture takes, which of its own are missing, and which others the file holds."""

    match: dict[str, str]
    missing: list[str]
    unexpected: list[str]

    @property
    def told(self) -> str:
        """What does not fit, in words; empty where all does."""
        lack = f" Missing, so random: {_some(self.missing)}." if self.missing else ""
        return lack + (f" Not used: {_some(self.unexpected)}." if self.unexpected else "")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _fit(path: Path, weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size], arch: str) -> Fit:
    """Return how a file fits an architecture; raises ModelError where less than `LEAST` does."""
    match = fitted(weights, wanted)
    own = [name for name in wanted if not name.endswith("num_batches_tracked")]  # counters, which nothing needs
    used, missing = set(match.values()), [name for name in own if name not in match]
    unexpected = [name for name in weights if name not in used]
    share = 1 - len(missing) / max(1, len(own))
    if share < LEAST:
        raise ModelError(
            f"{path.name} fits {share:.0%} of {arch}; at least {LEAST:.0%} must fit. Missing: {_some(missing)}; "
            f"unexpected: {_some(unexpected) or 'none'}."
        )
    return Fit(match, missing, unexpected)


def _wanted(source: str, architecture: str) -> dict[str, torch.Size]:
    """Return the names and shapes of an architecture's tensors, built without memory for weights where it can be."""
    try:
        with torch.device("meta"):
            module = _bare(source, architecture, None)
    except UNBUILDABLE:
        module = _bare(source, architecture, None)
    return {name: value.shape for name, value in module.state_dict().items()}


def _named(stem: str) -> list[str]:
    """Return the architectures of timm and torchvision that a file's name holds, the longest names first."""
    from depara_core.zoo import timm, torchvision

    known = [f"torchvision/{name}" for name in torchvision.architectures()]
    with suppress(ModelError):  # timm is not installed
        known += [f"timm/{name}" for name in timm.architectures()]
    flat = _plain(stem)
    found = [one for one in known if _plain(one.partition("/")[2]) in flat]
    return sorted(found, key=lambda one: -len(one.partition("/")[2]))[:MOST_NAMED]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def guess(weights: Mapping[str, Tensor], stem: str) -> str:
    """Return the architecture that the tensors' names and shapes fit, those named in the file's name tried first."""
    shares = {}
    for one in dict.fromkeys([*_named(stem), *GUESSES]):
        try:
            source, _, architecture = one.partition("/")
            wanted = _wanted(source, architecture)
        except ModelError:  # timm is not installed
            continue
        shares[one] = len(fitted(weights, wanted)) / max(1, len(wanted))
        if shares[one] == 1:
            return one
    best = max(shares, key=lambda one: shares[one])
    if shares[best] < LEAST:
        raise ModelError(
            f"No known architecture fits the file: {best} comes closest, with {shares[best]:.0%} of its tensors. Name "
            "it, as in file/<path>?arch=timm/resnet50."
        )
    return best


def count(name: str) -> int:
    """Return the encoder's parameters of "<path>[?arch=...]", built without memory for weights."""
    plain, options = split_id(name, ("arch", "tokens"))
    arch = options.get("arch")
    if arch is None:
        path = local_file(plain, "a file of weights")
        arch = guess(read_weights(path), path.stem)
    source, _, architecture = arch.partition("/")
    _view(source, architecture, arch)
    with torch.device("meta"):
        return sum(one.numel() for one in _bare(source, architecture, None).parameters())


def _bare(source: str, architecture: str, tokens: str | None) -> nn.Module:
    """Return an architecture with random weights and without its classifier."""
    from depara_core.zoo import timm, torchvision

    if source == "timm":
        return timm.build(architecture.partition("@")[0], True, tokens)
    return torchvision.encoder(architecture.partition("@")[0])


def _build(path: Path, source: str, architecture: str, tokens: str | None) -> nn.Module:
    module, weights = _bare(source, architecture, tokens), read_weights(path)
    wanted = {name: value.shape for name, value in module.state_dict().items()}
    fit = _fit(path, weights, wanted, f"{source}/{architecture}")
    module.load_state_dict({name: weights[place] for name, place in fit.match.items()}, strict=False)
    return module
