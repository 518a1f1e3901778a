"""The tour's steps of choosing: which model to start from, and up to which layer to keep it."""

from dataclasses import replace

import pandas as pd

from depara_core import tour
from depara_core.comparison import Comparison
from depara_core.figures import curves
from depara_core.formatting import number, short_name
from pages.shared import cache, comparisons, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.parts import Data, Pair
from pages.tour.stage import Place, Stage, ask, covered, figure

CHOICES = 4  # sources offered to predict the best from
ROWS = 8  # sources drawn


def model(stage: Stage, view: Place, turn: Place) -> None:
    """Every source for the target, on all images, with whiskers."""
    with view:
        comparison = comparisons.require(selection.read(Data), layers="output")
    goal, count = stage.name(stage.b), len(comparison.probes)
    if comparison.graph(stage.b.model) is None or len(comparison.models) < 2:
        with view:
            widgets.empty("These networks cannot be ranked.", "Choose others above.", page="setup")
        return
    ranked = cache.ranking(cache.matrix(comparison.graphs, grid=comparison.grid), stage.b.model, stage.lam)
    names = [text.model(source) for source in ranked["source"]]
    offered = sorted(names[k] for k in tour.spread(len(names), CHOICES))
    best = ranked.iloc[0]
    rivals = int((ranked["high"] >= best["low"]).sum()) - 1
    sure = (
        f"The whiskers of {rivals} other source{'s' * (rivals != 1)} reach its own: these images cannot tell."
        if rivals
        else "No other whisker reaches its own: these images are enough to tell."
    )
    winners = {name for name, place in zip(names, ranked["rank"], strict=True) if place == 1}
    answered = ask(
        turn,
        "model",
        f"Predict first: which of these is the best source for **{goal}**?",
        offered,
        winners,
        f"{names[0]} leads with S = {number(best['score'], 3)} "
        f"\\[{number(best['low'], 3)}, {number(best['high'], 3)}\\] on {count} images, λ = {stage.lam:g}. {sure}",
    )
    reading = "Longer is better. Whisker: 95 % interval over images; where two overlap, these images cannot tell."
    with view, widgets.card(f"Sources for {goal}, all {count} images", reading, key="card-model"):
        if not answered:
            covered("The ranking")
            return
        drawn = curves.ranking(ranked, stage.lam, probes=count, top=ROWS, dark=widgets.dark())
        figure(
            drawn, "tour.ranking", f"The {min(ROWS, len(names))} best of {len(names)} sources, {best['source']} first."
        )
        pair = replace(selection.read(Pair), target=stage.b.model)
        selection.link("models", "All models and all pairs", pair, icon=widgets.ICONS["models"])


def layer(stage: Stage, view: Place, turn: Place) -> None:
    """Every layer of the source against the target's output."""
    with view:
        comparison = comparisons.require(selection.read(Data), layers="all", models=(stage.a.model, stage.c.model))
    graph, ranked = _cut(stage, comparison)
    source, goal = stage.name(graph), stage.name(stage.b)
    names = [text.plain(name) for name in ranked["layer"]]
    at = ranked["best"].tolist().index(True)
    best = ranked.iloc[at]
    offered = [names[k] for k in sorted({*tour.spread(len(names), 8), at})]
    end = (
        "An earlier layer is more like the target than the source's own output is."
        if at < len(names) - 1
        else "Here no earlier layer is more like the target than the source's own output."
    )
    answered = ask(
        turn,
        "layer",
        f"Predict first: up to which layer should **{source}** be kept for **{goal}**?",
        offered,
        {name for name, score in zip(names, ranked["score"], strict=True) if score == best["score"]},
        f"{names[at]} has the highest S, {number(best['score'], 3)} "
        f"\\[{number(best['low'], 3)}, {number(best['high'], 3)}\\]. {end}",
    )
    reading = f"Left: near the pixels; right: the output. Higher: more like the output of {goal}."
    with view, widgets.card(f"Every layer of {source}, all {len(stage.b)} images", reading, key="card-layer"):
        if not answered:
            covered("The curve")
            return
        drawn = curves.layer_curves(
            ranked, stage.lam, probes=len(stage.b), target=short_name(stage.b.model), dark=widgets.dark()
        )
        figure(drawn, "tour.layers", f"S, s_V and s_E over {len(names)} layers; the best is {best['layer']}.")
        pair = replace(selection.read(Pair), source=graph.model, target=stage.b.model)
        selection.link("layers", "All layers of both", pair, icon=widgets.ICONS["layers"])


def _cut(stage: Stage, comparison: Comparison) -> tuple[Graph, pd.DataFrame]:
    """Return the source whose layers are asked about, with its layers: the first that is not best cut at its output."""
    found = []
    for graph in (stage.a, stage.c):
        layers = comparison.of(graph.model)
        ranked = cache.layer_ranking(cache.matrix(layers, (stage.b,), grid=stage.grid), stage.lam)
        found.append((graph, ranked))
        if not ranked["best"].tolist()[-1]:
            return graph, ranked
    return found[0]
