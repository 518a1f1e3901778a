"""Setup's choice of how a graph is made: the preset, what departs from it, and the layers."""

from collections.abc import Sequence

import streamlit as st

from depara_core.attribution.methods import METHODS
from depara_core.attribution.options import CHANNELS, OBJECTIVES, PRESETS
from pages.shared import selection, text, widgets
from pages.shared.parts import Data

RESOLUTIONS = (8, 16, 32, 64, 112)
WORDS: dict[object, str] = {True: "yes", False: "no", None: "the model's own"}
Place = st.delta_generator.DeltaGenerator


def choose() -> None:
    """Draw the choice of the preset, of what departs from it, and of the layers."""
    data = selection.read(Data)
    preset = PRESETS[data.preset]
    with widgets.card("How a graph is made", "The preset sets all; each can be changed alone.", key="options"):
        left, right = st.columns(2)
        left.selectbox("Preset", list(PRESETS), **selection.bind(Data, "preset", "setup.preset"))
        _choice(right, "Attribution method", "method", list(METHODS), preset.method)
        _choice(left, "Objective: what is attributed", "objective", list(OBJECTIVES), preset.objective)
        _choice(right, "Feature channels", "channels", list(CHANNELS), preset.channels)
        _choice(left, "Centre features", "center", [True, False], preset.center)
        _choice(right, "Map resolution", "resolution", list(RESOLUTIONS), preset.resolution)
        method = METHODS[data.method or preset.method]
        st.caption(f"{text.plain(method.summary)} ({text.plain(method.source)})")
        now = "all" if data.layers == ("all",) else "output"
        bound = selection.bind(Data, "layers", "setup.layers", now, store=lambda chosen: (chosen,))
        st.segmented_control("Layers", ["output", "all"], required=True, **bound)


def _choice(place: Place, label: str, name: str, values: Sequence[object], default: object) -> None:
    """Choose an option, or leave it to the preset: an empty text, which a widget can hold, for None."""
    words = {**WORDS, "": f"preset: {WORDS.get(default, default)}"}
    current = getattr(selection.read(Data), name)
    options = ["", *values] if current in (None, *values) else ["", *values, current]
    now = "" if current is None else current
    bound = selection.bind(Data, name, f"setup.{name}", now, store=lambda chosen: None if chosen == "" else chosen)
    place.selectbox(label, options, format_func=lambda value: str(words.get(value, value)), **bound)
