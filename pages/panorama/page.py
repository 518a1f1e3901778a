"""Panorama: the paper's Figure 2, alive. All models in the order of the task tree, each with its maps and its graph."""

from typing import Any

import streamlit as st

import depara_core as depara
from depara_core import tour
from depara_core.comparison import Comparison
from depara_core.figures import probe_graphs
from depara_core.formatting import score, short_name
from depara_core.selection import few_probes
from depara_core.task_tree import closest_pair, first_fork
from pages.panorama import side_by_side, takeaway
from pages.panorama.lineup import Lineup
from pages.panorama.selection import Panorama
from pages.shared import charts, comparisons, selection, text, widgets
from pages.shared.cache import Graphs
from pages.shared.parts import MAPS, Data, Look, Pair
from pages.shared.titles import QUESTIONS

QUESTION = QUESTIONS["panorama"]
COLUMNS = 40  # models shown at first: more are too many to look through
NAMED = 3  # models named on one side of the fork


def choose(comparison: Comparison) -> Lineup:
    """Draw the controls in one row, and return what is chosen, the pair under the lens always among it."""
    source, target = comparisons.pair(comparison, distinct=True)
    with st.container(horizontal=True, vertical_alignment="bottom", key="panorama-controls"):
        with st.container(width=330):
            lam = widgets.lam_slider("panorama.lam")
        painted = selection.bind(Look, "maps", "panorama.maps")
        st.segmented_control("Maps", list(MAPS), format_func=MAPS.__getitem__, **painted)
        with st.popover("Drawing", icon=":material/hub:"):
            choose_drawing(len(comparison.probes))
        shown = choose_models(comparison.models, {source, target})
    tell_unknown(comparison, source, target)
    graphs = tuple(graph for graph in comparison.graphs if graph.model in shown)
    return Lineup(comparison, graphs, source, target, lam)


def choose_drawing(count: int) -> None:
    """Draw how many images and neighbours are shown."""
    look = selection.read(Look)
    near = selection.bind(Look, "neighbours", "panorama.neighbours", min(12, look.neighbours))
    st.slider("Strongest neighbours of each image", 1, 12, **near)
    most = min(probe_graphs.MAX_THUMBNAILS, count)
    if most > 4:
        drawn = selection.bind(Look, "drawn", "panorama.drawn", max(4, min(look.drawn, most)))
        st.slider("Images drawn", 4, most, **drawn)


def choose_models(models: tuple[str, ...], pair: set[str]) -> set[str]:
    """Choose the models with a column: at least two, and the pair."""
    shown = [model for model in selection.read(Panorama).shown if model in models]
    if len(shown) < 2:
        shown = [models[k] for k in tour.spread(len(models), COLUMNS)]
    with st.popover(f"{len({*shown, *pair})} of {len(models)} models", icon=":material/checklist:"):
        bound = selection.bind(Panorama, "shown", "panorama.shown", shown, store=tuple)
        st.multiselect("Models shown", models, format_func=short_name, **bound)
        st.caption("At least two. The pair under the lens is always shown.")
    return {*shown, *pair}


def tell_unknown(comparison: Comparison, source: str, target: str) -> None:
    """Tell what the address names that is not here, and what is shown in its place."""
    pair, models = selection.read(Pair), comparison.models
    wrong = widgets.unknown_models(models, source, target)
    wrong += [(model, "model", "it has no column") for model in selection.read(Panorama).shown if model not in models]
    layers = {spec.id: spec.layers for spec in comparison.specs}
    for layer, model in ((pair.source_layer, source), (pair.target_layer, target)):
        if layer != "output" and layer not in layers[model]:
            wrong.append((layer, f"layer of {model}", "this page shows the output of every model"))
    widgets.not_here([*wrong, *widgets.unknown_probes(len(comparison.probes))])


def answer(graphs: Graphs, matrix: depara.SimilarityMatrix, tree: Any, lam: float) -> str:
    """Say which two models are closest, and which fall apart first; `tree` as `task_tree` returns it."""
    names = [text.model(graph.model) for graph in graphs]
    one, other = closest_pair(tree)
    few, many = first_fork(tree)
    apart = [f"**{names[i]}**" for i in few[:NAMED]]
    apart += [f"{len(few) - NAMED} more"] if len(few) > NAMED else []
    side = " and ".join(filter(None, (", ".join(apart[:-1]), apart[-1])))
    rest = f"**{names[many[0]]}**" if len(many) == 1 else f"the other {len(many)}"
    return (
        f"Closest: **{names[one]}** and **{names[other]}**, S = :violet[**{score(matrix.total(lam)[one, other])}**]. "
        f"First to part, at the top of the tree: {side} from {rest}. {few_probes(len(graphs[0]))}"
    ).rstrip()


def main() -> None:
    """Draw the page."""
    selection.read(Panorama)  # before the page waits: what is never read counts as unknown
    data, head = selection.read(Data), st.container()
    comparison = comparisons.require(data, layers="output", before=lambda: widgets.header(QUESTION))
    if len(comparison.models) < 2:
        with head:
            widgets.header(QUESTION)
        widgets.empty("One model alone has no columns to compare.", "Choose at least two models.", page="setup")
        return
    lineup = choose(comparison)
    side_by_side.draw(lineup)
    with head, st.container(horizontal=True):
        widgets.header(QUESTION, answer(lineup.graphs, lineup.matrix, lineup.tree, lineup.lam))
        takeaway.draw(lineup)
    charts.silent(lineup.graphs)


main()
