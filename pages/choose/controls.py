"""The controls of the Choose page: what candidates are compared with, and what to do where nothing tells them apart."""

from dataclasses import replace

import streamlit as st

from depara_core.choice import example
from pages.choose.computed import Asked
from pages.choose.selection import AGAINST, Choose
from pages.shared import comparisons, selection, widgets
from pages.shared.parts import Data, Pair


def choose(data: Data) -> Asked:
    """Draw what candidates are compared with in one row, and return what is asked for."""
    mine, (known, unknown) = selection.read(Choose), comparisons.specs(data.models)
    left, middle, right = st.columns([1.6, 1.2, 1.4], vertical_alignment="bottom")
    with left:
        bound = selection.bind(Choose, "against", "choose.against")
        st.segmented_control("Compare with", list(AGAINST), format_func=AGAINST.__getitem__, required=True, **bound)
    asked = Asked(data, known, unknown, mine.against != "none", None, 1.0)
    if mine.against != "network" or len(known) < 2:
        return asked
    models = [spec.id for spec in known]
    with middle:
        target = widgets.choose_model("Network", "target", "choose.target", models, default=comparisons.TARGET)
    with right:
        lam = widgets.lam_slider("choose.lam")
    candidates = tuple(spec for spec in known if spec.id != target)
    aim = known[models.index(target)]
    return replace(asked, candidates=candidates, target=aim, lam=lam)


def without_labels() -> None:
    """Say that nothing is known of the task, and what to do: labels, a network, or an example that has labels."""
    with widgets.card("Nothing tells these candidates apart for a task", key="choose-empty"):
        st.caption(
            "The scores read labels, or a network trained on the target. Put your images into a folder a class (or a "
            "CSV with the columns path and label) and choose it in Setup; or compare with a trained network; or look "
            "at an example."
        )
        with st.container(horizontal=True):
            st.button(
                "Show a labelled example",
                key="choose.example",
                type="primary",
                help="12 small networks on 200 photographs of clothes, all bundled.",
                on_click=_show_example,
            )
            network = selection.click(Choose, against="network")
            st.button("Compare with a trained network", key="choose.network", **network)
            selection.link("setup", "Choose images in Setup", icon=widgets.ICONS["setup"])


def _show_example() -> None:
    selection.update(Data, models=example.CANDIDATES, probes=example.IMAGES, count=example.COUNT)
    selection.update(Choose, against="labels", measured=True)
    selection.update(Pair, target="")
