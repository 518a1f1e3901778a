"""Labels that a table gives to images that came without them: a CSV of path,label among them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from depara_core.errors import ProbeError
from depara_core.probes.candidates import Candidates
from depara_core.probes.tables import rows_once

BESIDE = ("labels.csv", "labels.tsv", "metadata.csv")  # names of a table in a folder or an archive of images
Labels = Mapping[str, str | None]  # by path


def labels_from_csv(candidates: Candidates, content: bytes, name: str) -> Labels:
    """Return the labels of a CSV that came with the images themselves, by path; repeated lines are noted."""
    rows = rows_once(candidates, content, name)
    return {path.replace("\\", "/").removeprefix("./"): label for path, label in rows}


def label_beside(candidates: Candidates, names: Sequence[str], read: Callable[[str], bytes]) -> None:
    """Label images by the table that lies beside them, the highest of those named like one; another is noted."""
    named = [name for name in names if PurePosixPath(name).name.lower() in BESIDE]
    if not named:
        return
    table = min(named, key=lambda name: name.count("/"))
    candidates.skipped = [(name, reason) for name, reason in candidates.skipped if name != table]
    try:
        give_labels(candidates, labels_from_csv(candidates, read(table), table))
    except ProbeError as error:
        candidates.skip(table, error)


def give_labels(candidates: Candidates, told: Labels) -> None:
    """Label the images that a table names, by their paths or the ends of these; what fits nothing is noted."""
    ends: dict[str, list[str]] = {}
    for path in told:
        parts = path.split("/")
        for start in range(len(parts)):
            ends.setdefault("/".join(parts[start:]), []).append(path)
    used: set[str] = set()
    for place, one in enumerate(candidates.found):
        paths = _paths_of(one.name, told, ends)
        used.update(paths)
        labels = {told[path] for path in paths}
        if len(labels) > 1:
            candidates.skip(one.name, f"several lines of the table may mean it ({', '.join(paths[:3])}): no label")
        elif labels:
            candidates.found[place] = replace(one, label=labels.pop())
    for path in told:
        if path not in used:
            candidates.skip(path, "the table names it, but there is no such image")


def _paths_of(name: str, told: Labels, ends: Mapping[str, list[str]]) -> list[str]:
    """Return the paths in a table that may mean an image: its own, else those that end with it or that it ends with."""
    if name in told:
        return [name]
    if name in ends:
        return ends[name]
    parts = name.split("/")
    shorter = ("/".join(parts[start:]) for start in range(1, len(parts)))
    return next(([path] for path in shorter if path in told), [])
