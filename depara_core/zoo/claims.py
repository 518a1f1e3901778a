"""What a model's id asks of this machine before it is opened: a path that is read, weights that are here or not."""

from pathlib import Path

from depara_core.errors import ModelError
from depara_core.zoo import model
from depara_core.zoo.spec import ModelSpec

BY_PATH = ("file", "export", "python")  # sources whose names are paths


def path_of(id: str) -> str | None:
    """Return the path on this machine that a model's id names, or None; nothing is looked at."""
    source, _, name = id.partition("/")
    plain = name.partition("?")[0]
    if source in BY_PATH:
        return plain.rpartition(":")[0] or plain if source == "python" else plain
    return plain if source == "hf" and plain.startswith(("/", ".", "~")) else None


def download_of(spec: ModelSpec) -> str | None:
    """Say which weights opening a model would download, and how large they are where that is known; None: none."""
    if spec.source == "torchvision":
        from depara_core.zoo import torchvision  # late: these bring torch along

        url, megabytes = torchvision.download(spec.id.partition("?")[0].partition("/")[2])
    elif spec.source == "taskonomy":
        from depara_core.zoo import taskonomy

        url, megabytes = taskonomy.download(spec.id.partition("/")[2])
    else:
        return None
    if url is None or (_cache() / url.rpartition("/")[2]).is_file():
        return None
    return f"{spec.id}, about {megabytes:,.0f} MB"


def is_here(id: str) -> bool | None:
    """Tell whether a model's weights are on this machine, downloading nothing; None where only opening can tell."""
    source, _, name = id.partition("?")[0].partition("/")
    if source in ("rooms", "fashion") or name.endswith("@none"):
        return True
    if source in ("torchvision", "taskonomy"):
        return download_of(model(id)) is None
    if source == "timm":
        from depara_core.zoo import timm  # late: it brings torch along

        return timm.is_here(name)
    if source == "openclip":
        from depara_core.zoo import library, openclip

        try:
            return openclip.weights_file(library.require("open_clip", "openclip"), *name.split("@")).is_file()
        except ModelError:
            return False
    return Path(name).expanduser().is_file() if source == "file" else None


def _cache() -> Path:
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"
