"""The tour's second half: weighing nodes against edges, choosing a model and a layer, and asking why."""

from dataclasses import replace

import streamlit as st

from depara_core import tour
from depara_core.figures import curves
from depara_core.figures import tour_steps as pictures
from depara_core.formatting import number, short_name
from pages.shared import cache, comparisons, selection, text, widgets
from pages.shared.selection import Data, Pair
from pages.tour.step import Place, Stage, Step, ask, covered, figure, image, strip

CHOICES = 4  # sources offered to predict the best from
ROWS = 8  # sources drawn


def weight(stage: Stage, view: Place, turn: Place) -> None:
    """Step 7: S of two sources as lambda moves."""
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


def model(stage: Stage, view: Place, turn: Place) -> None:
    """Step 8: every source for the target, on all images, with whiskers."""
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
    """Step 9: every layer of the source against the target's output."""
    with view:
        comparison = comparisons.require(selection.read(Data), layers="all", models=(stage.a.model,))
    source, goal = stage.name(stage.a), stage.name(stage.b)
    layers = comparison.of(stage.a.model)
    ranked = cache.layer_ranking(cache.matrix(layers, (stage.b,), grid=stage.grid), stage.lam)
    names = [text.plain(name) for name in ranked["layer"]]
    best = ranked[ranked["best"]].iloc[0]
    at = int(best.name)
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
        pair = replace(selection.read(Pair), source=stage.a.model, target=stage.b.model)
        selection.link("layers", "All layers of both", pair, icon=widgets.ICONS["layers"])


def why(stage: Stage, view: Place, turn: Place) -> None:
    """Step 10: S of the six images split over them, with nothing left over."""
    reason = cache.explained(stage.small(stage.a), stage.small(stage.b), stage.grid).at(stage.lam)
    shares = [float(share) for share in reason.probe]
    most, least = (shares.index(pick(shares)) for pick in (max, min))
    answered = ask(
        turn,
        "why",
        f"Which image speaks most for **{stage.name(stage.a)}** as source for **{stage.name(stage.b)}**?",
        [image(k) for k in range(len(shares))],
        {image(k) for k, share in enumerate(shares) if share == max(shares)},
        f"{image(most)} adds {number(shares[most], 3)} of S = {number(reason.total, 3)}; {image(least)} adds least, "
        f"{number(shares[least], 3)}.",
    )
    reading = "A bar is an image's share: its own cosine, and half of each of its pairs. All shares add up to S."
    with view, widgets.card("Where S comes from", reading, key="card-why"):
        strip(stage, "tour.six")
        if not answered:
            covered("The share of each image")
            return
        parts = " + ".join(f"({number(v, 3)})" if v < 0 else number(v, 3) for v in tour.adding_up(reason.probe, 3))
        st.markdown(f"{parts} = :violet[**S = {number(reason.total, 3)}**], λ = {stage.lam:g}")
        alt = f"Shares of S by image: {', '.join(f'{image(k)} {number(v, 3)}' for k, v in enumerate(shares))}."
        figure(pictures.probe_shares(reason, dark=widgets.dark()), "tour.shares", alt)
    with view, st.container(horizontal=True, key="tour-onward", gap="medium"):
        pair = replace(selection.read(Pair), source=stage.a.model, target=stage.b.model)
        onward = {
            "why": "Why, on all images and down to the pixel",
            "models": "Compare all models",
            "setup": "Your own images and networks",
        }
        for page, label in onward.items():
            selection.link(page, label, pair, icon=widgets.ICONS[page])


SECOND_HALF = (
    Step(
        "λ",
        "λ: how much do edges count?",
        "The score is **S = s_V + λ · s_E**. λ weighs what the networks find alike against where they look; "
        "a choice of yours, not a law.",
        weight,
    ),
    Step(
        "Which model?",
        "Which model should I start from?",
        "The source whose graph is most like the target's. Images are a sample, so every score has an error bar.",
        model,
    ),
    Step(
        "Which layer?",
        "Which layer should I keep?",
        "Every layer has a graph of its own. Keep the source up to the layer most like the target's output, "
        "train the rest.",
        layer,
    ),
    Step(
        "Why?",
        "Why does the score say so?",
        "S is a sum, so it splits over the images exactly: no approximation, nothing left over.",
        why,
    ),
)
