"""The first card of the Layers page: S over depth, and the numbers of the layer under the lens."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from depara_core.figures import curves
from depara_core.formatting import percent, short_name
from pages.attributions.selection import Attributions
from pages.layers.pair import LayerPair
from pages.shared import charts, selection, text, widgets
from pages.shared.parts import Pair


def draw(shown: LayerPair) -> None:
    """Draw S, s_V and s_E over depth; a click chooses the source's layer."""

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source_layer=str(place[1]))

    reading = "Higher is better; the dotted line marks the recommended cut. Click a layer to look into it."
    if shown.measured is not None:
        reading += " Below: what a cut at each layer was measured to be worth; its best is large."
    with widgets.card("Layer by layer", reading, key="card-curves"):
        count, name = len(shown.comparison.probes), short_name(shown.target)
        figure = curves.layer_curves(
            shown.ranked, shown.lam, probes=count, target=name, measured=shown.measured, dark=widgets.dark()
        )
        charts.chart(figure, shown.key("curves"), clicked)
        under = selection.bind(Pair, "source_layer", "layers.layer", shown.layer)
        told = "Type to search. Each layer with its place from the input, and the shape of its feature."
        places = shown.places
        st.selectbox("Layer under the lens", list(places), format_func=places.__getitem__, help=told, **under)
        _draw_layer(shown)


def _draw_layer(shown: LayerPair) -> None:
    """Show the numbers of the layer under the lens, with the ways to its evidence."""
    layer, cut = shown.layer, shown.cut
    row = shown.ranked[shown.ranked["layer"] == layer].iloc[0]
    st.markdown(_sum(row, shown.lam) + _worth(shown, layer))
    if taken := shown.taken:
        st.caption(f"Read of it: {text.plain(taken)}.")
    if layer != cut:
        label = f"Look at {text.plain(cut)} instead, the recommended cut"
        st.button(label, key="layers.cut", **selection.click(Pair, source_layer=cut))
    pair = selection.read(Pair)
    here = replace(pair, source=shown.source, target=shown.target, source_layer=layer)
    one_model = replace(selection.read(Attributions), view="layers")
    with st.container(horizontal=True, key="layers-links", gap="medium"):
        icon = widgets.ICONS["attributions"]
        selection.link("attributions", "See where this layer looks", here, one_model, icon=icon)
        selection.link("graphs", "See its graph beside the target's", here, icon=widgets.ICONS["graphs"])
        all_models = replace(pair, target=shown.target)
        selection.link("models", "Compare all models", all_models, icon=widgets.ICONS["models"])
        selection.link("why", "Why?", replace(here, target_layer="output"), icon=widgets.ICONS["why"])


def _worth(shown: LayerPair, layer: str) -> str:
    """Say what cutting at a layer was measured to be worth, where it was."""
    found = shown.measured
    if found is None:
        return ""
    rows = found[found["layer"] == layer].to_dict("records")
    return "".join(f" · measured with {row['labels']} labels: **{percent(row['accuracy'])}**" for row in rows)


def _sum(row: pd.Series, lam: float) -> str:
    parts = text.parts(row["node"], row["edge"], lam, row["score"])
    return f"**{text.plain(row['layer'])}**: {parts} {text.between(row['low'], row['high'])}"
