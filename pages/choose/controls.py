"""The controls of the Choose page: what candidates are compared with, and what to do where nothing tells them apart."""

from dataclasses import replace

import streamlit as st

import depara_core as depara
from depara_core.choice import example
from pages.choose.computed import Asked
from pages.choose.selection import AGAINST, Choose
from pages.shared import cache, comparisons, selection, text, uploads, widgets
from pages.shared.parts import Data, Pair

MOST_BYTES = 64 * 2**20  # of a table or an embedding
TABLE = (
    "A CSV of image names and columns: classes, numbers, vectors such as [0.1, 0.2], or several rows an image, as "
    "boxes have. Or an .npz with *names* and *features* (vectors of the images, or of their labels), or *masks*. A "
    "column of classes stands in place of the images' labels; all else is compared by edges alone, where S is s_E. "
    "Models, Why, Layers, Graphs and Zoo offer these targets too."
)


def choose(data: Data) -> Asked:
    """Draw what candidates are compared with in one row, and return what is asked for."""
    mine, (known, unknown) = selection.read(Choose), comparisons.specs(data.models)
    left, middle, right = st.columns([2.3, 1.1, 1.2], vertical_alignment="bottom")
    with left:
        bound = selection.bind(Choose, "against", "choose.against")
        st.segmented_control("Compare with", list(AGAINST), format_func=AGAINST.__getitem__, required=True, **bound)
    asked = Asked(data, known, unknown, mine.against in ("labels", "network"), None, 1.0)
    if mine.against == "table":
        return _by_table(asked, middle)
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


def _by_table(asked: Asked, place: st.delta_generator.DeltaGenerator) -> Asked:
    """Draw which target of an uploaded table or embedding is meant, and the upload of another."""
    table = selection.read(Pair).table
    known: tuple[str, ...] = ()
    try:
        known = cache.targets_in(table) if table else ()
    except depara.DeparaError as error:
        st.error(text.plain(str(error)))
    if known:
        with place:
            target = widgets.choose_model("Target", "target", "choose.known", known)
        asked = replace(asked, table=table, known=target)
    with widgets.card("What is known of the images", TABLE, key="choose-known"):
        file = st.file_uploader("A table or an embedding", ["csv", "npz"], key="choose.table")
        if file is not None and st.button("Use this file", key="choose.table.keep", type="primary"):
            _keep(file.name, file.getbuffer())
    return asked


def _keep(name: str, content: bytes | memoryview) -> None:
    if len(content) > MOST_BYTES:
        st.error(f"Expected a file of at most {MOST_BYTES // 2**20} MiB; {len(content) / 2**20:,.0f} MiB came.")
        return
    try:
        kept = uploads.keep([(name, content)])
        first = cache.targets_in(kept)[0]
    except (depara.DeparaError, OSError) as error:
        st.error(text.plain(str(error)))
    else:
        selection.update(Pair, table=kept, target=first)
        st.rerun()


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
