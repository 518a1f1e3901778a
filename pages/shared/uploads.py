"""What a selection of probes names: rooms, a path, or images that a reader uploaded, found again by a link.

source = uploads.keep([("cat.jpg", data), ...])             # -> "upload/<digest>", a value for Data.probes
probes = uploads.load(source, count=100, seed=0)            # any Data.probes
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import depara_core as depara
from depara_core.files import FILE, FOLDER, kind_at
from depara_core.paths import expanded, require_allowed
from depara_core.probes.counting import count_images
from depara_core.uploads import find_upload, keep_upload

PREFIX = "upload/"


def keep(files: Sequence[tuple[str, bytes | memoryview]]) -> str:
    """Keep the files beside the artefacts and return their name as a source of probes."""
    return PREFIX + keep_upload(depara.Store(), files)


def load(
    probes: str, count: int, seed: int, progress: Callable[[int, int, str], None] | None = None
) -> depara.ProbeSet:
    """Return the probes of a selection, whatever their source; `progress(done, total, message)` counts images."""
    return depara.load_probes(_source(probes), count=count, seed=seed, progress=progress)


def path(name: str) -> Path:
    """Return the one file that was kept under a name; raises ProbeError where it is no longer there."""
    kept = find_upload(depara.Store(), name.removeprefix(PREFIX))
    return kept[0][1]


def count(probes: str) -> int | None:
    """Return how many images a selection has to draw from; None for rooms, of which there are as many as asked for.

    None too where they cannot be counted: reading them will say why.
    """
    if probes == "rooms":
        return None
    try:
        return count_images(_source(probes))
    except (depara.DeparaError, OSError):
        return None


def _source(probes: str) -> str | list[tuple[str, Path]]:
    return find_upload(depara.Store(), probes.removeprefix(PREFIX)) if probes.startswith(PREFIX) else probes


def is_there(path: str) -> bool:
    """Tell whether something may be read at a path that a reader typed."""
    try:
        return kind_at(require_allowed(expanded(path))) in (FOLDER, FILE)
    except (depara.DeparaError, OSError):
        return False
