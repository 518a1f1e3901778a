"""One image enlarged: the maps of one or two networks, which a slider lays over it, and where both look."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from depara_core.comparison import Comparison
from depara_core.formatting import number
from depara_core.graphs import distinct_names
from depara_core.png import png_uri
from pages.shared import cache, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.component import component
from pages.shared.legends import Key, Legend, legend, legend_data, look_key
from pages.shared.parts import Data, Look

SIZE = 384  # pixels of an enlarged picture
MEANS = {
    "signed": "Green pixels raise the feature, purple ones lower it",
    "magnitude": "The bluer a pixel, the more it matters",
    "regions": "Each patch shows the sum of its pixels: green raises the feature, purple lowers it",
}
_mount = component("compare")


@dataclass(frozen=True)
class Panel:
    """A picture, what a slider lays over it (None: nothing), and the line under it."""

    before: bytes
    after: bytes | None
    caption: str
    alt: str


def reading(look: Look) -> str:
    """Say how maps are drawn: what colour means, on which scale, and what is done for the eye alone."""
    scale = "each map on a scale of its own" if look.scale == "own" else "one scale for all maps"
    if look.maps == "regions":
        return f"{MEANS[look.maps]}; {scale}."
    soft = (
        "" if look.sharp else "; softened for the eye, the line rounds the strongest tenth; numbers are of exact maps"
    )
    return f"{MEANS[look.maps]}; {scale}{soft}."


def compare(key: str, panels: Sequence[Panel], legends: Sequence[Legend | Key], label: str) -> None:
    """Draw pictures beside each other under one slider."""
    data = [
        {
            "before": png_uri(one.before),
            "after": None if one.after is None else png_uri(one.after),
            "caption": one.caption,
            "alt": one.alt,
            "beforeAlt": one.alt if one.after is None else "",
        }
        for one in panels
    ]
    _mount(key=key, data={"label": label, "panels": data, "legends": [legend_data(one) for one in legends]})


@st.dialog("Close-up", width="large")
def closeup(comparison: Comparison, probe: int, graphs: Sequence[Graph], cosine: float | None = None) -> None:
    """Open one image with the maps of one or two networks, and where both look."""
    probes, look, dark = comparison.probes, selection.read(Look), widgets.dark()
    names, image = distinct_names(*graphs), probes.names[probe]
    agreed = "" if cosine is None else f" · cosine of the two maps :blue[**{number(cosine)}**]"
    st.markdown(f"**{text.plain(image)}**{agreed}")
    st.caption(f"{reading(look)} Move the slider, or drag on a picture.")
    seed = selection.read(Data).rooms_seed
    (maps,) = cache.overlays(probes, tuple(graphs), (probe,), size=SIZE, dark=dark, rooms_seed=seed, **look.painted)
    whole = cache.thumbnail(probes, probe, SIZE)
    legends: list[Legend | Key] = [legend(signed=look.maps != "magnitude", dark=dark)]
    panels = [
        Panel(whole, png, name if png else f"{name}: no pixel changes this feature", f"{image} in {name}")
        for name, png in zip(names, maps, strict=True)
    ]
    if len(graphs) == 2:
        (both,) = cache.look_maps(probes, graphs[0], graphs[1], (probe,), size=SIZE, dark=dark)
        panels.append(Panel(whole, both, "where they look, whatever the sign", f"{image}: where both look"))
        legends.append(look_key(*names, dark=dark))
    compare("closeup.maps", panels, legends, "The image and its maps")
