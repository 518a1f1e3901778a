"""Why two graphs are alike: S split, with nothing left over, into the shares of probes, pairs of probes and pixels."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph
from depara_core.similarity import Grid, common_grid, node_vectors, probe_cosines


@dataclass(frozen=True, eq=False)
class Explanation:
    """Exact shares of S = s_V + lam * s_E for two graphs over N probes.

    Invariants: sum(probe_node) = s_V; edge.sum(axis=1) = probe_edge; sum(probe_edge) = lam * s_E;
    pixel(i).sum() = probe_node[i].
    """

    lam: float
    grid: Grid  # what the pixels of `pixel` are pixels of
    probe_node: Float[np.ndarray, " N"]  # cosine(v_i^A, v_i^B) / N
    probe_edge: Float[np.ndarray, " N"]  # half of every edge's share belongs to each of its ends
    edge: Float[np.ndarray, "N N"]  # symmetric; entry (i, j) is the half that belongs to i; the diagonal is 0
    _a: Float32[np.ndarray, "N P"] = field(repr=False)
    _b: Float32[np.ndarray, "N P"] = field(repr=False)

    @property
    def probe(self) -> Float[np.ndarray, " N"]:
        """Each probe's share of S."""
        return self.probe_node + self.probe_edge

    @property
    def total(self) -> float:
        """S itself: the sum of all shares."""
        return float(self.probe_node.sum() + self.probe_edge.sum())

    def pixel(self, i: int) -> Float[np.ndarray, "H W"]:
        """Return the agreement map of probe i: a_ip * b_ip / N summed over channels, positive where both agree."""
        count = len(self.probe_node)
        if not 0 <= i < count:
            raise OptionError(f"Probe {i} does not exist: expected 0 to {count - 1}.")
        product = self._a[i].astype(np.float64) * self._b[i] / count
        return product.reshape(self.grid).sum(axis=0)


def explain(a: AttributionGraph, b: AttributionGraph, lam: float) -> Explanation:
    """Split S(a, b) exactly: s_V over probes and pixels, s_E over edges (z_e^A * z_e^B, z the standardised ranks)."""
    grid = common_grid([a, b])
    count = len(a)
    probe_node = probe_cosines(a, b, grid) / count
    edge = np.zeros((count, count))
    edge[np.triu_indices(count, k=1)] = lam * a.ranks * b.ranks / 2
    edge += edge.T
    probe_edge = edge.sum(axis=1)
    for array in (probe_node, probe_edge, edge):
        array.setflags(write=False)
    return Explanation(lam, grid, probe_node, probe_edge, edge, node_vectors(a, grid), node_vectors(b, grid))
