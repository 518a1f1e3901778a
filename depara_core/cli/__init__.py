"""The command line, `depara`: the library's own calls, as tables for people or (--json) as JSON for programs.

JSON goes to standard output and nothing else does; progress, warnings and errors go to standard error. Exit codes:
0 all done, 1 something failed (the message says what), 2 the command was misused, 130 Ctrl-C stopped it.
"""

import typer

from depara_core.cli import commands, evaluate, rooms, serve, store, takeaway
from depara_core.cli.output import Reporting

app = typer.Typer(
    cls=Reporting,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="How well will what this network knows transfer to that task, from which layer, and why?",
)
app.command("models")(commands.models)
app.command("graphs")(commands.graphs)
app.command("rank")(commands.rank)
app.command("layers")(commands.layers)
app.command("evaluate")(evaluate.evaluate)
app.command("recipe")(takeaway.recipe)
app.command("report")(takeaway.report)
app.command("app")(serve.serve)
app.add_typer(rooms.app, name="rooms", help="The bundled world and zoo.")
app.add_typer(store.app, name="store", help="The results kept on disk.")
