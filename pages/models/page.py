"""Which model should I start from? All pairs of models, the sources of a target ranked, the tree and the map."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.figures import curves, matrices, trees
from depara_core.formatting import score
from depara_core.grids import grid_text
from depara_core.selection import best_choice
from pages.attributions.selection import Attributions
from pages.models import takeaway
from pages.models.selection import VIEWS, Models
from pages.shared import cache, charts, comparisons, selection, text, widgets
from pages.shared.selection import Data, Pair

SHOWN = 20  # bars of the ranking
EXAMPLE = "rooms/normal"  # the target shown first, where it is among the models
QUESTION = "Which model should I start from?"


def controls(models: tuple[str, ...]) -> tuple[str, str, float]:
    """Draw target, view and lambda in one row, and return them."""
    left, middle, right = st.columns([1.1, 1.3, 1.6], vertical_alignment="bottom")
    with left:
        target = widgets.choose_model("Target", "target", "models.target", models, default=EXAMPLE)
    with middle:
        labels = {name: label for name, (label, _) in VIEWS.items()}
        st.segmented_control(
            "View", list(VIEWS), format_func=labels.__getitem__, **selection.bind(Models, "view", "models.view")
        )
    with right:
        lam = widgets.lam_slider("models.lam")
    return target, selection.read(Models).view, lam


def verdict(ranked: pd.DataFrame, target: str, probes: int) -> str:
    """Say which source is best and how sure that is: intervals that overlap cannot be told apart."""
    best = best_choice(ranked)
    sure = text.between(best.low, best.high)
    answer = (
        f"Best for **{text.model(target)}**: **{text.model(best.name)}**, :violet[**S = {score(best.score)}**] {sure}. "
    )
    return answer + best.certainty(probes, lambda model: f"**{text.model(model)}**")


def pair(models: tuple[str, ...], target: str, best: str) -> tuple[str, str]:
    """Return the pair under the lens: the chosen source, else the best one, and the target."""
    source = selection.read(Pair).source
    return (source if source in models and source != target else best), target


def draw_matrix(
    comparison: Comparison, matrix: depara.SimilarityMatrix, chosen: tuple[str, str], target: str, view: str, lam: float
) -> None:
    """Draw all pairs in the order of the tree; a click puts the pair under the lens."""
    models, goal = comparison.models, comparison.models.index(target)
    symbol, dark = VIEWS[view][1], widgets.dark()
    values = {"s_V": matrix.node, "s_E": matrix.edge, "S": matrix.total(lam)}

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source=models[int(place[1])], target=models[int(place[0])])

    figure = matrices.similarity_heatmap(
        np.asarray(values.pop(symbol)),
        models,
        symbol=symbol,
        order=trees.tree_order(cache.tree(matrix, lam)),
        target=goal,
        selected=(models.index(chosen[1]), models.index(chosen[0])),
        groups={spec.id: spec.group for spec in comparison.specs},
        parts=values,
        axes=("target", "source"),
        dark=dark,
    )
    charts.chart(figure, f"models.matrix.{comparison.key[:12]}", clicked)


def draw_pair(matrix: depara.SimilarityMatrix, models: tuple[str, ...], chosen: tuple[str, str], lam: float) -> None:
    """Show the numbers of the pair under the lens, with the ways to its evidence."""
    a, b = chosen
    row, column = models.index(a), models.index(b)
    st.markdown(text.sum_of(a, b, float(matrix.node[row, column]), float(matrix.edge[row, column]), lam))
    with st.container(horizontal=True, key="models-links", gap="small"):
        here = replace(selection.read(Pair), source=a, target=b)
        models_side_by_side = replace(selection.read(Attributions), view="models")
        icon = widgets.ICONS["attributions"]
        selection.link("attributions", "See where they look", here, models_side_by_side, icon=icon)
        selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])
        selection.link("layers", "At which layer?", here, icon=widgets.ICONS["layers"])
        outputs = replace(here, source_layer="output", target_layer="output")
        selection.link("why", "Why?", outputs, icon=widgets.ICONS["why"])


def draw_ranking(
    comparison: Comparison, ranked: pd.DataFrame, chosen: tuple[str, str], target: str, lam: float
) -> None:
    """Draw the sources of the target; a click puts source and target under the lens."""

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source=str(place[1]), target=target)

    figure = curves.ranking(
        ranked,
        lam,
        probes=len(comparison.probes),
        top=SHOWN,
        selected=chosen[0],
        dark=widgets.dark(),
    )
    charts.chart(figure, f"models.ranking.{comparison.key[:12]}", clicked)
    with st.expander(f"All {len(ranked)} as a table"):
        st.dataframe(ranked, hide_index=True)


def draw_overview(comparison: Comparison, matrix: depara.SimilarityMatrix, target: str, lam: float) -> None:
    """Draw the tree and the map side by side; a click on a model makes it the target."""
    models, groups = comparison.models, [spec.group for spec in comparison.specs]
    goal, dark = models.index(target), widgets.dark()

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, target=models[int(place[0])])

    left, right = st.columns(2)
    reading = "Models that join further right are more alike. Click a leaf to make it the target."
    with left, widgets.card("Task tree", reading, key="card-tree"):
        figure = trees.dendrogram(cache.tree(matrix, lam), models, groups, target=goal, dark=dark)
        charts.chart(figure, f"models.tree.{comparison.key[:12]}", clicked)
    reading = "Near is alike: the best flat picture of all S at once. Click a model to make it the target."
    with right, widgets.card("Map of models", reading, key="card-map"):
        figure = trees.model_map(cache.model_map(matrix, lam), models, groups, target=goal, dark=dark)
        charts.chart(figure, f"models.map.{comparison.key[:12]}", clicked)


def main() -> None:
    """Draw the page."""
    head = st.container()
    comparison = comparisons.require(selection.read(Data), layers="output", before=lambda: widgets.header(QUESTION))
    models = comparison.models
    if len(models) < 2:
        with head:
            widgets.header(QUESTION)
        widgets.empty("One model alone has no rival.", "Choose at least two models to compare.", page="setup")
        return
    target, view, lam = controls(models)
    matrix = cache.matrix(comparison.graphs, grid=comparison.grid)
    ranked = cache.ranking(matrix, target, lam)
    with head, st.container(horizontal=True):
        widgets.header(QUESTION, verdict(ranked, target, len(comparison.probes)))
        takeaway.draw(comparison, matrix, ranked, target, lam)
    chosen = pair(models, target, str(ranked.iloc[0]["source"]))
    left, right = st.columns([1.25, 1])
    reading = (
        "In the order of the tree. Bright = likely to transfer; the target's row is framed. Click a cell for its pair. "
        f"{grid_text(comparison.grid).capitalize()}."
    )
    with left, widgets.card("Similarity of all models", reading, key="card-matrix"):
        draw_matrix(comparison, matrix, chosen, target, view, lam)
        draw_pair(matrix, models, chosen, lam)
    goal = text.model(target)
    reading = "Longer is better. Whiskers: 95 % interval over probes; where two overlap, these probes cannot tell."
    with right, widgets.card(f"Best sources for {goal}", reading + " Click a bar for its pair.", key="card-ranking"):
        draw_ranking(comparison, ranked, chosen, target, lam)
    draw_overview(comparison, matrix, target, lam)
    charts.silent(comparison.graphs)


main()
