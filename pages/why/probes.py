"""Why, by probe: what each probe adds to S by its node and its edges, with the maps that make it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.figures.contributions import bar_extent
from depara_core.formatting import score, share_of
from pages.shared import cache, closeup, selection, widgets
from pages.shared.image_table import ContributionRow, contribution_table
from pages.shared.legends import look_key
from pages.shared.parts import Data, Look, Pair
from pages.why.batches import batch, pager
from pages.why.explained import Explained


def draw(pair: Explained) -> None:
    """List the probes by their share of S."""
    ranked = pair.why.to_frame()
    told = (
        f"{closeup.reading(selection.read(Look))} The bar is what the image adds to S by its :blue[**node**] and its "
        f":orange[**edges**]. All {len(ranked)} add up to S = {score(pair.why.total)}, "
        "and their shares are per cent of it. Click a row to select the image."
    )
    with widgets.card("Images by their share of S", told, key="card-shares"):
        clicked = list_probes(pair, ranked, "why.probes")
        if st.button("Enlarge the selected image", key="why.enlarge", icon=":material/zoom_in:"):
            probe = min(selection.read(Pair).probe, len(pair.probes) - 1)
            cosine = float(pair.why.probe_node[probe]) * len(pair.probes)
            closeup.closeup(pair.comparison, probe, (pair.source, pair.target), cosine)
    select(clicked)


def list_probes(pair: Explained, ranked: pd.DataFrame, key: str, *, size: int = 92) -> int | None:
    """List one batch of ranked probes with their maps; return the probe just clicked."""
    (source, target), dark, shown = pair.names, widgets.dark(), batch(ranked)
    maps = overlays(pair, (pair.source, pair.target), shown.probes)
    agreed = cache.look_maps(pair.probes, pair.source, pair.target, shown.probes, dark=dark)
    whose = (source, target, "where both look")
    rows = [
        row(pair.probes, entry, place, (*both, png), whose, pair.why.total)
        for entry, place, both, png in zip(shown.rows.to_dict("records"), shown.places, maps, agreed, strict=True)
    ]
    clicked = contribution_table(
        key,
        rows,
        pictures=("image", source, target, "both look"),
        bar="node and edge share",
        texts=("share of S",),
        size=size,
        extent=bar_extent(ranked["node"], ranked["edge"]),
        selected=shown.selected,
        gap=shown.gap,
        legend=look_key(source, target, dark=dark),
        label="Images by their share of S",
    )
    if any(picture is None for one in rows for picture in one.pictures):
        st.caption("**none**: no pixel changes the feature; such an image counts with a node share of 0.")
    pager(key, shown)
    return None if clicked is None else shown.probes[clicked]


def overlays(pair: Explained, graphs: cache.Graphs, probes: tuple[int, ...]) -> list[list[bytes | None]]:
    """Return a row of attribution maps for each probe, one a graph, as all pages draw them."""
    look, seed = selection.read(Look), selection.read(Data).rooms_seed
    return cache.overlays(pair.probes, graphs, probes, dark=widgets.dark(), rooms_seed=seed, **look.painted)


def row(
    images: depara.ProbeSet,
    entry: Mapping[Any, Any],
    place: int,
    maps: Sequence[bytes | None],
    whose: Sequence[str],
    whole: float,
) -> ContributionRow:
    """Return the row of one probe: `entry` has probe, node, edge and share of `whole`."""
    name, share = images.names[entry["probe"]], share_of(entry["share"], whole)
    node, edge = (share_of(entry[part], whole) for part in ("node", "edge"))
    return ContributionRow(
        str(place),
        (cache.thumbnail(images, entry["probe"], 112), *maps),
        (name, *(f"{name}: {one}" for one in whose)),
        (("s_V", entry["node"]), ("s_E", entry["edge"])),
        (share,),
        f"{name}, place {place}: share {share}, nodes {node}, edges {edge}",
    )


def select(probe: int | None) -> None:
    """Select the probe whose row was clicked."""
    if probe is not None:
        selection.update(Pair, probe=probe, other_probe=None)
        st.rerun()
