"""The trees on the Evaluate page: that of measured transfer beside that of S."""

from typing import Any

import streamlit as st

from depara_core.evaluation import measured_tree
from pages.evaluate.view import View
from pages.shared import cache, charts, selection, widgets
from pages.shared.cache.evaluation import dendrogram
from pages.shared.parts import Pair


def cards(view: View) -> None:
    """Draw both; a click on a model makes it the target."""
    left, right = st.columns(2)
    reading = "Models that join further right transfer well to each other, both ways together."
    with left, widgets.card("Task tree as measured", reading, key="measured-tree", height="stretch"):
        tree, models = measured_tree(view.transfer)
        _draw(view, tree, models, "distance of measured ranks, both directions (0–1)", "measured")
    reading = "Models that join further right have more alike graphs. The same families should stand together."
    with right, widgets.card("Task tree as predicted by S", reading, key="predicted-tree", height="stretch"):
        if view.scored.graphs:
            tree = cache.tree(view.scored.matrix, view.lam)
            _draw(view, tree, view.scored.models, "distance of graphs, 1 − S / (1 + λ)", "predicted")
        else:
            st.caption("It needs the models' graphs, which are not here: compute the scores on Robustness.")


def _draw(view: View, tree: Any, models: tuple[str, ...], axis: str, key: str) -> None:
    def clicked(place: charts.Place) -> None:
        selection.update(Pair, target=models[int(place[0])])

    target = view.chosen.target
    picture = dendrogram(
        tree,
        models,
        [view.groups[name] for name in models],
        axis=axis,
        dark=view.dark,
        target=models.index(target) if target in models else None,
    )
    charts.chart(picture, f"evaluate.{key}.{view.key}", clicked)
