"""`depara rooms`: making the bundled zoo."""

from pathlib import Path
from typing import Annotated, Any

import typer

from depara_core.cli.options import Json
from depara_core.cli.output import emit, progress
from depara_core.rooms import TASKS
from depara_core.training import Outcome, Recipe, train_zoo

app = typer.Typer(no_args_is_help=True)


@app.callback()
def rooms() -> None:
    """The bundled world and zoo."""


@app.command()
def train(
    tasks: Annotated[list[str] | None, typer.Argument(help="Names of tasks.", show_default="all twenty")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of training a task.")] = Recipe.steps,
    batch: Annotated[int, typer.Option(min=2, help="Scenes a step.")] = Recipe.batch,
    seed: Annotated[int, typer.Option(min=0, help="Of the scenes and of the training.")] = 0,
    scenes: Annotated[int, typer.Option(min=2, help="Scenes to train on.")] = 8192,
    held_out: Annotated[int, typer.Option(min=1, help="Scenes to score on.")] = 768,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side on a CPU.")] = 2,
    device: Annotated[str, typer.Option(help="'auto', 'cpu' or 'cuda'.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="Folder for weights and cards.", show_default="assets/zoo")] = None,
    force: Annotated[bool, typer.Option("--force", help="Train again what was trained already.")] = False,
    as_json: Json = False,
) -> None:
    """Train the bundled zoo's networks; an interrupted run goes on where it stopped."""
    with progress() as report:
        outcomes = train_zoo(
            tasks or list(TASKS),
            steps=steps,
            batch=batch,
            seed=seed,
            scenes=scenes,
            held_out=held_out,
            workers=workers,
            device=device,
            out=out,
            force=force,
            progress=report,
        )
    rows = [_row(outcome) for outcome in outcomes]
    emit(rows, as_json, rows)


def _row(outcome: Outcome) -> dict[str, Any]:
    """Return what became of a task; one that was trained before keeps its card and has no score here."""
    row: dict[str, Any] = {"task": outcome.task, "trained": outcome.score is not None}
    if outcome.score is None:
        return row | {"measure": None, "error": None, "constant_error": None, "skill": None}
    score = outcome.score
    return row | {
        "measure": score.measure,
        "error": score.error,
        "constant_error": score.constant_error,
        "skill": score.skill,
    }
