"""Images of Home and attribution maps over them, and a few images seen through both networks of the example."""

from collections.abc import Sequence

import streamlit as st

import depara_core as depara
from depara_core.formatting import short_name
from pages.home.example import Example
from pages.shared import cache, closeup, selection, widgets
from pages.shared.cache import Graphs
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.legends import look_key
from pages.shared.parts import Look, Pair

SHOWN = 3  # images under the example


def draw(example: Example) -> None:
    """Draw a few images with the attribution of source and target beside each other, and where both look."""
    probes, (a, b), dark = example.comparison.probes, (example.source, example.target), widgets.dark()
    how = f"{closeup.reading(Look())} A click selects the image."
    with widgets.card("What the two look at", how, key="looked"):
        one, other = (short_name(graph.model) for graph in (a, b))
        heads = ("image", one, other, "both look")
        step = max(1, len(probes) // SHOWN)
        chosen = tuple(range(0, step * SHOWN, step)[: len(probes)])
        both = cache.look_maps(probes, a, b, chosen, size=160, dark=dark)
        rows = [
            [
                Cell(png, alt=f"{probes.names[index]}: {head}", missing=png is None)
                for png, head in zip(
                    (cache.thumbnail(probes, index, 160), *maps(probes, (a, b), index), look), heads, strict=True
                )
            ]
            for index, look in zip(chosen, both, strict=True)
        ]
        key = look_key(one, other, dark=dark)
        clicked = image_table("home.looked", [*map(Heading, heads)], rows, legend=key, label="What the two look at")
        if clicked is not None and clicked[0] >= 0:
            selection.update(Pair, probe=chosen[clicked[0]])
            st.rerun()
        selection.link("attributions", "All attributions", example.chosen(), icon=widgets.ICONS["attributions"])


def row(key: str, pictures: Sequence[bytes], alts: Sequence[str]) -> None:
    """Draw pictures beside each other, on a narrow screen too."""
    with st.container(key=f"row-{key}"):
        for column, picture, alt in zip(st.columns(len(pictures), gap="small"), pictures, alts, strict=True):
            column.image(picture, width="stretch", alt=alt)


def maps(probes: depara.ProbeSet, graphs: Graphs, index: int) -> list[bytes]:
    """Return one probe's attribution in each graph; the probe alone where there is none."""
    (tiles,) = cache.overlays(
        probes, graphs, (index,), size=160, dark=widgets.dark(), rooms_seed=None, **Look().painted
    )
    return [cache.thumbnail(probes, index, 160) if tile is None else tile for tile in tiles]
