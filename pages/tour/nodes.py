"""The tour's steps about nodes: one image's map in three networks, and s_V by hand."""

import streamlit as st

from depara_core import tour
from depara_core.formatting import number, short_name
from depara_core.grids import grid_text
from pages.shared import cache, widgets
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.legends import legend
from pages.shared.parts import Look
from pages.tour.stage import Place, Stage, ask, covered, image, strip


def draw(stage: Stage, view: Place, turn: Place) -> None:
    """One image's attribution in three networks."""
    place, sources = stage.place, (stage.a, stage.c)
    cosines = [
        float(tour.node_table(graph, stage.b, stage.six, grid=stage.grid)["cosine"].iloc[place]) for graph in sources
    ]
    told = [f"{stage.name(graph)} {number(cosine, 3)}" for graph, cosine in zip(sources, cosines, strict=True)]
    answered = ask(
        turn,
        "node",
        f"Whose map of {image(place)} is more like that of **{stage.name(stage.b)}**?",
        [stage.name(graph) for graph in sources],
        {stage.name(graph) for graph, cosine in zip(sources, cosines, strict=True) if cosine == max(cosines)},
        f"the cosine with the map of {stage.name(stage.b)} is {told[0]} and {told[1]}. "
        "1 would be the same pixels with the same signs, 0 unrelated ones.",
    )
    with (
        view,
        widgets.card(
            "One image, three nodes",
            "Green pixels lengthen the feature, purple ones shorten it, grey ones do not matter. Click another image."
            + (" Where both look: red; only the target: ochre; only the source: blue." if answered else ""),
            key="card-node",
        ),
    ):
        strip(stage, "tour.six")
        probe, dark = stage.six[place], widgets.dark()
        graphs = (stage.b, *sources)
        tiles = cache.overlays(stage.probes, graphs, (probe,), dark=dark, rooms_seed=None, **Look().painted)[0]
        notes = ["the target", *(f"cosine {number(cosine, 3)}" if answered else "cosine ?" for cosine in cosines)]
        cells = [
            Cell(png, note, f"{image(place)} in {graph.model}, {note}", missing=png is None)
            for png, note, graph in zip(tiles, notes, graphs, strict=True)
        ]
        headings = [Heading("image"), *(Heading(short_name(graph.model)) for graph in graphs)]
        if answered:
            (both,) = cache.look_maps(stage.probes, stage.b, stage.a, (probe,), dark=dark)
            cells.append(
                Cell(
                    both,
                    f"target and {short_name(stage.a.model)}",
                    f"{image(place)}: where both look",
                    missing=both is None,
                )
            )
            headings.append(Heading("both look"))
        whole = Cell(cache.thumbnail(stage.probes, probe, 160), str(place + 1), image(place))
        image_table(
            "tour.maps",
            headings,
            [[whole, *cells]],
            size=104,
            largest=190,
            legend=legend(signed=True, dark=dark),
            label="Attribution maps of one image",
        )


def add_up(stage: Stage, view: Place, turn: Place) -> None:
    """Six cosines and their mean."""
    cosines = tour.node_table(stage.a, stage.b, stage.six, grid=stage.grid)["cosine"]
    count, score = len(cosines), number(float(cosines.mean()), 3)
    shown = [number(value, 3) for value in tour.adding_up(cosines.to_numpy(), 3)]
    total = number(float(cosines.sum()), 3)
    answered = ask(
        turn,
        "nodes",
        f"Which number is s_V of **{stage.name(stage.a)}** and **{stage.name(stage.b)}**?",
        sorted({score, total, number(float(cosines.max()), 3), number(float(cosines.min()), 3)}),
        {score},
        f"s_V is the mean of the {count} cosines: {total} / {count} = {score}.",
    )
    reading = (
        "Cosine of the two networks' maps of each image. Three decimals, rounded so that the column adds up. "
        f"{grid_text(stage.grid).capitalize()}."
    )
    with view, widgets.card("s_V by hand: compare node by node", reading, key="card-nodes"):
        strip(stage, "tour.six")
        lines = [f"| {image(k)} | :blue[{value}] |" for k, value in enumerate(shown)]
        if answered:
            lines += [f"| sum | {total} |", f"| **s_V** = sum / {count} | :blue[**{score}**] |"]
        names = f"{stage.name(stage.a)} and {stage.name(stage.b)}"
        st.markdown("\n".join([f"| | cosine of {names} |", "|---|---:|", *lines]))
        if not answered:
            covered("The sum")
