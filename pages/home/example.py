"""The example on Home: a target, the ranking of its sources, and the source under the lens, computed live."""

from dataclasses import dataclass, replace

import pandas as pd

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.formatting import score
from depara_core.selection import best_choice, few_probes
from pages.shared import cache, comparisons, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.parts import Pair


@dataclass(frozen=True)
class Example:
    """A source and a target among the models compared, and all sources of the target, best first."""

    comparison: Comparison
    ranking: pd.DataFrame
    source: Graph
    target: Graph

    @property
    def similarity(self) -> depara.Similarity:
        """The two scores of the source and the target."""
        return cache.similarity(self.source, self.target, grid=self.comparison.grid)

    def chosen(self) -> Pair:
        """Return the selection with these two graphs, for a link to another page."""
        return replace(
            selection.read(Pair),
            source=self.source.model,
            source_layer="output",
            target=self.target.model,
            target_layer="output",
        )


def choose(comparison: Comparison) -> Example:
    """Return the pair under the lens with the ranking of all sources of its target."""
    (source, target), graphs = comparisons.pair(comparison, distinct=True), {g.model: g for g in comparison.graphs}
    widgets.not_here(widgets.unknown_models(comparison.models, source, target))
    ranking = cache.ranking(comparison.matrix, target, selection.read(Pair).lam)
    return Example(comparison, ranking, graphs[source], graphs[target])


def answer(example: Example) -> str:
    """Return the example's result in one line of numbers."""
    best, ranking = example.ranking.iloc[0], example.ranking
    source, goal = (text.model(name) for name in (best["source"], example.target.model))
    choice, probes = best_choice(ranking), len(example.comparison.probes)
    certainty = choice.certainty(probes, lambda model: f"**{text.model(model)}**")
    lead = "the highest S has" if choice.rivals or few_probes(probes) else "start from"
    return (
        f"Among {len(ranking)} sources for *{goal}*, {lead} **{source}**: S = :violet[**{score(best['score'])}**] "
        f"{text.between(best['low'], best['high'])} over {probes} images. {certainty} "
        "No labels, no fine-tuning."
    )
