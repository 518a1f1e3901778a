"""The map under the lens on the Attributions page: one network or layer held against the reference on one image."""

from dataclasses import replace

import streamlit as st

from depara_core.comparison import Comparison
from depara_core.graphs import short_names
from pages.shared import selection, text, widgets
from pages.shared.cache import Graph, Graphs
from pages.shared.selection import Pair
from pages.why import evidence, reasons
from pages.why.selection import Why


def find(graphs: Graphs, reference: Graph, by_layer: bool) -> Graph | None:
    """Return the graph that is held against the reference: the chosen source, or its chosen layer, if it is shown."""
    pair = selection.read(Pair)
    if pair.probe >= len(reference):
        return None
    wanted = (pair.source, pair.source_layer if by_layer else "output")
    return next((graph for graph in graphs if (graph.model, graph.layer) == wanted and graph is not reference), None)


def put(chosen: Graph, reference: Graph, probe: int, by_layer: bool) -> None:
    """Put a graph under the lens; a layer is held against its own model's output, whatever the pair is elsewhere."""
    if by_layer:
        selection.update(Pair, probe=probe, source_layer=chosen.layer)
    else:
        outputs = {"source_layer": "output", "target_layer": "output"}
        selection.update(Pair, probe=probe, source=chosen.model, target=reference.model, **outputs)


def draw(comparison: Comparison, seen: Graph, reference: Graph, cosine: float) -> None:
    """Say how far two maps of the selected image agree, with the way to why."""
    a, b = (widgets.plain(name) for name in short_names(seen, reference))
    pair = selection.read(Pair)
    ranked = reasons.why(seen, reference, pair.lam, comparison).to_frame()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="attribution-lens"):
        name, number = widgets.plain(comparison.probes.names[pair.probe]), text.number(cosine)
        st.markdown(f"**{a}** and **{b}** on {name}: :blue[**{number}**]", width="content")
        ends = {"source": seen.model, "source_layer": seen.layer}
        ends |= {"target": reference.model, "target_layer": reference.layer}
        there = replace(selection.read(Why), view="probes", page=evidence.page_of(ranked, pair.probe))
        question = f"Why do {a} and {b} {'agree' if cosine > 0 else 'differ'} here?"
        selection.link("why", question, replace(pair, **ends), there, icon=widgets.ICONS["why"])
