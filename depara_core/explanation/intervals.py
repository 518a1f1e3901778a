"""Error bars of a score and of its parts: the probes are a sample, and another would have given other numbers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from depara_core.bootstrap import INTERVAL, Resamples, resample_probes
from depara_core.graphs import AttributionGraph
from depara_core.similarity import common_grid, probe_cosines


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
    resamples: int = 500,
    seed: int = 0,
    samples: Resamples | None = None,
) -> Intervals:
    """Return the 95 % intervals of s_V, lam * s_E and S, from the percentiles of bootstrap samples of the probes.

    The method is that of `rank_sources`: see `resample_probes`. `samples` takes the Resamples of [b] with a made
    before, since only they cost time and they are the same for every lam.
    """
    grid = common_grid([a, b])
    samples = samples or resample_probes([b], a, grid, resamples=resamples, seed=seed)
    node, edge = float(probe_cosines(a, b, grid).mean()), lam * float(a.ranks @ b.ranks)
    return _intervals(node, edge, samples.node[:, 0], lam * samples.edge[:, 0])


def contrast_interval(
    a: AttributionGraph,
    b: AttributionGraph,
    c: AttributionGraph,
    lam: float,
    *,
    resamples: int = 500,
    seed: int = 0,
    samples: Resamples | None = None,
) -> Intervals:
    """Return the 95 % intervals of the differences S(a, b) - S(a, c) and of their parts, both on the same resamples.

    `samples` takes the Resamples of [b, c] with a made before.
    """
    grid = common_grid([a, b, c])
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
