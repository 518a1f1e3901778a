"""Why S is what it is; what costs time is the same for every lambda."""

import pandas as pd

import depara_core as depara
from depara_core import explanation, rooms
from depara_core.bootstrap import Resamples
from depara_core.grids import Grid
from pages.shared.cache.scores import samples
from pages.shared.cache.wrappers import Graph, Graphs, copied, shared

MOST_CLUSTERS = 6
EXACT_INFLUENCE = 120  # probes: beyond that, edges are not ranked anew without each of them


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
