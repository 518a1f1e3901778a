"""What another lambda does to a ranking: who changes places, and how far down nothing does.

M sources of one target.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from depara_core.errors import OptionError
from depara_core.formatting import exact
from depara_core.similarity import check_lam

NAMED = 3  # moves told; more are counted


@dataclass(frozen=True)
class RankChanges:
    """The places, from 1, of M sources at two lambdas; sources in their order at the first."""

    lams: tuple[float, float]
    sources: tuple[str, ...]
    after: tuple[int, ...]  # their places at the second; at the first they are 1 to M

    @property
    def moves(self) -> tuple[tuple[str, int, int], ...]:
        """Each source that changes its place: its name, the place before and after."""
        placed = enumerate(zip(self.sources, self.after, strict=True), 1)
        return tuple((source, before, after) for before, (source, after) in placed if before != after)

    @property
    def steady(self) -> int:
        """How many of the first places nothing changes in."""
        return self.moves[0][1] - 1 if self.moves else len(self.sources)

    def sentence(self, name: Callable[[str], str] = str) -> str:
        """Say who changes places: two that swap together, the others by where they go."""
        first, second = map(exact, self.lams)
        if not self.moves:
            return f"The order of all {len(self.sources)} sources is the same at λ = {first} and λ = {second}."
        told, seen, by_place = [], set[int](), {before: (source, after) for source, before, after in self.moves}
        for source, before, after in self.moves:
            if before in seen:
                continue
            seen.add(before)
            back, returns = by_place[after]
            if returns == before:
                seen.add(after)
                told.append(f"{before} and {after} swap ({name(source)}, {name(back)})")
            else:
                told.append(f"{name(source)} {'rises' if after < before else 'falls'} from {before} to {after}")
        more = f"; {len(told) - NAMED} more change" if len(told) > NAMED else ""
        stay = "" if not self.steady else "the first stays" if self.steady == 1 else f"the first {self.steady} stay"
        changes = "; ".join(told[:NAMED]) + more
        return f"From λ = {first} to λ = {second}: {changes}" + (f"; {stay}." if stay else ".")


def rank_changes(ranked: pd.DataFrame, first: float, second: float) -> RankChanges:
    """Compare the order of sources at two lambdas.

    Parameters
    ----------
    ranked
        One row a source: source, node (s_V), edge (s_E), as `rank_sources` gives it.
    first, second
        Weights of the edges, 0 or more.

    Returns
    -------
    RankChanges
        Equal scores keep their order in `ranked`.

    Raises
    ------
    OptionError
        For a column that is missing, or a lambda below 0.
    """
    missing = {"source", "node", "edge"} - set(ranked)
    if missing:
        raise OptionError(f"Expected columns source, node and edge; {', '.join(sorted(missing))} is missing.")
    node, edge = (ranked[part].to_numpy(dtype=np.float64) for part in ("node", "edge"))
    before, after = (np.argsort(-(node + check_lam(lam) * edge), kind="stable") for lam in (first, second))
    place = np.empty(len(after), dtype=int)
    place[after] = np.arange(1, len(after) + 1)
    sources = tuple(str(source) for source in ranked["source"].to_numpy()[before])
    return RankChanges((first, second), sources, tuple(place[before].tolist()))
