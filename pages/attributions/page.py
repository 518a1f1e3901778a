"""Attributions: the same images through the eyes of several models, or of several layers of one."""

import streamlit as st

from depara_core.agreement import Agreement
from depara_core.comparison import Comparison
from depara_core.formatting import number, short_name
from depara_core.grids import grid_text
from depara_core.selection import few_probes
from pages.attributions import table, takeaway
from pages.attributions.selection import SORTS, VIEWS, Attributions
from pages.shared import cache, comparisons, selection, text, widgets
from pages.shared.parts import MAPS, Data, Look

SCALES = {"own": "One for each map", "shared": "One for all maps"}


def compare_models(comparison: Comparison, place: st.delta_generator.DeltaGenerator) -> tuple[Agreement, Agreement]:
    """Choose the models: the reference first, the others from most to least alike.

    Returns the agreement of all models, which says who is most and least alike, and that of the columns shown.
    """
    models, (source, target) = list(comparison.models), comparisons.pair(comparison)
    with place:
        name = widgets.choose_model("Reference", "target", "attributions.target", models, default=target)
        reference = comparison.of(name)[0]
        everyone = cache.agreement(comparison.graphs, reference, comparison.grid)
        ranked = everyone.ranked
        shown = [model for model in selection.read(Attributions).shown if model in models]
        if not shown:
            shown = list(dict.fromkeys([*table.first_columns([graph.model for graph in ranked]), source]))
        always = {graph.model for graph in ranked[:2]}
        with st.popover(f"{len(always.union(shown))} of {len(models)} models", icon=":material/checklist:"):
            st.multiselect(
                "Models shown",
                models,
                format_func=short_name,
                **selection.bind(Attributions, "shown", "attributions.shown", shown, store=tuple),
            )
            st.caption(
                "The reference and the model most like it are always shown. Columns go from most to least alike."
            )
        choose_looks()
    graphs = tuple(graph for graph in ranked if graph.model in always.union(shown))
    return everyone, cache.agreement(graphs, reference, comparison.grid)


def compare_layers(comparison: Comparison, place: st.delta_generator.DeltaGenerator) -> tuple[Agreement, Agreement]:
    """Choose the model and have all its layers computed, from input to output: the last is the reference.

    All layers are shown: what is returned for all and for the columns shown is the same.
    """
    with place:
        source, _ = comparisons.pair(comparison)
        model = widgets.choose_model("Model", "source", "attributions.source", comparison.models, default=source)
        choose_looks()
    graphs = comparisons.require(selection.read(Data), layers=("all",), models=(model,)).of(model)
    found = cache.agreement(graphs, graphs[-1], comparison.grid)
    return found, found


def choose_looks() -> None:
    """Draw the order of the probes and how maps are painted."""
    order = selection.bind(Attributions, "sort", "attributions.sort")
    st.selectbox("Images", list(SORTS), format_func=SORTS.__getitem__, **order)
    painted = selection.bind(Look, "maps", "attributions.maps")
    st.segmented_control("Show", list(MAPS), format_func=MAPS.__getitem__, **painted)
    with st.popover("Display", icon=":material/contrast:"):
        st.slider("Opacity of the maps", 0.0, 1.0, step=0.05, **selection.bind(Look, "opacity", "attributions.opacity"))
        st.radio(
            "Colour scale",
            list(SCALES),
            horizontal=True,
            format_func=SCALES.__getitem__,
            help="One for all: equally strong colours are equal values. One for each: every map reaches full colour.",
            **selection.bind(Look, "scale", "attributions.scale"),
        )
        exact = selection.bind(Look, "sharp", "attributions.sharp")
        st.toggle(
            "Pixel-exact",
            help="Each value of the map as one square, not softened for the eye, and no contour.",
            **exact,
        )


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
    widgets.header(title if by_layer else "What do these networks look at?", answer)


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
    everyone, found = (compare_layers if by_layer else compare_models)(comparison, ours)
    with heading:
        headline(everyone, by_layer, comparison)
    with place:
        drawn, told = table.draw(comparison, found, by_layer)
        widgets.links(graphs="Which images do they find alike?", models="Compare all models", layers="At which layer?")
    with heading:
        takeaway.draw(comparison, found.graphs, found.reference, drawn, told)


main()
