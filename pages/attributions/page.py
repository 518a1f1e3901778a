"""Attributions: the same images through the eyes of several models, or of several layers of one."""

import streamlit as st

from depara_core.agreement import Agreement
from depara_core.comparison import Comparison
from depara_core.formatting import number
from depara_core.grids import grid_text
from depara_core.selection import few_probes
from pages.attributions import checks, compared, table, takeaway
from pages.attributions.selection import VIEWS, Attributions
from pages.shared import comparisons, selection, text, widgets
from pages.shared.parts import Data
from pages.shared.titles import QUESTIONS


def headline(found: Agreement, by_layer: bool, comparison: Comparison) -> None:
    """Draw the question and, as its answer, who of all in `found` looks at the same pixels as the reference."""
    count = len(found.reference)
    others = found.ranked[1:]
    answer = f"{count} images. Choose a second {'layer' if by_layer else 'model'} to compare."
    if len(others) == 1:
        own, other = (text.plain(table.name(graph, by_layer)) for graph in (found.reference, others[0]))
        answer = (
            f"*{own}* and {other}: s_V = :blue[**{number(found.means[found.graphs.index(others[0])])}**] · "
            f"mean over {count} images · {grid_text(comparison.grid)}"
        )
    elif others:
        mean = dict(zip(found.graphs, found.means, strict=True))
        own, best, least = (
            text.plain(table.name(graph, by_layer)) for graph in (found.reference, others[0], others[-1])
        )
        answer = (
            f"Most like *{own}*: {best}, s_V = :blue[**{number(mean[others[0]])}**] · least: {least}, "
            f":blue[**{number(mean[others[-1]])}**] · mean over {count} images · {grid_text(comparison.grid)}"
        )
    if others and (few := few_probes(count)):
        answer += f" · {few}"
    title = f"What does each layer of *{text.model(found.reference.model)}* look at?"
    widgets.header(title if by_layer else QUESTIONS["attributions"], answer)


def main() -> None:
    """Draw the page."""
    by_layer, data = selection.read(Attributions).view == "layers", selection.read(Data)
    heading, controls, place = st.container(horizontal=True), st.container(), st.container()
    with controls:
        ours = st.container(horizontal=True, vertical_alignment="bottom", key="attribution-controls")
    with ours:
        view = selection.bind(Attributions, "view", "attributions.view")
        st.segmented_control("Compare", list(VIEWS), format_func=VIEWS.__getitem__, **view)
    with heading:
        comparison = comparisons.require(data, layers=("output",))
    with controls:
        widgets.not_here(widgets.unknown_models(comparison.models, *comparisons.pair(comparison)))
    everyone, found = (compared.by_layer if by_layer else compared.by_model)(comparison, ours)
    with heading:
        headline(everyone, by_layer, comparison)
    with place:
        drawn, told = table.draw(comparison, found, by_layer)
        checks.card(comparison, found.reference)
        widgets.links(graphs="Which images do they find alike?", models="Compare all models", layers="At which layer?")
    with heading:
        takeaway.draw(comparison, found.graphs, found.reference, drawn, told)


main()
