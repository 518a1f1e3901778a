"""The command line, `depara`: the library's own calls, as tables for people or (--json) as JSON for programs.

JSON goes to standard output and nothing else does; progress, warnings and errors go to standard error. Exit codes:
0 all done, 1 something failed (the message says what), 2 the command was misused, 130, 143 or 129
Ctrl-C, SIGTERM or SIGHUP stopped it.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from depara_core.cli.output import Reporting

COMMANDS = {  # what the list of commands says of each: the first words of its own help, with nothing imported
    "models": "List the models that can be compared, the bundled ones first",
    "graphs": "Build deep attribution graphs, keep them in the store, and write them to files where asked.",
    "rank": "Rank models as sources for a target by S = s_V + lam * s_E, with 95 % intervals over the probes.",
    "layers": "Where should a network be cut? Score or list a model's layers; or show the measured layer study.",
    "evaluate": "Check every metric's ranking of sources against measured transfer, with intervals over the targets.",
    "choose": "Which of my candidates for my task? Scores, measured accuracy and costs of each, the answer in words.",
    "fit": "Measure what each model's frozen features reach on labelled images: a linear head, cross-validated.",
    "recipe": "Write the PyTorch script that freezes a model up to a layer and fine-tunes the rest.",
    "report": "Compare models and write one HTML file that is read offline: ranking, matrix, tree, settings.",
    "app": "Start the web app on localhost and print its address; Ctrl-C stops it.",
    "sanity": "Do maps and scores rest on what a network learnt? Shuffle its weights from the top down, and see.",
    "curves": "Do maps show what a feature rests on? Take pixels away from the strongest on, and put them in.",
    "rooms": "The bundled world and zoo.",
    "zoo": "Keep graphs of many models in a folder, and find the most alike at any lambda.",
    "store": "The results kept on disk.",
}
MODULES = {"app": "serve"}  # of a command that is not called as its module is


class Commands(Reporting):
    """The commands by name: the module of one is imported when it is called."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given | {"commands": {name: TyperCommand(name, help=COMMANDS[name]) for name in COMMANDS}})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command behind it, and what is left of the arguments."""
        name, listed, rest = super().resolve_command(ctx, args)
        if name is None:
            return name, listed, rest
        return name, get_command(import_module(f"{__name__}.{MODULES.get(name, name)}").app), rest


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def depara() -> None:
    """How well will what this network knows transfer to that task, from which layer, and why?"""
