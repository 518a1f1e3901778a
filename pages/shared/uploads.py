"""What a selection of probes names: rooms, a path, or images that a reader uploaded, found again by a link.

source = uploads.keep([("cat.jpg", data), ...])             # -> "upload/<digest>", a value for Data.probes
probes = uploads.load(data)                                 # what any selection names
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import depara_core as depara
from depara_core.probes.counting import count_splits
from depara_core.probes.sources import is_source
from depara_core.uploads import find_upload, keep_upload
from pages.shared.parts import Data

PREFIX = "upload/"


def keep(files: Sequence[tuple[str, bytes | memoryview]]) -> str:
    """Keep the files beside the artefacts and return their name as a source of probes."""
    return PREFIX + keep_upload(depara.Store(), files)


def load(data: Data, progress: Callable[[int, int, str], None] | None = None) -> depara.ProbeSet:
    """Return the probes of a selection, whatever their source; `progress(done, total, message)` counts images."""
    return depara.load_probes(_source(data.probes), **data.drawn, progress=progress)


def path(name: str) -> Path:
    """Return the one file that was kept under a name; raises ProbeError where it is no longer there."""
    return named(name)[1]


def named(name: str) -> tuple[str, Path]:
    """Return what the one file that was kept under a name was called, and where it is; raises ProbeError likewise."""
    return find_upload(depara.Store(), name.removeprefix(PREFIX))[0]


def count(probes: str) -> dict[str, int]:
    """Return how many images a selection has to draw from, by split ("" where there is none).

    Empty for rooms, of which there are as many as asked for, and where they cannot be counted: reading will say why.
    """
    if probes == "rooms":
        return {}
    try:
        return count_splits(_source(probes))
    except (depara.DeparaError, OSError):
        return {}


def _source(probes: str) -> str | list[tuple[str, Path]]:
    return find_upload(depara.Store(), probes.removeprefix(PREFIX)) if probes.startswith(PREFIX) else probes


def is_there(path: str) -> bool:
    """Tell whether something may be read at a path or a pattern that a reader typed."""
    try:
        return is_source(path)
    except (depara.DeparaError, OSError):
        return False
