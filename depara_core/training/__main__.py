"""`python -m depara_core.training`: train the bundled zoo; the same as `depara rooms train`."""

import argparse
import sys
from pathlib import Path

import typer

from depara_core.errors import DeparaError
from depara_core.rooms import TASKS
from depara_core.training import Recipe, report, train_zoo


def main(arguments: list[str] | None = None) -> int:
    """Train as the command line says; return 0, or 1 after a message if something could not be done."""
    parser = argparse.ArgumentParser(prog="python -m depara_core.training", description=__doc__)
    parser.add_argument("--task", action="append", choices=list(TASKS), help="repeatable; default: all twenty")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--batch", type=int, default=Recipe.batch)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=int, default=8192, help="scenes to train on")
    parser.add_argument("--held-out", type=int, default=768, help="scenes to score on")
    parser.add_argument("--workers", type=int, default=2, help="processes side by side on a CPU")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--out", type=Path, help="folder for weights and cards; default: assets/zoo")
    parser.add_argument("--force", action="store_true", help="train again what was trained already")
    chosen = parser.parse_args(arguments)
    try:
        outcomes = train_zoo(
            chosen.task, steps=chosen.steps, batch=chosen.batch, seed=chosen.seed, scenes=chosen.scenes,
            held_out=chosen.held_out, workers=chosen.workers, device=chosen.device, out=chosen.out, force=chosen.force,
            progress=lambda done, total, message: typer.echo(f"[{done}/{total}] {message}"),
        )  # fmt: skip
    except DeparaError as error:
        typer.echo(f"Error: {error}", err=True)
        return 1
    for outcome in outcomes:
        typer.echo(report(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main())
