"""What a command says and where: results to standard output, everything else to standard error."""

import json
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from typer.core import TyperGroup

from depara_core.errors import DeparaError, OptionError
from depara_core.formatting import number
from depara_core.jobs import JobQueue, Work

if TYPE_CHECKING:
    import pandas

Row = Mapping[str, Any]
INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended
POLL_S = 0.1
WIDE = 200  # columns of a table in a pipe or a file, where nothing needs to fit a window


class Reporting(TyperGroup):
    """A group of commands that turns the library's errors into a plain message and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command in its context."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_, **__: warn(str(message))
                return super().invoke(ctx)
        except DeparaError as error:
            complain(str(error))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            complain("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None


def complain(message: str) -> None:
    """Write an error to standard error."""
    Console(stderr=True, soft_wrap=True).print(f"[bold red]Error:[/] {escape(message)}", highlight=False)


def warn(message: str) -> None:
    """Write a warning to standard error."""
    Console(stderr=True, soft_wrap=True).print(f"[yellow]Warning:[/] {escape(message)}", highlight=False)


def emit(document: Any, as_json: bool, rows: Sequence[Row] = (), title: str = "", notes: Sequence[str] = ()) -> None:
    """Write `document` as JSON, or else `rows` as a table with `notes` under it."""
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
        return
    console = Console(soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDE
    if rows:
        console.print(_table(rows, title))
    for note in notes:
        console.print(escape(note), highlight=False)


def records(frame: "pandas.DataFrame") -> list[dict[str, Any]]:
    """Return the rows with plain Python values, ready for JSON."""
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.astype(object).to_numpy().tolist()]


def write_file(file: Path, content: str | bytes) -> Path:
    """Write a file, its folder too where it is missing, and return it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8", "replace") if isinstance(content, str) else content)
    except OSError as error:
        raise OptionError(f"{str(file)!r} cannot be written: {error.strerror}. Choose another --out.") from error
    return file


@contextmanager
def progress() -> Iterator[Callable[[int, int, str], None]]:
    """Yield a callable of (done, total, message) that draws a bar with an ETA where standard error is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Starting", total=None)
        yield lambda done, total, message: bar.update(
            task, completed=done, total=total or None, description=escape(message)
        )


def follow(work: Work) -> Any:
    """Do work(progress) as a job, draw its progress, and return what it makes.

    Ctrl-C, SIGTERM and SIGHUP (a closed terminal) end the job at its next report, with what is finished kept, and the
    command with exit code 130, 143 or 129; a second one does not wait for that.
    """
    job, code = JobQueue().submit("command", "The command", work), INTERRUPTED
    with progress() as report, _signals_interrupt():
        try:
            while not job.wait(POLL_S):
                report(job.done, job.total, job.message)
        except KeyboardInterrupt as stop:
            code = 128 + stop.args[0] if stop.args else INTERRUPTED
            job.cancel()
            with suppress(OSError):  # of a terminal that is gone
                warn("Stopping. What is finished is kept.")
            try:
                job.wait()
            except KeyboardInterrupt:
                os._exit(code)  # a thread that still computes would abort an orderly end
    if job.state == "done":
        return job.result
    if job.error is not None:
        raise job.error
    with suppress(OSError):
        warn("Stopped. The same command goes on where this one was.")
    raise typer.Exit(code)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does."""

    def interrupt(number: int, _: object) -> None:
        raise KeyboardInterrupt(number)

    if threading.current_thread() is not threading.main_thread():  # where no handler can be set
        yield
        return
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]  # Windows has one of them
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _table(rows: Sequence[Row], title: str) -> Table:
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for place, name in enumerate(rows[0]):
        numeric = all(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "✓" if value else ""
    if value is None or isinstance(value, list):
        return ", ".join(value or ())
    return number(value, 3) if isinstance(value, float) else escape(str(value))
