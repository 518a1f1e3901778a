"""How far several graphs attribute each image to the same pixels as one of them, the reference, does.

Symbols: M graphs, N probes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, probe_cosines

ORDERS = ("number", "least", "most")


@dataclass(frozen=True, eq=False)
class Agreement:
    """The cosines of M graphs' attribution maps with the reference's, image by image.

    Invariant: the mean over the probes of one graph is its s_V with the reference.
    """

    graphs: tuple[AttributionGraph, ...]
    reference: AttributionGraph
    cosines: Float[np.ndarray, "M N"]

    @cached_property
    def means(self) -> tuple[float, ...]:
        """s_V of each graph with the reference."""
        return tuple(float(mean) for mean in self.cosines.mean(axis=1))

    def of(self, graph: AttributionGraph) -> tuple[float, ...]:
        """Return one graph's cosine with the reference for each probe."""
        return tuple(self.cosines[self.graphs.index(graph)].tolist())

    @cached_property
    def ranked(self) -> tuple[AttributionGraph, ...]:
        """The graphs from the most to the least alike, the reference first; ties in their own order."""
        order = sorted(range(len(self.graphs)), key=lambda m: (self.graphs[m] is not self.reference, -self.means[m]))
        return tuple(self.graphs[m] for m in order)

    def probes(self, order: str = "number") -> tuple[int, ...]:
        """Return all probes in an order.

        Parameters
        ----------
        order
            One of `ORDERS`: "number"; "least" or "most", the mean cosine over the graphs beside the reference, ties by
            number. Without other graphs, by number.

        Raises
        ------
        OptionError
            For another word.
        """
        if order not in ORDERS:
            raise OptionError(f"The order {order!r} is unknown. Expected one of: {', '.join(ORDERS)}.")
        others = [row for graph, row in zip(self.graphs, self.cosines, strict=True) if graph is not self.reference]
        if order == "number" or not others:
            return tuple(range(len(self.reference)))
        mean = np.mean(others, axis=0)
        return tuple(np.argsort(mean if order == "least" else -mean, kind="stable").tolist())


def agreement(graphs: Sequence[AttributionGraph], reference: AttributionGraph, grid: Grid) -> Agreement:
    """Compare the attribution maps of some graphs with the reference's.

    Parameters
    ----------
    graphs
        M graphs over the reference's probes, itself among them or not.
    reference
        The graph that the others are compared with.
    grid
        (channels, height, width) that maps are compared on.
    """
    cosines = np.stack([probe_cosines(graph, reference, grid) for graph in graphs])
    cosines.setflags(write=False)
    return Agreement(tuple(graphs), reference, cosines)
