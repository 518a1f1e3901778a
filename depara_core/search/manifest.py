"""What a zoo is fixed to: its probes, options, grid and projection, in a file that is written once."""

import dataclasses
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depara_core.artefacts import DAMAGE, read_artefact, write_artefact
from depara_core.attribution.options import Options
from depara_core.errors import OptionError, StoreError
from depara_core.files import open_regular, write_whole
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, common_grid
from depara_core.probes import ProbeSet

FORMAT = 1
SIDE = 64  # of the grid where nothing else is said, pixels
LEAST, MOST = 16, 4096  # numbers a part of a point may have
MANIFEST, PROBES, KEY = "zoo.json", "probes.safetensors", "probes"


@dataclass(frozen=True)
class Manifest:
    """What every graph of a zoo shares.

    Attributes
    ----------
    probes
        `ProbeSet.digest`.
    count
        N probes.
    source
        Where they came from, for people.
    options
        How graphs are made.
    grid
        (channels, height, width) that maps are compared on.
    width
        Numbers a part of a point.
    seed
        Of the projection.
    """

    probes: str
    count: int
    source: str
    options: Options
    grid: Grid
    width: int
    seed: int

    def require_same(self, graph: AttributionGraph) -> None:
        """Refuse a graph over other probes, of other options or too coarse a map, and say which."""
        if (graph.probes, len(graph)) != (self.probes, self.count):
            raise OptionError(
                f"The zoo is over {self.count} probes ({self.source}, {self.probes[:8]}); {graph.label} is over "
                f"{len(graph)} ({graph.probes[:8]}). Build it over the zoo's own: `zoo.probes`."
            )
        if graph.edges_only:  # labels know no options
            return
        mine, theirs = asdict(self.options), asdict(graph.options)
        others = [f"{name}={theirs[name]!r} instead of {mine[name]!r}" for name in mine if mine[name] != theirs[name]]
        if others:
            raise OptionError(f"{graph.label} was built with {', '.join(others)}. Build it with `zoo.options`.")
        common_grid([graph], self.grid)


def plan(probes: ProbeSet, options: Options, grid: Grid | None, width: int, seed: int) -> Manifest:
    """Check what a zoo is to be fixed to."""
    probes.require_comparable()
    side = min(options.resolution or SIDE, SIDE)
    chosen = grid or (3 if options.channels == "none" else 1, side, side)
    if not LEAST <= width <= MOST or seed < 0 or len(chosen) != 3 or min(chosen) < 1:
        raise OptionError(
            f"Expected width from {LEAST} to {MOST}, a seed of 0 or more, and a grid (channels, height, width) of 1 or "
            f"more; width={width!r}, seed={seed!r} and grid={chosen!r} came."
        )
    return Manifest(probes.digest, len(probes), probes.source, options, chosen, width, seed)


def write_manifest(folder: Path, manifest: Manifest, probes: ProbeSet) -> None:
    """Make a zoo's folder with its probes, and last its manifest; refuse one that is there."""
    if (folder / MANIFEST).exists():
        raise OptionError(f"There is a zoo in {folder} already. Open it, or choose another folder.")
    arrays = {f"original_{i:06d}": one for i, one in enumerate(probes.originals or ())} | {"images": probes.images}
    told = {"names": list(probes.names), "source": probes.source}
    labels = None if probes.labels is None else list(probes.labels)
    try:
        write_artefact(folder / PROBES, KEY, arrays, told | {"labels": labels})
        write_whole(folder / MANIFEST, json.dumps({"format": FORMAT} | asdict(manifest), indent=2))
    except OSError as error:
        raise StoreError(f"A zoo cannot be made in {folder}: {error}. Choose a folder that can be written.") from error


def read_manifest(folder: Path) -> Manifest:
    """Read what a zoo is fixed to."""
    try:
        with open_regular(folder / MANIFEST) as opened:
            told: dict[str, Any] = json.loads(opened.read())
        if told.pop("format") != FORMAT:
            raise OptionError(f"The zoo in {folder} was made by another version of this library. Make it again there.")
        known = {field.name for field in dataclasses.fields(Options)}
        options = Options(**{name: value for name, value in told["options"].items() if name in known})
        channels, height, width = told["grid"]
        return Manifest(**told | {"options": options, "grid": (channels, height, width)})
    except OptionError:
        raise
    except FileNotFoundError:
        raise OptionError(
            f"There is no zoo in {folder}: {MANIFEST} is missing. Make one with depara.Zoo.create(path, probes)."
        ) from None
    except (OSError, *DAMAGE) as error:
        raise StoreError(f"The manifest of the zoo in {folder} cannot be read: {error}.") from error


def read_probes(folder: Path, digest: str) -> ProbeSet:
    """Read a zoo's probes, as they were given."""
    try:
        with open_regular(folder / PROBES) as opened:
            artefact = read_artefact(opened, KEY)
        told, arrays = artefact.metadata, dict(artefact.arrays)
        images = np.array(arrays.pop("images"))
        originals = tuple(np.array(arrays[name]) for name in sorted(arrays)) or None
        labels = None if told["labels"] is None else tuple(told["labels"])
        probes = ProbeSet(images, tuple(told["names"]), labels, told["source"], originals=originals)
    except (OSError, *DAMAGE) as error:
        raise StoreError(f"The probes of the zoo in {folder} cannot be read: {error}. Restore {PROBES}.") from error
    if probes.digest != digest:
        raise StoreError(f"The probes of the zoo in {folder} are not those that it was made with. Restore {PROBES}.")
    return probes
