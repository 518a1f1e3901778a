"""Which images two graphs find nearest to an image: those of both, of the one only, of the other only.

N probes; k neighbours of each.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph

MOST = 10  # neighbours looked at, of many probes


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """The k nearest probes of every probe in graphs A and B, the most alike first.

    Invariant: kept(i) with lost(i) are the neighbours in A, kept(i) with gained(i) those in B.
    """

    a: Int[np.ndarray, "N k"]
    b: Int[np.ndarray, "N k"]

    @property
    def size(self) -> int:
        """Neighbours of each probe, k."""
        return self.a.shape[1]

    @property
    def shared(self) -> Int[np.ndarray, " N"]:
        """How many neighbours of each probe are the same in both."""
        return (self.a[:, :, None] == self.b[:, None, :]).sum(axis=(1, 2))

    @property
    def overlap(self) -> float:
        """The mean part of an image's neighbours that is the same in both, 0 to 1."""
        return float(self.shared.mean()) / self.size

    @property
    def chance(self) -> float:
        """The same where one graph's neighbours are drawn at random: k / (N - 1)."""
        return self.size / (len(self.a) - 1)

    def kept(self, probe: int) -> tuple[int, ...]:
        """Return the neighbours in both, in A's order."""
        return tuple(i for i in self.a[probe].tolist() if i in self.b[probe])

    def lost(self, probe: int) -> tuple[int, ...]:
        """Return the neighbours in A only, in A's order."""
        return tuple(i for i in self.a[probe].tolist() if i not in self.b[probe])

    def gained(self, probe: int) -> tuple[int, ...]:
        """Return the neighbours in B only, in B's order."""
        return tuple(i for i in self.b[probe].tolist() if i not in self.a[probe])

    def most_changed(self, count: int) -> tuple[int, ...]:
        """Return the probes that share the fewest neighbours, fewest first; ties by index."""
        return tuple(np.argsort(self.shared, kind="stable")[:count].tolist())


def neighbourhoods(a: AttributionGraph, b: AttributionGraph, size: int | None = None) -> Neighbourhoods:
    """Find the nearest probes of every probe in two graphs, by cosine.

    Parameters
    ----------
    a, b
        Graphs over the same N probes.
    size
        Neighbours of each, 1 to N - 1; None: ten, or a quarter of the others where they are fewer than forty.

    Returns
    -------
    Neighbourhoods
        Ties by index.

    Raises
    ------
    OptionError
        For another size, or graphs of different numbers of probes.
    """
    others = len(a) - 1
    k = max(1, min(MOST, others // 4)) if size is None else size
    if len(a) != len(b) or not 1 <= k <= others:
        raise OptionError(
            f"Expected two graphs over the same probes and 1 to {others} neighbours; got {len(a)} and {len(b)} probes "
            f"and {k} neighbours."
        )
    return Neighbourhoods(*(_nearest(graph.edges, k) for graph in (a, b)))


def _nearest(edges: Float[np.ndarray, "N N"], size: int) -> Int[np.ndarray, "N k"]:
    far = -edges.astype(np.float64)
    np.fill_diagonal(far, np.inf)
    nearest = np.argsort(far, axis=1, kind="stable")[:, :size]
    nearest.setflags(write=False)
    return nearest
