"""What every benchmark prints: the machine, the measured rows, the baseline they stand against, and one line of it."""

import os
import platform
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

WIDE = 200  # columns of a table in a file or a pipe


class Stopwatch:
    """Wall-clock seconds of a `with measure()` block, set when it ends."""

    seconds = 0.0


@contextmanager
def measure() -> Iterator[Stopwatch]:
    """Time a block in seconds."""
    watch, start = Stopwatch(), time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - start


def peak_memory_gb() -> float:
    """The largest resident size of this process so far, in GB (10^9 bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def machine() -> str:
    """Name the processor, its cores, and the versions that matter."""
    model = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores; Python {platform.python_version()}, torch {torch.__version__}"


def report(title: str, rows: Sequence[Mapping[str, object]], notes: Sequence[str]) -> None:
    """Print the rows as a table under the machine's name, and the notes below."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name, value in rows[0].items():
        table.add_column(name, justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*(f"{value:.3g}" if isinstance(value, float) else str(value) for value in row.values()))
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
    for note in (*notes, f"Machine: {machine()}"):
        console.print(note, markup=False)


def headline(what: str, measured: str, target: str = "") -> None:
    """Print a result in one line, and add it to the table that $DEPARA_BENCH_TABLE names, where it is set."""
    print(f"{what}: {measured}" + (f" (target: {target})" if target else ""))
    if table := os.environ.get("DEPARA_BENCH_TABLE"):
        with Path(table).open("a") as file:
            file.write(f"| {what} | {measured} | {target} |\n")
