"""The arithmetic of the guided tour: s_V and s_E of a few probes, term by term, in numbers that add up on paper.

n: chosen probes of two graphs, counted from 0 in the order they were chosen; E = n(n-1)/2 edges i < j, row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.stats import rankdata

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph, subgraph
from depara_core.grids import Grid, common_grid, probe_cosines
from depara_core.similarity import Similarity


@dataclass(frozen=True)
class EdgeSum:
    """How the products of an edge table become s_E = products / sqrt(spread_a * spread_b).

    Without ties a spread is (E^3 - E) / 12; constant edges have no ranking, spread 0, and s_E = 0.
    """

    middle: float  # the mean rank, (E + 1) / 2
    products: float
    spread_a: float  # sum of (rank_a - middle)^2
    spread_b: float

    @property
    def divisor(self) -> float:
        """The largest sum of products that these spreads allow."""
        return float(np.sqrt(self.spread_a * self.spread_b))

    @property
    def score(self) -> float:
        """s_E, in [-1, 1]: Spearman's correlation, ties by average rank (DEPARA, Eq. 5, second term)."""
        return self.products / self.divisor if self.divisor > 0 else 0.0


def small(graph: AttributionGraph, probes: Sequence[int]) -> AttributionGraph:
    """Return the graph over the chosen probes; raises OptionError unless they are two or more, each once, and exist."""
    if len(probes) < 2 or len(set(probes)) < len(probes) or not set(probes) <= set(range(len(graph))):
        raise OptionError(
            f"Expected two or more different probes from 0 to {len(graph) - 1}; got {list(probes)}. Choose others."
        )
    return subgraph(graph, np.array(probes))


def contrasting(
    a: AttributionGraph, b: AttributionGraph, count: int = 6, *, tries: int = 300, seed: int = 0
) -> tuple[int, ...]:
    """Choose probes on which two networks contrast, for an example that teaches.

    Parameters
    ----------
    a, b
        Graphs over the same N probes.
    count
        How many, 3 or more; all, where there are no more.
    tries
        Random choices compared.
    seed
        Of the random choices.

    Returns
    -------
    tuple
        Of the random choices the one with the least s_E. The pair whose ranks differ most comes first; the others
        follow from the least to the most alike to the first probe in `b`, so that no answer stands in the order.

    Raises
    ------
    OptionError
        For fewer than three probes.
    """
    if count < 3:
        raise OptionError(f"Expected three probes or more for a contrast; got {count}.")
    rng, total = np.random.default_rng(seed), len(a)
    choices = [rng.choice(total, min(count, total), replace=False) for _ in range(tries)]
    chosen = min(choices, key=lambda probes: edge_sum(_ranked(a, b, probes)).score)
    table = _ranked(a, b, chosen)
    apart = (table["rank_a"] - table["rank_b"]).abs()
    widest = int(apart.to_numpy().argmax())
    first, second = (int(chosen[table[end].iloc[widest]]) for end in ("i", "j"))
    rest = [int(probe) for probe in chosen if probe not in (first, second)]
    return (first, second, *sorted(rest, key=lambda probe: float(b.edges[first, probe])))


def measured_places(
    ranked: pd.DataFrame, truth: pd.DataFrame, target: str
) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
    """Compare the order of a target's sources by S with that by measured transfer.

    Parameters
    ----------
    ranked
        The sources, best first: column source.
    truth
        Measured transfer, sources x targets, higher is better.
    target
        The target's id.

    Returns
    -------
    tuple or None
        The sources that were measured, in their order by S, and their places by measurement, from 1; None where fewer
        than two were, or the target was not.
    """
    if target not in truth:
        return None
    known = [source for source in ranked["source"] if source in truth.index and source != target]
    if len(known) < 2:
        return None
    places = rankdata(-truth.loc[known, target].to_numpy(), method="ordinal")
    return tuple(known), tuple(places.astype(int).tolist())


def _ranked(a: AttributionGraph, b: AttributionGraph, probes: Sequence[int] | Int[np.ndarray, " n"]) -> pd.DataFrame:
    """List the pairs of probes as `edge_table` does, without making graphs of them."""
    i, j = np.triu_indices(len(probes), 1)
    ranks = [rankdata(graph.edges[np.asarray(probes)[i], np.asarray(probes)[j]]) for graph in (a, b)]
    middle = (len(i) + 1) / 2
    product = (ranks[0] - middle) * (ranks[1] - middle)
    return pd.DataFrame({"i": i, "j": j, "rank_a": ranks[0], "rank_b": ranks[1], "product": product})


def node_table(
    a: AttributionGraph, b: AttributionGraph, probes: Sequence[int], *, grid: Grid | None = None
) -> pd.DataFrame:
    """List the chosen probes: probe, cosine = cosine(v_i^A, v_i^B). The mean of the cosines is s_V (DEPARA, Eq. 5)."""
    left, right = small(a, probes), small(b, probes)
    cosines = probe_cosines(left, right, common_grid([left, right], grid))
    return pd.DataFrame({"probe": list(probes), "cosine": cosines})


def edge_table(a: AttributionGraph, b: AttributionGraph, probes: Sequence[int]) -> pd.DataFrame:
    """List the E pairs of the chosen probes: i, j, cosine_a, cosine_b, rank_a, rank_b, product.

    Rank 1 is the least alike of the E pairs, E the most; ties share their average rank. product is
    (rank_a - middle) * (rank_b - middle) with middle = (E + 1) / 2: a multiple of 1/4, so the sum has no rounding.
    """
    i, j = np.triu_indices(len(probes), 1)
    cosines = [small(graph, probes).edges[i, j] for graph in (a, b)]
    ranks = [rankdata(values) for values in cosines]
    middle = (len(i) + 1) / 2
    return pd.DataFrame(
        {
            "i": i,
            "j": j,
            "cosine_a": cosines[0],
            "cosine_b": cosines[1],
            "rank_a": ranks[0],
            "rank_b": ranks[1],
            "product": (ranks[0] - middle) * (ranks[1] - middle),
        }
    )


def edge_sum(table: pd.DataFrame) -> EdgeSum:
    """Add up an edge table."""
    middle = (len(table) + 1) / 2
    spreads = [float(((table[rank] - middle) ** 2).sum()) for rank in ("rank_a", "rank_b")]
    return EdgeSum(middle, float(table["product"].sum()), *spreads)


def crossing(first: Similarity, second: Similarity) -> float | None:
    """Return the lambda > 0 at which two sources of one target have the same S and change places; None: they never do.

    s_V + lambda s_E is a line in lambda; two lines cross where lambda = (s_V - s_V') / (s_E' - s_E).
    """
    node, edge = first.node - second.node, second.edge - first.edge
    return node / edge if node * edge > 0 else None


def adding_up(values: Float[np.ndarray, " n"], digits: int) -> Float[np.ndarray, " n"]:
    """Round to `digits` decimals so that the rounded values add up to the rounded sum (largest remainder)."""
    unit = 10.0**digits
    scaled = np.asarray(values, dtype=np.float64) * unit
    whole = np.floor(scaled)
    missing = round(float(scaled.sum())) - int(whole.sum())
    whole[np.argsort(whole - scaled, kind="stable")[:missing]] += 1
    return whole / unit


def spread(count: int, chosen: int) -> tuple[int, ...]:
    """Return min(chosen, count) of the numbers 0 .. count - 1, evenly from the first to the last."""
    return tuple(np.linspace(0, count - 1, min(chosen, count)).round().astype(int).tolist())
