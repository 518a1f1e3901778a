"""One map held against the reference's on the Attributions page: which, how far they agree, and the way to why."""

from dataclasses import replace

import streamlit as st

from depara_core.agreement import Agreement
from depara_core.comparison import Comparison
from depara_core.explanation.text import UNRELATED
from depara_core.formatting import number
from depara_core.graphs import distinct_names
from pages.shared import cache, comparisons, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.parts import Pair
from pages.why import batches
from pages.why.selection import Why


def find(comparison: Comparison, found: Agreement, by_layer: bool) -> Graph | None:
    """Return the graph that is held against the reference: the source, or its chosen layer, if it is shown."""
    pair = selection.read(Pair)
    if pair.probe >= len(found.reference):
        return None
    source, _ = comparisons.pair(comparison)
    wanted = (source, pair.source_layer if by_layer else "output")
    others = (graph for graph in found.graphs if graph is not found.reference)
    return next((graph for graph in others if (graph.model, graph.layer) == wanted), None)


def choose(chosen: Graph, reference: Graph, probe: int, by_layer: bool) -> None:
    """Hold a graph against the reference; a layer against its own model's output, whatever the pair is elsewhere."""
    if by_layer:
        selection.update(Pair, probe=probe, source_layer=chosen.layer)
    else:
        outputs = {"source_layer": "output", "target_layer": "output"}
        selection.update(Pair, probe=probe, source=chosen.model, target=reference.model, **outputs)


def draw(comparison: Comparison, found: Agreement, held: Graph) -> None:
    """Say how far two maps of the selected image agree, with the way to why."""
    pair, reference = selection.read(Pair), found.reference
    source, target = (text.plain(name) for name in distinct_names(held, reference))
    cosine = found.of(held)[pair.probe]
    ranked = cache.explained(held, reference, comparison.grid).at(pair.lam).to_frame()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="attribution-pair"):
        image = text.plain(comparison.probes.names[pair.probe])
        st.markdown(f"**{source}** and **{target}** on {image}: :blue[**{number(cosine)}**]", width="content")
        both = replace(
            pair,
            source=held.model,
            source_layer=held.layer,
            target=reference.model,
            target_layer=reference.layer,
        )
        there = replace(selection.read(Why), view="probes", page=batches.page_of(ranked, pair.probe))
        how = "hardly agree" if abs(cosine) < UNRELATED else "agree" if cosine > 0 else "differ"
        selection.link("why", f"Why do {source} and {target} {how} here?", both, there, icon=widgets.ICONS["why"])
