"""What the Evaluate page shows: scores at one lambda against the measured transfer of one budget, by one measure."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from depara_core.benchmark import scoring
from depara_core.benchmark.scored import ScoredBenchmark
from depara_core.benchmark.titles import kinds, titles
from depara_core.evaluation import Evaluation
from depara_core.figures import evaluation as figures
from pages.evaluate.selection import Evaluate
from pages.shared.cache import evaluation as cache
from pages.shared.parts import Data, Pair


@dataclass(frozen=True, eq=False)
class View:
    """A benchmark's scores, and what of them is looked at; `measure` is one of `MEASURES`."""

    scored: ScoredBenchmark
    lam: float
    budget: int | None
    measure: str
    mine: Evaluate
    data: Data
    chosen: Pair
    dark: bool

    @property
    def key(self) -> str:
        """The scores' own key, for charts."""
        return self.scored.key

    @cached_property
    def transfer(self) -> pd.DataFrame:
        """Measured transfer, source x target."""
        return self.scored.transfer(self.budget)

    @property
    def targets(self) -> int:
        """How many targets were measured."""
        return len(self.transfer.columns)

    @cached_property
    def result(self) -> Evaluation:
        """Every measure of every metric."""
        return cache.assessed(self.scored, self.lam, self.budget)

    @cached_property
    def found(self) -> pd.DataFrame:
        """Mean, low and high by (metric, measure)."""
        return cache.summary(self.scored, self.lam, self.budget)

    @cached_property
    def by_target(self) -> pd.DataFrame:
        """The chosen measure, target x metric."""
        return self.result.by_target(self.measure)

    @cached_property
    def looks(self) -> dict[str, figures.MetricLook]:
        """How each metric that could be scored is drawn, in the metrics' own order."""
        known = dict.fromkeys(self.found.index.get_level_values("metric"))
        return {name: self.every_look[name] for name in known}

    @cached_property
    def every_look(self) -> dict[str, figures.MetricLook]:
        """How each metric there is would be drawn: the same look wherever it comes."""
        names = (*scoring.SCORES, *scoring.CONTROLS)
        return figures.looks(titles(names), kinds(names), dark=self.dark)

    @cached_property
    def groups(self) -> dict[str, str]:
        """The kind of task of every model."""
        return cache.model_groups(self.scored.benchmark)

    @cached_property
    def pair(self) -> tuple[str, str]:
        """The metric looked at and its rival: the address's where they are defined, else the first two others."""
        known, wanted = list(self.looks), self.mine
        metric = wanted.metric if wanted.metric in known else known[0]
        others = [name for name in known if name != metric]
        return metric, wanted.rival if wanted.rival in others else others[0]

    def wrong(self) -> list[tuple[str, str, str]]:
        """Return what the address names that is not here, for `widgets.not_here`."""
        metric, rival = self.pair
        named = [(self.mine.metric, f"{metric} is shown"), (self.mine.rival, f"{rival} is shown")]
        named += [(name, "it is not drawn") for name in self.mine.metrics]
        usual = (Evaluate.metric, Evaluate.rival)  # without models these are not here either
        wrong = [(name, "metric", used) for name, used in named if name not in (*self.looks, *usual)]
        if self.chosen.target and self.chosen.target not in self.transfer.columns:
            wrong.append((self.chosen.target, "measured target", "another one is shown"))
        return wrong
