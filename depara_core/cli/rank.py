"""`depara rank`: which models are the best sources for a target."""

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, records
from depara_core.cli.work import Work, split_layers, with_work

app = typer.Typer(add_completion=False)


@app.command()
@with_work
def rank(
    work: Work,
    target: o.Target,
    ids: o.Models = None,
    lam: o.Lam = 1.0,
    layers: o.Layers = "output",
    as_json: o.Json = False,
) -> None:
    """Rank models as sources for a target by S = s_V + lam * s_E, with 95 % intervals over the probes."""
    from depara_core.cli.building import build_for_target, choose_models, finish, target_without_network

    name = target if target_without_network(target) else work.model(target).id
    wrong: dict[str, depara.DeparaError] = {}
    sources = [spec for spec in choose_models(ids or [], work.view, wrong.__setitem__) if spec.id != name]
    if not sources:
        raise depara.OptionError(f"No source was given beside the target {name}; give at least one other model.")
    built, column, rows = build_for_target(work, target, sources, split_layers(layers), wrong)
    table = records(depara.rank_sources(depara.similarity_matrix(rows, [column], grid=built.grid), column.label, lam))
    header = built.header() | {"target": column.model, "lam": lam}
    notes = [column.note] if column.edges_only else []
    emit(header | {"ranking": table}, as_json, table, f"Sources for {column.model}, λ = {lam:g}, {built.title}", notes)
    finish(built)
