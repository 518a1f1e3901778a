"""What the Graphs page lets the reader take away."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from depara_core import exports
from depara_core.comparison import Comparison
from depara_core.formatting import short_name
from pages.shared import downloads, selection, targets
from pages.shared.cache import Graphs
from pages.shared.downloads import Download
from pages.shared.parts import Look


def draw(comparison: Comparison, shown: Graphs, drawn: Sequence[Any]) -> None:
    """Offer the graphs for graph tools, their drawings and the Python behind them."""
    names, neighbours = comparison.probes.names, selection.read(Look).neighbours
    by_id = {spec.id: spec for spec in comparison.specs}
    ends = [(by_id[graph.model], graph.layer) for graph in shown if graph.model in by_id]
    goal = next((targets.script(graph) for graph in shown if graph.edges_only), None)
    with downloads.popover("graphs"):
        for place, graph in enumerate(shown):
            file = exports.slug("graph" if len(shown) == 1 else f"graph-{'ab'[place]}", graph.model, graph.layer)
            files = [
                Download(
                    form.label,
                    f"{file}.{suffix}",
                    form.mime,
                    partial(exports.network_file, graph, suffix, neighbours=neighbours, names=names),
                )
                for suffix, form in exports.GRAPH_FORMATS.items()
            ]
            title = f"Graph of {short_name(graph.model)} at {graph.layer}"
            origin = exports.provenance([graph], probes=comparison.probes)
            picture = partial(drawn.__getitem__, place)
            drawing = downloads.figure_page(f"{file}-drawing", "Drawing", title, picture, origin)
            downloads.row(title, [*files, drawing])
        st.caption(f"Each image is tied to its {neighbours} strongest neighbours, as in the drawing.")
        downloads.row(
            "The same from Python", [downloads.script("graphs", ends, comparison, goal=goal, neighbours=neighbours)]
        )
