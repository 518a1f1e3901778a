"""What the Zoo page waits for: a zoo over the chosen images made or filled, what stands in it, and a search."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import depara_core as depara
from depara_core.files import Progress
from depara_core.grids import Grid
from depara_core.paths import expanded
from depara_core.search.entries import last_change
from depara_core.search.manifest import MANIFEST, SIDE
from pages.shared import comparisons, consent, selection, targets, text, uploads
from pages.shared.comparisons import Failed
from pages.shared.jobs import Computation
from pages.shared.parts import Data, Pair
from pages.zoo.selection import Zoo


@dataclass(frozen=True, eq=False)
class Contents:
    """What stands in a zoo: a row a graph, and the images that all are over."""

    listing: pd.DataFrame
    images: int
    labelled: bool
    origin: dict[str, Any]

    @property
    def grid(self) -> Grid:
        """What all maps are compared on."""
        channels, height, width = self.origin["grid"]
        return channels, height, width


@dataclass(frozen=True, eq=False)
class Found:
    """The graphs most like what was asked for, and all that the filter lets pass, placed on a plane."""

    nearest: pd.DataFrame
    map: pd.DataFrame


def folder(data: Data, mine: Zoo) -> Path:
    """Return the zoo that is named, or the one over the chosen images with the chosen options."""
    return expanded(mine.folder) if mine.folder else Path(depara.Store().path) / "zoos" / comparisons.recipe(data)


def is_here(path: Path) -> bool:
    """Tell whether there is a zoo."""
    return (path / MANIFEST).is_file()


def filling(data: Data, path: Path, models: Sequence[str]) -> Computation:
    """Return what adds models to a zoo, made first where there is none; it returns those that failed."""
    known, unknown = comparisons.specs(models)

    def work(progress: Progress) -> Failed:
        failed = list(unknown)
        if is_here(path):
            zoo = depara.Zoo(path)
        else:
            probes = uploads.load(data, progress)
            zoo = depara.Zoo.create(path, probes, grid=_grid(data), **data.options)
        zoo.add(
            known,
            progress=progress,
            store=depara.Store(),
            on_error=lambda model, error: failed.append((model, str(error))),
        )
        return tuple(failed)

    asks = comparisons.computation(data, ("output",), models).asks
    label = f"a zoo of {len(models)} networks over {text.probes(data)}"
    return Computation(_key("zoo-filled", path, list(models)), label, work, (*consent.of_folder(str(path)), *asks))


def contents(path: Path) -> Computation:
    """Return what lists a zoo."""

    def work(progress: Progress) -> Contents:
        zoo = depara.Zoo(path)
        return Contents(zoo.list(), len(zoo.probes), zoo.probes.labels is not None, zoo.origin)

    return Computation(_key("zoo-listed", path), "what stands in the zoo", work, consent.of_folder(str(path)))


def search(path: Path, known: Contents, like: str, lam: float, mine: Zoo) -> Computation:
    """Return what finds the graphs most like a network's, in the zoo or not, or like the labels (`like` is empty)."""
    listed = like in set(known.listing["model"])
    table = selection.read(Pair).table if targets.is_known(like) else ""
    asks = (
        ()
        if listed or table or not like
        else (*consent.of_model_path(like), *consent.of_opening(comparisons.specs([like])[0]))
    )

    def work(progress: Progress) -> Found:
        zoo = depara.Zoo(path)
        where = mine.where or None
        if table:
            name, file = uploads.named(table)
            asked: depara.AttributionGraph | depara.ModelSpec = depara.read_target(
                file, zoo.probes, target=like, name=name
            )
        elif not like:
            asked = depara.target_from_labels(zoo.probes)
        else:
            asked = zoo.graph(like) if listed else depara.model(like)
        near = zoo.search(asked, lam, k=mine.most + 1, where=where, progress=progress)
        return Found(near[near["model"] != like].head(mine.most).reset_index(drop=True), zoo.map(where, lam=lam))

    label = f"the networks most like {text.model(like) if like else 'the labels'}"
    content = [like, table, lam, mine.where, mine.most]
    return Computation(_key("zoo-found", path, content), label, work, (*consent.of_folder(str(path)), *asks))


def _grid(data: Data) -> Grid | None:
    """Return the grid of the chosen models where it is coarser than a zoo's own."""
    found = comparisons.grid(data)
    return found if found[1] < SIDE else None


def _key(kind: str, path: Path, content: object = "") -> str:
    """Return a key that is another one once graphs were added or removed."""
    told = json.dumps([str(path), last_change(path) if kind != "zoo-filled" else 0, content])
    return f"{kind}-{hashlib.sha256(told.encode()).hexdigest()[:24]}"
