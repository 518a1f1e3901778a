"""The controls of the Zoo page: what is searched for, at which λ, among which graphs; and what the zoo still lacks."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from depara_core.formatting import short_name
from pages.shared import comparisons, consent, jobs, selection, targets, text, widgets
from pages.shared.parts import Data, Pair
from pages.zoo import computed
from pages.zoo.computed import Contents
from pages.zoo.selection import LIKE, Zoo


def fill(data: Data, path: Path, listed: set[str]) -> None:
    """Offer to add the chosen models that the zoo lacks, or follow that; nothing where it lacks none."""
    models = [spec.id for spec in comparisons.specs(data.models)[0]]
    lacking = [model for model in models if model not in listed]
    if not lacking:
        return
    made = computed.filling(data, path, models)
    if missing := consent.missing(made.asks):
        consent.card(missing)
        return
    chosen = f"{len(lacking)} chosen network{'s' * (len(lacking) != 1)}"
    label = f"Add the {chosen} that it lacks" if listed else f"Make one of the {chosen}"
    failed = jobs.offer(made, label, key="zoo-fill")
    if failed is not None:
        widgets.troubles(failed, ())


def choose(data: Data, known: Contents) -> tuple[str, float]:
    """Draw what is searched for; return the network's id, "" for the labels, and λ."""
    mine, models = selection.read(Zoo), list(dict.fromkeys(known.listing["model"]))
    others = [spec.id for spec in comparisons.specs(data.models)[0] if spec.id not in models]
    left, middle, right = st.columns([1.5, 1.3, 1.6], vertical_alignment="bottom")
    with left:
        bound = selection.bind(Zoo, "like", "zoo.like")
        tables = targets.of_table()
        kinds = [kind for kind in LIKE if kind == "network" or (known.labelled if kind == "labels" else bool(tables))]
        st.segmented_control("Most like", kinds, format_func=LIKE.__getitem__, required=True, **bound)
    like = ""
    if mine.like == "table" and tables:
        with middle:
            like = widgets.choose_model("Target", "target", "zoo.known", tables)
    elif mine.like == "network" or mine.like not in kinds:
        with middle:
            like = widgets.choose_model(
                "Network", "target", "zoo.target", [*models, *others], default=comparisons.TARGET
            )
    with right:
        lam = widgets.lam_slider("zoo.lam")
    if not like or targets.is_known(like):
        st.caption(targets.ALONE)
    with st.expander("Only some of the zoo", icon=":material/filter_alt:", expanded=bool(mine.where)):
        place, _ = st.columns([3, 1])
        place.text_input(
            "Filter",
            placeholder="source = 'timm' AND parameters < 30e6",
            help="SQL over model, layer, source, family, licence, parameters, weights, digest and added.",
            **selection.bind(Zoo, "where", "zoo.where"),
        )
        st.number_input("How many are found", 1, 200, **selection.bind(Zoo, "most", "zoo.most"))
    return like, lam


def compare(data: Data, like: str, models: list[str]) -> None:
    """Lead to the other pages with the networks found, and the one they are like, as the models."""
    network = like if not targets.is_known(like) else ""
    every = tuple(dict.fromkeys([*([network] if network else []), *models]))
    pair = replace(selection.read(Pair), source=models[0], target=like or models[0])
    names = ", ".join(text.plain(short_name(model)) for model in models[:3]) + (" …" if len(models) > 3 else "")
    with st.container(horizontal=True, gap="medium", key="zoo-links"):
        st.caption(f"Compare {names}", width="content")
        for page, label in (("models", "All pairs"), ("graphs", "Their graphs"), ("attributions", "What they look at")):
            selection.link(page, label, replace(data, models=every), pair, icon=widgets.ICONS[page])
