"""What the Layers page shows: every layer of a source against a target's output, and against its every layer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.formatting import shape_text
from pages.shared import cache, comparisons, selection, widgets
from pages.shared.cache import Graph
from pages.shared.parts import Data, Pair


@dataclass(frozen=True)
class LayerPair:
    """A source and a target at all their layers, at one lambda."""

    comparison: Comparison
    source: str
    target: str
    lam: float

    @cached_property
    def goal(self) -> Graph:
        """The target's output."""
        return self.comparison.graph(self.target) or self.comparison.of(self.target)[-1]

    @cached_property
    def matrix(self) -> depara.SimilarityMatrix:
        """Every layer of the source with every layer of the target."""
        sides = (self.comparison.of(model) for model in (self.source, self.target))
        return cache.matrix(*sides, grid=self.comparison.grid)

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """The source's layers against the target's output, from input to output."""
        against = cache.matrix(self.comparison.of(self.source), (self.goal,), grid=self.comparison.grid)
        return cache.layer_ranking(against, self.lam)

    @cached_property
    def places(self) -> dict[str, str]:
        """The source's layers in words: name, place from the input, and the feature's shape where it is known."""
        graphs = self.comparison.of(self.source)
        return {
            graph.layer: " · ".join(
                part for part in (graph.layer, f"{place} of {len(graphs)}", shape_text(graph.feature)) if part
            )
            for place, graph in enumerate(graphs, 1)
        }

    @property
    def cut(self) -> str:
        """The recommended layer: that of the highest S."""
        return str(self.ranked[self.ranked["best"]].iloc[0]["layer"])

    @property
    def layer(self) -> str:
        """The source's layer under the lens; none chosen: the recommended one."""
        chosen = selection.read(Pair).source_layer
        return chosen if chosen in set(self.ranked["layer"]) else self.cut

    def key(self, name: str) -> str:
        """Return the key of a chart."""
        return f"layers.{name}.{self.comparison.key[:12]}"


def choose(data: Data, models: tuple[str, ...], *, before: Callable[[], object]) -> LayerPair | None:
    """Draw source, target and lambda in one row, have all layers of both computed, and return them.

    None: one of the two has no graph. `before` draws what stands above the progress.
    """
    source, target = comparisons.ends(data, before=before)
    left, middle, right = st.columns([1.2, 1.2, 1.6], vertical_alignment="bottom")
    with left:
        widgets.choose_model("Source, to be cut", "source", "layers.source", models, default=source)
    with middle:
        widgets.choose_model("Target", "target", "layers.target", models, default=target)
    with right:
        lam = widgets.lam_slider("layers.lam")
    chosen = tuple(dict.fromkeys((source, target)))
    comparison = comparisons.require(data, layers="all", models=chosen, before=before)
    if not (comparison.of(source) and comparison.of(target)):
        return None
    _tell_unknown(comparison, models, source, target)
    return LayerPair(comparison, source, target, lam)


def _tell_unknown(comparison: Comparison, models: tuple[str, ...], source: str, target: str) -> None:
    """Tell what the address names that is not here."""
    pair, wrong = selection.read(Pair), widgets.unknown_models(models, source, target)
    for layer, model, used in (
        (pair.source_layer, source, "the recommended cut is shown"),
        (pair.target_layer, target, "its output is shown"),
    ):
        if layer not in {graph.layer for graph in comparison.of(model)}:
            wrong.append((layer, f"layer of {model}", used))
    widgets.not_here(wrong)
