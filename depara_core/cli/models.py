"""`depara models`: what can be compared."""

from typing import Annotated, Any

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit

app = typer.Typer(add_completion=False)


@app.command()
def models(
    source: Annotated[str | None, typer.Option(help=f"Only one of: {', '.join(depara.SOURCES)}.")] = None,
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
