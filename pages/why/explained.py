"""The two graphs that the Why page is about, why they are alike, and the controls that choose them."""

from dataclasses import dataclass, replace
from functools import cached_property

import streamlit as st

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.explanation import Contrast, Influence
from depara_core.graphs import distinct_names
from depara_core.grids import Grid
from pages.shared import cache, comparisons, selection, targets, widgets
from pages.shared.cache import Graph, Graphs
from pages.shared.parts import Data, Pair


@dataclass(frozen=True)
class Explained:
    """A source, a target, and why they are alike."""

    comparison: Comparison
    source: Graph
    target: Graph
    lam: float

    @property
    def probes(self) -> depara.ProbeSet:
        """The images."""
        return self.comparison.probes

    @property
    def grid(self) -> Grid:
        """What maps are compared on."""
        return self.comparison.grid

    @cached_property
    def why(self) -> depara.Explanation:
        """The exact shares of S."""
        return cache.explained(self.source, self.target, self.grid).at(self.lam)

    @property
    def influence(self) -> Influence:
        """S without each probe in turn."""
        return self.influence_of(self.source)

    @property
    def names(self) -> tuple[str, str]:
        """Source and target, as short as they stay apart."""
        source, target = distinct_names(self.source, self.target)
        return source, target

    @property
    def key(self) -> str:
        """The two graphs, in the keys of their charts."""
        return f"{self.source.digest[:8]}.{self.target.digest[:8]}"

    @property
    def sources(self) -> Graphs:
        """Every model's output, and of the source the chosen layer."""
        return tuple(self.source if graph.model == self.source.model else graph for graph in self.comparison.graphs)

    @property
    def rivals(self) -> Graphs:
        """The sources that compete for the target, itself not among them."""
        return tuple(graph for graph in self.sources if graph.label != self.target.label)

    def contrast(self, third: Graph) -> Contrast:
        """Return what speaks for the source, and what for a third model, as seen from the target."""
        seen = (cache.explained(self.target, one, self.grid).at(self.lam) for one in (self.source, third))
        return Contrast(*seen)

    def influence_of(self, source: Graph) -> Influence:
        """Return S of another source and the target without each probe in turn."""
        return cache.influence(source, self.target, self.grid).at(self.lam)

    def chosen(self) -> Pair:
        """Return the selection with these two graphs, for a link to another page."""
        return replace(
            selection.read(Pair),
            source=self.source.model,
            source_layer=self.source.layer,
            target=self.target.model,
            target_layer=self.target.layer,
        )


def choose(comparison: Comparison) -> Explained:
    """Draw the controls, tell what the address names that is not here, and return what is chosen."""
    pair, models, data = selection.read(Pair), comparison.models, selection.read(Data)
    layers = {spec.id: spec.layers for spec in comparison.specs}
    aim = targets.aim(comparison)
    with st.container(horizontal=True, vertical_alignment="bottom", key="why-controls"):
        source = widgets.choose_model("Source", "source", "why.source", models, default=aim.source)
        source_layer = widgets.choose_layer("Its layer", "source_layer", "why.source_layer", layers[source])
        every = (*models, *targets.names(comparison.probes))
        target = widgets.choose_model("Target", "target", "why.target", every, default=aim.target)
        goal = aim.goal if target == aim.target else targets.graph(comparison.probes, target)
        target_layer = "output"
        if goal is None:
            target_layer = widgets.choose_layer("Its layer", "target_layer", "why.target_layer", layers[target])
        lam = widgets.lam_slider("why.lam")
    wrong = widgets.unknown_models(models, source, target)
    for asked, used, model in ((pair.source_layer, source_layer, source), (pair.target_layer, target_layer, target)):
        if asked != used and (goal is None or model == source):
            wrong.append((asked, f"layer of {model}", f"{used} is shown"))
    if pair.third and pair.third not in models:
        wrong.append((pair.third, "model", "another one is held against"))
    widgets.not_here([*wrong, *widgets.unknown_probes(len(comparison.probes))])
    targets.say(goal)
    one = comparisons.graph(comparison, data, source, source_layer)
    other = comparisons.graph(comparison, data, target, target_layer) if goal is None else goal
    return Explained(comparison, one, other, lam)
