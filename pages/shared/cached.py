"""Everything the pages compute, kept once for all sessions; long work runs beside the pages, never in them.

    comparison = _cached.require(data)                     # ready, or a progress panel is drawn and the page stops
    comparison = _cached.require(data, layers="all", models=(a, b))
    comparison.graphs, comparison.graph(model, "output"), comparison.probes, comparison.specs, comparison.failed
    matrix = _cached.matrix(comparison.graphs, grid=comparison.grid)       # _cached.ranking(matrix, target, lam)
    png = _cached.thumbnail(comparison.probes, index, 96)

A job's key follows from the data, so a reload or a second tab finds the same job. `require` warns of models
that failed and images that were skipped, and goes on with the rest. Every cache here is bounded.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import depara_core as depara
from depara_core.attribution.options import resolve_options
from depara_core.comparison import Comparison, planned_grid
from depara_core.figures import attribution_maps
from depara_core.jobs import Job, JobQueue
from depara_core.selection import Resamples, resample
from depara_core.similarity import Grid, probe_cosines
from pages.shared import uploads, widgets
from pages.shared.selection import Data, Pair
from pages.shared.shelf import Shelf
from pages.shared.zoo import device, spec, specs, torchvision_names, torchvision_weights, zoo  # noqa: F401  one door for the pages

PATIENCE_S = 0.6  # a page waits this long before it shows progress: results from the store come without a flicker
Layers = str | tuple[str, ...]


@st.cache_resource(show_spinner=False)
def queue() -> JobQueue:
    """Return the one queue of this process."""
    return JobQueue()


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """Return the one shelf of this process."""
    return Shelf()


def grid(data: Data) -> Grid:
    """Return the grid that all maps of the chosen models are compared on, whichever of them a page needs."""
    return planned_grid(specs(data.models)[0], resolve_options(**data.options))


def order(data: Data, layers: Layers | None = None, models: Sequence[str] | None = None) -> tuple[str, Callable]:
    """Return the key of a comparison and the work that makes it."""
    wanted = data.models if models is None else tuple(models)
    known, unknown = specs(wanted)
    chosen: Layers = data.layers if layers is None else layers
    named = chosen if isinstance(chosen, str) else chosen[0] if chosen in (("output",), ("all",)) else list(chosen)
    source = {"probes": data.probes, "count": data.count, "seed": data.seed}
    made_by = recipe(data)
    compared_on = grid(data) if specs(data.models)[0] else (1, 1, 1)
    content = [[entry.id for entry in known], named, made_by, compared_on]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]

    def work(progress: Callable[[int, int, str], None]) -> str:
        failed, store = list(unknown), depara.Store()
        probes = uploads.load(
            **source, progress=lambda done, total, message: progress(0, 0, f"{message}: {done} of {total}")
        ).require_comparable()
        graphs = _build(
            list(known), probes, layers=named, **data.options, progress=progress, store=store,
            on_error=lambda model, error: failed.append((model, str(error))),
        )  # fmt: skip
        made = {graph.model for graph in graphs}
        kept = tuple(entry for entry in known if entry.id in made)
        found = Comparison(probes, kept, tuple(graphs), compared_on, tuple(failed), store.trouble, key)
        shelf().put(key, found, made_by)
        return key

    return key, work


def _build(*args: Any, **options: Any) -> list[depara.AttributionGraph]:
    """Build graphs; a fault of ours is told in the terminal with its traceback, which no page shows."""
    try:
        return depara.build_graphs(*args, **options)
    except depara.DeparaError:
        raise
    except Exception:
        logging.getLogger("depara").exception("Building graphs failed.")
        raise


def ready(data: Data, layers: Layers | None = None, models: Sequence[str] | None = None) -> Comparison | None:
    """Return the comparison if it is in memory; computes and waits for nothing."""
    return shelf().get(order(data, layers, models)[0])


def attach(key: str, label: str, work: Callable, *, again: bool = False) -> Job:
    """Start a piece of work, or attach to it; only `again` starts anew what failed or was cancelled.

    Sessions take turns. One that attaches to what still waits lends it its own turn.
    """
    name = shelf().job_key(key, again=again)
    job = queue().get(name)
    if job is not None and job.state != "queued":
        return job
    context = get_script_run_ctx(suppress_warning=True)
    return queue().submit(name, label, work, owner=context.session_id if context else "")


def attend(find: Callable[[], Any], start: Callable[..., Job], *, before: Callable[[], object] = lambda: None) -> Any:
    """Return what the job of `start(again=...)` makes, or draw its progress (or what went wrong) and stop the page.

    `find` returns the finished thing or None; `before` draws what stands above the progress.
    """
    found = find()
    if found is None:
        job = start(again=False)
        if job.state == "done" and find() is None:  # dropped from memory: the store has it
            job = start(again=True)
        deadline = time.monotonic() + PATIENCE_S
        while job.state in ("queued", "running") and time.monotonic() < deadline:
            time.sleep(0.02)
        found = find()
    if found is None:
        before()
        widgets.progress_panel(job, again=lambda: start(again=True))
        st.stop()
    return found


def begin(data: Data, layers: Layers | None = None, models: Sequence[str] | None = None, *, again: bool = False) -> Job:
    """Start the work for a comparison, or attach to it; only `again` starts anew what failed or was cancelled."""
    key, work = order(data, layers, models)
    count = len(data.models if models is None else models) or len(specs()[0])
    label = f"{count} model{'s' * (count != 1)} on {widgets.probes_label(data)}"
    return attach(key, label, work, again=again)


def current(data: Data) -> Job | None:
    """Return the job of a comparison, if it was begun; starts nothing."""
    return queue().get(shelf().job_key(order(data)[0]))


def pace() -> float | None:
    """Return attributions a second of the last run that computed something, or None."""
    runs = (job for job in queue().jobs() if job.state == "done" and job.done > 1 and job.elapsed_s > 1)
    return next((job.done / job.elapsed_s for job in runs), None)


def require(
    data: Data,
    layers: Layers | None = None,
    models: Sequence[str] | None = None,
    *,
    before: Callable[[], object] = lambda: None,
) -> Comparison:
    """Return the comparison, or draw its progress (or what went wrong) and stop the page here.

    `before` draws what stands above the progress, where the page's own header needs the result.
    """
    if not specs(data.models if models is None else models)[0]:
        before()
        widgets.empty("None of the chosen models exists here.", "Choose models in Setup.", page="setup")
        st.stop()
    found = attend(
        lambda: ready(data, layers, models), lambda *, again: begin(data, layers, models, again=again),
        before=before,
    )  # fmt: skip
    widgets.troubles(found.failed, found.probes.skipped, found.unkept)
    if not found.graphs:
        widgets.empty("No model could be attributed.", "The reasons stand above; choose others.", page="setup")
        st.stop()
    return found


def _identity(graph: depara.AttributionGraph) -> tuple[str, str, str]:
    return graph.model, graph.layer, graph.digest


_BY_DIGEST = {
    depara.AttributionGraph: _identity,
    depara.SimilarityMatrix: lambda matrix: (
        matrix.grid,
        *map(_identity, matrix.rows),
        "by",
        *map(_identity, matrix.columns),
    ),
    depara.ProbeSet: lambda probes: probes.digest,
}


@st.cache_resource(show_spinner=False, max_entries=12, hash_funcs=_BY_DIGEST)
def matrix(
    rows: tuple[depara.AttributionGraph, ...],
    columns: tuple[depara.AttributionGraph, ...] | None = None,
    *,
    grid: Grid,
) -> depara.SimilarityMatrix:
    """Return s_V and s_E of all pairs, maps compared on the comparison's grid."""
    return depara.similarity_matrix(rows, columns, grid=grid)


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_BY_DIGEST)
def resamples(matrix: depara.SimilarityMatrix, target: str) -> Resamples:
    """Return s_V and s_E of every source on resamples of the probes: what costs time, whatever λ is."""
    return resample(matrix, target)


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=_BY_DIGEST)
def ranking(matrix: depara.SimilarityMatrix, target: str, lam: float) -> pd.DataFrame:
    """Return the sources for a target with error bars, best first."""
    return depara.rank_sources(matrix, target, lam, samples=resamples(matrix, target))


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=_BY_DIGEST)
def layer_ranking(matrix: depara.SimilarityMatrix, lam: float) -> pd.DataFrame:
    """Return the layers of a source against one target graph with error bars."""
    return depara.rank_layers(matrix, lam, samples=resamples(matrix, matrix.columns[0].label))


@st.cache_data(show_spinner=False, max_entries=100, hash_funcs=_BY_DIGEST)
def tree(matrix: depara.SimilarityMatrix, lam: float) -> np.ndarray:
    """Return the tree of the models as a scipy linkage."""
    return depara.task_tree(matrix, lam)


@st.cache_data(show_spinner=False, max_entries=100, hash_funcs=_BY_DIGEST)
def places(matrix: depara.SimilarityMatrix, lam: float) -> np.ndarray:
    """Return the models' positions in the plane."""
    return depara.model_map(matrix, lam)


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_BY_DIGEST)
def why(a: depara.AttributionGraph, b: depara.AttributionGraph, lam: float, grid: Grid) -> depara.Explanation:
    """Return the exact shares of S(a, b) by probe, pair and pixel."""
    return depara.explain(a, b, lam, grid=grid)


@st.cache_data(show_spinner=False, max_entries=4000, hash_funcs=_BY_DIGEST)
def thumbnail(probes: depara.ProbeSet, index: int, size: int = 96) -> bytes:
    """Return one probe as a PNG of `size` x `size` pixels."""
    return attribution_maps.to_png(attribution_maps.resize(probes.images[index], size))


@st.cache_data(show_spinner=False, max_entries=4000, hash_funcs=_BY_DIGEST)
def overlay(
    probes: depara.ProbeSet,
    graph: depara.AttributionGraph,
    index: int,
    limit: float,
    *,
    signed: bool,
    dark: bool,
    opacity: float,
) -> bytes:
    """Return one probe with its attribution map over it as a PNG; `limit` is the value shown at full strength."""
    values = attribution_maps.collapse(graph.maps[index : index + 1], signed=signed)[0]
    return attribution_maps.to_png(
        attribution_maps.overlay(probes.images[index], values, limit=limit, signed=signed, dark=dark, opacity=opacity)
    )


def at_hand(data: Data) -> list[Comparison]:
    """Return the comparisons in memory on the selection's probes and options, whatever their models and layers."""
    return shelf().like(recipe(data))


def agreement(data: Data, pair: Pair, index: int) -> float | None:
    """Return cosine(v_i^A, v_i^B) of one probe for the pair under the lens, where both graphs are in memory."""
    for comparison in at_hand(data):
        a = comparison.graph(pair.source, pair.source_layer)
        b = comparison.graph(pair.target, pair.target_layer)
        if a is not None and b is not None and pair.source != pair.target:
            return float(_cosines(a, b, grid(data))[index])
    return None


@st.cache_data(show_spinner=False, max_entries=32, hash_funcs=_BY_DIGEST)
def _cosines(a: depara.AttributionGraph, b: depara.AttributionGraph, grid: Grid) -> np.ndarray:
    return probe_cosines(a, b, grid)


def recipe(data: Data) -> str:
    """Return the probes and the options as text; a folder that changed since is another recipe."""
    source = data.probes
    changed = 0.0
    if source != "rooms":
        with suppress(OSError):
            changed = Path(source).expanduser().stat().st_mtime
    return json.dumps([source, data.count, data.seed, changed, data.options])
