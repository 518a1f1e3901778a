"""Panorama: the paper's Figure 2, alive. All models in the order of the task tree, each with its maps and its graph."""

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

import depara_core as depara
from depara_core import drawings, explanation, exports, tour
from depara_core.comparison import Comparison
from depara_core.figures import panorama, probe_graphs, theme, trees
from depara_core.formatting import score, short_name
from depara_core.grids import grid_text
from depara_core.task_tree import closest_pair, first_fork
from pages.attributions.selection import Attributions
from pages.panorama import lineup
from pages.panorama.columns import Heading, Tree, columns
from pages.panorama.selection import Panorama
from pages.shared import cache, charts, comparisons, downloads, selection, text, widgets
from pages.shared.cache import Graphs
from pages.shared.image_table import legend
from pages.shared.selection import Data, Look, Pair

QUESTION = "What do related tasks look at, and which images do they find alike?"
COLUMNS = 40  # models shown at first: more are too many to look through
NAMED = 3  # models named on one side of the fork
MAP, IMAGE = 96, 64  # pixels of a map, and of a node's picture
AXIS = "distance 1\u00a0−\u00a0S\u00a0/\u00a0(1\u00a0+\u00a0λ)"


def controls(models: tuple[str, ...], chosen: tuple[str, str], count: int) -> tuple[float, set[str]]:
    """Draw the controls in one row, and return lambda and the models shown, the chosen pair always among them."""
    look = selection.read(Look)
    with st.container(horizontal=True, vertical_alignment="bottom", key="panorama-controls"):
        with st.container(width=330):
            lam = widgets.lam_slider("panorama.lam")
        painted = selection.bind(Look, "maps", "panorama.maps")
        st.segmented_control("Maps", ["signed", "magnitude"], format_func=str.capitalize, **painted)
        with st.popover("Drawing", icon=":material/hub:"):
            near = selection.bind(Look, "neighbours", "panorama.neighbours", min(12, look.neighbours))
            st.slider("Strongest neighbours of each image", 1, 12, **near)
            most = min(probe_graphs.MAX_THUMBNAILS, count)
            if most > 4:
                drawn = selection.bind(Look, "drawn", "panorama.drawn", max(4, min(look.drawn, most)))
                st.slider("Images drawn", 4, most, **drawn)
        shown = tuple(model for model in selection.read(Panorama).shown if model in models)
        if len(shown) < 2:
            shown = tuple(models[k] for k in tour.spread(len(models), COLUMNS))
        with st.popover(f"{len({*shown, *chosen})} of {len(models)} models", icon=":material/checklist:"):
            st.multiselect(
                "Models shown",
                models,
                format_func=short_name,
                **selection.bind(Panorama, "shown", "panorama.shown", list(shown), store=tuple),
            )
            st.caption("At least two. The pair under the lens is always shown.")
    return lam, {*shown, *chosen}


def answer(graphs: Graphs, matrix: depara.SimilarityMatrix, tree: np.ndarray, lam: float) -> str:
    """Say which two models are closest, and which fall apart first."""
    names = [text.model(graph.model) for graph in graphs]
    one, other = closest_pair(tree)
    few, many = first_fork(tree)
    apart = [f"**{names[i]}**" for i in few[:NAMED]]
    apart += [f"{len(few) - NAMED} more"] if len(few) > NAMED else []
    side = " and ".join(filter(None, (", ".join(apart[:-1]), apart[-1])))
    rest = f"**{names[many[0]]}**" if len(many) == 1 else f"the other {len(many)}"
    return (
        f"Closest: **{names[one]}** and **{names[other]}**, S = :violet[**{score(matrix.total(lam)[one, other])}**]. "
        f"First to part, at the top of the tree: {side} from {rest}."
    )


def draw_columns(
    comparison: Comparison,
    graphs: Graphs,
    drawn: list[drawings.Drawing],
    tree: np.ndarray,
    chosen: tuple[str, str],
) -> tuple[tuple[int, ...], list[list[bytes | None]]]:
    """Draw the models in the order of the tree, answer a click, and return the probes with their maps as PNGs."""
    probes, dark, at = comparison.probes, widgets.dark(), lineup.ends(len(comparison.probes))
    indices, shown = [int(i) for i in drawn[0].probes], lineup.rows(lineup.sample(graphs[0]), at)
    maps = lineup.maps(probes, graphs, shown, MAP)
    order = trees.tree_order(tree)
    groups = {spec.id: spec.group for spec in comparison.specs}
    colours = theme.group_colours([groups[graph.model] for graph in graphs], dark=dark)
    clicked = columns(
        "panorama.columns",
        [_heading(graphs[m].model, colours[groups[graphs[m].model]], chosen) for m in order],
        [drawn[m] for m in order],
        explanation.across_models([graphs[m] for m in order], indices, probes.names),
        [cache.thumbnail(probes, i, IMAGE) for i in indices],
        [(indices.index(i), [line[m] for m in order]) for i, line in zip(shown, maps, strict=True)],
        tree=Tree(trees.branches(tree).round(4).tolist(), score(float(tree[-1, 2])), AXIS, "Task tree"),
        groups=list(colours.items()),
        legend=legend(signed=selection.read(Look).maps == "signed", dark=dark),
        selected=indices.index(at[0]),
        other=None if at[1] is None else indices.index(at[1]),
        label="Models in the order of the task tree",
    )
    if clicked is not None:
        _answer(clicked, indices, [graphs[m].model for m in order], chosen)
    return shown, maps


def _heading(model: str, colour: str, chosen: tuple[str, str]) -> Heading:
    mark = {chosen[0]: "source", chosen[1]: "target"}.get(model, "")
    hint = model if mark == "target" else f"Make {model} the target, and the present target the source"
    return Heading(short_name(model), hint, colour, mark)


def _answer(
    clicked: tuple[str, int, int | None], indices: list[int], models: list[str], chosen: tuple[str, str]
) -> None:
    """Select the probe or the pair that was clicked; a model becomes the target, and the target the source."""
    kind, place, second = clicked
    if kind != "model":
        selection.update(Pair, probe=indices[place], other_probe=None if second is None else indices[second])
    elif models[place] != chosen[1]:
        selection.update(Pair, source=chosen[1], target=models[place])
    st.rerun()


def evidence(matrix: depara.SimilarityMatrix, models: tuple[str, ...], chosen: tuple[str, str], lam: float) -> None:
    """Show the numbers of the pair under the lens, with the ways to its evidence."""
    a, b = chosen
    row, column = models.index(a), models.index(b)
    st.markdown(text.sum_of(a, b, float(matrix.node[row, column]), float(matrix.edge[row, column]), lam))
    here = replace(selection.read(Pair), source=a, target=b, source_layer="output", target_layer="output")
    side_by_side = replace(selection.read(Attributions), view="models")
    icon = widgets.ICONS["attributions"]
    with st.container(horizontal=True, key="panorama-links", gap="medium"):
        selection.link("why", "Why?", here, icon=widgets.ICONS["why"])
        selection.link("attributions", "See where they look", here, side_by_side, icon=icon)
        selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])


def take_away(
    comparison: Comparison,
    graphs: Graphs,
    drawn: list[drawings.Drawing],
    tree: np.ndarray,
    maps: tuple[tuple[int, ...], list[list[bytes | None]]],
    target: str,
    lam: float,
) -> None:
    """Offer the numbers of the drawn graphs, the whole as a figure, and the Python behind it."""
    probes, dark, indices = comparison.probes, widgets.dark(), [int(i) for i in drawn[0].probes]
    origin = exports.provenance(graphs, probes=probes, lam=lam, grid=comparison.grid)
    specs = {spec.id: spec for spec in comparison.specs}
    names, groups = [graph.model for graph in graphs], [specs[graph.model].group for graph in graphs]
    images = [cache.thumbnail(probes, i, 112) for i in maps[0]]
    figure = partial(panorama.panorama, tree, names, groups, images, maps[1], drawn, dark=dark)
    with downloads.popover("panorama", camera=False):
        table = partial(exports.drawn_pairs, graphs, indices, probes)
        downloads.row("Cosines of the drawn pairs, by model", downloads.tables("panorama-cosines", table, origin))
        table = partial(exports.drawn_places, graphs, drawn, probes)
        downloads.row("Where the images are drawn", downloads.tables("panorama-positions", table, origin))
        page = downloads.figure_page("panorama", "Panorama", "Panorama of the models", figure, origin)
        downloads.row("Figure, to save as PNG or SVG", [page])
        code = [(specs[graph.model], "output") for graph in graphs]
        downloads.row("The same from Python", [downloads.script("models", code, comparison, target=target, lam=lam)])


def main() -> None:
    """Draw the page."""
    head = st.container()
    comparison = comparisons.require(selection.read(Data), layers="output", before=lambda: widgets.header(QUESTION))
    if len(comparison.models) < 2:
        with head:
            widgets.header(QUESTION)
        widgets.empty("One model alone has no columns to compare.", "Choose at least two models.", page="setup")
        return
    chosen = lineup.pair(
        comparison.models, cache.matrix(comparison.graphs, grid=comparison.grid), selection.read(Pair).lam
    )
    lam, shown = controls(comparison.models, chosen, len(comparison.probes))
    lineup.fallbacks(comparison, chosen)
    graphs = tuple(graph for graph in comparison.graphs if graph.model in shown)
    matrix = cache.matrix(graphs, grid=comparison.grid)
    tree, drawn = cache.tree(matrix, lam), lineup.graph_drawings(graphs)
    told = (
        "**Tree**: models that join lower are more alike. **Maps**: colour says which pixels the feature rests on. "
        "**Graphs**: near = alike, all turned the same way. Point at an image or a line to see it in every model; "
        f"click to select it. Click a name to make it the target. {grid_text(comparison.grid).capitalize()}."
    )
    with widgets.card("Models in the order of the task tree", told, key="card-panorama"):
        maps = draw_columns(comparison, graphs, drawn, tree, chosen)
        evidence(matrix, tuple(graph.model for graph in graphs), chosen, lam)
    with head, st.container(horizontal=True):
        widgets.header(QUESTION, answer(graphs, matrix, tree, lam))
        take_away(comparison, graphs, drawn, tree, maps, chosen[1], lam)
    charts.silent(graphs)


main()
