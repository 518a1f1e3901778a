"""The quick set of benchmarks: each in a process of its own, its headlines gathered into a table.

The table is written as markdown, with the machine under it, for the README.

    python benchmarks/all.py [--out docs/benchmarks.md]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from report import machine

HERE = Path(__file__).parent
QUICK = (
    ("startup.py",),
    ("zoo_graphs.py",),
    ("similarity.py",),
    ("leave_one_out.py",),
    ("folder.py",),
    ("extraction.py", "--quick"),
    ("memory.py", "--quick"),
    ("scaling.py", "--quick"),
    ("kill_resume.py", "--times", "5"),
    ("cluster.py", "--pairs", "3"),
    ("page_latency.py", "--quick"),
    ("why_latency.py",),
    ("map_contrast.py",),
    ("first_paint.py", "--pages", "home", "models", "evaluate"),
)
HEAD = "| what | measured | target |\n|---|---|---|\n"


def main() -> None:
    """Run them one after another and write the table; a failure is told and leaves the rest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "benchmarks.md")
    out = parser.parse_args().out
    out.write_text(f"# Measured\n\nWritten by `make bench`.\n\n{HEAD}")
    failed = []
    for script, *options in QUICK:
        print(f"\n{script} {' '.join(options)}", flush=True)
        environment = {**os.environ, "DEPARA_BENCH_TABLE": str(out)}
        if subprocess.run([sys.executable, HERE / script, *options], env=environment, check=False).returncode:
            failed.append(script)
    with out.open("a") as file:
        file.write(f"\n{machine()}.\n")
    print(f"\nThe table is in {out}.")
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
