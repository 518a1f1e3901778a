"""`depara zoo`: graphs of many models in one folder, found again by how alike they are."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, follow, records
from depara_core.cli.work import Work, split_layers, with_work
from depara_core.files import Progress

app = typer.Typer(no_args_is_help=True, add_completion=False)
Folder = Annotated[Path, typer.Argument(help="The zoo's folder.", show_default=False)]
Where = Annotated[
    str | None, typer.Option(help="SQL, such as \"source = 'timm' AND parameters < 30e6\".", show_default="everything")
]
Device = Annotated[str, typer.Option(help="'auto', 'cpu', 'cuda', ...")]


@app.callback()
def zoo() -> None:
    """Keep graphs of many models in a folder, and find the most alike at any lambda."""


@app.command("create")
@with_work
def create(
    work: Work,
    folder: Folder,
    width: Annotated[int, typer.Option(help="Numbers a part of a point; its error falls with the root.")] = 512,
    projection: Annotated[int, typer.Option(min=0, help="Seed of the projection.")] = 0,
    as_json: o.Json = False,
) -> None:
    """Make an empty zoo, whose probes and options hold for all that is added."""
    options = asdict(work.options())

    def make(progress: Progress) -> "depara.Zoo":
        return depara.Zoo.create(folder, work.load(progress), **options, width=width, seed=projection)

    _tell(follow(make), {}, as_json, "An empty zoo")


@app.command()
def add(
    folder: Folder,
    ids: o.Models = None,
    layers: o.Layers = "output",
    licence: Annotated[str, typer.Option(help="Of these models, to filter by.")] = "",
    device: Device = "auto",
    executor: o.Executor = None,
    store: o.StorePath = None,
    as_json: o.Json = False,
) -> None:
    """Build graphs of models and add them; what is there is replaced. A model that fails is told, the others go on."""
    from depara_core.cli.building import choose_models, say_failures

    opened = depara.Zoo(folder)
    failed: dict[str, depara.DeparaError] = {}
    specs, names = choose_models(ids or [], on_error=failed.__setitem__), split_layers(layers)
    told: dict[str, Any] = {"licence": licence, "device": device, "store": store, "executor": executor}
    added = follow(
        lambda progress: opened.add(
            specs, layers=names, **told, progress=progress, on_error=lambda model, error: failed.update({model: error})
        )
    )
    reasons = [{"model": model, "reason": str(error)} for model, error in failed.items()]
    _tell(opened, {"added": added, "failed": reasons}, as_json, f"{added} graphs added")
    say_failures(failed)


@app.command()
def remove(
    folder: Folder,
    ids: Annotated[list[str], typer.Argument(help="Ids of models.", show_default=False)],
    layer: Annotated[str | None, typer.Option(help="One layer.", show_default="all")] = None,
    as_json: o.Json = False,
) -> None:
    """Remove models."""
    opened = depara.Zoo(folder)
    removed = sum(opened.remove(model, layer=layer) for model in ids)
    _tell(opened, {"removed": removed}, as_json, f"{removed} graphs removed")


@app.command("list")
def list_(folder: Folder, where: Where = None, as_json: o.Json = False) -> None:
    """List what is in the zoo."""
    rows = records(depara.Zoo(folder).list(where))
    shown = [row | {"digest": row["digest"][:12]} for row in rows]
    emit({"zoo": str(folder), "entries": rows}, as_json, shown, notes=[f"{len(rows)} graphs in {folder}"])


@app.command()
def search(
    folder: Folder,
    asked: Annotated[
        str,
        typer.Argument(help="A model, in the zoo or not; 'labels', a .csv or an .npz.", show_default=False),
    ],
    lam: o.Lam = 1.0,
    k: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 10,
    where: Where = None,
    layer: Annotated[str, typer.Option(help="Of the model.")] = "output",
    device: Device = "auto",
    store: o.StorePath = None,
    as_json: o.Json = False,
) -> None:
    """Find the graphs with the highest S = s_V + lam * s_E with a model's, or with labels; scores are exact."""
    from depara_core.cli.building import target_without_network

    opened, make = depara.Zoo(folder), target_without_network(asked)
    wanted = depara.model(asked) if make is None else make(opened.probes)
    told: dict[str, Any] = {"k": k, "where": where, "layer": layer, "device": device, "store": store}
    found = records(follow(lambda progress: opened.search(wanted, lam, **told, progress=progress)))
    title = f"Most like {asked} of {len(opened)} graphs, λ = {lam:g}, {len(opened.probes)} probes"
    emit({"zoo": str(folder), "asked": asked, "lam": lam, "found": found}, as_json, found, title)


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="A .parquet, with the vectors, or a .csv.")],
    as_json: o.Json = False,
) -> None:
    """Write the zoo's table to a file."""
    opened = depara.Zoo(folder)
    file = opened.export(out)
    emit({"zoo": str(folder), "file": str(file)}, as_json, notes=[f"{len(opened)} graphs written to {file}"])


def _tell(opened: "depara.Zoo", told: dict[str, Any], as_json: bool, what: str) -> None:
    emit({"zoo": str(opened.path), "entries": len(opened)} | told, as_json, notes=[f"{what}: {opened.path}"])
