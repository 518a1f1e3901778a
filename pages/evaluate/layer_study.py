"""The layer experiment on the Evaluate page: our own table, where it is measured, beside the paper's."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from depara_core.benchmark import transfer_table
from depara_core.files import Progress
from depara_core.store import Store
from depara_core.training import layer_scores, layer_study
from depara_core.zoo.rooms import SOURCE
from depara_core.zoo.rooms_study import STUDY_SOURCES, STUDY_TARGET
from pages.evaluate.selection import Evaluate
from pages.shared import charts, jobs, selection, text, widgets
from pages.shared.cache import evaluation as cache
from pages.shared.jobs import Computation
from pages.shared.parts import Data, Pair

NAMES = {
    "rooms/dnn_source": "DNN-Source",
    "rooms/dnn_rich": "DNN-Rich",
    "dnn_source": "DNN-Source",
    "dnn_imagenet": "DNN-ImageNet",
}
KEY = "layers-job"
TARGET = f"{SOURCE}/{STUDY_TARGET}"
MODELS = (*(f"{SOURCE}/{name}" for name in STUDY_SOURCES), TARGET)


def scoring() -> Computation:
    """Return what makes S of every layer beside the measured accuracy."""

    def work(progress: Progress) -> pd.DataFrame:
        scenes = Path(Store(None).path) / "scenes"  # rendered once, beside the other results
        return layer_scores.score_layers(layer_scores.target_probes(work=scenes, progress=progress), progress=progress)

    written = transfer_table.table_path(layer_study.NAME).stat().st_mtime_ns
    return Computation(f"layers-{written}", "S of every layer of the layer study", work)


def card(dark: bool) -> None:
    """Draw the tables of the layer experiment, ours and the published ones, and how well S orders the layers."""
    reading = (
        f"S on {layer_scores.PROBES} scenes of the study's target, which Setup does not offer: on the images chosen "
        "there the page Layers may cut elsewhere. In the rooms S fails: what follows the cut was fine-tuned from the "
        "source's own weights, as in the paper, and then early cuts win, on the photographs too (Fine-tuned, above). "
        "A row a layer, frozen up to it; "
        "deeper colour is more, bold the most; where S and the accuracy to its right are bold in one row, S finds the "
        "right cut. Click a row of ours for its evidence."
    )
    with widgets.card("Layers: the paper's second experiment, in small", reading, key="layer-tables"):
        origins = {"ours": _ours(), "published": cache.published_layer_scores()}
        _tell_unknown(origins["ours"])
        known = {origin: scores for origin, scores in origins.items() if scores is not None}
        agreed = {origin: cache.layer_agreement(scores) for origin, scores in known.items()}
        for origin, scores in known.items():
            _draw_tables(origin, scores, agreed[origin], dark)
        st.markdown("**How well S orders the layers**")
        st.caption("Right is better. Depth alone is the control: where it does as well, S found nothing of its own.")
        rows = pd.concat([found.assign(origin=origin) for origin, found in agreed.items()], ignore_index=True)
        picture = cache.layer_agreement_figure(rows.assign(source=rows["source"].map(_name)), dark=dark)
        charts.chart(picture, "evaluate.agreement")


def _ours() -> pd.DataFrame | None:
    """Return our own scores; where they are not at hand, draw why and return None."""
    if not layer_study.is_measured():
        with st.container(border=True, key="card-layers-empty"):
            st.markdown("**Our own layers are not measured yet.**")
            st.caption("`depara rooms layers` measures them; until then the published tables stand alone.")
        return None
    return jobs.offer(scoring(), "Compute S of every layer in the rooms", key=KEY)


def _tell_unknown(ours: pd.DataFrame | None) -> None:
    """Tell which source or layer of the study the address names that is not in it."""
    mine = selection.read(Evaluate)
    if ours is None or not (mine.study_source or mine.study_layer):
        return
    layers = set(ours[ours["source"] == mine.study_source]["layer"])
    if not layers:
        widgets.not_here([(mine.study_source, "source of the layer study", "the last layer of each is looked at")])
    elif mine.study_layer not in layers:
        widgets.not_here([(mine.study_layer, f"layer of {mine.study_source}", "the last one is looked at")])


def _draw_tables(origin: str, scores: pd.DataFrame, agreement: pd.DataFrame, dark: bool) -> None:
    about: Mapping[str, str] = {"ours": "measured here", "published": "published, VGG-19"}
    groups = scores.groupby("source", sort=False)
    for column, (group, rows) in zip(st.columns(groups.ngroups), groups, strict=True):
        source = str(group)
        with column:
            st.markdown(f"**{text.plain(_name(source))}** :gray[{about[origin]}]")
            picture = cache.layer_table(layer_scores.paper_form(rows), dark=dark)
            if origin == "ours":
                charts.chart(picture, f"evaluate.{source.partition('/')[2]}.ours", partial(_chosen, source))
            else:
                charts.chart(picture, f"evaluate.layers.{origin}.{source}")
            st.caption(text.plain(layer_scores.layer_verdict(rows, agreement[agreement["source"] == source])))
            if origin == "ours":
                _draw_links(source, list(rows["layer"].unique()))


def _chosen(source: str, place: charts.Place) -> None:
    selection.update(Evaluate, study_source=source, study_layer=str(place[1]))


def _draw_links(source: str, layers: list[str]) -> None:
    """Lead from the layer that was clicked, else the last, to its evidence, on the probes of the session."""
    mine = selection.read(Evaluate)
    layer = mine.study_layer if mine.study_source == source and mine.study_layer in layers else layers[-1]
    pair = Pair(source=source, source_layer=layer, target=TARGET)
    here = replace(selection.read(Data), models=MODELS), pair
    with st.container(horizontal=True, key=f"evaluate-links-{source.partition('/')[2]}", gap="medium"):
        name = text.plain(layer)
        selection.link("why", f"Why this score of {name}?", *here, icon=widgets.ICONS["why"])
        selection.link("layers", "All its layers", *here, icon=widgets.ICONS["layers"])


def _name(source: str) -> str:
    return NAMES.get(source, source)
