"""Everything that is kept in memory between two runs of a page, for all sessions: wrappers of the core, each bounded.

Graphs, probes and matrices are told apart by their content. What a computation beside the pages makes is kept by its
job in `queue`, up to `MOST_BYTES`; whatever else is here is quick to make again.
"""

import atexit
import gc
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core import drawings, explanation, pairs, rooms
from depara_core.agreement import agreement as agreement_with
from depara_core.bootstrap import Resamples, resample_probes
from depara_core.extraction.device import resolve_device
from depara_core.figures import attribution_maps, contributions, rank_density, tiles
from depara_core.grids import Grid, probe_cosines
from depara_core.jobs import JobQueue
from depara_core.memory import resident_bytes
from depara_core.png import to_png
from depara_core.probes.listing import listing_digest
from depara_core.selection import resample

P, R = ParamSpec("P"), TypeVar("R")
Graph = depara.AttributionGraph
Graphs = tuple[Graph, ...]
Matrix = depara.SimilarityMatrix

MOST_BYTES = 1_500_000_000  # of finished work; arrays mapped from the store take none
MOST_CLUSTERS = 6
EXACT_INFLUENCE = 120  # probes: beyond that, edges are not ranked anew without each of them


def _identity(graph: Graph) -> tuple[str, str, str]:
    return graph.model, graph.layer, graph.digest


_BY_CONTENT: dict[Any, Callable[[Any], Any]] = {
    Graph: _identity,
    Matrix: lambda matrix: (matrix.grid, *map(_identity, matrix.rows), "by", *map(_identity, matrix.columns)),
    depara.ProbeSet: lambda probes: probes.digest,
}


def shared(entries: int, *, spinner: str | bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the last `entries` results of a function as they are; nobody may change them."""
    return st.cache_resource(show_spinner=spinner, max_entries=entries, hash_funcs=_BY_CONTENT)


def copied(entries: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the last `entries` results of a function; each caller gets a copy of its own."""
    return st.cache_data(show_spinner=False, max_entries=entries, hash_funcs=_BY_CONTENT)


def figure(draw: Callable[P, R]) -> Callable[P, R]:
    """Keep the figures of a function of `depara_core.figures` by their content; they may not be changed."""
    return shared(64)(draw)


# ---- once a process ----


@st.cache_resource(show_spinner=False, max_entries=1)
def queue() -> JobQueue:
    """Return the one queue of this process."""
    return JobQueue(capacity=MOST_BYTES, size=resident_bytes)


@st.cache_resource(show_spinner=False, max_entries=1)
def spare_the_collector() -> None:
    """Take what importing made, half a million objects, out of the garbage collector's sight.

    Looking through it takes half a second, in the middle of somebody's click.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else torch's parts complain at the end that they were not let go


@st.cache_resource(show_spinner=False, max_entries=1)
def device() -> str:
    """Return what graphs are computed on, in a word."""
    return "CPU" if resolve_device("auto").type == "cpu" else "GPU"


@st.cache_resource(show_spinner=False, max_entries=1, ttl=30)
def zoo() -> tuple[depara.ModelSpec, ...]:
    """Return the bundled zoo and its untrained control."""
    return tuple(depara.list_models("rooms"))


@st.cache_resource(show_spinner=False, max_entries=500)
def spec(model: str) -> depara.ModelSpec:
    """Return one model's specification; raises a DeparaError where there is none."""
    return depara.model(model)


listing = st.cache_data(listing_digest, show_spinner=False, max_entries=16, ttl=1)  # a page asks several times a run


# ---- scores and rankings ----

matrix = shared(12)(depara.similarity_matrix)
similarity = copied(32)(depara.similarity)
agreement = shared(32)(agreement_with)
cosines = copied(32)(probe_cosines)
resamples = shared(64)(resample)
samples = shared(64)(resample_probes)
tree = copied(100)(depara.task_tree)
model_map = copied(100)(depara.model_map)


@copied(200)
def ranking(matrix: Matrix, target: str, lam: float) -> pd.DataFrame:
    """Return the sources for a target with error bars, best first."""
    return depara.rank_sources(matrix, target, lam, samples=resamples(matrix, target))


@copied(200)
def layer_ranking(matrix: Matrix, lam: float) -> pd.DataFrame:
    """Return the layers of a source against one target graph with error bars."""
    return depara.rank_layers(matrix, lam, samples=resamples(matrix, matrix.columns[0].label))


# ---- reasons; what costs time is the same for every lambda ----


@shared(16)
def explained(a: Graph, b: Graph, grid: Grid) -> depara.Explanation:
    """Return the exact shares of S(a, b) by probe, pair and pixel, at lambda 1."""
    return depara.explain(a, b, 1.0, grid=grid)


@shared(512)
def influence(a: Graph, b: Graph, grid: Grid) -> explanation.Influence:
    """Return S(a, b) without each probe in turn, at lambda 1."""
    return explanation.influence(a, b, 1.0, exact=len(a) <= EXACT_INFLUENCE, grid=grid)


@shared(64)
def intervals(a: Graph, b: Graph, lam: float, grid: Grid) -> explanation.Intervals:
    """Return s_V, lambda * s_E and S of a source a and a target b with their intervals over the probes."""
    return explanation.interval(b, a, lam, grid=grid, samples=_samples((a,), b, grid))


@shared(64)
def contrast_intervals(target: Graph, first: Graph, second: Graph, lam: float, grid: Grid) -> explanation.Intervals:
    """Return the differences of s_V, lambda * s_E and S of two sources with their intervals."""
    return explanation.contrast_interval(
        target, first, second, lam, grid=grid, samples=_samples((first, second), target, grid)
    )


def _samples(sources: Graphs, target: Graph, grid: Grid) -> Resamples:
    return samples(sources, target, grid, resamples=500, seed=0)


@shared(16)
def clusters(a: Graph, b: Graph) -> tuple[str, ...]:
    """Return each probe's cluster, of those that both graphs together make."""
    return explanation.cluster_probes(a, b, min(MOST_CLUSTERS, len(a)))


@shared(32)
def groups(a: Graph, b: Graph, lam: float, grid: Grid, labels: tuple[str, ...]) -> explanation.GroupContributions:
    """Return the shares of S within and between groups of probes."""
    return explanation.group_contributions(explained(a, b, grid).at(lam), labels)


masks = shared(4, spinner="Looking up what stands where")(rooms.surfaces)


@shared(16)
def surfaces(a: Graph, b: Graph, grid: Grid, seed: int) -> explanation.PixelContributions:
    """Return the share of s_V on every surface of the rooms."""
    seen = explanation.resample_masks(masks(len(a), seed, max(grid[1:])), grid[1:])
    return explanation.pixel_contributions(explained(a, b, grid), seen, rooms.SURFACES)


@copied(32)
def strongest_pairs(a: Graph, b: Graph, lam: float, grid: Grid, kind: str, top: int) -> pd.DataFrame:
    """Return the pairs of probes of a kind with the largest share."""
    return explained(a, b, grid).at(lam).pairs(top, kind)


# ---- graphs drawn ----

drawn_beside = shared(48)(drawings.draw_beside)
drawn_aligned = shared(8)(drawings.draw_aligned)
pair_table = shared(8)(pairs.pair_table)
compared_ranks = copied(16)(rank_density.compared_ranks)


@shared(8)
def pair_ranks(graph: Graph) -> Any:
    """Return the relative rank of every pair of probes in a graph (N, N), 0 the least and 1 the most alike."""
    return pairs.pair_ranks(graph.edges)


# ---- pictures ----

thumbnail = copied(4000)(attribution_maps.thumbnail)
full_strength = copied(64)(tiles.full_strength)


@copied(4)
def scale_bar(*, signed: bool, dark: bool) -> bytes:
    """Return the colour scale of the overlays as a PNG."""
    return to_png(attribution_maps.scale_bar(signed=signed, dark=dark))


@copied(4000)
def overlay(
    probes: depara.ProbeSet, graph: Graph, index: int, limit: float, *, signed: bool, dark: bool, opacity: float
) -> bytes:
    """Return one probe with its attribution map over it as a PNG; `limit` is the value shown at full strength."""
    values = attribution_maps.collapse(graph.maps[index : index + 1], signed=signed)[0]
    look = {"limit": limit, "signed": signed, "dark": dark, "opacity": opacity}
    return to_png(attribution_maps.overlay(probes.images[index], values, **look))


@copied(64)
def overlays(
    probes: depara.ProbeSet,
    graphs: Graphs,
    indices: tuple[int, ...],
    *,
    signed: bool,
    shared: bool,
    smooth: bool,
    opacity: float,
    dark: bool,
    size: int = 112,
    limit: float | None = None,
) -> list[list[bytes | None]]:
    """Return a row of PNGs for each probe, one a graph; None where there is no attribution."""
    look = {"signed": signed, "shared": shared, "smooth": smooth, "opacity": opacity, "size": size, "dark": dark}
    return tiles.small_pngs(tiles.attribution_tiles(probes.images, graphs, indices, limit=limit, **look))


@copied(48)
def agreement_maps(
    probes: depara.ProbeSet, a: Graph, b: Graph, grid: Grid, indices: tuple[int, ...], *, size: int = 112, dark: bool
) -> list[bytes]:
    """Return for each probe a PNG of where two networks agree and where they oppose."""
    return contributions.agreement_pngs(probes, explained(a, b, grid), indices, size=size, dark=dark)


@copied(48)
def advantage_maps(
    probes: depara.ProbeSet, ends: tuple[Graph, Graph, Graph], grid: Grid, indices: tuple[int, ...], *, dark: bool
) -> list[bytes]:
    """Return for each probe a PNG of where a target agrees more with one source than with another one."""
    target, first, second = ends
    found = explanation.Contrast(explained(target, first, grid), explained(target, second, grid))
    return contributions.agreement_pngs(probes, found, indices, dark=dark)
