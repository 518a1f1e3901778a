"""What the Layers page shows: every layer of a source against a target's output, and against its every layer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.formatting import percent, shape_text
from pages.shared import cache, comparisons, selection, targets, widgets
from pages.shared.cache import Graph
from pages.shared.parts import Data, Pair


@dataclass(frozen=True)
class LayerPair:
    """A source and a target at all their layers, at one lambda."""

    comparison: Comparison
    source: str
    target: str
    lam: float
    known: Graph | None = None  # the target's graph, where it has no network

    @cached_property
    def goal(self) -> Graph:
        """The target's output."""
        if self.known is not None:
            return self.known
        return self.comparison.graph(self.target) or self.comparison.of(self.target)[-1]

    @cached_property
    def matrix(self) -> depara.SimilarityMatrix:
        """Every layer of the source with every layer of the target."""
        goals = self.comparison.of(self.target) if self.known is None else (self.known,)
        return cache.matrix(self.comparison.of(self.source), goals, grid=self.comparison.grid)

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """The source's layers against the target's output, from input to output."""
        against = cache.matrix(self.comparison.of(self.source), (self.goal,), grid=self.comparison.grid)
        return cache.layer_ranking(against, self.lam)

    @property
    def taken(self) -> str:
        """What is read of the layer under the lens, where it yields several things or tokens."""
        return next(graph.taken for graph in self.comparison.of(self.source) if graph.layer == self.layer)

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

    @cached_property
    def measured(self) -> pd.DataFrame | None:
        """What cutting the source at each layer was measured to be worth, by number of labels; None: it was not."""
        return cache.measured_cuts(self.source, self.target)

    @property
    def worth(self) -> dict[str, str]:
        """By layer, the accuracy measured for a cut there with the most labels; nothing where none was."""
        if self.measured is None:
            return {}
        most = self.measured[self.measured["labels"] == self.measured["labels"].max()]
        return {str(row["layer"]): percent(row["accuracy"]) for row in most.to_dict("records")}

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
    source, target, known, names = _ends(data, before)
    left, middle, right = st.columns([1.2, 1.2, 1.6], vertical_alignment="bottom")
    with left:
        widgets.choose_model("Source, to be cut", "source", "layers.source", models, default=source)
    with middle:
        widgets.choose_model("Target", "target", "layers.target", (*models, *names), default=target)
    with right:
        lam = widgets.lam_slider("layers.lam")
    targets.say(known)
    chosen = tuple(dict.fromkeys((source, target) if known is None else (source,)))
    comparison = comparisons.require(data, layers="all", models=chosen, before=before)
    if not (comparison.of(source) and (known is not None or comparison.of(target))):
        return None
    _tell_unknown(comparison, models, source, target, known)
    return LayerPair(comparison, source, target, lam, known)


def _ends(data: Data, before: Callable[[], object]) -> tuple[str, str, Graph | None, tuple[str, ...]]:
    """Return the pair under the lens, the target's graph where it has no network, and what such targets are called.

    The images are needed for the latter; where they are not at hand the names are left out, and nothing waits for them.
    """
    if targets.is_known(selection.read(Pair).target):
        comparison = comparisons.require(data, layers="output", before=before)
        aim = targets.aim(comparison)
        return aim.source, aim.target, aim.goal, targets.names(comparison.probes)
    known = comparisons.at_hand(data)
    return *comparisons.ends(data, before=before), None, targets.names(known[0].probes) if known else ()


def _tell_unknown(
    comparison: Comparison, models: tuple[str, ...], source: str, target: str, known: Graph | None
) -> None:
    """Tell what the address names that is not here."""
    pair, wrong = selection.read(Pair), widgets.unknown_models(models, source, target)
    for layer, model, used in (
        (pair.source_layer, source, "the recommended cut is shown"),
        (pair.target_layer, target, "its output is shown"),
    ):
        if (known is None or model == source) and layer not in {graph.layer for graph in comparison.of(model)}:
            wrong.append((layer, f"layer of {model}", used))
    widgets.not_here(wrong)
