"""The graphs that a command's options stand for, built with a progress bar and described in every answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import typer

import depara_core as depara
from depara_core.cli.output import follow, warn
from depara_core.cli.work import Work, shown
from depara_core.comparison import planned_grid
from depara_core.exports import computed_with
from depara_core.files import Progress
from depara_core.grids import Grid, grid_text
from depara_core.target_files import SUFFIXES, read_target, split_target
from depara_core.zoo import split_view

MOST_NOTES = 5  # remarks on images that are told one by one


@dataclass(frozen=True)
class Built:
    """The graphs that were made, over which probes, with which options and on which grid their maps are compared.

    `failed` lists (model id, reason).
    """

    probes: depara.ProbeSet
    graphs: list[depara.AttributionGraph]
    options: depara.Options
    grid: Grid
    failed: list[tuple[str, str]]

    @property
    def title(self) -> str:
        """Say over which probes, and on which grid the maps are compared, for the head of a table."""
        return f"{len(self.probes)} probes: {self.probes.source}, {grid_text(self.grid)}"

    def header(self) -> dict[str, Any]:
        """Return what every JSON answer says of its origin."""
        return {
            "probes": {
                "source": self.probes.source,
                "count": len(self.probes),
                "digest": self.probes.digest,
                "skipped": [{"file": file, "reason": reason} for file, reason in self.probes.skipped],
            },
            "options": asdict(self.options),
            "grid": list(self.grid),
            "computed_with": computed_with(self.graphs),
            "failed": [{"model": model, "reason": reason} for model, reason in self.failed],
        }


def choose_models(
    patterns: Sequence[str],
    view: str | None = None,
    on_error: Callable[[str, depara.DeparaError], object] | None = None,
) -> list[depara.ModelSpec]:
    """Turn ids and patterns ("rooms/*") into models without repeats; nothing given means the bundled zoo.

    `view` is what all of them are shown; None: what their ids say. A model that there is not is handed to `on_error`
    with the reason, where there is one and another model is left.
    """
    if not patterns:
        return [spec for spec in depara.list_models("rooms") if spec.bundled]
    chosen: dict[str, depara.ModelSpec] = {}
    wrong: dict[str, depara.ModelError] = {}
    for pattern in patterns:
        if "*" in pattern:
            plain, named = split_view(pattern)
            matches = [spec.seen(named) for spec in _listed(plain) if fnmatchcase(spec.id, plain)]
        else:
            try:
                matches = [depara.model(pattern)]
            except depara.ModelError as error:
                wrong[pattern] = error
                continue
        if not matches:
            here = " whose weights are on this machine" if pattern.startswith("timm/") else ""
            raise depara.OptionError(f"No model{here} matches {pattern!r}; `depara models search` finds them all.")
        seen = [shown(spec, view) for spec in matches]
        chosen |= {spec.id: spec for spec in seen}
    for pattern, reason in wrong.items():
        if on_error is None or not chosen:
            raise reason
        on_error(pattern, reason)
    return list(chosen.values())


def _listed(pattern: str) -> list[depara.ModelSpec]:
    """Return the models that a pattern chooses from; of timm's long list, those whose weights are on this machine."""
    source = pattern.partition("/")[0]
    if source != "timm":
        return depara.list_models(source if source in depara.SOURCES else None)
    from depara_core.zoo import timm  # late: it brings torch and the library along

    return [spec for spec in depara.list_models(source) if fnmatchcase(spec.id, pattern) and timm.is_here(spec.name)]


def build(
    work: Work,
    jobs: Sequence[tuple[Sequence[depara.ModelSpec], str | list[str]]],
    wrong: Mapping[str, depara.DeparaError] | None = None,
) -> Built:
    """Load the probes and build the graphs of (models, layers) after (models, layers), as one job with a progress bar.

    A model that fails is reported on standard error and left out; the others go on. `wrong` failed before.
    """
    options, given = work.options(), work.given(spread=True)
    failed = {model: str(error) for model, error in (wrong or {}).items()}

    def leave_out(model: str, error: depara.DeparaError) -> None:
        failed[model] = str(error)

    def make(progress: Progress) -> tuple[depara.ProbeSet, list[depara.AttributionGraph]]:
        probes = work.load(progress)
        graphs = [
            depara.build_graphs(specs, probes, layers=layers, **given, progress=progress, on_error=leave_out)
            for specs, layers in jobs
        ]
        return probes, [graph for built in graphs for graph in built]

    probes, graphs = follow(make)
    tell_of_skipped(probes)
    for graph in graphs:
        if graph.note:
            warn(f"{graph.model}: {graph.note}")
    for model, reason in failed.items():
        warn(f"{model} was left out: {reason}")
    grid = planned_grid([spec for specs, _ in jobs for spec in specs], options)
    return Built(probes, graphs, options, grid, list(failed.items()))


def tell_of_skipped(probes: depara.ProbeSet) -> None:
    """Warn of the files that are no probes, and of what was taken in part."""
    for file, remark in probes.notes[:MOST_NOTES]:
        warn(f"{file}: {remark}")
    if probes.skipped:
        warn(f"{len(probes.skipped)} files were left out, first {': '.join(probes.skipped[0])}")


def build_for_target(
    work: Work,
    target: str,
    sources: Sequence[depara.ModelSpec],
    layers: str | list[str],
    wrong: Mapping[str, depara.DeparaError] | None = None,
) -> tuple[Built, depara.AttributionGraph, list[depara.AttributionGraph]]:
    """Build the graph of a target and those of its sources: what was built, the target's graph, the sources' graphs."""
    make = target_without_network(target)
    aim = None if make is not None else work.model(target)
    built = build(work, [*([] if aim is None else [([aim], "output")]), (sources, layers)], wrong)
    if aim is not None and aim.id in dict(built.failed):
        raise depara.ModelError(f"The target {aim.id} has no graph: {dict(built.failed)[aim.id]}")
    column, rows = (built.graphs[0], built.graphs[1:]) if make is None else (make(built.probes), built.graphs)
    if not rows:
        raise depara.ModelError("No source is left to compare with the target; give at least one that works.")
    return built, column, rows


def target_without_network(target: str) -> Callable[[depara.ProbeSet], depara.AttributionGraph] | None:
    """Return what makes the graph of a target that is no model ("labels", a .csv, a.csv:column, an .npz), or None."""
    if target == "labels":
        return depara.target_from_labels
    file, name = split_target(target)
    return partial(read_target, file, target=name) if file.endswith(SUFFIXES) else None


def say_failures(failed: Mapping[str, Exception]) -> None:
    """Name the models that were left out, on standard error, and exit with code 1: a script must notice."""
    for model, error in failed.items():
        warn(f"{model} was left out: {error}")
    if failed:
        raise typer.Exit(1)


def finish(built: Built) -> None:
    """Exit with code 1 where a model was left out: a script must notice."""
    if built.failed:
        raise typer.Exit(1)
