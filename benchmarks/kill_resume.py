"""kill -9 at random moments of a job over the bundled zoo, and what the next run makes of what is left.

Each time a process computes the graphs into a store of its own and is killed; another one is started on the same store.
Baseline: an undisturbed run. The second process must end with the same digests and compute only what was not stored,
which is at most one model's work twice; no artefact may be damaged, at the kill or at the end. Once, two processes
start together on one store. Exit code 1 where anything of this fails.

    python benchmarks/kill_resume.py [--times 50] [--seed 0] [--models 20] [--probes 12]
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a process with threads cannot be forked

import torch
from report import headline, report

import depara_core as depara
from depara_core.jobs import JobQueue
from depara_core.pipeline import builder

QUARTERS = 4  # of the models, as rows of the table


@dataclass
class Run:
    """A process that computes the graphs: what it began, and, if it came to its end, the graphs' digests."""

    pid: int
    pipe: int
    begun: list[str] = field(default_factory=list)
    digests: tuple[str, ...] = ()

    def end(self) -> None:
        """Wait until the process is gone, and read what it said."""
        with os.fdopen(self.pipe) as lines:
            words = [line.split() for line in lines]
        os.waitpid(self.pid, 0)
        self.begun = [word for kind, word in words if kind == "began"]
        self.digests = tuple(word for kind, word in words if kind == "digest")


@dataclass(frozen=True)
class Killing:
    """What one kill did and what the next process made of it."""

    stored: int  # artefacts at the kill
    repeated: int  # models begun by both processes
    again: int  # models that the second one computed
    same: bool
    damaged: int
    unfinished: int  # files that the killed process was writing

    def holds(self, models: int) -> bool:
        """Whether the promise was kept."""
        return self.same and self.damaged == 0 and self.repeated <= 1 and self.again == models - self.stored


def start(specs: Sequence[depara.ModelSpec], probes: depara.ProbeSet, store: Path) -> Run:
    """Fork a process that computes the graphs as a job and tells, line by line, what it begins and what it made."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Run(pid, reading)
    try:
        os.close(reading)
        torch.set_num_threads(1)
        real = builder.extract

        def extract(network: object, spec: depara.ModelSpec, *given: object, **more: object) -> Iterator[object]:
            os.write(writing, f"began {spec.id}\n".encode())
            return real(network, spec, *given, **more)

        builder.extract = extract
        job = JobQueue().submit(
            "zoo",
            "the zoo",
            lambda progress: depara.build_graphs(specs, probes, store=store, device="cpu", progress=progress),
        )
        job.wait()
        if job.error is not None:
            os.write(sys.stderr.fileno(), f"{job.error}\n".encode())
        for graph in job.result or ():
            os.write(writing, f"digest {graph.digest}\n".encode())
    finally:
        os._exit(0)


def kill(
    specs: Sequence[depara.ModelSpec], probes: depara.ProbeSet, expected: tuple[str, ...], after_s: float
) -> Killing | None:
    """Kill a run after so many seconds and start another; None where the run was over before."""
    with tempfile.TemporaryDirectory() as folder:
        store = depara.Store(folder)
        first = start(specs, probes, store.path)
        time.sleep(after_s)
        os.kill(first.pid, signal.SIGKILL)
        first.end()
        if first.digests:
            return None
        damaged, stored = len(store.verify()), store.status().artefacts
        unfinished = len([*store.path.rglob("*.part")])
        second = start(specs, probes, store.path)
        second.end()
        return Killing(
            stored=stored,
            repeated=len({*first.begun} & {*second.begun}),
            again=len(second.begun),
            same=second.digests == expected,
            damaged=damaged + len(store.verify()),
            unfinished=unfinished,
        )


def together(specs: Sequence[depara.ModelSpec], probes: depara.ProbeSet, expected: tuple[str, ...]) -> bool:
    """Start two runs on one store at once; tell whether both came to the same end and left a sound store."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [start(specs, probes, Path(folder)) for _ in range(2)]
        for run in runs:
            run.end()
        return all(run.digests == expected for run in runs) and depara.Store(folder).verify() == ()


def rows(killings: Sequence[Killing], models: int) -> list[dict[str, object]]:
    """Return a row a quarter of the models that were stored at the kill, and one for all."""
    table = []
    for quarter in range(QUARTERS + 1):
        whole = quarter == QUARTERS
        part = [one for one in killings if whole or min(one.stored * QUARTERS // models, QUARTERS - 1) == quarter]
        if part:
            row: dict[str, object] = {
                "models stored at the kill": f"{min(one.stored for one in part)} to {max(one.stored for one in part)}",
                "kills": len(part),
                "begun twice, at most": max(one.repeated for one in part),
                "same digests": sum(one.same for one in part),
                "damaged": sum(one.damaged for one in part),
                "left half written": sum(one.unfinished for one in part),
                "promise kept": sum(one.holds(models) for one in part),
            }
            table.append(row)
    return table


def main() -> None:
    """Kill as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50, help="how many kills")
    parser.add_argument("--seed", type=int, default=0, help="of their moments")
    parser.add_argument("--models", type=int, default=20, help="of the bundled zoo")
    parser.add_argument("--probes", type=int, default=12, help="rooms")
    asked = parser.parse_args()
    specs = [spec for spec in depara.list_models("rooms") if spec.bundled][: asked.models]
    probes = depara.load_probes("rooms", count=asked.probes)
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        undisturbed = start(specs, probes, Path(folder))
        undisturbed.end()
        length = time.perf_counter() - begin
    killings: list[Killing] = []
    for _ in range(4 * asked.times):  # some come too late
        if len(killings) < asked.times:
            killing = kill(specs, probes, undisturbed.digests, rng.uniform(0, length))
            killings += [] if killing is None else [killing]
    both = together(specs, probes, undisturbed.digests)
    kept = sum(killing.holds(len(specs)) for killing in killings)
    title = f"kill -9 in a job of {len(specs)} models on {len(probes)} rooms, an undisturbed one takes {length:.2f} s"
    found = f"{kept} of {len(killings)} reruns kept the promise; two processes at once: {'the same' if both else 'NOT'}"
    report(title, rows(killings, len(specs)), [])
    headline(f"kill -9 at {len(killings)} random moments of a job of {len(specs)} models", found, "all")
    sound = len(undisturbed.digests) == len(specs) and kept == len(killings) == asked.times and both
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
