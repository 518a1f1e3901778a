"""`depara graphs`: deep attribution graphs, built, kept and written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.choices import GRAPH_FORMATS
from depara_core.cli.output import emit, write_file
from depara_core.cli.work import Work, split_layers, with_work
from depara_core.files import file_name

app = typer.Typer(add_completion=False)


@app.command()
@with_work
def graphs(
    work: Work,
    ids: o.Models = None,
    layers: o.Layers = "output",
    out: Annotated[Path | None, typer.Option(help="A folder to write the graphs to.")] = None,
    form: Annotated[str, typer.Option("--format", help=f"Of the files: {', '.join(GRAPH_FORMATS)}.")] = "graphml",
    neighbours: Annotated[int, typer.Option(min=1, help="Strongest edges kept per probe in the files.")] = 8,
    as_json: o.Json = False,
) -> None:
    """Build deep attribution graphs, keep them in the store, and write them to files where asked."""
    from depara_core.cli.building import build, choose_models, finish

    if form not in GRAPH_FORMATS:
        raise depara.OptionError(f"The format {form!r} is unknown. Expected one of: {', '.join(GRAPH_FORMATS)}.")
    wrong: dict[str, depara.DeparaError] = {}
    built = build(work, [(choose_models(ids or [], work.view, wrong.__setitem__), split_layers(layers))], wrong)
    rows = []
    for graph in built.graphs:
        row: dict[str, Any] = {
            "model": graph.model,
            "layer": graph.layer,
            "map": "x".join(map(str, graph.shape)),
            "no_attribution": int(graph.no_attribution.sum()),
            "no_feature": int(graph.no_feature.sum()),
            "note": graph.note,
            "taken": graph.taken,
            "digest": graph.digest,
        }
        if out is not None:
            row["file"] = str(write_graph(graph, out, form, neighbours, built.probes.names))
        rows.append(row)
    shown = [{name: value for name, value in row.items() if name not in ("note", "taken")} for row in rows]
    shown = [row | {"digest": row["digest"][:12]} for row in shown]
    told = [f"{row['model']} · {row['layer']}: the {row['taken']} is taken." for row in rows if row["taken"]]
    emit(built.header() | {"graphs": rows}, as_json, shown, built.title, told)
    finish(built)


def write_graph(
    graph: "depara.AttributionGraph", folder: Path, form: str, neighbours: int, names: Sequence[str]
) -> Path:
    """Write a graph's strongest edges as GraphML or GEXF and return the file."""
    from depara_core.exports import network_file

    return write_file(
        folder / file_name(f"{graph.model}.{graph.layer}", f".{form}"),
        network_file(graph, form, neighbours=neighbours, names=names),
    )
