"""`depara models`, `graphs`, `rank` and `layers`: one library call each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit
from depara_core.exports import GRAPH_FORMATS, network_file
from depara_core.similarity import grid_text
from depara_core.zoo import SOURCES

Models = Annotated[
    list[str] | None, typer.Argument(help="Ids or patterns such as 'rooms/*'.", show_default="the bundled zoo")
]


def models(
    source: Annotated[str | None, typer.Option(help=f"Only one of: {', '.join(SOURCES)}.")] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Name the layers too, from input to output.")] = False,
    as_json: o.Json = False,
) -> None:
    """List the models that can be compared, the bundled ones first."""
    rows = []
    for spec in depara.list_models(source):
        row: dict[str, Any] = {"id": spec.id, "group": spec.group, "input_size": spec.input_size}
        row |= {"bundled": spec.bundled, "summary": spec.summary}
        rows.append(row | ({"layers": list(spec.layers)} if layers else {}))
    columns = ("id", "group", *(("layers",) if layers else ("summary",)))
    emit(rows, as_json, [{name: row[name] for name in columns} for row in rows])


@o.with_work
def graphs(
    work: o.Work,
    ids: Models = None,
    layers: o.Layers = "output",
    out: Annotated[Path | None, typer.Option(help="A folder to write the graphs to.")] = None,
    form: Annotated[str, typer.Option("--format", help=f"Of the files: {', '.join(GRAPH_FORMATS)}.")] = "graphml",
    neighbours: Annotated[int, typer.Option(min=1, help="Strongest edges kept per probe in the files.")] = 8,
    as_json: o.Json = False,
) -> None:
    """Build deep attribution graphs, keep them in the store, and write them to files where asked."""
    if form not in GRAPH_FORMATS:
        raise depara.OptionError(f"The format {form!r} is unknown. Expected one of: {', '.join(GRAPH_FORMATS)}.")
    built = o.build(work, [(o.choose_models(ids or []), o.split_layers(layers))])
    rows = []
    for graph in built.graphs:
        row: dict[str, Any] = {
            "model": graph.model,
            "layer": graph.layer,
            "map": "x".join(map(str, graph.shape)),
            "no_attribution": int(graph.no_attribution.sum()),
            "no_feature": int(graph.no_feature.sum()),
            "digest": graph.digest,
        }
        if out is not None:
            row["file"] = str(write_graph(graph, out, form, neighbours, built.probes.names))
        rows.append(row)
    shown = [row | {"digest": row["digest"][:12]} for row in rows]
    emit(built.header() | {"graphs": rows}, as_json, shown, _title(built))
    finish(built)


@o.with_work
def rank(
    work: o.Work,
    target: Annotated[str, typer.Option(help="The model whose task is the target.")],
    ids: Models = None,
    lam: o.Lam = 1.0,
    layers: o.Layers = "output",
    as_json: o.Json = False,
) -> None:
    """Rank models as sources for a target by S = s_V + lam * s_E, with 95 % intervals over the probes."""
    aim = depara.model(target)
    sources = [spec for spec in o.choose_models(ids or []) if spec.id != aim.id]
    if not sources:
        raise depara.OptionError(f"No source was given beside the target {aim.id}; give at least one other model.")
    built = o.build(work, [([aim], "output"), (sources, o.split_layers(layers))])
    column, rows = split(built, aim)
    table = _records(depara.rank_sources(depara.similarity_matrix(rows, [column], grid=built.grid), column.label, lam))
    header = built.header() | {"target": aim.id, "lam": lam}
    title = f"Sources for {aim.id}, λ = {lam:g}, {_title(built)}, {grid_text(built.grid)}"
    emit(header | {"ranking": table}, as_json, table, title)
    finish(built)


@o.with_work
def layers(
    work: o.Work,
    source: Annotated[str, typer.Argument(help="The model to cut.")],
    target: Annotated[str, typer.Argument(help="The model whose task is the target.")],
    lam: o.Lam = 1.0,
    layers: o.Layers = "all",
    as_json: o.Json = False,
) -> None:
    """Score the layers of a source against a target's output, and mark the one to cut at (DEPARA, Eq. 6)."""
    start, aim = depara.model(source), depara.model(target)
    built = o.build(work, [([aim], "output"), ([start], o.split_layers(layers))])
    column, rows = split(built, aim)
    table = _records(depara.rank_layers(depara.similarity_matrix(rows, [column], grid=built.grid), lam))
    header = built.header() | {"source": start.id, "target": aim.id, "lam": lam}
    title = f"Layers of {start.id} for {aim.id}, λ = {lam:g}, {_title(built)}, {grid_text(built.grid)}"
    emit(header | {"layers": table}, as_json, table, title)
    finish(built)


def write_graph(graph: depara.AttributionGraph, folder: Path, form: str, neighbours: int, names: Sequence[str]) -> Path:
    """Write a graph's strongest edges as GraphML or GEXF and return the file."""
    name = f"{graph.model}.{graph.layer}".replace("/", "_")
    return write_file(folder / f"{name}.{form}", network_file(graph, form, neighbours=neighbours, names=names))


def write_file(file: Path, content: str | bytes) -> Path:
    """Write a file, its folder too where it is missing, and return it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8", "replace") if isinstance(content, str) else content)
    except OSError as error:
        raise depara.OptionError(f"{str(file)!r} cannot be written: {error.strerror}. Choose another --out.") from error
    return file


def split(built: o.Built, target: depara.ModelSpec) -> tuple[depara.AttributionGraph, list[depara.AttributionGraph]]:
    """Separate the target's graph, which was built first, from the others."""
    if target.id in dict(built.failed):
        raise depara.ModelError(f"The target {target.id} has no graph: {dict(built.failed)[target.id]}")
    if len(built.graphs) < 2:
        raise depara.ModelError("No source is left to compare with the target; give at least one that works.")
    return built.graphs[0], built.graphs[1:]


def finish(built: o.Built) -> None:
    """Exit with code 1 where a model was left out: a script must notice."""
    if built.failed:
        raise typer.Exit(1)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows with plain Python values, ready for JSON."""
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.astype(object).to_numpy().tolist()]


def _title(built: o.Built) -> str:
    return f"{len(built.probes)} probes: {built.probes.source}"
