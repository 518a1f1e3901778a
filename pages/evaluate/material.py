"""What the Evaluate page rests on: every metric's scores of a world's models, computed beside the page and kept."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.benchmark import benchmarks
from depara_core.benchmark import scoring as scoring
from depara_core.benchmark import sweeps as sweeps
from depara_core.files import Progress
from depara_core.grids import Grid, common_grid
from depara_core.jobs import Job
from pages.shared import comparisons, jobs, text, uploads, widgets
from pages.shared.jobs import Computation
from pages.shared.selection import Data

FEWEST = 8  # models that must open: fewer sources say nothing about the best five
Sweeps = tuple[sweeps.Sweep, sweeps.Sweep]  # over the number of probes, and over sets of probes


@dataclass(frozen=True, eq=False)
class Material:
    """Every metric's scores for the models of a world on one set of probes; `failed` lists (model id, reason)."""

    key: str
    world: str
    specs: tuple[depara.ModelSpec, ...]
    graphs: tuple[depara.AttributionGraph, ...]
    scores: Mapping[str, pd.DataFrame]  # source x target; "depara" at lambda 1
    failed: tuple[tuple[str, str], ...] = ()

    @property
    def grid(self) -> Grid:
        """What the maps of the world's models are compared on."""
        return common_grid(self.graphs)

    @property
    def models(self) -> tuple[str, ...]:
        """Ids of the models that could be scored."""
        return tuple(spec.id for spec in self.specs)


BY_KEY = {Material: lambda material: material.key}


def scores(benchmark: str, data: Data) -> Computation:
    """Return what makes a benchmark's scores on the data's probes."""
    key = hashlib.sha256(json.dumps([benchmark, comparisons.recipe(_probes(data))]).encode()).hexdigest()[:24]

    def work(progress: Progress) -> Material:
        world = benchmarks.BENCHMARKS[benchmark]
        models, failed = {spec.id: spec for spec in world.models}, []

        def leave_out(model: str, error: depara.DeparaError) -> None:
            failed.append((model, str(error)))
            if len(models) - len(failed) < FEWEST:
                first = f"{failed[0][0]}: {failed[0][1]}"
                raise depara.ModelError(f"At least {FEWEST} of {len(models)} models must open; too few do. {first}")

        own = data.probes == "rooms"
        report = _staged(progress)
        evidence = benchmarks.gather(
            world,
            count=data.count,
            seed=data.seed,
            probes=None if own else _load(data, report),
            progress=report,
            on_error=leave_out,
        )
        specs = tuple(models[graph.model] for graph in evidence.graphs)
        made = scoring.score_pairs(evidence, progress=report)
        return Material(key, world.name, specs, evidence.graphs, made, tuple(failed))

    return Computation(f"benchmark-{key}", f"the scores of all metrics on {text.probes(data)}", work)


def _probes(data: Data) -> Data:
    """Return the probes alone, with the options of the paper: metrics are compared as they were published."""
    return Data(probes=data.probes, count=data.count, seed=data.seed)


def _load(data: Data, progress: Progress) -> depara.ProbeSet:
    return uploads.load(data.probes, data.count, data.seed, progress).require_comparable()


def _staged(progress: Progress) -> Progress:
    """Name the step in the message: several steps follow each other, and only the whole would have an end to tell."""
    return lambda done, total, message: progress(0, 0, f"{message} ({min(done + 1, total)} of {total})")


def failure(benchmark: str, data: Data) -> Job | None:
    """Return the job that could not compute the scores, or None."""
    job = jobs.current(scores(benchmark, data))
    return job if job is not None and job.state == "failed" else None


def unscored(world: str) -> Material:
    """Return what can be told of a benchmark none of whose models is here: its transfer table and the controls."""
    return Material(f"transfer-{world}", world, (), (), {})


def require(benchmark: str, data: Data, *, before: Callable[[], object]) -> Material:
    """Return the scores, or draw the progress of their computing and stop the page here."""

    def above() -> None:
        if failure(benchmark, data) is not None:  # at once: the page has its own words for it
            st.rerun()
        before()

    material: Material = jobs.require(scores(benchmark, data), before=above)
    widgets.troubles(material.failed, ())
    return material


def sweep(material: Material, data: Data) -> Computation:
    """Return what makes `Sweeps`: the same models on fewer probes, and on other ones."""

    def work(progress: Progress) -> Sweeps:
        report = _staged(progress)
        fewer = sweeps.over_probes(material.graphs, progress=report)
        sets = [("these", _load(data, report)), *benchmarks.probe_sets(data.count, data.seed, report)]
        return fewer, sweeps.over_probe_sets(material.specs, sets, progress=report)

    return Computation(f"sweeps-{material.key}", "scores on fewer and on other probes", work)
