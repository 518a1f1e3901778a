"""Graphs of the bundled zoo on a local Ray of two workers, against two plain processes that take half the models each.

Both arms are warm: Ray, its workers and the plain processes are started, have built a graph of every model and know the
probes before the clock starts; what that took is told apart. Every process computes with one thread. A run fills an
empty store; runs of the two arms take turns, and each pair of neighbours gives a ratio, of which the median is
reported. Processor time is that of all processes of an arm, Ray's own and the caller's included, as other load on the
machine moves wall time more. Then: what a task costs (empty tasks), and a run in which a worker is killed. Exit code 1
where digests differ.

    python benchmarks/cluster.py [--pairs 5] [--models 20] [--probes 100]
"""

import argparse
import multiprocessing
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

os.environ |= {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # as the plain processes: Ray's own 15 would give way to all else on the machine
}

import ray
import torch
from report import headline, measure, report

import depara_core as depara
from depara_core.files import Progress
from depara_core.pipeline.cluster import Task, spread

TARGET = 1.15  # of the wall time of two plain processes
WORKERS = 2
EMPTY = 300  # tasks that do nothing
WARM = 4  # probes of the graph that warms a process up
Digests = dict[str, str]


class Arm:
    """Wall and processor seconds of the runs of one arm."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []


def family(root: int, without: Sequence[int] = ()) -> list[Path]:
    """Return /proc's folders of a process and all that it started, less some and what these started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (stat := fields(entry)):
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found, open_ = [], [root]
    while open_:
        pid = open_.pop()
        if pid not in without:
            found.append(Path("/proc", str(pid)))
            open_ += children.get(pid, [])
    return found


def fields(process: Path) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on; none of a process that is gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(root: int, without: Sequence[int] = ()) -> float:
    """Return the processor time that a process, what it started and what of that has ended took so far."""
    ticks = sum(sum(map(int, stat[11:15])) for process in family(root, without) if (stat := fields(process)))
    return ticks / os.sysconf("SC_CLK_TCK")


@cache
def rooms(count: int) -> depara.ProbeSet:
    """Return the probes, rendered once."""
    return depara.load_probes("rooms", count=count)


def build(
    names: Sequence[str], count: int, store: Path, executor: str | None = None, progress: Progress | None = None
) -> list[depara.AttributionGraph]:
    """Build the graphs of all layers."""
    told = {"device": "cpu", "store": store, "executor": executor, "progress": progress}
    return depara.build_graphs([depara.model(name) for name in names], rooms(count), layers="all", **told)


def digests(graphs: Sequence[depara.AttributionGraph]) -> Digests:
    """Return the digest of each graph."""
    return {graph.label: graph.digest for graph in graphs}


def plain(told: Connection, names: Sequence[str], count: int) -> None:
    """Warm up, then build graphs into each folder that comes: tell when they are there, then their digests."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        build(names, WARM, Path(folder))
    rooms(count)
    told.send("warm")
    while (store := told.recv()) is not None:
        graphs = build(names, count, store)
        told.send("built")
        told.send(digests(graphs))


class Plain:
    """Two processes, each with half of the models and a store of its own."""

    def __init__(self, names: Sequence[str], count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.ends: list[Connection] = []
        self.processes: list[BaseProcess] = []
        for place in range(WORKERS):
            mine, other = context.Pipe()
            process = context.Process(target=plain, args=(other, names[place::WORKERS], count), daemon=True)
            process.start()
            self.ends.append(mine)
            self.processes.append(process)
        for end in self.ends:
            end.recv()

    @property
    def pids(self) -> list[int]:
        """Their process ids."""
        return [process.pid or 0 for process in self.processes]

    def end(self) -> None:
        """Let both end."""
        for end, process in zip(self.ends, self.processes, strict=True):
            end.send(None)
            process.join()

    def run(self, folder: Path) -> None:
        """Let both build their graphs."""
        for place, end in enumerate(self.ends):
            end.send(folder / f"store{place}")
        for end in self.ends:
            end.recv()

    def digests(self) -> Digests:
        """Return those of the graphs that were built last."""
        return {label: digest for end in self.ends for label, digest in end.recv().items()}


@contextmanager
def clocked(arm: Arm, roots: Sequence[int], without: Sequence[int] = ()) -> Iterator[None]:
    """Add a run's wall and processor time to an arm."""
    before = sum(cpu_seconds(root, without) for root in roots)
    with measure() as watch:
        yield
    arm.wall.append(watch.seconds)
    arm.cpu.append(sum(cpu_seconds(root, without) for root in roots) - before)


def nothing(spec: depara.ModelSpec, probes: depara.ProbeSet, **told: object) -> None:
    """Do nothing, as a task."""


def overhead_ms() -> float:
    """Return what an empty task takes of one worker, in milliseconds."""
    spec, probes = depara.model("rooms/normal"), rooms(WARM)
    with tempfile.TemporaryDirectory() as folder, measure() as watch:
        failed = spread(
            "ray", [Task(nothing, spec, {})] * EMPTY, probes, depara.Store(folder), device="cpu", progress=None
        )
    assert not failed
    return watch.seconds * 1000 * WORKERS / EMPTY


def killed(names: Sequence[str], count: int) -> tuple[Digests, bool]:
    """Return the digests of a run in which one worker was killed at work, and whether one was."""
    struck: list[int] = []

    def strike(done: int, total: int, message: str) -> None:
        for process in [] if struck or done == 0 else family(os.getpid()):
            if (process / "cmdline").read_bytes().startswith(b"ray::_task"):
                os.kill(int(process.name), signal.SIGKILL)
                struck.append(int(process.name))
                return

    with tempfile.TemporaryDirectory() as folder:
        return digests(build(names, count, Path(folder), "ray", strike)), bool(struck)


def in_turns(
    pair: Plain, names: Sequence[str], count: int, pairs: int
) -> tuple[list[dict[str, object]], list[Digests]]:
    """Run both arms `pairs` times, either one first in turn; return a row a pair, and the digests of every run."""
    arms, rows, found = {"plain": Arm(), "ray": Arm()}, [], []
    for turn in range(pairs):
        load = os.getloadavg()[0]
        for name in sorted(arms, reverse=bool(turn % 2)):
            with tempfile.TemporaryDirectory() as folder:
                if name == "plain":
                    with clocked(arms[name], pair.pids):
                        pair.run(Path(folder))
                    found.append(pair.digests())
                else:
                    with clocked(arms[name], [os.getpid()], without=pair.pids):
                        graphs = build(names, count, Path(folder), "ray")
                    found.append(digests(graphs))
        one, other = arms["plain"], arms["ray"]
        rows.append(
            {"pair": turn + 1, "load": load, "plain, s": one.wall[-1], "Ray, s": other.wall[-1]}
            | {"ratio": other.wall[-1] / one.wall[-1], "plain, CPU s": one.cpu[-1], "Ray, CPU s": other.cpu[-1]}
            | {"CPU ratio": other.cpu[-1] / one.cpu[-1]}
        )
    return rows, found


def main() -> None:
    """Run both arms in turns and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5, help="runs of each arm")
    parser.add_argument("--models", type=int, default=20, help="of the bundled zoo")
    parser.add_argument("--probes", type=int, default=100, help="rooms")
    asked = parser.parse_args()
    names = [spec.id for spec in depara.list_models("rooms") if spec.bundled][: asked.models]
    with measure() as processes_s:
        pair = Plain(names, asked.probes)
    with measure() as ray_s:
        ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False)
    with measure() as workers_s, tempfile.TemporaryDirectory() as folder:
        build(names, WARM, Path(folder), "ray")
    rooms(asked.probes)
    rows, found = in_turns(pair, names, asked.probes, asked.pairs)
    pair.end()
    task_ms = overhead_ms()
    after_kill, struck = killed(names, asked.probes)
    same = struck and all(one == after_kill for one in found)
    wall, cpu = (statistics.median(row[name] for row in rows) for name in ("ratio", "CPU ratio"))
    notes = [
        f"Started before the clock: two plain processes {processes_s.seconds:.1f} s, Ray {ray_s.seconds:.1f} s, its "
        f"workers {workers_s.seconds:.1f} s, each with the import of torch and a first graph of every model.",
        f"An empty task takes {task_ms:.1f} ms of a worker.",
        f"A worker killed at work: {'the same digests' if same else 'OTHER DIGESTS, or none was killed'}.",
    ]
    what = f"{len(names)} models, all layers, {asked.probes} rooms, on Ray with two workers"
    report(f"{what}, against two plain processes", rows, notes)
    ratios = f"{wall:.2f} x the wall time of two plain processes, {cpu:.2f} x their processor time"
    headline(what, f"{ratios} (medians of {asked.pairs} pairs); {task_ms:.0f} ms a task", f"{TARGET} x")
    headline("the same with a worker killed", "the same digests" if same else "NOT the same", "the same digests")
    ray.shutdown()
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
