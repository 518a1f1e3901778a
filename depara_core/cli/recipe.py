"""`depara recipe`: the fine-tuning script that follows from a choice of layer."""

from pathlib import Path
from typing import Annotated

import typer

import depara_core as depara
from depara_core.cli.output import emit, write_file

app = typer.Typer(add_completion=False)


@app.command()
def recipe(
    source: Annotated[str, typer.Argument(help="The model to transfer.")],
    layer: Annotated[str, typer.Option(help="Where it is cut: up to here it stays frozen.")] = "output",
    classes: Annotated[int, typer.Option(min=2, help="How many classes the new task has.")] = 10,
    out: Annotated[Path | None, typer.Option(help="The file to write.", show_default="standard output")] = None,
) -> None:
    """Write the PyTorch script that freezes a model up to a layer and fine-tunes the rest."""
    from depara_core.exports import transfer_recipe

    text = transfer_recipe(depara.model(source), layer, classes)
    if out is None:
        typer.echo(text, nl=False)
    else:
        emit(None, False, notes=[f"The recipe is in {write_file(out, text)}"])
