"""The first card of the Models page: all pairs of models, and the numbers of the pair under the lens."""

from dataclasses import replace

import streamlit as st

from depara_core.figures import matrices, trees
from depara_core.grids import grid_text
from pages.attributions.selection import Attributions
from pages.models.compared import Compared
from pages.models.selection import VIEWS
from pages.shared import cache, charts, selection, text, where, widgets
from pages.shared.parts import Pair


def draw(shown: Compared, view: str) -> None:
    """Draw the card."""
    reading = (
        "In the order of the tree. Bright = likely to transfer; the target's row is framed. Click a cell for its pair. "
        f"{grid_text(shown.comparison.grid).capitalize()}."
    )
    with widgets.card("Similarity of all models", reading, key="card-matrix"):
        _draw_matrix(shown, view)
        _draw_table(shown)
        _draw_pair(shown)


def _draw_matrix(shown: Compared, view: str) -> None:
    """Draw all pairs in the order of the tree; a click puts the pair under the lens."""
    models, matrix, (row, column) = shown.models, shown.matrix, shown.at
    values, symbol = {"s_V": matrix.node, "s_E": matrix.edge, "S": matrix.total(shown.lam)}, VIEWS[view][1]

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source=models[int(place[1])], target=models[int(place[0])])

    figure = matrices.similarity_heatmap(
        values.pop(symbol),
        models,
        symbol=symbol,
        order=trees.tree_order(cache.tree(matrix, shown.lam)),
        target=column,
        selected=None if column is None else (column, row),
        groups=shown.groups,
        parts=values,
        axes=("target", "source"),
        dark=widgets.dark(),
    )
    charts.chart(figure, shown.key("matrix"), clicked)


def _draw_table(shown: Compared) -> None:
    """List all pairs, the most alike first: a row puts its pair under the lens, by the keyboard too."""
    with st.expander(f"All {len(shown.models) * (len(shown.models) - 1)} pairs as a table"):
        pairs = cache.ranked_pairs(shown.matrix, shown.lam)

        def chosen(row: int) -> None:
            selection.update(Pair, source=pairs["source"].iloc[row], target=pairs["target"].iloc[row])

        charts.table(pairs.drop(columns=["source_layer", "target_layer"]), shown.key("pairs"), chosen)


def _draw_pair(shown: Compared) -> None:
    """Show the numbers of the pair, with the ways to its evidence."""
    st.markdown(text.sum_of(shown.source, shown.target, *shown.parts, shown.lam))
    one, other = shown.ends
    where.draw("models.where", shown.comparison, one, other, largest=150)
    here = replace(selection.read(Pair), source=shown.source, target=shown.target)
    outputs = replace(here, source_layer="output", target_layer="output")
    side_by_side = replace(selection.read(Attributions), view="models")
    with st.container(horizontal=True, key="models-links", gap="small"):
        if shown.goal is None:
            icon = widgets.ICONS["attributions"]
            selection.link("attributions", "See where they look", here, side_by_side, icon=icon)
        selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])
        selection.link("layers", "At which layer?", here, icon=widgets.ICONS["layers"])
        selection.link("why", "Why?", outputs, icon=widgets.ICONS["why"])
