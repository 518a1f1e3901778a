"""Home: what this is, in one screen, on a small example computed live."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.drawings import nearest
from depara_core.figures import attribution_maps, curves, theme
from depara_core.formatting import short_name
from depara_core.grids import grid_text
from pages.shared import cache, charts, comparisons, selection, text, widgets
from pages.shared.selection import Data, Pair

SHOWN = 3  # probes under the example
PREFERRED = "rooms/normal"  # the example's target until the reader chooses one
NEXT = {
    "models": "**Models**: every model against every other; rank the sources for your target, with error bars.",
    "layers": "**Layers**: at which layer to cut the source, and how nodes and edges change with depth.",
    "attributions": "**Attributions**: the pixels each model looks at, image by image, on one scale.",
    "graphs": "**Graphs**: two graphs drawn side by side, and the pairs of images they disagree on.",
    "setup": "**Setup**: your own images, other models, other attribution methods.",
}


def example(comparison: Comparison) -> tuple[str, pd.DataFrame]:
    """Return the example's target and the ranking of its sources."""
    pair = selection.read(Pair)
    wanted = (pair.target, PREFERRED)
    target = next((model for model in wanted if model in comparison.models), comparison.models[0])
    return target, cache.ranking(cache.matrix(comparison.graphs, grid=comparison.grid), target, pair.lam)


def answer(target: str, ranking: pd.DataFrame, probes: int) -> str:
    """Return the example's result in one line of numbers."""
    best = ranking.iloc[0]
    source, goal = (text.model(name) for name in (best["source"], target))
    return (
        f"Among {len(ranking)} sources for *{goal}*, start from **{source}**: S = :violet[**{best['score']:.2f}**] "
        f"[{best['low']:.2f}, {best['high']:.2f}] over {probes} probes. No labels, no fine-tuning."
    )


def steps(comparison: Comparison, source: depara.AttributionGraph, target: depara.AttributionGraph) -> None:
    """Show the method in three pictures made from the example itself."""
    pair = selection.read(Pair)
    first = min(pair.probe, len(comparison.probes) - 1)
    second = int(nearest(target, first)[0])
    sim = depara.similarity(source, target, grid=comparison.grid)
    lam, names = pair.lam, comparison.probes.names
    left, middle, right = st.columns(3)
    with left, widgets.card("1 · An image becomes a node", "The pixels that drive the network's feature.", key="node"):
        whose = f"{names[first]}: attribution of {short_name(target.model)}"
        pictures = (cache.thumbnail(comparison.probes, first, 220), _maps(comparison, [target], first)[0])
        _row(pictures, (names[first], whose))
        st.markdown(":blue[**node**] = pixel × gradient of the feature's length")
    with middle, widgets.card("2 · Two images become an edge", "How alike the network finds them.", key="edge"):
        ends = (first, second)
        _row([cache.thumbnail(comparison.probes, index, 220) for index in ends], [names[index] for index in ends])
        st.markdown(f":orange[**edge**] = cosine of their features = **{target.edges[first, second]:.2f}**")
    with (
        right,
        widgets.card("3 · Alike graphs transfer", "Same pixels, same neighbours: reuse is promising.", key="score"),
    ):
        one, other = (text.model(graph.model) for graph in (source, target))
        st.markdown(f"**{one}** against **{other}**")
        parts = {":blue[nodes s_V]": sim.node, f":orange[λ · edges s_E] (λ = {lam:g})": lam * sim.edge}
        rows = [f"| {name} | {value:.2f} |" for name, value in parts.items()]
        total = f"| :violet[**score S**] | :violet[**{sim.total(lam):.2f}**] |"
        st.markdown("\n".join(["| | |", "|---|---:|", *rows, total]))
        st.caption(f"{grid_text(comparison.grid).capitalize()}.")
        selection.link("models", "Compare all models", replace(pair, target=target.model), icon=":material/grid_on:")


def _row(pictures: Sequence[bytes], alts: Sequence[str]) -> None:
    for column, picture, alt in zip(st.columns(len(pictures), gap="small"), pictures, alts, strict=True):
        column.image(picture, width="stretch", alt=alt)


def _maps(comparison: Comparison, graphs: list[depara.AttributionGraph], index: int) -> list[bytes]:
    """Return one probe's attribution in each graph, on one scale."""
    limit = attribution_maps.shared_limit(
        [attribution_maps.collapse(graph.maps[index : index + 1], signed=True) for graph in graphs]
    )
    look = {"signed": True, "dark": widgets.dark(), "opacity": 0.95}
    return [cache.overlay(comparison.probes, graph, index, limit, **look) for graph in graphs]


def chosen_source(target: str, ranking: pd.DataFrame) -> str:
    """Return the source under the lens: the one that was chosen, else the best."""
    chosen = selection.read(Pair).source
    return chosen if chosen in set(ranking["source"]) else str(ranking["source"].iloc[0])


def ranked(comparison: Comparison, target: str, ranking: pd.DataFrame, source: str) -> None:
    """Show the best sources for the target, and let the reader change it; a click puts a source under the lens."""

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source=str(place[1]), target=target)

    how = (
        f"{theme.NODE} blue, λ·{theme.EDGE} orange; whisker: 95 % interval over probes. Overlapping: cannot tell. "
        "Click a bar to look at its source."
    )
    with widgets.card(f"Best sources for {text.model(target)}", how, key="sources"):
        widgets.choose_model("Target", "target", "home.target", comparison.models, default=target)
        figure = curves.ranking(
            ranking,
            selection.read(Pair).lam,
            probes=len(comparison.probes),
            top=8,
            selected=source,
            dark=widgets.dark(),
        )
        charts.chart(figure, f"home.ranking.{comparison.key[:12]}", clicked)
        names = (text.model(model) for model in (source, target))
        selection.link(
            "why",
            "Why does {} look transferable to {}?".format(*names),
            replace(selection.read(Pair), source=source, target=target, source_layer="output", target_layer="output"),
            icon=widgets.ICONS["why"],
        )


def looked_at(comparison: Comparison, source: depara.AttributionGraph, target: depara.AttributionGraph) -> None:
    """Show a few probes with the attribution of source and target beside each other."""
    how = "Green pushes the feature up, purple down; one scale a row."
    with widgets.card("What the two look at", how, key="looked"):
        heads = ["image", *(short_name(graph.model) for graph in (source, target))]
        for column, head in zip(st.columns(3, gap="small"), heads, strict=True):
            column.caption(text.plain(head))
        step = max(1, len(comparison.probes) // SHOWN)
        for index in range(0, step * SHOWN, step)[: len(comparison.probes)]:
            pictures = [cache.thumbnail(comparison.probes, index, 160), *_maps(comparison, [source, target], index)]
            _row(pictures, [f"{comparison.probes.names[index]}: {head}" for head in heads])
        pair = replace(selection.read(Pair), source=source.model, target=target.model)
        selection.link("attributions", "All attributions", pair, icon=":material/blur_on:")


def page() -> None:
    """Draw the page."""
    question = "How well will what this network knows transfer to that task?"
    comparison = comparisons.require(
        selection.read(Data), layers="output", before=lambda: widgets.header(question, WHAT)
    )
    if len(comparison.models) < 2:
        widgets.header(question, WHAT)
        widgets.empty("One model has nothing to be compared with.", "Choose at least two in Setup.", page="setup")
        return
    target, ranking = example(comparison)
    widgets.header(question, answer(target, ranking, len(comparison.probes)))
    graphs = [comparison.graph(model) for model in (chosen_source(target, ranking), target)]
    source, goal = (graph for graph in graphs if graph is not None)
    steps(comparison, source, goal)
    left, right = st.columns([1.25, 1])
    with left:
        ranked(comparison, target, ranking, source.model)
        with widgets.card("Where to next", key="next"):
            for name, what in NEXT.items():
                selection.link(name, what, icon=widgets.ICONS[name])
    with right:
        looked_at(comparison, source, goal)


WHAT = "Each network becomes a graph over the same images. Two graphs that look alike promise good transfer."
page()
