"""`depara rooms`: making the bundled zoo."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depara_core.cli.choices import BATCH, STEPS
from depara_core.cli.options import Json
from depara_core.cli.output import emit, progress

if TYPE_CHECKING:
    from depara_core.training import TrainingOutcome

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def rooms() -> None:
    """The bundled world and zoo."""


@app.command()
def train(
    tasks: Annotated[list[str] | None, typer.Argument(help="Names of tasks.", show_default="all twenty")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of training a task.")] = STEPS,
    batch: Annotated[int, typer.Option(min=2, help="Scenes a step.")] = BATCH,
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
    from depara_core.rooms import TASKS
    from depara_core.training import train_zoo

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


@app.command()
def transfer(
    seed: Annotated[int, typer.Option(min=0, help="Of the scenes.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 2,
    zoo: Annotated[Path | None, typer.Option(help="Folder of the encoders.", show_default="assets/zoo")] = None,
    name: Annotated[str, typer.Option(help="Name of the table.")] = "rooms",
    out: Annotated[Path | None, typer.Option(help="Folder for the table.", show_default="assets/benchmark")] = None,
    as_json: Json = False,
) -> None:
    """Measure how well every encoder serves every task with few labels; an interrupted run goes on where it stopped."""
    from depara_core.benchmark.transfer_table import load_transfer_table
    from depara_core.training import record_transfer

    with progress() as report:
        path = record_transfer(name, seed=seed, workers=workers, zoo=zoo, folder=out, progress=report)
    truth = load_transfer_table(name, out)
    best = truth.frame()
    rows = [
        {"target": target, "best source": best[target].drop(target).idxmax(), "own encoder": rank}
        for target, rank in ((f"{truth.name}/{task}", rank) for task, rank in truth.about["own_encoder_rank"].items())
    ]
    emit({"table": str(path), "targets": rows}, as_json, rows, f"Measured transfer, written to {path}")


@app.command()
def decoders(
    seed: Annotated[int, typer.Option(min=0, help="Of the scenes and of the training.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 2,
    zoo: Annotated[Path | None, typer.Option(help="Folder of the encoders.", show_default="assets/zoo")] = None,
    name: Annotated[str, typer.Option(help="Name of the zoo's table.")] = "rooms",
    out: Annotated[Path | None, typer.Option(help="Folder for the table.", show_default="assets/benchmark")] = None,
    as_json: Json = False,
) -> None:
    """Measure transfer a second way, by trained decoders on ten targets; an interrupted run goes on."""
    from depara_core.benchmark.transfer_table import load_transfer_table
    from depara_core.training import record_decoders

    with progress() as report:
        path = record_decoders(name, seed=seed, workers=workers, zoo=zoo, folder=out, progress=report)
    truth = load_transfer_table(path.stem, out)
    losses = -truth.frame(value="loss")
    rows = [
        {"target": target, "best source": losses[target].idxmin(), "own encoder": rank}
        for target, rank in ((f"{truth.name}/{task}", rank) for task, rank in truth.about["own_encoder_rank"].items())
    ]
    emit({"table": str(path), "targets": rows}, as_json, rows, f"Transfer by trained decoders, written to {path}")


@app.command()
def layers(
    seed: Annotated[int, typer.Option(min=0, help="Of the scenes and of the training.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 2,
    zoo: Annotated[Path | None, typer.Option(help="Folder of the networks.", show_default="assets/zoo/layers")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the table.", show_default="assets/benchmark")] = None,
    force: Annotated[bool, typer.Option("--force", help="Train and measure again what is there already.")] = False,
    as_json: Json = False,
) -> None:
    """Measure from which layer on a network serves best; an interrupted run goes on where it stopped."""
    from depara_core.training.layer_study import read_layer_table, record_layers

    with progress() as report:
        path = record_layers(seed=seed, workers=workers, force=force, zoo=zoo, folder=out, progress=report)
    table = read_layer_table(out).groupby(["source", "k", "layer", "budget"], as_index=False)["accuracy"].mean()
    wide = table.pivot(index=["source", "k", "layer"], columns="budget", values="accuracy").reset_index()
    wide.columns = [f"{name:.0%}" if isinstance(name, float) else str(name) for name in wide.columns]
    rows = wide.to_dict("records")
    emit({"table": str(path), "accuracy": rows}, as_json, rows, f"Accuracy by the last frozen layer, written to {path}")


def _row(outcome: "TrainingOutcome") -> dict[str, Any]:
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
