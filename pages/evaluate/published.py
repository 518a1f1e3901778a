"""Cards of the Evaluate page that hold our results against others: measured trees, the published figures."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from depara_core.figures import published, trees
from pages.evaluate import layer_study, measured
from pages.evaluate.measured import View
from pages.evaluate.selection import Evaluate
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.selection import Pair

dendrogram = cache.figure(trees.dendrogram)
published_measures = cache.figure(published.published_measures)

STUDIES = {"saliency": "DEPARA-V", "RSA": "RSA"}  # methods of the later study that have a row here


def precision(table: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the published precision curves by our metrics' names: k, recall, precision."""
    ks, relevant = table["precision_k"], table["relevant"]
    return {
        table["methods"][method]: pd.DataFrame(
            {"k": ks, "precision": values, "recall": [k * p / relevant for k, p in zip(ks, values, strict=True)]}
        )
        for method, values in table["precision"].items()
    }


def trees_card(view: View) -> None:
    """Draw the tree of measured transfer beside the tree of S; a click on a model makes it the target."""
    material = view.material
    linkage, names = measured.measured_tree(material.world, view.budget, material.models)
    groups, target = measured.groups(material.world), view.chosen.target

    def draw(linkage: Any, names: tuple[str, ...], axis: str, key: str) -> None:
        def clicked(place: charts.Place) -> None:
            selection.update(Pair, target=names[int(place[0])])

        picture = dendrogram(
            linkage,
            names,
            [groups[name] for name in names],
            axis=axis,
            dark=view.dark,
            target=names.index(target) if target in names else None,
        )
        charts.chart(picture, f"evaluate.{key}.{material.key}", clicked)

    left, right = st.columns(2)
    reading = "Models that join further right transfer well to each other, both ways together."
    with left, widgets.card("Task tree as measured", reading, key="measured-tree", height="stretch"):
        draw(linkage, names, "distance of measured ranks, both directions (0–1)", "measured")
    reading = "Models that join further right have more alike graphs. The same families should stand together."
    with right, widgets.card("Task tree as predicted by S", reading, key="predicted-tree", height="stretch"):
        if material.graphs:
            models = tuple(graph.model for graph in material.graphs)
            matrix = cache.matrix(material.graphs, grid=material.grid)
            draw(cache.tree(matrix, view.lam), models, "distance of graphs, 1 − S / (1 + λ)", "predicted")
        else:
            st.caption("It needs the models, which are not here.")


def merits_card(view: View) -> None:
    """Draw the paper's table 1 beside our own figures."""
    table, found = layer_study.published("depara_models"), view.found
    methods = table["methods"]  # the paper's names -> ours
    rows = table["table"] + [
        {"method": method, "measure": "Spearman", "probes": "later study", "value": table["spearman"][name]}
        for name, method in STUDIES.items()
    ]
    mine = [
        {"method": method, "measure": name, **found.loc[(metric, name)].to_dict()}
        for method, metric in methods.items()
        for name in ("P@1", "P@5", "Spearman")
        if metric in view.looks
    ]
    reading = (
        "Filled: ours, with 95 % intervals over targets. Hollow: published, by the images the scores were computed on. "
        "Other models, other targets: near is encouraging, equal is chance. Click one of ours to look at its metric."
    )
    with widgets.card("The published figures beside ours", reading, key="published"):
        picture = published_measures(
            pd.DataFrame(mine, columns=["method", "measure", "mean", "low", "high"]),
            pd.DataFrame(rows),
            colours={method: view.every_look[metric].colour for method, metric in methods.items()},
            targets=(view.targets, int(table["table_targets"])),
            dark=view.dark,
        )

        def clicked(place: charts.Place) -> None:
            selection.update(Evaluate, metric=methods[str(place[0])], measure=str(place[1]))

        charts.chart(picture, f"evaluate.published.{view.key}", clicked)
        st.caption(f"{text.plain(table['source'])}. Spearman: {text.plain(table['spearman_source'])}.")
