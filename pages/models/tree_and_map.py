"""The second row of the Models page: the tree of all models, and their map."""

from typing import Any

import streamlit as st

from depara_core.figures import trees
from pages.models.compared import Compared
from pages.shared import cache, charts, selection, widgets
from pages.shared.parts import Pair


def draw(shown: Compared) -> None:
    """Draw both side by side; a click on a model makes it the target."""
    models, groups = shown.models, list(shown.groups.values())
    look: dict[str, Any] = {"target": shown.at[1], "dark": widgets.dark()}

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, target=models[int(place[0])])

    left, right = st.columns(2)
    reading = "Models that join further right are more alike. Click a leaf to make it the target."
    with left, widgets.card("Task tree", reading, key="card-tree"):
        tree = trees.dendrogram(cache.tree(shown.matrix, shown.lam), models, groups, **look)
        charts.chart(tree, shown.key("tree"), clicked)
    reading = "Near is alike: the best flat picture of all S at once. Click a model to make it the target."
    with right, widgets.card("Map of models", reading, key="card-map"):
        plane = trees.model_map(cache.model_map(shown.matrix, shown.lam), models, groups, **look)
        charts.chart(plane, shown.key("map"), clicked)
