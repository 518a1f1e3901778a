"""What starting costs: processor seconds, user and system, of a fresh process, the least of five; and the catalogue.

Baseline: `python -c "import torch"`, which every command that computes needs, and the targets of the project itself.

    python benchmarks/startup.py
"""

import resource
import subprocess
import sys
import time

from report import headline, report

REPEATS = 5
COMMAND = "from depara_core.cli import app; app()"
STARTS = {  # what is started: its arguments to Python, and the target in processor seconds
    "import depara_core": (("-c", "import depara_core"), 0.3),
    "depara --help": (("-c", COMMAND, "--help"), 0.5),
    "depara rank --help": (("-c", COMMAND, "rank", "--help"), 0.5),
    "depara models --source rooms": (("-c", COMMAND, "models", "--source", "rooms"), 1.0),
    "depara models search vit dinov2": (("-c", COMMAND, "models", "search", "vit", "dinov2"), 1.0),
    'python -c "import torch"': (("-c", "import torch"), None),
}


def start(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Return the processor seconds and the wall-clock seconds of one process."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended - begun


def main() -> None:
    """Start each a few times; the first time, which may write bytecode, does not count."""
    rows = []
    for what, (arguments, target) in STARTS.items():
        start(arguments)
        times = [start(arguments) for _ in range(REPEATS)]
        processor, wall = (min(column) for column in zip(*times, strict=True))
        rows.append({"what": what, "processor s": processor, "wall s": wall, "target s": target or ""})
    report("Starting", rows, [f"The least of {REPEATS} each."])
    for row in rows:
        target = f"{row['target s']} s" if row["target s"] else ""
        headline(f"`{row['what']}`, processor time", f"{row['processor s']:.2f} s", target)


if __name__ == "__main__":
    main()
