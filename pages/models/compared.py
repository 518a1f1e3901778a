"""What the Models page shows: the models, the pair under the lens, and the sources of its target, best first."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

import depara_core as depara
from depara_core.comparison import Comparison
from pages.shared import cache


@dataclass(frozen=True)
class Compared:
    """Models compared at one lambda, and the pair of them under the lens."""

    comparison: Comparison
    source: str
    target: str
    lam: float

    @property
    def models(self) -> tuple[str, ...]:
        """Their ids, in the order of rows and columns."""
        return self.comparison.models

    @property
    def matrix(self) -> depara.SimilarityMatrix:
        """s_V and s_E of all pairs."""
        return self.comparison.matrix

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """The sources of the target, best first."""
        return cache.ranking(self.matrix, self.target, self.lam)

    @property
    def groups(self) -> dict[str, str]:
        """The kind of task of every model."""
        return {spec.id: spec.group for spec in self.comparison.specs}

    @property
    def at(self) -> tuple[int, int]:
        """Row and column of the pair."""
        return self.models.index(self.source), self.models.index(self.target)

    def key(self, name: str) -> str:
        """Return the key of a chart."""
        return f"models.{name}.{self.comparison.key[:12]}"
