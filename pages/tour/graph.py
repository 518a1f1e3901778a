"""The tour's step about the graph: six nodes and all edges, drawn for two networks."""

import streamlit as st

from depara_core import tour
from depara_core.figures import probe_graphs
from pages.shared import cache, widgets
from pages.tour.stage import Place, Stage, ask, figure, image


def draw(stage: Stage, view: Place, turn: Place) -> None:
    """Six nodes and all edges, drawn for two networks."""
    count, total = len(stage.six), len(stage.probes)
    edges = len(tour.edge_table(stage.a, stage.b, stage.six))
    ask(
        turn,
        "graph",
        f"How many edges does a graph of {count} images have?",
        [str(n) for n in sorted({count, 2 * count, edges, count * count})],
        {str(edges)},
        f"every image is tied to every other, and an edge has two ends: {count} × {count - 1} / 2 = {edges}. "
        f"The {total} images of the whole comparison have {len(stage.b.ranks):,}.",
    )
    graphs = (stage.small(stage.a), stage.small(stage.b))
    drawings = cache.drawn_beside(graphs, tuple(range(count)), neighbours=count - 1)
    bounds = probe_graphs.extent(*(drawing.positions for drawing in drawings))
    with (
        view,
        widgets.card(
            "Two networks, two graphs",
            "The same six images at the same places in both; every line is an edge, thick where the network finds the "
            "two alike: what differs is what they find. Green: this network ranks the pair higher; purple: lower.",
            key="card-graph",
        ),
    ):
        images = stage.probes.images[list(stage.six)]
        for column, part, drawing in zip(st.columns(2), graphs, drawings, strict=True):
            drawn = probe_graphs.network(
                drawing.positions,
                drawing.pairs,
                drawing.strength,
                names=[image(k) for k in range(count)],
                images=images,
                disagreement=drawing.disagreement,
                selected=stage.place,
                bounds=bounds,
                dark=widgets.dark(),
            ).update_layout(height=380)
            with column:
                st.markdown(f"**{stage.name(part)}**")
                figure(
                    drawn,
                    f"tour.graph.{drawings.index(drawing)}",
                    f"Graph of {count} images and {len(drawing.pairs)} edges in {part.model}.",
                )
