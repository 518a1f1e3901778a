"""Images of Home and attribution maps over them, and a few images seen through both networks of the example."""

from collections.abc import Sequence

import streamlit as st

import depara_core as depara
from depara_core.formatting import short_name
from pages.home.example import Example
from pages.shared import cache, selection, text, widgets
from pages.shared.cache import Graphs

SHOWN = 3  # images under the example


def draw(example: Example) -> None:
    """Draw a few images with the attribution of source and target beside each other."""
    probes, graphs = example.comparison.probes, (example.source, example.target)
    how = "Green pushes the feature up, purple down; one scale a row."
    with widgets.card("What the two look at", how, key="looked"):
        heads = ["image", *(short_name(graph.model) for graph in graphs)]
        for column, head in zip(st.columns(3, gap="small"), heads, strict=True):
            column.caption(text.plain(head))
        step = max(1, len(probes) // SHOWN)
        for index in range(0, step * SHOWN, step)[: len(probes)]:
            pictures = [cache.thumbnail(probes, index, 160), *maps(probes, graphs, index)]
            row(pictures, [f"{probes.names[index]}: {head}" for head in heads])
        selection.link("attributions", "All attributions", example.chosen(), icon=widgets.ICONS["attributions"])


def row(pictures: Sequence[bytes], alts: Sequence[str]) -> None:
    """Draw pictures beside each other."""
    for column, picture, alt in zip(st.columns(len(pictures), gap="small"), pictures, alts, strict=True):
        column.image(picture, width="stretch", alt=alt)


def maps(probes: depara.ProbeSet, graphs: Graphs, index: int) -> list[bytes]:
    """Return one probe's attribution in each graph, on one scale; the probe alone where there is none."""
    look = {"signed": True, "shared": True, "smooth": True, "dark": widgets.dark()}
    (tiles,) = cache.overlays(probes, graphs, (index,), opacity=0.95, size=160, **look)
    return [cache.thumbnail(probes, index, 160) if tile is None else tile for tile in tiles]
