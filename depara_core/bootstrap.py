"""Resampling the probes: s_V and s_E of many graphs with one, on bootstrap samples that all of them share.

Symbols: N probes, R graphs, B resamples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, probe_cosines
from depara_core.similarity import check_lam

INTERVAL = (2.5, 97.5)  # percentiles of the resampled scores: a 95 % interval


@dataclass(frozen=True, eq=False)
class Resamples:
    """s_V and s_E of every row graph with one column graph on B resamples of the probes."""

    node: Float[np.ndarray, "B R"]
    edge: Float[np.ndarray, "B R"]

    def total(self, lam: float) -> Float[np.ndarray, "B R"]:
        """S = s_V + lam * s_E on every resample."""
        return self.node + check_lam(lam) * self.edge


def resample_probes(
    rows: Sequence[AttributionGraph], target: AttributionGraph, grid: Grid, *, resamples: int, seed: int
) -> Resamples:
    """Bootstrap the probes: every row sees the same resamples, so differences are paired.

    A resample is a vector of weights w (how often each probe was drawn). s_V becomes the weighted mean of the probes'
    cosines; s_E the weighted correlation of the edges' ranks, edge (i, j) weighing w_i * w_j. The ranks stay those of
    the full sample, which spares a sort a resample.
    """
    if resamples < 1:
        raise OptionError(f"resamples must be at least 1, got {resamples}.")
    count = len(target)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    cosines = np.stack([probe_cosines(row, target, grid) for row in rows])
    weights = drawn.astype(np.float32)
    reference = _square(target)
    pairs = (drawn.sum(axis=1) ** 2 - (drawn**2).sum(axis=1)).clip(1)  # 0: one probe, drawn N times
    mean_t, square_t = (_moment(weights, values, pairs) for values in (reference, reference**2))
    edge = np.empty((resamples, len(rows)))
    for place, row in enumerate(rows):
        ranks = _square(row)
        mean, square, product = (_moment(weights, values, pairs) for values in (ranks, ranks**2, ranks * reference))
        spread = np.sqrt((square - mean**2).clip(0) * (square_t - mean_t**2).clip(0))
        covariance = product - mean * mean_t
        edge[:, place] = np.divide(covariance, spread, out=np.zeros_like(spread), where=spread > 1e-6)
    return Resamples(drawn @ cosines.T / count, edge)


def _moment(
    weights: Float32[np.ndarray, "B N"], values: Float32[np.ndarray, "N N"], pairs: np.ndarray
) -> Float[np.ndarray, " B"]:
    """Return sum_ij w_i w_j values_ij / sum_{i != j} w_i w_j of every resample, as one matrix product."""
    return np.vecdot((weights @ values).astype(np.float64), weights) / pairs


def _square(graph: AttributionGraph) -> Float32[np.ndarray, "N N"]:
    """Return the ranks as a symmetric matrix, scaled to variance 1 so that float32 keeps their digits."""
    values = np.zeros((len(graph), len(graph)), dtype=np.float32)
    values[np.triu_indices(len(graph), k=1)] = graph.ranks * np.sqrt(len(graph.ranks))
    return values + values.T
