"""What can be named: all models of the libraries that are installed, kept on disk so that searching is quick."""

import importlib.metadata
import importlib.util
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from depara_core.errors import DeparaError, OptionError
from depara_core.files import write_whole
from depara_core.zoo import SOURCES

PACKAGES = ("torchvision", "timm", "open_clip_torch")  # whose versions decide what there is
LISTED = ("rooms", "torchvision", "taskonomy", "timm", "openclip")
EXTRAS = {"timm": "timm", "hf": "transformers", "openclip": "open_clip"}  # source, its extra's name -> what it imports
STARTERS: dict[str, tuple[str, ...]] = {
    "ten ImageNet backbones": tuple(
        f"torchvision/{name}"
        for name in (
            *("resnet18", "resnet50", "vgg16", "densenet121", "mobilenet_v3_large", "efficientnet_b0"),
            *("regnet_y_1_6gf", "convnext_tiny", "vit_b_16", "swin_t"),
        )
    ),
    "one architecture, six trainings": tuple(
        f"timm/resnet50.{tag}"
        for tag in ("a1_in1k", "a3_in1k", "tv_in1k", "gluon_in1k", "ram_in1k", "fb_ssl_yfcc100m_ft_in1k")
    ),
    "CNN against ViT": (
        "torchvision/resnet50",
        "torchvision/convnext_tiny",
        "torchvision/vit_b_16",
        "torchvision/swin_t",
    ),
}


@dataclass(frozen=True)
class Entry:
    """A model that can be named."""

    id: str
    source: str
    family: str
    input_size: int
    summary: str


def search_models(words: str | Sequence[str] = (), *, source: str | None = None) -> list[Entry]:
    """Return the models whose id, family or summary holds every word, those whose id does first; nothing is built.

    Models in the hub's cache (hf/...) are listed as they lie there now; the rest is read from the libraries once a
    version and kept in the platform's cache folder.

    Parameters
    ----------
    words
        Text with spaces, or a list; upper and lower case are one.
    source
        Only this one, such as "timm" (None: all).

    Returns
    -------
    list of Entry
        Those whose id holds the words before the others.

    Raises
    ------
    OptionError
        For an unknown source.
    """
    if source is not None and source not in SOURCES:
        raise OptionError(f"The source {source!r} is unknown. Expected one of: {', '.join(SOURCES)}.")
    wanted = [word.lower() for word in (words.split() if isinstance(words, str) else words)]
    entries = [*_kept(), *(_entries("hf") if source in (None, "hf") and _hub_holds_models() else [])]
    found = [
        entry
        for entry in entries
        if (source is None or entry.source == source)
        and all(word in f"{entry.id} {entry.family} {entry.summary}".lower() for word in wanted)
    ]
    return sorted(found, key=lambda entry: not all(word in entry.id.lower() for word in wanted))


def missing_package(source: str) -> str:
    """Say how to install what a source's models need; empty where it is there."""
    package = EXTRAS.get(source)
    if package is None or importlib.util.find_spec(package) is not None:
        return ""
    return f"Models of {source} need the package {package}. Run: pip install 'depara-explorer[{source}]'"


def _kept() -> list[Entry]:
    file = Path(platformdirs.user_cache_dir("depara", appauthor=False)) / f"catalogue-{_versions()}.json"
    try:
        return [Entry(**row) for row in json.loads(file.read_text())]
    except (OSError, ValueError, TypeError):
        entries = [entry for source in LISTED for entry in _entries(source)]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps([asdict(entry) for entry in entries]))
    except OSError:  # a folder that cannot be written: listed again next time
        return entries
    return entries


def _hub_holds_models() -> bool:
    """Tell whether the hub's cache holds any model, without importing what reads it: that takes seconds."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface").expanduser()
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
    return any(hub.glob("models--*"))


def _versions() -> str:
    found = []
    for package in PACKAGES:
        try:
            found.append(importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            found.append("none")
    return "-".join(found)


def _entries(source: str) -> list[Entry]:
    """Return a source's models; none where its package is not installed."""
    try:
        specs = SOURCES[source].specs()
    except DeparaError:
        return []
    return [Entry(spec.id, source, spec.group, spec.input_size, spec.summary) for spec in specs]
