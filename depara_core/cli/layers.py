"""`depara layers`: where to cut a source for a target."""

from typing import Annotated

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, records
from depara_core.cli.work import Work, build, finish, split, split_layers, with_work

app = typer.Typer(add_completion=False)


@app.command()
@with_work
def layers(
    work: Work,
    source: Annotated[str, typer.Argument(help="The model to cut.")],
    target: Annotated[str, typer.Argument(help="The model whose task is the target.")],
    lam: o.Lam = 1.0,
    layers: o.Layers = "all",
    as_json: o.Json = False,
) -> None:
    """Score the layers of a source against a target's output, and mark the one to cut at (DEPARA, Eq. 6)."""
    start, aim = depara.model(source), depara.model(target)
    built = build(work, [([aim], "output"), ([start], split_layers(layers))])
    column, rows = split(built, aim)
    table = records(depara.rank_layers(depara.similarity_matrix(rows, [column], grid=built.grid), lam))
    header = built.header() | {"source": start.id, "target": aim.id, "lam": lam}
    title = f"Layers of {start.id} for {aim.id}, λ = {lam:g}, {built.title}"
    emit(header | {"layers": table}, as_json, table, title)
    finish(built)
