"""S split, with nothing left over, into the shares of probes, pairs of probes and pixels.

Symbols: N probes, E = N(N-1)/2 pairs i < j row by row, P numbers in a node.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Float32, Int

from depara_core import pairs
from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph, relative_ranks
from depara_core.grids import Grid, common_grid, node_vectors, probe_cosines
from depara_core.pairs import Range
from depara_core.similarity import check_lam


@dataclass(frozen=True, eq=False)
class Explanation:
    """Exact shares of S = s_V + lam * s_E for two graphs A and B over N probes.

    Invariants: sum(probe_node) = s_V; edge.sum(axis=1) = probe_edge; sum(probe_edge) = lam * s_E;
    pixel(i).sum() = probe_node[i].

    Attributes
    ----------
    lam
        Weight of the edges.
    grid
        (channels, height, width) that maps are compared on: the pixels of `pixel`.
    probe_node
        (N,) each probe's share of s_V: cosine(v_i^A, v_i^B) / N.
    probe_correlation
        (N,) each probe's share of s_E: half of every edge's share belongs to each of its ends.
    correlation
        (N, N) the edges' shares of s_E, symmetric, 0 on the diagonal; (i, j) is the half that belongs to i.
    names
        The graphs' labels.
    no_attribution, no_feature
        (N,) bool: the probes without one in either graph.
    standard_ranks
        (E,) and (E,): `AttributionGraph.ranks` of both.
    """

    lam: float
    grid: Grid
    probe_node: Float[np.ndarray, " N"]
    probe_correlation: Float[np.ndarray, " N"]
    correlation: Float[np.ndarray, "N N"]
    names: tuple[str, str]
    no_attribution: Bool[np.ndarray, " N"]
    no_feature: Bool[np.ndarray, " N"]
    _a: Float32[np.ndarray, "N P"] = field(repr=False)
    _b: Float32[np.ndarray, "N P"] = field(repr=False)
    standard_ranks: tuple[Float[np.ndarray, " E"], Float[np.ndarray, " E"]] = field(repr=False)

    def __post_init__(self) -> None:
        check_lam(self.lam)

    def at(self, lam: float) -> "Explanation":
        """Return the same shares for another weight of the edges: nothing is computed again.

        Parameters
        ----------
        lam
            Weight of the edges, 0 or more.

        Returns
        -------
        Explanation
            The shares of S at this weight.
        """
        return replace(self, lam=lam)

    @property
    def probe_edge(self) -> Float[np.ndarray, " N"]:
        """Each probe's share of lam * s_E."""
        return self.lam * self.probe_correlation

    @property
    def edge(self) -> Float[np.ndarray, "N N"]:
        """Each pair's share of lam * s_E, half in (i, j) and half in (j, i)."""
        return self.lam * self.correlation

    @property
    def probe(self) -> Float[np.ndarray, " N"]:
        """Each probe's share of S."""
        return self.probe_node + self.probe_edge

    @property
    def total(self) -> float:
        """S itself: the sum of all shares."""
        return float(self.probe_node.sum() + self.probe_edge.sum())

    @property
    def node_similarity(self) -> float:
        """s_V in [-1, 1]."""
        return float(self.probe_node.sum())

    @property
    def edge_similarity(self) -> float:
        """s_E in [-1, 1]."""
        return float(self.standard_ranks[0] @ self.standard_ranks[1])

    @property
    def edge_total(self) -> float:
        """Lam * s_E: the edges' part of S."""
        return float(self.probe_edge.sum())

    @cached_property
    def ranks_a(self) -> Float[np.ndarray, " E"]:
        """Relative ranks of the pairs in the first graph: 0 is the least alike, 1 the most."""
        return read_only(relative_ranks(self.standard_ranks[0]))

    @cached_property
    def ranks_b(self) -> Float[np.ndarray, " E"]:
        """Relative ranks of the pairs in the second graph."""
        return read_only(relative_ranks(self.standard_ranks[1]))

    def pixel(self, i: int) -> Float[np.ndarray, "H W"]:
        """Return where in the image a probe's share of s_V comes from.

        Parameters
        ----------
        i
            The probe, 0 to N - 1.

        Returns
        -------
        array
            (H, W) of the grid: a_ip * b_ip / N summed over channels, positive where both maps agree; its sum is
            probe_node[i].

        Raises
        ------
        OptionError
            Where there is no such probe.
        """
        count = len(self.probe_node)
        if not 0 <= i < count:
            raise OptionError(f"Probe {i} does not exist: expected 0 to {count - 1}.")
        product = self._a[i].astype(np.float64) * self._b[i] / count
        return product.reshape(self.grid).sum(axis=0)

    def pixels(self, block: slice) -> Float[np.ndarray, "n H W"]:
        """Return the agreement maps of several probes.

        Parameters
        ----------
        block
            The probes, n of them.

        Returns
        -------
        array
            (n, H, W): see `pixel`.
        """
        product = self._a[block].astype(np.float64) * self._b[block] / len(self.probe_node)
        return product.reshape(-1, *self.grid).sum(axis=1)

    def to_frame(self) -> pd.DataFrame:
        """List every probe's shares, the highest first.

        Returns
        -------
        DataFrame
            probe (0 to N - 1), node (share of s_V), edge (share of lam * s_E), share (of S).
        """
        return probe_frame(self.probe_node, self.probe_edge)

    def pairs(self, top: int, kind: str = "agree") -> pd.DataFrame:
        """List pairs of probes of one kind.

        Parameters
        ----------
        top
            At most so many pairs.
        kind
            One of `PAIR_KINDS`. "agree" and "differ" are the pairs that add most and take most. Alike and unlike are
            above and below the middle rank: "both alike", "both unlike" (adding most first), "only A alike", "only B
            alike" (taking most first).

        Returns
        -------
        DataFrame
            i, j (i < j), share (of the whole pair, both its ends together: lam * z_ij^A * z_ij^B), rank_a, rank_b
            (relative, 0 the least alike pair to 1 the most).

        Raises
        ------
        OptionError
            For an unknown kind.
        """
        return self.pair_frame(pairs.of_kind(*self.standard_ranks, kind, top))

    def pairs_within(self, a: Range, b: Range, top: int) -> pd.DataFrame:
        """List pairs of probes whose ranks lie in a box.

        Parameters
        ----------
        a, b
            (low, high) of the relative ranks in either graph, 0 to 1, both ends included.
        top
            At most so many pairs, the largest |share| first.

        Returns
        -------
        DataFrame
            i, j, share, rank_a, rank_b: see `pairs`.
        """
        kept = pairs.within(self.ranks_a, self.ranks_b, a, b)
        return self.pair_frame(pairs.strongest(np.abs(self.standard_ranks[0] * self.standard_ranks[1]), kept, top))

    def pair_frame(self, places: Int[np.ndarray, " n"]) -> pd.DataFrame:
        """List the pairs at given places.

        Parameters
        ----------
        places
            (n,) among the E = N(N-1)/2 pairs i < j, row by row.

        Returns
        -------
        DataFrame
            i, j, share, rank_a, rank_b: see `pairs`.
        """
        i, j = pairs.ends(places, len(self.probe_node))
        share = self.lam * self.standard_ranks[0][places] * self.standard_ranks[1][places]
        ranks = {"rank_a": self.ranks_a[places], "rank_b": self.ranks_b[places]}
        return pd.DataFrame({"i": i, "j": j, "share": share, **ranks})


def explain(a: AttributionGraph, b: AttributionGraph, lam: float, *, grid: Grid | None = None) -> Explanation:
    """Split S(a, b) exactly: s_V over probes and pixels, s_E over edges (z_e^A * z_e^B, z the standardised ranks).

    Parameters
    ----------
    a, b
        Graphs over the same N probes.
    lam
        Weight of the edges in S = s_V + lam * s_E, 0 or more.
    grid
        (channels, height, width) that maps are compared on: that of the comparison the pair is part of. None: the
        common grid of these two.

    Returns
    -------
    Explanation
        The share of every probe, pair and pixel; `total` is S, exactly.

    Raises
    ------
    OptionError
        Where the graphs are not over the same probes, their maps cannot be brought to the grid, or lam is no weight.
    """
    grid = common_grid([a, b], grid)
    count = len(a)
    probe_node = probe_cosines(a, b, grid) / count
    correlation = np.zeros((count, count))
    correlation[np.triu_indices(count, k=1)] = a.ranks * b.ranks / 2
    correlation += correlation.T
    return Explanation(
        lam,
        grid,
        read_only(probe_node),
        read_only(correlation.sum(axis=1)),
        read_only(correlation),
        (a.label, b.label),
        read_only(a.no_attribution | b.no_attribution),
        read_only(a.no_feature | b.no_feature),
        node_vectors(a, grid),
        node_vectors(b, grid),
        (a.ranks, b.ranks),
    )


def probe_frame(node: Float[np.ndarray, " N"], edge: Float[np.ndarray, " N"]) -> pd.DataFrame:
    """List probes by their share, the highest first: probe, node, edge, share."""
    frame = pd.DataFrame({"probe": np.arange(len(node)), "node": node, "edge": edge, "share": node + edge})
    return frame.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)


def read_only(array: np.ndarray) -> np.ndarray:
    """Return the array, read-only from now on."""
    array.setflags(write=False)
    return array
