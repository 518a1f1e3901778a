"""`depara rank`: which models are the best sources for a target."""

from typing import Annotated

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, records
from depara_core.cli.work import Work, build, choose_models, finish, split, split_layers, with_work

app = typer.Typer(add_completion=False)


@app.command()
@with_work
def rank(
    work: Work,
    target: Annotated[str, typer.Option(help="The model whose task is the target.")],
    ids: o.Models = None,
    lam: o.Lam = 1.0,
    layers: o.Layers = "output",
    as_json: o.Json = False,
) -> None:
    """Rank models as sources for a target by S = s_V + lam * s_E, with 95 % intervals over the probes."""
    aim = depara.model(target)
    sources = [spec for spec in choose_models(ids or []) if spec.id != aim.id]
    if not sources:
        raise depara.OptionError(f"No source was given beside the target {aim.id}; give at least one other model.")
    built = build(work, [([aim], "output"), (sources, split_layers(layers))])
    column, rows = split(built, aim)
    table = records(depara.rank_sources(depara.similarity_matrix(rows, [column], grid=built.grid), column.label, lam))
    header = built.header() | {"target": aim.id, "lam": lam}
    emit(header | {"ranking": table}, as_json, table, f"Sources for {aim.id}, λ = {lam:g}, {built.title}")
    finish(built)
