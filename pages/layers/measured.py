"""The measured accuracy of every cut, for the networks of the layer study; for others, the way to them."""

from dataclasses import replace

import streamlit as st

from depara_core.figures.layer_study import measured_curves
from depara_core.zoo.fashion import EXAMPLE
from pages.evaluate.selection import Evaluate
from pages.layers.pair import LayerPair
from pages.shared import cache, charts, selection, widgets
from pages.shared.parts import Data, Pair


def draw(shown: LayerPair) -> None:
    """Draw what cutting the source at each layer was measured to be worth, where it was."""
    found = shown.measured
    if found is None:
        return

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source_layer=str(place[1]))

    reading = (
        "Is the cut right? All layers up to it were frozen and the rest learned anew from a few labelled photographs, "
        "eight times. Bands: 95 %; level lines: nothing taken over. Where a large dot below stands under one above, S "
        "found the best cut. S here is the study's own, on all its 200 photographs."
    )
    with widgets.card("What each cut was worth, measured", reading, key="card-measured"):
        charts.chart(measured_curves(found, "S", dark=widgets.dark()), shown.key("measured"), clicked)
        _draw_study()


def _draw_study() -> None:
    label, there = "How every score does on the whole study", replace(selection.read(Evaluate), tab="layers")
    selection.link("evaluate", label, there, icon=widgets.ICONS["evaluate"])


def lead(shown: LayerPair) -> None:
    """Lead to the study that measured these cuts, where one did, and to the networks whose cuts are drawn here."""
    if shown.measured is not None:
        return
    with widgets.card("Is such a cut any good?", key="card-lead"):
        _draw_link(told=bool(cache.cut_sentence(shown.source, shown.target, shown.cut)))


def _draw_link(*, told: bool) -> None:
    if told:
        st.caption("Every cut of these two was measured. S of the study is on its own images: it may choose otherwise.")
        _draw_study()
    example = replace(selection.read(Data), models=EXAMPLE, probes="fashion", count=200)
    pair = Pair(source=EXAMPLE[1], target=EXAMPLE[-1])
    st.caption(
        "Of two other networks every cut was measured, on 200 photographs. This link chooses them in place of your "
        "models and images; the browser's Back returns."
    )
    selection.link("layers", "See S beside the measured accuracy", example, pair, icon=widgets.ICONS["layers"])
