"""`depara models`: what can be compared, and the search among it."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit

app = typer.Typer(add_completion=False)
MOST = 40  # rows that a person is shown


@app.command()
def models(
    words: Annotated[
        list[str] | None, typer.Argument(help="`search` and words that all must occur: search vit dinov2.")
    ] = None,
    source: Annotated[str | None, typer.Option(help=f"Only one of: {', '.join(depara.SOURCES)}.")] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Name the layers too, from input to output.")] = False,
    parameters: Annotated[bool, typer.Option("--parameters", help="Count the parameters of those shown too.")] = False,
    as_json: o.Json = False,
) -> None:
    """List the models that can be compared, the bundled ones first; `models search WORDS` finds all others too."""
    if words:
        if words[0] != "search":
            raise depara.OptionError(f"Expected `depara models` or `depara models search WORDS`; {words[0]!r} came.")
        _search(words[1:], source, parameters, as_json)
        return
    rows = []
    for spec in depara.list_models(source):
        row: dict[str, Any] = {"id": spec.id, "group": spec.group, "input_size": spec.input_size}
        row |= {"bundled": spec.bundled, "summary": spec.summary}
        row |= {"parameters": depara.count_parameters(spec.id)} if parameters else {}
        rows.append(row | ({"layers": list(spec.layers)} if layers else {}))
    columns = ("id", "group", *(("parameters",) if parameters else ()), *(("layers",) if layers else ("summary",)))
    emit(rows, as_json, [{name: row[name] for name in columns} for row in rows])


def _search(words: list[str], source: str | None, parameters: bool, as_json: bool) -> None:
    rows = [asdict(entry) for entry in depara.search_models(words, source=source)]
    for row in rows[:MOST] if parameters else []:
        row["parameters"] = depara.count_parameters(row["id"])
    columns = ("id", "family", *(("parameters",) if parameters else ()), "input_size", "summary")
    shown = [{name: row[name] for name in columns} for row in rows[:MOST]]
    more = [f"{len(rows) - MOST} more: add a word, or ask for --json."] if len(rows) > MOST else []
    emit(rows, as_json, shown, f"{len(rows)} models", more or ([] if rows else ["No model has all these words."]))
