"""The comparison that a selection stands for: which models on which probes, computed beside the pages.

    comparison = comparisons.require(data)                         # ready, or the page stops under its progress
    comparison = comparisons.require(data, layers="all", models=(a, b))
    comparison.graph(model, "output"), comparison.probes, comparison.specs, comparison.failed, comparison.grid

Every comparison of one selection is on one grid, whichever models and layers a page needs of it.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

import depara_core as depara
from depara_core.attribution.options import resolve_options
from depara_core.comparison import Comparison, planned_grid
from depara_core.files import Progress
from depara_core.grids import Grid
from depara_core.jobs import yielding
from depara_core.pipeline.workload import workload
from depara_core.probes.loading import BACKGROUND, BUNDLED
from pages.shared import cache, consent, jobs, selection, text, uploads, widgets
from pages.shared.cache import Graph
from pages.shared.consent import Ask
from pages.shared.jobs import Computation
from pages.shared.parts import NO_MODEL, Data, Pair

Layers = str | tuple[str, ...]
Specs = tuple[depara.ModelSpec, ...]
Failed = tuple[tuple[str, str], ...]  # (model id, reason)
TARGET = "rooms/normal"  # the target looked at first, where it is among the models


def specs(models: Sequence[str] = ()) -> tuple[Specs, Failed]:
    """Return the named models (none: the bundled zoo), and (id, reason) of those that do not exist."""
    if not models:
        return tuple(entry for entry in cache.zoo() if entry.bundled), ()
    found: list[depara.ModelSpec] = []
    unknown: list[tuple[str, str]] = []
    for model in models:
        if model == NO_MODEL:
            unknown.append((model, "no model is chosen: choose at least two in Setup"))
            continue
        if consent.missing(consent.of_model_path(model)):
            unknown.append((model, "it names a file on this machine, which nobody has agreed to read"))
            continue
        try:
            found.append(cache.spec(model))
        except depara.DeparaError as error:
            unknown.append((model, str(error)))
    return tuple(found), tuple(unknown)


def grid(data: Data) -> Grid:
    """Return the grid that all maps of the chosen models are compared on, whichever of them a page needs."""
    known = specs(data.models)[0]
    return planned_grid(known, resolve_options(**data.options)) if known else (1, 1, 1)


def images(data: Data) -> tuple[int, bool]:
    """Return how many images are drawn at most, and whether they were counted: not before it is agreed to look."""
    if data.probes == "rooms":
        return data.count, True
    known = splits(data)
    there = known.get(data.split, 0) if data.split else sum(known.values())
    return (min(data.count, there), True) if known else (data.count, False)


def splits(data: Data) -> dict[str, int]:
    """Return how many images there are by split ("" where there is none); none is counted before it is agreed to."""
    return {} if consent.missing(consent.of_probes(data)) else cache.counted(data.probes)


def recipe(data: Data) -> str:
    """Return a digest of the probes and the options; a folder whose files changed since is another recipe."""
    named = data.probes in BUNDLED or data.probes.startswith(uploads.PREFIX)
    listing = "" if named or consent.missing(consent.of_probes(data)) else cache.listing(data.probes)
    as_usual = (data.split, data.background) == (None, BACKGROUND)
    more = [] if as_usual else [data.split, data.background]
    return _digest([data.probes, data.count, data.seed, listing, data.options, *more])


def computation(data: Data, layers: Layers | None = None, models: Sequence[str] | None = None) -> Computation:
    """Return what makes the comparison of some models (None: the chosen ones) at some layers."""
    known, unknown = specs(data.models if models is None else tuple(models))
    chosen: Layers = data.layers if layers is None else layers
    named = chosen if isinstance(chosen, str) else chosen[0] if chosen in (("output",), ("all",)) else list(chosen)
    on = grid(data)
    asked = [[entry.id for entry in known], [model for model, _ in unknown], named, on]
    ours = recipe(data)
    key = f"{ours}/{_digest(asked)}"
    at_hand = next((job.result.probes for job in jobs.finished(ours)), None)  # to render them anew takes seconds
    count = len(known) + len(unknown)
    label = f"{count} model{'s' * (count != 1)} on {text.probes(data)}"
    make = partial(_compare, data, at_hand, known, unknown, named, on, _digest([key]))
    return Computation(key, label, make, _asks(data, known, unknown, named))


def run(data: Data) -> None:
    """Start what a reader asked for by a click, which agrees to all that it takes."""
    for _ in range(2):  # models that name a path are known only once it is agreed to
        consent.agree(computation(data).asks)
    asked = computation(data)
    if not consent.missing(asked.asks):
        jobs.begin(asked)


def _asks(data: Data, known: Specs, unknown: Failed, layers: str | list[str]) -> tuple[Ask, ...]:
    repeated = known * (len(layers) if isinstance(layers, list) else 1)
    work = workload(repeated, data.count, every_layer=layers == "all", resolution=data.resolution)
    paths = [ask for model, _ in unknown for ask in consent.of_model_path(model)]
    return (*consent.of_probes(data), *paths, *consent.of_opening(known), *consent.of_work(work))


def _compare(
    data: Data,
    probes: depara.ProbeSet | None,
    known: Specs,
    unknown: Failed,
    layers: str | list[str],
    on: Grid,
    key: str,
    progress: Progress,
) -> Comparison:
    failed, store = list(unknown), depara.Store()
    probes = probes or uploads.load(data, yielding(progress)).require_comparable()
    graphs = depara.build_graphs(
        list(known),
        probes,
        layers=layers,
        **data.options,
        progress=progress,
        store=store,
        on_error=lambda model, error: failed.append((model, str(error))),
    )
    made = {graph.model for graph in graphs}
    kept = tuple(entry for entry in known if entry.id in made)
    return Comparison(probes, kept, tuple(graphs), on, tuple(failed), store.trouble, key)


def ready(data: Data, layers: Layers | None = None, models: Sequence[str] | None = None) -> Comparison | None:
    """Return the comparison if it is in memory; computes and waits for nothing."""
    return jobs.find(computation(data, layers, models))


def require(
    data: Data,
    layers: Layers | None = None,
    models: Sequence[str] | None = None,
    *,
    before: Callable[[], object] = lambda: None,
) -> Comparison:
    """Return the comparison, or draw its progress (or what went wrong) and stop the page here.

    Models that failed and images that were skipped are told, and the page goes on with the rest. `before` draws what
    stands above the progress, where the page's own header needs the result.
    """
    asked = computation(data, layers, models)
    if not specs(data.models if models is None else models)[0] and not consent.missing(asked.asks):
        before()
        widgets.empty("None of the chosen models exists here.", "Choose models in Setup.", page="setup")
        st.stop()
    found: Comparison = jobs.require(asked, before=before)
    widgets.troubles(found.failed, found.probes.skipped, found.unkept)
    if not found.graphs:
        widgets.empty("No model could be attributed.", "The reasons stand above; choose others.", page="setup")
        st.stop()
    return found


def pair(comparison: Comparison, *, distinct: bool = False) -> tuple[str, str]:
    """Return the source and the target under the lens, the same on every page.

    They are those of the address. What it leaves open, or names and is not here, is the first target and the target's
    best source. `distinct`: a model against itself is none either.
    """
    chosen = selection.read(Pair)
    named = chosen.source if chosen.source in comparison.models else ""
    others = (model for model in (TARGET, *comparison.models) if model != named)
    best, target = comparison.default_pair(chosen.lam, chosen.target, *others)
    return (best if not named or (distinct and named == target) else named), target


def ends(data: Data, *, before: Callable[[], object] = lambda: None) -> tuple[str, str]:
    """Return the pair under the lens; the whole comparison is required only where the address does not name both."""
    chosen, models = selection.read(Pair), {spec.id for spec in specs(data.models)[0]}
    if {chosen.source, chosen.target} <= models:
        return chosen.source, chosen.target
    return pair(require(data, layers="output", before=before))


def at_hand(data: Data) -> list[Comparison]:
    """Return the comparisons in memory on the same probes with the same options, whatever their models and layers."""
    return [job.result for job in jobs.finished(recipe(data))]


def graph(comparison: Comparison, data: Data, model: str, layer: str) -> Graph:
    """Return one layer of one model, or draw the progress of its computing and stop the page here."""
    found = comparison.graph(model, layer)
    if found is not None:
        return found
    for job in jobs.finished(recipe(data)):
        found = job.result.graph(model, layer)
        if found is not None:
            jobs.hold(job)
            return found
    return require(data, layers=(layer,), models=(model,)).graphs[0]


def agreement(data: Data, pair: Pair, index: int) -> float | None:
    """Return cosine(v_i^A, v_i^B) of one probe for the pair, where both are chosen and their graphs in memory."""
    if not {pair.source, pair.target} <= {spec.id for spec in specs(data.models)[0]}:
        return None
    for comparison in at_hand(data):
        a = comparison.graph(pair.source, pair.source_layer)
        b = comparison.graph(pair.target, pair.target_layer)
        if a is not None and b is not None and pair.source != pair.target:
            return float(cache.cosines(a, b, grid(data))[index])
    return None


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]
