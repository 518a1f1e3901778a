"""The map under the lens on the Attributions page: one network or layer held against the reference on one image."""

import streamlit as st

from depara_core.comparison import Comparison
from pages.shared import state, views, widgets
from pages.why import evidence, reasons


def find(graphs: views.Graphs, reference: views.Graph, by_layer: bool) -> views.Graph | None:
    """Return the graph that is held against the reference: the one whose map was clicked, if it is shown."""
    selection = state.read()
    if selection.probe >= len(reference) or not (by_layer or selection.b == reference.model):
        return None
    wanted = (selection.a, selection.layer_a if by_layer else "output")
    return next((graph for graph in graphs if (graph.model, graph.layer) == wanted and graph is not reference), None)


def put(chosen: views.Graph, reference: views.Graph, probe: int, by_layer: bool) -> None:
    """Put a graph under the lens; a layer is held against its own model's output, whatever the pair is elsewhere."""
    if by_layer:
        state.update(probe=probe, layer_a=chosen.layer)
    else:
        state.update(probe=probe, a=chosen.model, b=reference.model, layer_a="output", layer_b="output")


def draw(comparison: Comparison, seen: views.Graph, reference: views.Graph, cosine: float) -> None:
    """Say how far two maps of the selected image agree, with the way to why."""
    a, b = (widgets.plain(name) for name in reasons.names(seen, reference))
    lam, probe = state.read().lam, state.read().probe
    ranked = reasons.why(seen, reference, lam, comparison.grid).to_frame()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="attribution-lens"):
        name, number = widgets.plain(comparison.probes.names[probe]), views.number(cosine)
        st.markdown(f"**{a}** and **{b}** on {name}: :blue[**{number}**]", width="content")
        state.link(
            "why", f"Why do {a} and {b} {'agree' if cosine > 0 else 'differ'} here?", icon=widgets.ICONS["why"],
            a=seen.model, b=reference.model, layer_a=seen.layer, layer_b=reference.layer, view="probes",
            page=evidence.page_of(ranked, probe),
        )  # fmt: skip
