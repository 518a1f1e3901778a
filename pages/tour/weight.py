"""The tour's step about lambda: two sources change places as edges count more."""

import streamlit as st

from depara_core import tour
from depara_core.figures import tour_steps as pictures
from depara_core.formatting import number, short_name
from pages.shared import cache, widgets
from pages.tour.stage import Place, Stage, ask, covered, figure


def draw(stage: Stage, view: Place, turn: Place) -> None:
    """S of two sources as lambda moves."""
    target = stage.small(stage.b)
    found = [
        (stage.name(graph), cache.similarity(stage.small(graph), target, grid=stage.grid))
        for graph in (stage.a, stage.c)
    ]
    (first, one), (second, two) = found
    at = tour.crossing(one, two)
    swap, equal = "They change places", one.total(0) == two.total(0) and one.total(1) == two.total(1)
    ahead = first if one.total(0) + one.total(1) > two.total(0) + two.total(1) else second
    answers = [f"{first} is ahead at every λ", f"{second} is ahead at every λ", swap, *(["They are equal"] * equal)]
    right = "They are equal" if equal else swap if at is not None else f"{ahead} is ahead at every λ"
    because = (
        f"at λ = {number(at or 0)} both have the same S; below it nodes decide, above it edges do."
        if at is not None
        else f"s_V is {number(one.node, 3)} and {number(two.node, 3)}, s_E {number(one.edge, 3)} and "
        f"{number(two.edge, 3)}: no positive λ makes the two sums meet."
    )
    question = f"λ grows from 0. What becomes of the order of **{first}** and **{second}** as sources for "
    answered = ask(turn, "weight", question + f"**{stage.name(stage.b)}**?", answers, {right}, because)
    with view, widgets.card("S = s_V + λ · s_E", "Move λ and watch the last column. Six images.", key="card-weight"):
        lam = widgets.lam_slider("tour.lam")
        rows = [
            f"| {name} | :blue[{number(sim.node, 3)}] | :orange[{number(sim.edge, 3)}] | "
            f":violet[**{number(sim.total(lam), 3)}**] |"
            for name, sim in found
        ]
        st.markdown("\n".join([f"| source | s_V | s_E | S = s_V + {lam:g} · s_E |", "|---|---:|---:|---:|", *rows]))
        if not answered:
            covered("S over all λ")
            return
        sources = [(short_name(graph.model), sim) for graph, (_, sim) in zip((stage.a, stage.c), found, strict=True)]
        drawn = pictures.lambda_lines(sources, lam, crossing=at, dark=widgets.dark())
        figure(drawn, "tour.lines", f"S of two sources over λ. {because}")
        st.caption("Higher is better. Each source is a line: it starts at s_V and climbs by s_E for each unit of λ.")
