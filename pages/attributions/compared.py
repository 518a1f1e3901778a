"""What the Attributions page compares: several models, or the layers of one; and how their maps are painted."""

import streamlit as st

from depara_core.agreement import Agreement
from depara_core.comparison import Comparison
from depara_core.formatting import short_name
from pages.attributions import table
from pages.attributions.selection import SORTS, Attributions
from pages.shared import cache, comparisons, selection, widgets
from pages.shared.parts import MAPS, Data, Look

SCALES = {"own": "One for each map", "shared": "One for all maps"}


def by_model(comparison: Comparison, place: st.delta_generator.DeltaGenerator) -> tuple[Agreement, Agreement]:
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
        _choose_looks()
    graphs = tuple(graph for graph in ranked if graph.model in always.union(shown))
    return everyone, cache.agreement(graphs, reference, comparison.grid)


def by_layer(comparison: Comparison, place: st.delta_generator.DeltaGenerator) -> tuple[Agreement, Agreement]:
    """Choose the model and have all its layers computed, from input to output: the last is the reference.

    All layers are shown: what is returned for all and for the columns shown is the same.
    """
    with place:
        source, _ = comparisons.pair(comparison)
        model = widgets.choose_model("Model", "source", "attributions.source", comparison.models, default=source)
        _choose_looks()
    graphs = comparisons.require(selection.read(Data), layers=("all",), models=(model,)).of(model)
    found = cache.agreement(graphs, graphs[-1], comparison.grid)
    return found, found


def _choose_looks() -> None:
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
