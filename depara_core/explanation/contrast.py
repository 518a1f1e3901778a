"""Why one source is better than another for a target: S(A, B) - S(A, C), split exactly."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from depara_core.errors import OptionError
from depara_core.explanation.contributions import Explanation, probe_frame


@dataclass(frozen=True, eq=False)
class Contrast:
    """Exact shares of S(A, B) - S(A, C) for a target A and sources B and C over N probes, maps on one grid.

    Invariants: sum(probe_node) = node; sum(probe_edge) = edge; node + edge = total; pixel(i).sum() = probe_node[i].
    """

    better: Explanation  # of A and B, the source that the question takes to be better
    other: Explanation  # of A and C

    def __post_init__(self) -> None:
        if self.better.grid != self.other.grid or self.better.names[0] != self.other.names[0]:
            raise OptionError(
                f"A contrast holds two sources of one target against each other on one grid: {self.better.names[0]} on "
                f"{self.better.grid} and {self.other.names[0]} on {self.other.grid} came. Give both one `grid`."
            )

    @property
    def names(self) -> tuple[str, str, str]:
        """The labels of the target, of source B and of source C."""
        return (*self.better.names, self.other.names[1])

    @property
    def lam(self) -> float:
        """The lambda of both scores."""
        return self.better.lam

    @property
    def node(self) -> float:
        """s_V(A, B) - s_V(A, C)."""
        return self.better.node_similarity - self.other.node_similarity

    @property
    def edge(self) -> float:
        """Lam * (s_E(A, B) - s_E(A, C))."""
        return self.better.edge_total - self.other.edge_total

    @property
    def total(self) -> float:
        """S(A, B) - S(A, C): positive where B is the better source by S."""
        return self.node + self.edge

    @property
    def probe_node(self) -> Float[np.ndarray, " N"]:
        """Each probe's share of `node`."""
        return self.better.probe_node - self.other.probe_node

    @property
    def probe_edge(self) -> Float[np.ndarray, " N"]:
        """Each probe's share of `edge`."""
        return self.better.probe_edge - self.other.probe_edge

    @property
    def probe(self) -> Float[np.ndarray, " N"]:
        """Each probe's share of `total`."""
        return self.probe_node + self.probe_edge

    def pixel(self, i: int) -> Float[np.ndarray, "H W"]:
        """Return the map of probe i: positive where A agrees more with B than with C."""
        return self.better.pixel(i) - self.other.pixel(i)

    def to_frame(self) -> pd.DataFrame:
        """Every probe's shares, the highest first: probe, node, edge, share."""
        return probe_frame(self.probe_node, self.probe_edge)
