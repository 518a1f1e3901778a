"""The tour's last step: S of the six images split over them, with nothing left over."""

from dataclasses import replace

import streamlit as st

from depara_core import tour
from depara_core.figures import tour_steps as pictures
from depara_core.formatting import number
from pages.shared import cache, selection, widgets
from pages.shared.parts import Pair
from pages.tour.stage import Place, Stage, ask, covered, figure, image, strip


def draw(stage: Stage, view: Place, turn: Place) -> None:
    """S of the six images split over them, with nothing left over."""
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
        figure(pictures.probe_contributions(reason, dark=widgets.dark()), "tour.shares", alt)
    with view, st.container(horizontal=True, key="tour-onward", gap="medium"):
        pair = replace(selection.read(Pair), source=stage.a.model, target=stage.b.model)
        onward = {
            "why": "Why, on all images and down to the pixel",
            "models": "Compare all models",
            "setup": "Your own images and networks",
        }
        for page, label in onward.items():
            selection.link(page, label, pair, icon=widgets.ICONS[page])
