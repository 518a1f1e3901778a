"""A few kills of the benchmark's kind; `benchmarks/kill_resume.py` makes fifty of a job of twenty models."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are started by forking")
def test_a_killed_job_is_resumed_and_nothing_is_damaged():
    script = [sys.executable, str(ROOT / "benchmarks" / "kill_resume.py")]
    options = ["--times", "2", "--models", "3", "--probes", "6", "--seed", "1"]
    done = subprocess.run(
        [*script, *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 reruns kept the promise; two processes at once: the same" in done.stdout
