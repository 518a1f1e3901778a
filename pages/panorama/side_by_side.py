"""The card of the Panorama page: the models side by side, and the numbers of the pair under the lens."""

from dataclasses import replace

import streamlit as st

from depara_core import explanation
from depara_core.figures import theme, trees
from depara_core.formatting import score, short_name
from depara_core.grids import grid_text
from pages.attributions.selection import Attributions
from pages.panorama.columns import ColumnHeading, Tree, columns
from pages.panorama.lineup import Lineup
from pages.shared import cache, selection, text, where, widgets
from pages.shared.legends import legend
from pages.shared.parts import Look, Pair

IMAGE = 64  # pixels of a node's picture
AXIS = "distance 1\u00a0−\u00a0S\u00a0/\u00a0(1\u00a0+\u00a0λ)"


def draw(lineup: Lineup) -> None:
    """Draw the card, and answer a click."""
    told = (
        "**Tree**: models that join lower are more alike. **Maps**: colour says which pixels the feature rests on. "
        "**Graphs**: near = alike, all turned the same way. Point at an image or a line to see it in every model; "
        f"click to select it. Click a name to make it the target. {grid_text(lineup.comparison.grid).capitalize()}."
    )
    with widgets.card("Models in the order of the task tree", told, key="card-panorama"):
        _draw_columns(lineup)
        _draw_pair(lineup)


def _draw_columns(lineup: Lineup) -> None:
    """Draw the models in the order of the tree."""
    probes, graphs, drawn, dark = lineup.probes, lineup.graphs, lineup.drawn, widgets.dark()
    order, (selected, other) = trees.tree_order(lineup.tree), lineup.selected
    colours = theme.group_colours(lineup.groups, dark=dark)
    branches = trees.branches(lineup.tree).round(4).tolist()
    clicked = columns(
        "panorama.columns",
        [_heading(lineup, lineup.models[m], colours[lineup.groups[m]]) for m in order],
        [lineup.drawings[m] for m in order],
        explanation.across_models([graphs[m] for m in order], drawn, probes.names),
        [cache.thumbnail(probes, i, IMAGE) for i in drawn],
        [(drawn.index(i), [row[m] for m in order]) for i, row in zip(lineup.rows, lineup.maps, strict=True)],
        tree=Tree(branches, score(float(lineup.tree[-1, 2])), AXIS, "Task tree"),
        groups=list(colours.items()),
        legend=legend(signed=selection.read(Look).maps != "magnitude", dark=dark),
        selected=drawn.index(selected),
        other=None if other is None else drawn.index(other),
        label="Models in the order of the task tree",
    )
    if clicked is not None:
        _answer(lineup, [lineup.models[m] for m in order], *clicked)


def _heading(lineup: Lineup, model: str, colour: str) -> ColumnHeading:
    mark = {lineup.source: "source", lineup.target: "target"}.get(model, "")
    hint = model if mark == "target" else f"Make {model} the target, and the present target the source"
    return ColumnHeading(short_name(model), " ".join(filter(None, (cache.summary(model), hint))), colour, mark)


def _answer(lineup: Lineup, models: list[str], kind: str, place: int, second: int | None) -> None:
    """Select the probe or the pair that was clicked; a model becomes the target, and the target the source."""
    if kind != "model":
        other = None if second is None else lineup.drawn[second]
        selection.update(Pair, probe=lineup.drawn[place], other_probe=other)
    elif models[place] != lineup.target:
        selection.update(Pair, source=lineup.target, target=models[place])
    st.rerun()


def _draw_pair(lineup: Lineup) -> None:
    """Show the numbers of the pair under the lens, with the ways to its evidence."""
    at = tuple(lineup.models.index(model) for model in (lineup.source, lineup.target))
    node, edge = (float(values[at]) for values in (lineup.matrix.node, lineup.matrix.edge))
    st.markdown(text.sum_of(lineup.source, lineup.target, node, edge, lineup.lam))
    one, other = (lineup.graphs[place] for place in at)
    where.draw("panorama.where", lineup.comparison, one, other, largest=110)
    pair = selection.read(Pair)
    here = replace(pair, source=lineup.source, source_layer="output", target=lineup.target, target_layer="output")
    models = replace(selection.read(Attributions), view="models")
    icon = widgets.ICONS["attributions"]
    with st.container(horizontal=True, key="panorama-links", gap="medium"):
        selection.link("why", "Why?", here, icon=widgets.ICONS["why"])
        selection.link("attributions", "See where they look", here, models, icon=icon)
        selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])
