"""`depara store`: what is kept on disk, whether it is sound, and how to be rid of it."""

import typer

import depara_core as depara
from depara_core.cli.options import Json, StoreLimit, StorePath
from depara_core.cli.output import emit
from depara_core.formatting import megabytes

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The results kept on disk.")


@app.command()
def status(store: StorePath = None, limit: StoreLimit = None, as_json: Json = False) -> None:
    """Say where the store is, how full, and how full it may become."""
    state = depara.Store(store, limit).status()
    document = {"path": str(state.path), "artefacts": state.artefacts, "bytes": state.size, "limit": state.max_bytes}
    fill = f"{megabytes(state.size)} of at most {megabytes(state.max_bytes)}"
    emit(document, as_json, notes=[f"{state.artefacts} artefacts, {fill}, in {state.path}"])


@app.command()
def verify(store: StorePath = None, as_json: Json = False) -> None:
    """Read every artefact and name the damaged ones, which are computed again when next needed; exit code 1 if any."""
    opened = depara.Store(store)
    damaged = opened.verify()
    document = {"path": str(opened.path), "artefacts": opened.status().artefacts, "damaged": list(damaged)}
    summary = (
        f"{len(damaged)} of {document['artefacts']} artefacts are damaged" if damaged else "Every artefact is sound"
    )
    emit(document, as_json, notes=[f"{summary}, in {opened.path}", *damaged])
    if damaged:
        raise typer.Exit(1)


@app.command()
def clear(store: StorePath = None, as_json: Json = False) -> None:
    """Remove every artefact; all of them can be computed again."""
    opened = depara.Store(store)
    removed = opened.clear()
    emit({"path": str(opened.path), "removed": removed}, as_json, notes=[f"{removed} artefacts removed, {opened.path}"])
