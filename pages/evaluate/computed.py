"""What the Evaluate page waits for: every metric's scores of a benchmark's models, and DEPARA's on other probes."""

import hashlib
import json
from collections.abc import Callable

import streamlit as st

import depara_core as depara
from depara_core.benchmark import benchmarks, scored, sweeps
from depara_core.benchmark.scored import ScoredBenchmark
from depara_core.files import Progress
from depara_core.jobs import Job
from depara_core.pipeline.workload import workload
from pages.shared import comparisons, consent, jobs, text, uploads, widgets
from pages.shared.cache.evaluation import Sweeps
from pages.shared.jobs import Computation
from pages.shared.selection import Data


def scores(benchmark: str, data: Data) -> Computation:
    """Return what makes a benchmark's scores on the data's probes; the options are the paper's, whatever the data's."""
    probes = Data(probes=data.probes, count=data.count, seed=data.seed)
    key = hashlib.sha256(json.dumps([benchmark, comparisons.recipe(probes)]).encode()).hexdigest()[:24]

    def work(progress: Progress) -> ScoredBenchmark:
        report = _staged(progress)
        return scored.score_benchmark(
            benchmarks.BENCHMARKS[benchmark],
            count=data.count,
            seed=data.seed,
            probes=None if data.probes == "rooms" else _load(data, report),
            key=key,
            progress=report,
        )

    models = list(benchmarks.BENCHMARKS[benchmark].models)
    asks = (
        *consent.of_probes(data),
        *consent.of_downloads(models),
        *consent.of_work(workload(models, data.count)),
    )
    return Computation(f"benchmark-{key}", f"the scores of all metrics on {text.probes(data)}", work, asks)


def failure(benchmark: str, data: Data) -> Job | None:
    """Return the job that could not compute the scores, or None."""
    job = jobs.current(scores(benchmark, data))
    return job if job is not None and job.state == "failed" else None


def require(benchmark: str, data: Data, *, before: Callable[[], object]) -> ScoredBenchmark:
    """Return the scores, or draw the progress of their computing and stop the page here."""

    def above() -> None:
        if failure(benchmark, data) is not None:  # at once: the page has its own words for it
            st.rerun()
        before()

    found: ScoredBenchmark = jobs.require(scores(benchmark, data), before=above)
    widgets.troubles(found.failed, ())
    return found


def unscored(benchmark: str) -> ScoredBenchmark:
    """Return what can be told of a benchmark none of whose models is here: its measured transfer and the controls."""
    return ScoredBenchmark(benchmark, benchmarks.BENCHMARKS[benchmark].transfer_table, key=f"transfer-{benchmark}")


def sweep(found: ScoredBenchmark, data: Data) -> Computation:
    """Return what makes `Sweeps`: the same models on fewer probes, and on other ones."""

    def work(progress: Progress) -> Sweeps:
        report = _staged(progress)
        fewer = sweeps.over_probes(found.graphs, progress=report)
        sets = [("these", _load(data, report)), *benchmarks.probe_sets(data.count, data.seed, report)]
        return fewer, sweeps.over_probe_sets(found.specs, sets, progress=report)

    return Computation(f"sweeps-{found.key}", "scores on fewer and on other probes", work)


def _load(data: Data, progress: Progress) -> depara.ProbeSet:
    return uploads.load(data.probes, data.count, data.seed, progress).require_comparable()


def _staged(progress: Progress) -> Progress:
    """Name the step in the message: several steps follow each other, and only the whole would have an end to tell."""
    return lambda done, total, message: progress(0, 0, f"{message} ({min(done + 1, total)} of {total})")
