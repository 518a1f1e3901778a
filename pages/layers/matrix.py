"""The second card of the Layers page: every layer of the source against every layer of the target."""

from dataclasses import replace

import streamlit as st

from depara_core.figures import matrices
from depara_core.formatting import short_name
from depara_core.grids import grid_text
from pages.layers.pair import LayerPair
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.parts import Pair


def draw(shown: LayerPair) -> None:
    """Draw every layer against every layer; a click chooses both."""
    rows, columns = ([graph.layer for graph in side] for side in (shown.matrix.rows, shown.matrix.columns))
    pair = selection.read(Pair)
    inside = pair.source_layer in rows and pair.target_layer in columns
    selected = (rows.index(pair.source_layer), columns.index(pair.target_layer)) if inside else None

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source_layer=rows[int(place[0])], target_layer=columns[int(place[1])])

    reading = (
        "Bright = alike. Violet: the recommended cut against the target's output. Click a cell to choose it. "
        f"{grid_text(shown.comparison.grid).capitalize()}."
    )
    if shown.worth:
        reading += " Beside each of the source's layers: the accuracy measured for a cut there, with the most labels."
    with widgets.card("All layers of both", reading, key="card-layers"):
        figure = matrices.layer_heatmap(
            shown.matrix.total(shown.lam),
            rows,
            columns,
            source=short_name(shown.source),
            target=short_name(shown.target),
            best=(rows.index(shown.cut), columns.index(shown.goal.layer)),
            selected=selected,
            parts={"s_V": shown.matrix.node, "s_E": shown.matrix.edge},
            notes=shown.worth,
            dark=widgets.dark(),
        )
        charts.chart(figure, shown.key("matrix"), clicked)
        with st.expander(f"All {len(rows) * len(columns)} pairs of layers as a table"):
            pairs = cache.ranked_pairs(shown.matrix, shown.lam)

            def chosen(row: int) -> None:
                ends = {end: str(pairs[end].iloc[row]) for end in ("source_layer", "target_layer")}
                selection.update(Pair, **ends)

            charts.table(pairs.drop(columns=["source", "target"]), shown.key("pairs"), chosen)
        if selected and pair.target_layer != shown.goal.layer:
            _draw_pair(shown, *selected)


def _draw_pair(shown: LayerPair, row: int, column: int) -> None:
    """Show the numbers of a cell beside the target's output, with the ways to its evidence and back."""
    source, target = shown.matrix.rows[row], shown.matrix.columns[column]
    node, edge = (float(values[row, column]) for values in (shown.matrix.node, shown.matrix.edge))
    one, other = (text.plain(graph.layer) for graph in (source, target))
    st.markdown(f"**{one}** and **{other}** of the target: {text.parts(node, edge, shown.lam)}")
    here = replace(
        selection.read(Pair),
        source=source.model,
        source_layer=source.layer,
        target=target.model,
        target_layer=target.layer,
    )
    with st.container(horizontal=True, key="layers-pair-links", gap="medium"):
        selection.link("why", "Why these two layers?", here, icon=widgets.ICONS["why"])
        selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])
        output = selection.click(Pair, target_layer=shown.goal.layer)
        st.button("Back to the target's output", key="layers.output", **output)
