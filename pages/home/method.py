"""The method in three pictures: a node, an edge and a score, made from Home's own example."""

from dataclasses import replace

import streamlit as st

from depara_core.drawings import nearest
from depara_core.formatting import decimals_of_sum, exact, number, short_name
from depara_core.grids import grid_text
from pages.home.example import Example
from pages.home.pictures import maps, row
from pages.shared import cache, selection, text, widgets
from pages.shared.parts import Pair


def draw(example: Example) -> None:
    """Draw the three cards."""
    probes, target = example.comparison.probes, example.target
    first = min(selection.read(Pair).probe, len(probes) - 1)
    second = int(nearest(target, first)[0])
    left, middle, right = st.columns(3)
    with left, widgets.card("1 · An image becomes a node", "The pixels that drive the network's feature.", key="node"):
        (seen,) = maps(probes, (target,), first)
        name = probes.names[first]
        whose = f"{name}: attribution of {short_name(target.model)}"
        row("node", (cache.thumbnail(probes, first, 220), seen), (name, whose))
        st.markdown(":blue[**node**] = pixel × gradient of the feature's length")
    with middle, widgets.card("2 · Two images become an edge", "How alike the network finds them.", key="edge"):
        ends = (first, second)
        row("edge", [cache.thumbnail(probes, index, 220) for index in ends], [probes.names[index] for index in ends])
        cosine = number(target.edges[first, second])
        st.markdown(f":orange[**edge**] = cosine of their features = **{cosine}**")
    how = "Same pixels, same neighbours: reuse is promising."
    with right, widgets.card("3 · Alike graphs transfer", how, key="score"):
        _add_up(example)


def _add_up(example: Example) -> None:
    """Add the two similarities of the source and the target up to S."""
    pair, sim = selection.read(Pair), example.similarity
    one, other = (text.model(graph.model) for graph in (example.source, example.target))
    st.markdown(f"**{one}** against **{other}**")
    lam = f":orange[λ · edges s_E] (λ = {exact(pair.lam)})"
    parts = {":blue[nodes s_V]": sim.node, lam: pair.lam * sim.edge}
    digits = decimals_of_sum(*parts.values())
    rows = [f"| {name} | {number(value, digits)} |" for name, value in parts.items()]
    total = f"| :violet[**score S**] | :violet[**{number(sim.total(pair.lam), digits)}**] |"
    st.markdown("\n".join(["| | |", "|---|---:|", *rows, total]))
    st.caption(f"{grid_text(example.comparison.grid).capitalize()}.")
    goal = replace(pair, target=example.target.model)
    selection.link("models", "Compare all models", goal, icon=widgets.ICONS["models"])
