"""What the Evaluate page waits for: every metric's scores of a benchmark's models, and DEPARA's on other probes."""

import hashlib
import json
from collections.abc import Callable

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.benchmark import benchmarks, scored, sweeps
from depara_core.benchmark import committed as committed_scores
from depara_core.benchmark.committed import PROBES as COMMITTED
from depara_core.benchmark.conclusion import BUNDLED
from depara_core.benchmark.scored import ScoredBenchmark
from depara_core.files import Progress
from depara_core.jobs import Job
from depara_core.pipeline.workload import workload
from pages.evaluate import verdict
from pages.shared import comparisons, consent, jobs, text, uploads, widgets
from pages.shared.cache.evaluation import Sweeps
from pages.shared.jobs import Computation
from pages.shared.parts import Data


def scores(benchmark: str, data: Data) -> Computation:
    """Return what makes a benchmark's scores on the data's probes; the options are the paper's, whatever the data's."""
    probes = Data(probes=data.probes, **data.drawn)
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
        *consent.of_opening(models),
        *consent.of_work(workload(models, data.count)),
    )
    return Computation(f"benchmark-{key}", f"the scores of all metrics on {text.probes(data)}", work, asks)


def failure(benchmark: str, data: Data) -> Job | None:
    """Return the job that could not compute the scores, or None."""
    job = jobs.current(scores(benchmark, data))
    return job if job is not None and job.state == "failed" else None


def require(benchmark: str, data: Data, *, before: Callable[[], object]) -> ScoredBenchmark:
    """Return the scores on these probes; else what there is of them, else the committed ones; else the page stops.

    What is shown in their place is told, with the progress, or the way to begin.
    """
    asked, known = scores(benchmark, data), committed(benchmark)
    if jobs.current(asked) is None and known is not None:
        if data.probes == "rooms" and (data.count, data.seed) == tuple(COMMITTED.values()):
            return known
        jobs.offer(asked, f"Compute them on {text.probes(data)}", key="scores")
        st.caption(f"Shown meanwhile: the committed scores, on {COMMITTED['count']} rooms.")
        return known

    def above() -> None:
        if failure(benchmark, data) is not None:  # at once: the page has its own words for it
            st.rerun()
        if jobs.so_far(asked) is None and known is None:
            before()

    found: ScoredBenchmark | None = jobs.wait(asked, before=above)
    if found is not None:
        widgets.troubles(found.failed, ())
        return found
    so_far: dict[str, pd.DataFrame] | None = jobs.so_far(asked)
    if so_far is not None:
        st.caption(f"Shown: the {len(so_far)} metrics that are there so far.")
        return _partial(benchmark, so_far, asked.key)
    if known is None:
        st.stop()
    st.caption(f"Shown meanwhile: the committed scores, on {COMMITTED['count']} rooms.")
    return known


def committed(benchmark: str) -> ScoredBenchmark | None:
    """Return a benchmark's committed scores, where they are those of the models that are here."""
    return committed_scores.committed_benchmark() if benchmark == BUNDLED else None


def origin(found: ScoredBenchmark) -> str:
    """Say where scores come from that were not computed here."""
    shipped = found is committed(found.benchmark)
    return verdict.origin(COMMITTED["count"]) if shipped else ""


def _partial(benchmark: str, frames: dict[str, pd.DataFrame], key: str) -> ScoredBenchmark:
    known = benchmarks.BENCHMARKS[benchmark]
    models = set(next(iter(frames.values())).index)
    specs = tuple(spec for spec in known.models if spec.id in models)
    return ScoredBenchmark(benchmark, known.transfer_table, specs, (), frames, (), f"{key}-{len(frames)}")


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

    return Computation(f"sweeps-{found.key}", "scores on fewer and on other images", work)


def _load(data: Data, progress: Progress) -> depara.ProbeSet:
    return uploads.load(data, progress).require_comparable()


def _staged(progress: Progress) -> Progress:
    """Name the step in the message: several stages follow each other, each with a bar of its own."""
    return lambda done, total, message: progress(done, total, f"{message} ({min(done + 1, total)} of {total})")
