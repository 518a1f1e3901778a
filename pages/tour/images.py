"""The tour's first step: six images of the learner's choice, and which of them a network finds alike."""

import streamlit as st

from depara_core import tour
from depara_core.drawings import nearest
from depara_core.formatting import number, short_name
from pages.shared import cache, selection, widgets
from pages.shared.image_table import Cell, Heading, image_grid, image_table
from pages.shared.parts import Pair
from pages.tour.selection import Tour
from pages.tour.stage import SIX, Place, Stage, ask, covered, image, strip

OFFERED = 24  # images to choose from


def draw(stage: Stage, view: Place, turn: Place) -> None:
    """Six images of the learner's choice, and which of them a network finds alike."""
    small, place = stage.small(stage.b), stage.place
    near = nearest(small, place)[:SIX].tolist()
    cosines = [float(small.edges[place, other]) for other in near]
    best = {image(other) for other, cosine in zip(near, cosines, strict=True) if cosine == cosines[0]}
    answered = ask(
        turn,
        "feature",
        f"Which of the other images does **{stage.name(stage.b)}** find most like {image(place)}?",
        [image(other) for other in sorted(near)],
        best,
        f"the feature of {image(near[0])} has cosine {number(cosines[0], 3)} with that of {image(place)}; "
        f"the next, {image(near[1])}, has {number(cosines[1], 3)}.",
    )
    with view, widgets.card("Your six images", "Click an image to put it in the frame.", key="card-six"):
        strip(stage, "tour.six")
        with st.expander("Exchange the framed image for another one"):
            _offer(stage)
    reading = f"From the most to the least alike to {image(place)}, each with the cosine of the two features."
    with view, widgets.card("Which images does each network find alike?", reading, key="card-near"):
        if not answered:
            covered("The order of the images")
            return
        rows = []
        for graph in (stage.b, stage.a):
            part = stage.small(graph)
            row = [
                Cell(
                    cache.thumbnail(stage.probes, stage.six[other], 112),
                    f"{other + 1} · {number(part.edges[place, other], 3)}",
                    image(other),
                )
                for other in nearest(part, place)[:SIX].tolist()
            ]
            rows.append([Cell(None, short_name(graph.model)), *row])
        headings = [Heading("network"), *(Heading(f"{k + 1}.") for k in range(len(near)))]
        image_table("tour.near", headings, rows, size=64, largest=96, label="Images in order of likeness")


def _offer(stage: Stage) -> None:
    offered = [probe for probe in tour.spread(len(stage.probes), OFFERED) if probe not in stage.six]
    pngs = [cache.thumbnail(stage.probes, probe, 96) for probe in offered]
    names = [stage.probes.names[probe] for probe in offered]
    clicked = image_grid("tour.offer", pngs, alts=names, size=72, label="Images to choose from")
    if clicked is not None:
        six = list(stage.six)
        six[stage.place] = offered[clicked]
        selection.update(Tour, images=tuple(map(str, six)))
        selection.update(Pair, probe=offered[clicked])
        st.rerun()
