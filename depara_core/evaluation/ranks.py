"""The places of candidates under a score, and what is expected of them when ties are broken at random.

Symbols: n candidates of one target, B scores of them (rows), H_k the k-th harmonic number.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata


@dataclass(frozen=True, eq=False)
class Ranks:
    """How many candidates score strictly higher than each one, and how many at least as high, itself included.

    Broken at random, a tie puts each of its candidates on the places above + 1 to through with the same probability.
    """

    above: Int[np.ndarray, "*B n"]
    through: Int[np.ndarray, "*B n"]

    @classmethod
    def of(cls, scores: Float[np.ndarray, "*B n"]) -> "Ranks":
        """Order candidates by their scores, the highest first."""
        below = -scores
        above, through = (rankdata(below, method=method, axis=-1).astype(np.int64) for method in ("min", "max"))
        return cls(above - 1, through)

    @property
    def level(self) -> Int[np.ndarray, "*B n"]:
        """The size of each candidate's tie: 1 where nothing scores the same."""
        return self.through - self.above

    @property
    def mean(self) -> Float[np.ndarray, "*B n"]:
        """The expected place, 1 for the first: the rank that Spearman's correlation takes."""
        return (self.above + 1 + self.through) / 2

    @property
    def reciprocal(self) -> Float[np.ndarray, "*B n"]:
        """The expected 1 / place: (H_through - H_above) / level."""
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, self.above.shape[-1] + 1))])
        return (harmonic[self.through] - harmonic[self.above]) / self.level

    def membership(self, k: int) -> Float[np.ndarray, "*B n"]:
        """Return the probability of being among the first k, in [0, 1]; it sums to k."""
        return ((k - self.above) / self.level).clip(0, 1)

    def shuffled(self, count: int, rng: np.random.Generator) -> "Ranks":
        """Give the places of one score to its candidates at random, `count` times."""
        order = rng.permuted(np.tile(np.arange(len(self.above)), (count, 1)), axis=1)
        return Ranks(self.above[order], self.through[order])
