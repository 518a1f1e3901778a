"""What a score and a ranking would be without some of the probes.

Symbols: N probes, E = N(N-1)/2 edges, R sources. Removing probe i removes its N - 1 edges.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from depara_core.errors import OptionError
from depara_core.explanation.contributions import read_only
from depara_core.explanation.leave_one_out import kept_rank_correlations, rank_correlations
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, common_grid, probe_cosines
from depara_core.similarity import check_lam


@dataclass(frozen=True, eq=False)
class Influence:
    """S and its parts without each of N probes."""

    lam: float
    node_similarity: float  # s_V with all probes
    edge_similarity: float  # s_E with all probes
    node: Float[np.ndarray, " N"]  # s_V without probe i
    correlation: Float[np.ndarray, " N"]  # s_E without probe i

    def __post_init__(self) -> None:
        check_lam(self.lam)

    def at(self, lam: float) -> "Influence":
        """Return the same for another weight of the edges: nothing is computed again."""
        return replace(self, lam=lam)

    @property
    def total(self) -> float:
        """S with all probes."""
        return self.node_similarity + self.lam * self.edge_similarity

    @property
    def edge(self) -> Float[np.ndarray, " N"]:
        """The edges' part, lam * s_E, without probe i."""
        return self.lam * self.correlation

    @property
    def without(self) -> Float[np.ndarray, " N"]:
        """S without probe i."""
        return self.node + self.edge

    @property
    def change(self) -> Float[np.ndarray, " N"]:
        """How S moves when probe i is left out: negative where the probe holds S up."""
        return self.without - self.total

    def to_frame(self) -> pd.DataFrame:
        """One row a probe, first what holds S up most: probe, lends (how much S loses without it), without."""
        frame = pd.DataFrame({"probe": np.arange(len(self.node)), "lends": -self.change, "without": self.without})
        return frame.iloc[np.argsort(self.change, kind="stable")].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class RankingInfluence:
    """The scores of R sources for one target, with all probes and without each of N."""

    sources: tuple[Influence, ...]

    @cached_property
    def scores(self) -> Float[np.ndarray, " R"]:
        """S of each source with all probes."""
        return read_only(np.array([source.total for source in self.sources]))

    @cached_property
    def without(self) -> Float[np.ndarray, "N R"]:
        """S of each source without probe i."""
        return read_only(np.stack([source.without for source in self.sources], axis=1))

    @property
    def winner(self) -> int:
        """The place of the source with the highest score; the first of equals."""
        return int(self.scores.argmax())

    @property
    def winners(self) -> Int[np.ndarray, " N"]:
        """The place of the winner without probe i."""
        return self.without.argmax(axis=1)

    @property
    def changes(self) -> dict[int, int]:
        """The place of the winner without each probe whose absence makes another source win, by probe."""
        return {probe: int(self.winners[probe]) for probe in self.flips.tolist()}

    @property
    def flips(self) -> Int[np.ndarray, " n"]:
        """The probes without which another source wins."""
        return np.flatnonzero(self.winners != self.winner)


def influence(
    a: AttributionGraph, b: AttributionGraph, lam: float, *, exact: bool = True, grid: Grid | None = None
) -> Influence:
    """Return S(a, b) and its parts without each probe.

    Parameters
    ----------
    a, b
        Graphs over the same N probes, 3 or more.
    lam
        Weight of the edges in S = s_V + lam * s_E.
    exact
        Rank the remaining edges anew, as if probe i had never been there; else they keep the ranks that they have
        among all edges, as in the bootstrap, which takes N^2 steps instead of N^3.
    grid
        (channels, height, width) that maps are compared on; None: the common grid of these two.

    Raises
    ------
    OptionError
        For fewer than 3 probes, different probes, or maps that cannot be brought to the grid.
    """
    check_lam(lam)
    grid, count = common_grid([a, b], grid), len(a)
    if count < 3:
        raise OptionError(
            f"Leaving a probe out needs at least 3 probes, got {count}: one alone has no pair to compare."
        )
    cosines = probe_cosines(a, b, grid)
    correlation = rank_correlations(a, b) if exact else kept_rank_correlations(a, b)
    left = (cosines.sum() - cosines) / (count - 1)
    return Influence(lam, float(cosines.mean()), float(a.ranks @ b.ranks), read_only(left), read_only(correlation))
