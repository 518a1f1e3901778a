"""What the Why page computes, kept once for all sessions like everything in `_cached`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

import depara_core as depara
from depara_core import explanation, layouts, rooms
from depara_core.bootstrap import Resamples, resample_probes
from depara_core.comparison import Comparison
from depara_core.figures import contributions, rank_density, tiles
from depara_core.similarity import Grid
from pages.shared import cached, widgets

Graph = depara.AttributionGraph
CLUSTERS = 6
EXACT = 120  # probes: beyond that edges are not ranked anew without each of them
_COLOURS = {"node": "blue", "edge": "orange", "total": "violet"}


@dataclass(frozen=True)
class Ends:
    """Two graphs and why they are alike."""

    comparison: Comparison
    a: Graph  # the source
    b: Graph  # the target
    lam: float
    why: depara.Explanation

    @property
    def probes(self) -> depara.ProbeSet:
        """The images."""
        return self.comparison.probes

    @property
    def names(self) -> tuple[str, str]:
        """The two ends, as short as they stay apart."""
        return names(self.a, self.b)


def names(*graphs: Graph) -> tuple[str, ...]:
    """Name graphs as short as they stay apart: the layer only where it is not the output."""
    shorts = [widgets.short(g.model) + ("" if g.layer == "output" else f" · {g.layer}") for g in graphs]
    return tuple(g.label for g in graphs) if len(set(shorts)) < len({g.label for g in graphs}) else tuple(shorts)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=cached._BY_DIGEST)
def shares(a: Graph, b: Graph, grid: Grid) -> depara.Explanation:
    """Return the exact shares of S(a, b) at lambda 1."""
    return explanation.explain(a, b, 1.0, grid=grid)


def why(a: Graph, b: Graph, lam: float, grid: Grid) -> depara.Explanation:
    """Return the exact shares of S(a, b)."""
    return shares(a, b, grid).at(lam)


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=cached._BY_DIGEST)
def samples(sources: tuple[Graph, ...], target: Graph, grid: Grid) -> Resamples:
    """Return s_V and s_E of some sources on resamples of the probes: what costs time, whatever lambda is."""
    return resample_probes(sources, target, grid, resamples=500, seed=0)


def intervals(a: Graph, b: Graph, lam: float, grid: Grid) -> explanation.Intervals:
    """Return s_V, lambda * s_E and S with their intervals over the probes."""
    return explanation.interval(b, a, lam, grid=grid, samples=samples((a,), b, grid))


@st.cache_data(show_spinner=False, max_entries=16, hash_funcs=cached._BY_DIGEST)
def density(a: Graph, b: Graph, grid: Grid, names: tuple[str, str], *, dark: bool) -> go.Figure:
    """Return the picture of all pairs' ranks, to be brushed: half a million pairs are counted once."""
    found = shares(a, b, grid)
    figure = rank_density.rank_density(
        found.ranks_a, found.ranks_b, names=names, bins=layouts.rank_bins(len(found.ranks_a)), dark=dark
    )
    return figure.update_layout(height=330)


@st.cache_data(show_spinner=False, max_entries=48, hash_funcs=cached._BY_DIGEST)
def agreement(
    probes: depara.ProbeSet, a: Graph, b: Graph, grid: Grid, indices: tuple[int, ...], *, size: int = 112, dark: bool
) -> list[bytes]:
    """Return for each probe a PNG of where two networks agree and where they oppose."""
    return _tiles(probes, shares(a, b, grid), indices, size=size, dark=dark)


@st.cache_data(show_spinner=False, max_entries=48, hash_funcs=cached._BY_DIGEST)
def advantage(
    probes: depara.ProbeSet,
    target: Graph,
    first: Graph,
    second: Graph,
    grid: Grid,
    indices: tuple[int, ...],
    *,
    dark: bool,
) -> list[bytes]:
    """Return for each probe a PNG of where one source agrees more with the target than another does."""
    return _tiles(probes, contrast(target, first, second, 1.0, grid), indices, size=112, dark=dark)


def _tiles(
    probes: depara.ProbeSet,
    found: depara.Explanation | explanation.Contrast,
    indices: Sequence[int],
    *,
    size: int,
    dark: bool,
) -> list[bytes]:
    maps = [found.pixel(i) for i in indices]
    return [
        tiles.small_png(tile)
        for tile in contributions.agreement_tiles(probes.images, maps, indices, size=size, dark=dark)
    ]


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=cached._BY_DIGEST)
def clusters(a: Graph, b: Graph) -> tuple[str, ...]:
    """Return each probe's cluster, of those that both graphs together make."""
    return explanation.cluster_probes(a, b, min(CLUSTERS, len(a)))


@st.cache_data(show_spinner=False, max_entries=32, hash_funcs=cached._BY_DIGEST)
def groups(a: Graph, b: Graph, lam: float, grid: Grid, labels: tuple[str, ...]) -> explanation.GroupContributions:
    """Return the shares of S within and between groups of probes."""
    return explanation.group_contributions(why(a, b, lam, grid), labels)


@st.cache_resource(show_spinner="Looking up what stands where", max_entries=4)
def masks(count: int, seed: int, size: int) -> np.ndarray:
    """Return which surface every pixel of every room shows."""
    return rooms.surfaces(count, seed, size)


@st.cache_data(show_spinner=False, max_entries=16, hash_funcs=cached._BY_DIGEST)
def surfaces(a: Graph, b: Graph, grid: Grid, seed: int) -> explanation.PixelContributions:
    """Return the share of s_V on every surface of the rooms."""
    seen = explanation.resample_masks(masks(len(a), seed, max(grid[1:])), grid[1:])
    return explanation.pixel_contributions(shares(a, b, grid), seen, rooms.SURFACES)


@st.cache_resource(show_spinner=False, max_entries=512, hash_funcs=cached._BY_DIGEST)
def alone(a: Graph, b: Graph, grid: Grid) -> explanation.Influence:
    """Return the parts of S without each probe in turn: what costs time, whatever lambda is."""
    return explanation.influence(a, b, 1.0, exact=len(a) <= EXACT, grid=grid)


def influence(ends: Ends) -> explanation.Influence:
    """Return S without each probe in turn, for the lambda of the ends."""
    return alone(ends.a, ends.b, ends.why.grid).at(ends.lam)


def rivals(sources: tuple[Graph, ...], b: Graph, lam: float, grid: Grid) -> explanation.RankingInfluence:
    """Return the scores of all sources without each probe in turn."""
    return explanation.RankingInfluence(tuple(alone(source, b, grid).at(lam) for source in sources))


def contrast(target: Graph, first: Graph, second: Graph, lam: float, grid: Grid) -> explanation.Contrast:
    """Return why one source is better for the target than another."""
    return explanation.Contrast(why(target, first, lam, grid), why(target, second, lam, grid))


def contrast_intervals(target: Graph, first: Graph, second: Graph, lam: float, grid: Grid) -> explanation.Intervals:
    """Return the differences of s_V, lambda * s_E and S with their intervals."""
    resampled = samples((first, second), target, grid)
    return explanation.contrast_interval(target, first, second, lam, grid=grid, samples=resampled)


@st.cache_data(show_spinner=False, max_entries=32, hash_funcs=cached._BY_DIGEST)
def pairs(a: Graph, b: Graph, lam: float, grid: Grid, kind: str, top: int) -> pd.DataFrame:
    """Return the pairs of probes of a kind with the largest share."""
    return why(a, b, lam, grid).pairs(top, kind)


def coloured(sentence: explanation.Sentence, short: Mapping[str, str] | None = None) -> str:
    """Write a sentence as markdown: nodes blue, edges orange, S violet; `short` names what labels name at length."""
    parts = []
    for span in sentence.spans:
        text = span.text
        for label, name in (short or {}).items():
            text = text.replace(label, name)
        inner = widgets.plain(text)
        lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        colour = _COLOURS.get(span.role)
        parts.append(lead + (f":{colour}[**{inner}**]" if colour and inner else inner) + tail)
    return "".join(parts)
