"""The layer experiment on the Evaluate page: our own table, where it is measured, beside the paper's."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.benchmark import transfer_table
from depara_core.figures import published as figures
from depara_core.files import Progress
from depara_core.paths import assets_folder
from depara_core.store import Store
from depara_core.training import layer_scores, layer_study
from pages.evaluate.selection import Evaluate
from pages.shared import cache, charts, jobs, selection, text, widgets
from pages.shared.jobs import Computation
from pages.shared.selection import Data, Pair

NAMES = {
    "rooms/dnn_source": "DNN-Source",
    "rooms/dnn_rich": "DNN-Rich",
    "dnn_source": "DNN-Source",
    "dnn_imagenet": "DNN-ImageNet",
}
KEY = "layers-job"
layer_agreement = cache.copied(8)(layer_scores.layer_agreement)
layer_table = cache.figure(figures.layer_table)
agreement_of_layers = cache.figure(figures.layer_agreement)
TARGET = f"{layer_study.SOURCE}/{layer_study.STUDY_TARGET}"
MODELS = (*(f"{layer_study.SOURCE}/{name}" for name in layer_study.STUDY_SOURCES), TARGET)


@st.cache_data(show_spinner=False, max_entries=8)
def published(name: str) -> dict[str, Any]:
    """Return a published table that ships with the library."""
    return transfer_table.read_json(assets_folder() / "published" / f"{name}.json")


def measured() -> bool:
    """Tell whether every cut of both sources is measured, and learning from nothing too."""
    try:
        found = layer_study.read_layer_table().groupby("source")["k"].nunique()
    except depara.DeparaError:
        return False
    return layer_study.SCRATCH in found and all(
        found.get(f"{layer_study.SOURCE}/{name}") == len(layer_study.CUTS) for name in layer_study.STUDY_SOURCES
    )


def scoring() -> Computation:
    """Return what makes S of every layer beside the measured accuracy."""

    def work(progress: Progress) -> pd.DataFrame:
        scenes = Path(Store(None).path) / "scenes"  # rendered once, beside the other results
        return layer_scores.score_layers(layer_scores.target_probes(work=scenes, progress=progress), progress=progress)

    written = transfer_table.table_path(layer_study.NAME).stat().st_mtime_ns
    return Computation(f"layers-{written}", "S of every layer of the layer study", work)


@st.cache_data(show_spinner=False, max_entries=1)
def published_scores() -> pd.DataFrame:
    """Return the paper's table in the form that our own has."""
    paper = published("depara_layers")
    parts = []
    for source, columns in paper["sources"].items():
        rows = pd.DataFrame(columns)
        for share, lam in paper["lambda"].items():
            accuracy, scratch = rows[share] / 100, paper["from_scratch"][share] / 100
            parts.append(
                pd.DataFrame(
                    {
                        "source": source,
                        "layer": rows["layer"].map(str),
                        "k": rows["layer"],
                        "budget": int(share.removeprefix("acc_")) / 100,
                        "lam": float(lam),
                        "node": rows["node"],
                        "edge": rows["edge"],
                        "score": rows["node"] + lam * rows["edge"],
                        "accuracy": accuracy,
                        "scratch": scratch,
                        "negative": accuracy < scratch,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def form(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one source's scores in the paper's own form: layer, node, edge, S1, S10, acc_10, acc_1."""
    table = rows.drop_duplicates("k").set_index("k")[["layer", "node", "edge"]]
    for (budget, lam), part in rows.groupby(["budget", "lam"]):
        table[f"S{lam:g}"] = part.set_index("k")["score"]
        table[f"acc_{100 * budget:g}"] = 100 * part.set_index("k")["accuracy"]
    return table.reset_index(drop=True)


def told(rows: pd.DataFrame, agreement: pd.DataFrame) -> str:
    """Say for every budget which cut S picks, which is best, and what learning from nothing reaches."""
    sentences = []
    for found in agreement.itertuples():
        part = rows[rows["budget"] == found.budget]
        picked, best = (f"layer {name}" if name.isdigit() else name for name in (found.predicted, found.measured))
        lost = f", {best} is best ({100 * found.regret:.1f} points lost)" if found.regret else ", the best"
        sentences.append(
            f"With {100 * found.budget:g} % of the labels S picks {picked}{lost}; from scratch "
            f"{100 * part['scratch'].iloc[0]:.1f} %, and {int(part['negative'].sum())} of {len(part)} cuts do worse."
        )
    return text.plain(" ".join(sentences))


def card(dark: bool) -> None:
    """Draw the tables of the layer experiment, ours and the published ones, and how well S orders the layers."""
    reading = (
        "A row a layer, frozen up to it and fine-tuned from there. Deeper colour is more, bold the most; where S and "
        "the accuracy to its right are bold in one row, S finds the right cut. Click a row of ours for its evidence."
    )
    with widgets.card("Layers: the paper's second experiment", reading, key="layer-tables"):
        origins = {"ours": _ours(), "published": published_scores()}
        known = {origin: scores for origin, scores in origins.items() if scores is not None}
        agreed = {origin: layer_agreement(scores) for origin, scores in known.items()}
        for origin, scores in known.items():
            _draw_tables(origin, scores, agreed[origin], dark)
        st.markdown("**How well S orders the layers**")
        st.caption("Right is better. Depth alone is the control: where it does as well, S found nothing of its own.")
        rows = pd.concat([found.assign(origin=origin) for origin, found in agreed.items()], ignore_index=True)
        picture = agreement_of_layers(rows.assign(source=rows["source"].map(_name)), dark=dark)
        charts.chart(picture, "evaluate.agreement")


def _ours() -> pd.DataFrame | None:
    """Return our own scores; where they are not at hand, draw why and return None."""
    if not measured():
        with st.container(border=True, key="card-layers-empty"):
            st.markdown("**Our own layers are not measured yet.**")
            st.caption("`depara rooms layers` measures them; until then the published tables stand alone.")
        return None
    return jobs.wait(scoring(), key=KEY)


def _draw_tables(origin: str, scores: pd.DataFrame, agreement: pd.DataFrame, dark: bool) -> None:
    about: Mapping[str, str] = {"ours": "measured here", "published": "published, VGG-19"}
    groups = scores.groupby("source", sort=False)
    for column, (group, rows) in zip(st.columns(groups.ngroups), groups, strict=True):
        source = str(group)
        with column:
            st.markdown(f"**{text.plain(_name(source))}** :gray[{about[origin]}]")
            picture = layer_table(form(rows), dark=dark)
            if origin == "ours":
                charts.chart(picture, f"evaluate.{source.partition('/')[2]}.ours", partial(_chosen, source))
            else:
                charts.chart(picture, f"evaluate.layers.{origin}.{source}")
            st.caption(told(rows, agreement[agreement["source"] == source]))
            if origin == "ours":
                _draw_links(source, list(rows["layer"].unique()))


def _chosen(source: str, place: charts.Place) -> None:
    selection.update(Evaluate, study_source=source, study_layer=str(place[1]))


def _draw_links(source: str, layers: list[str]) -> None:
    """Lead from the layer that was clicked, else the last, to its evidence, on the probes of the session."""
    mine = selection.read(Evaluate)
    layer = mine.study_layer if mine.study_source == source and mine.study_layer in layers else layers[-1]
    ends = {"source": source, "source_layer": layer, "target": TARGET, "target_layer": "output"}
    here = replace(selection.read(Data), models=MODELS), replace(selection.read(Pair), **ends)
    with st.container(horizontal=True, key=f"evaluate-links-{source.partition('/')[2]}", gap="medium"):
        name = text.plain(layer)
        selection.link("why", f"Why this score of {name}?", *here, icon=widgets.ICONS["why"])
        selection.link("layers", "All its layers", *here, icon=widgets.ICONS["layers"])


def _name(source: str) -> str:
    return NAMES.get(source, source)
