"""Where should I cut the network? Every layer of a source against a target, over depth and pair by pair."""

from dataclasses import replace

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.figures import curves, matrices
from depara_core.formatting import score, short_name
from depara_core.grids import grid_text
from pages.attributions.selection import Attributions
from pages.layers import takeaway
from pages.shared import cache, charts, comparisons, selection, text, widgets
from pages.shared.selection import Data, Pair

QUESTION = "Where should I cut the network?"
EXAMPLE = ("rooms/reshading", "rooms/normal")  # source and target shown first, where they are among the models


def controls(models: tuple[str, ...]) -> tuple[str, str, float]:
    """Draw source, target and lambda in one row, and return them."""
    left, middle, right = st.columns([1.2, 1.2, 1.6], vertical_alignment="bottom")
    with left:
        a = widgets.choose_model("Source, to be cut", "source", "layers.source", models, default=EXAMPLE[0])
    with middle:
        b = widgets.choose_model("Target", "target", "layers.target", models, default=EXAMPLE[1])
    with right:
        lam = widgets.lam_slider("layers.lam")
    return a, b, lam


def verdict(ranked: pd.DataFrame, a: str, b: str, probes: int) -> str:
    """Say at which layer to cut and how sure that is: an earlier layer within the whiskers is as good a choice."""
    best = ranked[ranked["best"]].iloc[0]
    source, goal = (f"**{text.model(model)}**" for model in (a, b))
    answer = (
        f"For {goal}, keep {source} up to **{text.plain(best['layer'])}**: "
        f":violet[**S = {score(best['score'])}**] \\[{score(best['low'])}, {score(best['high'])}\\]."
    )
    if len(ranked) == 1:
        return answer + " It is the only layer."
    rivals = ranked[(ranked["high"] >= best["low"]) & ~ranked["best"]]
    if rivals.empty:
        return answer + f" No other layer's whisker overlaps it: {probes} probes are enough to tell."
    earlier = rivals[rivals.index < best.name]
    names = ", ".join(text.plain(layer) for layer in rivals["layer"].head(4)) + (", …" if len(rivals) > 4 else "")
    answer += f" These {probes} probes cannot tell it from {names}"
    return answer + ("; the earlier cut leaves more to learn but less to run." if len(earlier) else ".")


def draw_curves(comparison: Comparison, ranked: pd.DataFrame, b: str, lam: float) -> None:
    """Draw S, s_V and s_E over depth; a click chooses the source's layer."""

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source_layer=str(place[1]))

    name = short_name(b)
    figure = curves.layer_curves(ranked, lam, probes=len(comparison.probes), target=name, dark=widgets.dark())
    charts.chart(figure, f"layers.curves.{comparison.key[:12]}", clicked)


def draw_matrix(comparison: Comparison, matrix: depara.SimilarityMatrix, best: str, goal: str, lam: float) -> None:
    """Draw every layer against every layer; a click chooses both."""
    rows, columns = ([graph.layer for graph in side] for side in (matrix.rows, matrix.columns))
    pair = selection.read(Pair)
    inside = pair.source_layer in rows and pair.target_layer in columns

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source_layer=rows[int(place[0])], target_layer=columns[int(place[1])])

    figure = matrices.layer_heatmap(
        matrix.total(lam),
        rows,
        columns,
        source=short_name(matrix.rows[0].model),
        target=short_name(matrix.columns[0].model),
        best=(rows.index(best), columns.index(goal)),
        selected=(rows.index(pair.source_layer), columns.index(pair.target_layer)) if inside else None,
        parts={"s_V": matrix.node, "s_E": matrix.edge},
        dark=widgets.dark(),
    )
    charts.chart(figure, f"layers.matrix.{comparison.key[:12]}", clicked)
    if inside and pair.target_layer != goal:
        draw_pair(matrix, rows.index(pair.source_layer), columns.index(pair.target_layer), lam)


def draw_pair(matrix: depara.SimilarityMatrix, row: int, column: int, lam: float) -> None:
    """Show the numbers of a cell beside the target's output, with the ways to its evidence and back."""
    source, target = matrix.rows[row], matrix.columns[column]
    node, edge = float(matrix.node[row, column]), float(matrix.edge[row, column])
    one, other = (text.plain(graph.layer) for graph in (source, target))
    st.markdown(
        f"**{one}** and **{other}** of the target: :blue[nodes s_V **{score(node)}**] + {lam:g} × "
        f":orange[edges s_E **{score(edge)}**] = :violet[S **{score(node + lam * edge)}**]"
    )
    here = replace(
        selection.read(Pair),
        source=source.model,
        target=target.model,
        source_layer=source.layer,
        target_layer=target.layer,
    )
    with st.container(horizontal=True, key="layers-pair-links", gap="medium"):
        selection.link("why", "Why these two layers?", here, icon=widgets.ICONS["why"])
        selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])
        output = selection.click(Pair, target_layer=matrix.columns[-1].layer)
        st.button("Back to the target's output", key="layers.output", **output)


def draw_layer(ranked: pd.DataFrame, a: str, b: str, lam: float) -> None:
    """Show the numbers of the chosen layer (none chosen: the best), with the ways to its evidence."""
    layers = list(ranked["layer"])
    chosen = selection.read(Pair).source_layer
    best = ranked[ranked["best"]].iloc[0]
    row = ranked.iloc[layers.index(chosen)] if chosen in layers else best
    layer, cut = str(row["layer"]), str(best["layer"])
    st.markdown(
        f"**{text.plain(layer)}**: :blue[nodes s_V **{score(row['node'])}**] + {lam:g} × "
        f":orange[edges s_E **{score(row['edge'])}**] = :violet[S **{score(row['score'])}**] "
        f"\\[{score(row['low'])}, {score(row['high'])}\\]"
    )
    if layer != cut:
        label = f"Look at {text.plain(cut)} instead, the recommended cut"
        st.button(label, key="layers.cut", **selection.click(Pair, source_layer=cut))
    with st.container(horizontal=True, key="layers-links", gap="medium"):
        pair = selection.read(Pair)
        here = replace(pair, source=a, target=b, source_layer=layer)
        layers_of_one = replace(selection.read(Attributions), view="layers")
        icon = widgets.ICONS["attributions"]
        selection.link("attributions", "See where this layer looks", here, layers_of_one, icon=icon)
        selection.link("graphs", "See its graph beside the target's", here, icon=widgets.ICONS["graphs"])
        selection.link("models", "Compare all models", replace(pair, target=b), icon=widgets.ICONS["models"])
        selection.link("why", "Why?", replace(here, target_layer="output"), icon=widgets.ICONS["why"])


def main() -> None:
    """Draw the page."""
    data = selection.read(Data)
    head = st.container()
    specs, _ = comparisons.specs(data.models)
    if not specs:
        with head:
            widgets.header(QUESTION)
        widgets.empty("None of the chosen models exists here.", "Choose models in Setup.", page="setup")
        return
    a, b, lam = controls(tuple(spec.id for spec in specs))
    comparison = comparisons.require(
        data,
        layers="all",
        models=tuple(dict.fromkeys((a, b))),
        before=lambda: head.title(QUESTION, anchor=False),
    )
    sources, targets = comparison.of(a), comparison.of(b)
    if not sources or not targets:
        with head:
            widgets.header(QUESTION)
        widgets.empty("One of the two models has no graph.", "The reason stands above; choose another one.")
        return
    goal = comparison.graph(b) or targets[-1]
    ranked = cache.layer_ranking(cache.matrix(sources, (goal,), grid=comparison.grid), lam)
    best = str(ranked[ranked["best"]].iloc[0]["layer"])
    with head, st.container(horizontal=True):
        widgets.header(QUESTION, verdict(ranked, a, b, len(comparison.probes)))
        takeaway.draw(comparison, cache.matrix(sources, targets, grid=comparison.grid), ranked, lam)
    left, right = st.columns([1, 1])
    reading = "Higher is better; the dotted line marks the recommended cut. Click a layer to look into it."
    with left, widgets.card("Layer by layer", reading, key="card-curves"):
        draw_curves(comparison, ranked, b, lam)
        draw_layer(ranked, a, b, lam)
    reading = (
        "Bright = alike. Violet: the recommended cut against the target's output. Click a cell to choose it. "
        f"{grid_text(comparison.grid).capitalize()}."
    )
    with right, widgets.card("All layers of both", reading, key="card-layers"):
        draw_matrix(comparison, cache.matrix(sources, targets, grid=comparison.grid), best, goal.layer, lam)
    charts.silent(comparison.graphs)


main()
