"""Shares of groups of probes: by their labels, or by clusters found in both graphs.

Symbols: N probes, G groups, E = N(N-1)/2 pairs i < j row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from depara_core import pairs
from depara_core.errors import OptionError
from depara_core.explanation.contributions import Explanation, read_only
from depara_core.graphs import AttributionGraph
from depara_core.grids import common_grid


@dataclass(frozen=True, eq=False)
class GroupContributions:
    """S = s_V + lam * s_E split over groups of probes.

    Entry (g, g) of `edge` is the share of all pairs within g, entry (g, h) that of all pairs between g and h; the table
    is symmetric and counts both. Invariants: sum(node) = s_V; triu(edge).sum() = lam * s_E; sum(contribution) = S.
    """

    names: tuple[str, ...]  # in the order in which they first occur
    probes: Int[np.ndarray, " G"]  # how many
    pairs: Int[np.ndarray, "G G"]  # how many, counted as in `edge`
    node: Float[np.ndarray, " G"]
    edge: Float[np.ndarray, "G G"]

    @property
    def contribution(self) -> Float[np.ndarray, " G"]:
        """Each group's share of S: that of its probes, to which half of every edge's share belongs."""
        return self.node + self.probe_edge

    @property
    def probe_edge(self) -> Float[np.ndarray, " G"]:
        """Each group's share of lam * s_E: what lies within it, and half of what lies between it and others."""
        return (self.edge.sum(axis=1) + np.diag(self.edge)) / 2

    def to_frame(self) -> pd.DataFrame:
        """One row a group: group, probes, node, edge, share, mean (the share of one of its probes)."""
        return pd.DataFrame(
            {
                "group": self.names,
                "probes": self.probes,
                "node": self.node,
                "edge": self.probe_edge,
                "share": self.contribution,
                "mean": self.contribution / self.probes,
            }
        )

    def cells(self) -> pd.DataFrame:
        """One row a pair of groups, each once, the largest share first: one, other, share (nodes included within)."""
        rows, columns = np.triu_indices(len(self.names))
        share = self.edge[rows, columns] + np.where(rows == columns, self.node[rows], 0)
        names = np.array(self.names, dtype=object)
        frame = pd.DataFrame({"one": names[rows], "other": names[columns], "share": share})
        return frame.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def group_contributions(why: Explanation, labels: Sequence[str]) -> GroupContributions:
    """Sum the shares of S by groups of probes: N labels, one a probe."""
    count = _require_labels(why, labels)
    names = tuple(dict.fromkeys(labels))
    place = {name: number for number, name in enumerate(names)}
    member = np.zeros((count, len(names)))
    member[np.arange(count), [place[label] for label in labels]] = 1
    probes = member.sum(axis=0).astype(np.int64)
    halves = member.T @ why.edge @ member  # within a group both halves of a pair, between two groups one of them
    both = np.outer(probes, probes)
    np.fill_diagonal(both, probes * (probes - 1) // 2)
    edge = halves + halves.T
    np.fill_diagonal(edge, np.diag(halves))
    return GroupContributions(
        names, read_only(probes), read_only(both), read_only(why.probe_node @ member), read_only(edge)
    )


def pairs_between(why: Explanation, labels: Sequence[str], groups: tuple[str, str], top: int) -> pd.DataFrame:
    """List at most `top` pairs with one probe in each of two groups, the largest |share| first, as `pairs_within` does.

    `labels`: N, one a probe. The same group twice: the pairs within it.
    """
    count, known = _require_labels(why, labels), dict.fromkeys(labels)
    for group in groups:
        if group not in known:
            raise OptionError(f"There is no group {group!r}. Expected one of: {', '.join(known)}.")
    one, other = (np.array([label == group for label in labels], dtype=bool) for group in groups)
    i, j = np.triu_indices(count, k=1)
    kept = (one[i] & other[j]) | (other[i] & one[j])
    first, second = why.standard_ranks
    return why.pair_frame(pairs.strongest(np.abs(first * second), kept, top))


def _require_labels(why: Explanation, labels: Sequence[str]) -> int:
    """Return the number of probes, each of which has a label."""
    count = len(why.probe_node)
    if len(labels) != count:
        raise OptionError(f"Expected one label for each of {count} probes, got {len(labels)} labels.")
    return count


def cluster_probes(a: AttributionGraph, b: AttributionGraph, k: int) -> tuple[str, ...]:
    """Name each probe's cluster, "cluster 1" (the largest) to at most "cluster k": probes that both graphs find alike.

    Ward's tree of the squared feature distances 2 - 2 cosine, those of each graph divided by their mean, so that both
    weigh the same (Ward, 1963). Probes that no distance tells apart share a cluster.
    """
    common_grid([a, b])
    count = len(a)
    if not 1 <= k <= count:
        raise OptionError(f"k={k} clusters were asked for. Expected 1 to {count}, the number of probes.")
    if count == 1:
        return ("cluster 1",)
    squares = sum((_scaled(graph) for graph in (a, b)), np.zeros(count * (count - 1) // 2))
    numbers = fcluster(linkage(np.sqrt(squares), method="ward"), k, criterion="maxclust")
    found, first, sizes = np.unique(numbers, return_index=True, return_counts=True)
    order = found[np.lexsort((first, -sizes))]
    names = {int(number): f"cluster {place}" for place, number in enumerate(order, 1)}
    return tuple(names[int(number)] for number in numbers)


def _scaled(graph: AttributionGraph) -> Float[np.ndarray, " E"]:
    """Return the graph's squared distances with mean 1, or all 0 where all features are equal."""
    distance = (2 - 2 * graph.edges.astype(np.float64)).clip(0)
    np.fill_diagonal(distance, 0)
    squares = squareform(distance, checks=False)
    return squares / (squares.mean() or 1.0)
