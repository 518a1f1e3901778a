"""The Python behind a view: a short script that computes it again with the public API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from depara_core.errors import OptionError
from depara_core.exports.provenance import versions
from depara_core.exports.templates import fill_python
from depara_core.grids import Grid
from depara_core.probes.loading import BACKGROUND
from depara_core.zoo.spec import ModelSpec

ModelLayers = Sequence[tuple[ModelSpec, str]]
UPLOADED = "upload/"  # images that lie nowhere on the reader's disk
VIEWS = {  # how many models with a layer each takes, at least and at most; its template is view_<name>.py.jinja
    "models": (2, 10_000),
    "layers": (2, 2),
    "graphs": (1, 2),
    "why": (2, 2),
    "attributions": (1, 10_000),
}


@dataclass(frozen=True)
class ScriptProbes:
    """Where a script's images come from, and what they were."""

    source: str
    count: int | None
    seed: int
    digest: str
    split: str | None = None
    background: str = BACKGROUND

    @property
    def uploaded(self) -> bool:
        """Whether they lie nowhere on the reader's disk."""
        return self.source.startswith(UPLOADED)

    @property
    def place(self) -> str:
        """Where they are read from, or what the reader must put there."""
        return "path/to/the/uploaded/images" if self.uploaded else self.source


@dataclass(frozen=True)
class ScriptTarget:
    """A target without a network: its name, and the file that tells of it, "" for the images' labels."""

    name: str
    file: str = ""

    @property
    def place(self) -> str:
        """What the reader must put there: the file was uploaded."""
        return f"path/to/{self.file}"


def python_of(
    view: str,
    ends: ModelLayers,
    *,
    target: str = "",
    goal: ScriptTarget | None = None,
    lam: float = 1.0,
    probes: str = "rooms",
    count: int | None = None,
    seed: int = 0,
    split: str | None = None,
    background: str = BACKGROUND,
    digest: str = "",
    options: Mapping[str, Any] | None = None,
    grid: Grid | None = None,
    neighbours: int = 8,
) -> str:
    """Return a script that computes a view again, one of VIEWS, from its (model, layer) ends.

    "models": all pairs, and the ends ranked as sources of the model `target`. "layers": all layers of the first end
    against the last end. "graphs": one or two graphs, for networkx. "why": two ends and the contributions to S.
    "attributions": maps, and their cosines with those of the first end. A `goal` without a network stands in the
    place of the last end, or of `target`.
    `options` are those of `build_graphs` (None: left to it); `digest` is that of the probes (`ProbeSet.digest`); `grid`
    is what the view compares maps on (None: the common one of the graphs at hand).
    """
    if view not in VIEWS:
        raise OptionError(f"The view {view!r} is unknown. Expected one of: {', '.join(VIEWS)}.")
    least, most = VIEWS[view]
    least -= goal is not None
    if not least <= len(ends) <= most - (goal is not None):
        raise OptionError(f"The view {view!r} needs {least} to {most} ends (model, layer); {len(ends)} came.")
    return fill_python(
        f"view_{view}.py.jinja",
        version=versions()["depara"],
        ends=[{"model": model, "layer": layer} for model, layer in ends],
        target=target,
        goal=goal,
        lam=lam,
        probes=ScriptProbes(probes, count, seed, digest, split, background),
        options={name: value for name, value in (options or {}).items() if value is not None},
        grid=None if grid is None else tuple(grid),
        neighbours=neighbours,
    )


def evaluation_python(
    benchmark: str,
    *,
    lam: float = 1.0,
    budget: int | None = None,
    measure: str = "P@5",
    probes: str = "rooms",
    count: int | None = None,
    seed: int = 0,
    split: str | None = None,
    background: str = BACKGROUND,
    digest: str = "",
) -> str:
    """Return a script that checks every metric against the measured transfer of a benchmark again.

    `budget`: labelled images of the target that the measured transfer learned from; None: the most.
    """
    return fill_python(
        "evaluation.py.jinja",
        version=versions()["depara"],
        benchmark=benchmark,
        lam=lam,
        budget=budget,
        measure=measure,
        own=probes == "rooms",
        probes=ScriptProbes(probes, count, seed, digest, split, background),
    )
