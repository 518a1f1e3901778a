"""Models of known libraries: built by name, weights from this machine, layers found by a dry run."""

import importlib
import importlib.metadata
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from math import floor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import torch
from torch import nn

from depara_core.errors import ModelError, OptionError
from depara_core.files import Progress, require_regular
from depara_core.paths import expanded, require_allowed
from depara_core.zoo.copies import sharing
from depara_core.zoo.digest import module_digest
from depara_core.zoo.module import FrozenModule, Triple
from depara_core.zoo.spec import OUTPUT, ModelSpec, Network, View
from depara_core.zoo.tokens import TOKENS, select_tokens

RANDOM = "none"  # "<name>@none": random weights, always the same ones
SEED = 0
KEPT = 2  # modules that stay in memory, the last used: one that is opened for its layers is next opened for its graphs
ALLOW_CODE = "DEPARA_ALLOW_CODE"  # "0" in the app: an address could name any file

Build = Callable[[], nn.Module]


@dataclass(frozen=True, kw_only=True)
class LibraryModel:
    """What a source tells of one model; `build` makes it with its weights, yielding the encoder's output."""

    id: str
    name: str
    group: str
    summary: str
    input_size: int
    mean: Triple
    std: Triple
    library: str  # the package whose code it is: its version is part of the identity
    build: Build
    tokens: str | None = None
    own_view: View | None = None

    def spec(self) -> ModelSpec:
        """Return the spec; nothing is built."""
        return ModelSpec(
            id=self.id,
            name=self.name,
            source=self.id.partition("/")[0],
            group=self.group,
            summary=self.summary,
            input_size=self.input_size,
            mean=self.mean,
            std=self.std,
            bundled=False,
            own_view=self.own_view,
            _layers=lambda: self.layers,
            _open=self.open,
        )

    @property
    def frozen(self) -> FrozenModule:
        """The module, built when it is first needed; its weights are in memory once."""
        return _frozen(self)

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The layers' names, which outlive the module."""
        return self.frozen.layers

    def open(self, progress: Progress | None = None) -> Network:
        """Return a network that shares the weights."""
        del progress
        frozen = self.frozen
        taps = {layer: (layer, "output") for layer in frozen.layers} | {OUTPUT: ("", "output")}
        prefix = prefix_tokens(frozen.module)
        context = (self.library, importlib.metadata.version(self.library), self.tokens, prefix)
        module = sharing(frozen.module, self.id)
        return Network(module, taps, module_digest(frozen.module, *context), self.tokens or "patches", prefix)


@lru_cache(maxsize=KEPT)
def _frozen(model: LibraryModel) -> FrozenModule:
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers go on as if nothing had happened
        torch.manual_seed(SEED)
        module = model.build().cpu().float().eval().requires_grad_(False)
    return FrozenModule(module, model.id, model.input_size, model.mean, model.std, None, None)


def require(package: str, extra: str) -> Any:
    """Import a package, or say which extra brings it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ModelError(
            f"These models need the package {package}, which cannot be imported ({error}). "
            f"Run: pip install 'depara-explorer[{extra}]'"
        ) from error


def require_code_allowed() -> None:
    """Refuse to run what a file holds where the app serves others, unless it was started to."""
    if os.environ.get(ALLOW_CODE, "1") == "0":
        raise ModelError(
            "This app runs no code from files. Start it with `depara app --allow-code`, or use the command line."
        )


def local_file(place: str, expected: str) -> Path:
    """Return the regular file at a path that a model's id gives, "~" allowed; `expected` says what it should be."""
    path = require_allowed(expanded(place))
    try:
        require_regular(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"Expected {expected}; there is none at {place!r}: {reason}.") from error
    return path


def split_id(name: str, known: tuple[str, ...] = ("tokens",)) -> tuple[str, dict[str, str]]:
    """Split "<name>?tokens=cls&..." and refuse unknown options and choices."""
    plain, _, query = name.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    for key in options:
        if key not in known:
            raise OptionError(f"The option {key!r} in {name!r} is unknown. Expected one of: {', '.join(known)}.")
    if options.get("tokens", "all") not in TOKENS:
        raise OptionError(f"tokens={options['tokens']!r} is unknown. Expected one of: {', '.join(TOKENS)}.")
    return plain, options


def whole_size(options: Mapping[str, str]) -> int:
    """Return the option `size` in pixels, 224 where it is not given."""
    if not options.get("size", "224").isdecimal() or int(options.get("size", "224")) < 1:
        raise OptionError(f"size={options['size']!r}: expected a whole number of pixels, such as ?size=224.")
    return int(options.get("size", "224"))


def resized_and_cut(size: int, share: float, filter: str) -> View:
    """Return what timm's transforms show: the square resized to size / share pixels, and its centre of `size`."""
    return View(max(size, floor(size / share)), size, filter)


def with_options(id: str, options: Mapping[str, str]) -> str:
    """Return an id with its options behind it."""
    return id + ("?" + "&".join(f"{key}={value}" for key, value in sorted(options.items())) if options else "")


def prefix_tokens(module: nn.Module) -> int:
    """Return how many tokens stand before those of the patches: class, distillation and register tokens."""
    told = getattr(module, "num_prefix_tokens", None)
    if isinstance(told, int):
        return told
    ends = [name.rpartition(".")[2] for name, _ in module.named_parameters()]
    classes = sum(end in ("cls_token", "class_token", "class_embedding", "distillation_token") for end in ends)
    registers = int(getattr(getattr(module, "config", None), "num_register_tokens", 0) or 0)
    return classes + registers


@dataclass(frozen=True)
class Output:
    """The hook that turns what a module returns into the encoder's output."""

    take: Callable[[Any, int], torch.Tensor]
    prefix: int

    def __call__(self, _: nn.Module, __: tuple, result: Any) -> torch.Tensor:
        """Return the tensor."""
        return self.take(result, self.prefix)


def with_output(module: nn.Module, take: Callable[[Any, int], torch.Tensor]) -> nn.Module:
    """Let a module yield what `take` makes of its result; paths of its modules stay what they are."""
    module.register_forward_hook(Output(take, prefix_tokens(module)))
    return module


def of_sequence(choice: str) -> Callable[[Any, int], torch.Tensor]:
    """Return the function that picks tokens out of the sequence that a module yields."""
    return partial(_of_sequence, choice)


def _of_sequence(choice: str, result: Any, prefix: int) -> torch.Tensor:
    return select_tokens(result, choice, prefix)
