"""Error bars of a score and of its parts: the probes are a sample, and another would have given other numbers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from depara_core.bootstrap import INTERVAL, Resamples, resample_probes
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, common_grid, probe_cosines
from depara_core.similarity import check_lam


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % bootstrap interval over probes, widened where need be to hold the value."""

    low: float
    value: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """Intervals of s_V, lam * s_E and S, or of their differences."""

    node: Interval
    edge: Interval
    total: Interval


def interval(
    a: AttributionGraph,
    b: AttributionGraph,
    lam: float,
    *,
    grid: Grid | None = None,
    resamples: int = 500,
    seed: int = 0,
    samples: Resamples | None = None,
) -> Intervals:
    """Return the 95 % intervals of s_V, lam * s_E and S, from the percentiles of bootstrap samples of the probes.

    The method is that of `rank_sources`: see `resample_probes`.

    Parameters
    ----------
    a, b
        The target and the source, over the same probes.
    lam
        Weight of the edges in S = s_V + lam * s_E.
    grid
        (channels, height, width) that maps are compared on; None: the common grid of these two.
    resamples, seed
        How many bootstrap samples are drawn, and from which seed.
    samples
        The Resamples of [b] with a on that grid, made before: only they cost time, and they serve every lam.

    Raises
    ------
    OptionError
        For different probes, maps that cannot be brought to the grid, or no resample.
    """
    grid, lam = common_grid([a, b], grid), check_lam(lam)
    samples = samples or resample_probes([b], a, grid, resamples=resamples, seed=seed)
    node, edge = float(probe_cosines(a, b, grid).mean()), lam * float(a.ranks @ b.ranks)
    return _intervals(node, edge, samples.node[:, 0], lam * samples.edge[:, 0])


def contrast_interval(
    a: AttributionGraph,
    b: AttributionGraph,
    c: AttributionGraph,
    lam: float,
    *,
    grid: Grid | None = None,
    resamples: int = 500,
    seed: int = 0,
    samples: Resamples | None = None,
) -> Intervals:
    """Return the 95 % intervals of the differences S(a, b) - S(a, c) and of their parts, both on the same resamples.

    The parameters are those of `interval`, for a target a and two sources; no `grid` means the common one of the three.
    """
    grid, lam = common_grid([a, b, c], grid), check_lam(lam)
    samples = samples or resample_probes([b, c], a, grid, resamples=resamples, seed=seed)
    node = float((probe_cosines(a, b, grid) - probe_cosines(a, c, grid)).mean())
    edge = lam * float(a.ranks @ (b.ranks - c.ranks))
    return _intervals(
        node, edge, samples.node[:, 0] - samples.node[:, 1], lam * (samples.edge[:, 0] - samples.edge[:, 1])
    )


def _intervals(
    node: float, edge: float, node_samples: Float[np.ndarray, " B"], edge_samples: Float[np.ndarray, " B"]
) -> Intervals:
    def around(value: float, samples: Float[np.ndarray, " B"]) -> Interval:
        low, high = (float(bound) for bound in np.percentile(samples, INTERVAL))
        return Interval(min(low, value), value, max(high, value))

    return Intervals(
        around(node, node_samples), around(edge, edge_samples), around(node + edge, node_samples + edge_samples)
    )
