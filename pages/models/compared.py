"""What the Models page shows: the models, the pair under the lens, and the sources of its target, best first."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.pipeline.costs import static_facts
from pages.shared import cache
from pages.shared.cache import Graph


@dataclass(frozen=True)
class Compared:
    """Models compared at one lambda, and the pair of them under the lens."""

    comparison: Comparison
    source: str
    target: str
    lam: float
    goal: Graph | None = None  # the target's graph, where it has no network

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
        return cache.ranking(self.against, self.target, self.lam)

    @property
    def against(self) -> depara.SimilarityMatrix:
        """What the sources are ranked by: all pairs, or every model with a target that has no network."""
        if self.goal is None:
            return self.matrix
        return cache.matrix(self.comparison.graphs, (self.goal,), grid=self.comparison.grid)

    @property
    def groups(self) -> dict[str, str]:
        """The kind of task of every model."""
        return {spec.id: spec.group for spec in self.comparison.specs}

    @property
    def at(self) -> tuple[int, int | None]:
        """Row and column of the pair in the matrix of all models; a target without a network has no column there."""
        column = self.models.index(self.target) if self.goal is None else None
        return self.models.index(self.source), column

    @property
    def ends(self) -> tuple[Graph, Graph]:
        """The graphs of the pair."""
        graphs = {graph.model: graph for graph in self.comparison.graphs}
        return graphs[self.source], self.goal or graphs[self.target]

    @property
    def parts(self) -> tuple[float, float]:
        """s_V and s_E of the pair."""
        row, column = self.at
        place = (row, column or 0)
        return float(self.against.node[place]), float(self.against.edge[place])

    @property
    def static(self) -> str:
        """What facts that look at no image would choose among the target's sources."""
        sizes = {graph.model: graph.parameters for graph in self.comparison.graphs}
        sources = [spec for spec in self.comparison.specs if spec.id != self.target]
        return static_facts(sources, [sizes[spec.id] for spec in sources])

    def key(self, name: str) -> str:
        """Return the key of a chart."""
        return f"models.{name}.{self.comparison.key[:12]}"
