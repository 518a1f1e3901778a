"""Why, by pair of probes: which pairs both networks rank alike, and which only one of them does."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from depara_core.figures.contributions import bar_extent
from depara_core.formatting import number, share_of
from pages.shared import cache, selection, text, widgets
from pages.shared.image_table import ContributionRow, contribution_table
from pages.shared.parts import Pair
from pages.why.explained import Explained
from pages.why.selection import KINDS, Why

LISTED = 8
WITHIN = "within"  # the pairs of the region that was brushed


def draw(pair: Explained) -> None:
    """List the pairs of probes: by what the two networks make of them, or within the brushed region."""
    region, kind = selection.read(Pair).region, selection.read(Why).kind
    source, target = pair.names
    kinds = {one: label.format(a=source, b=target) for one, label in KINDS.items()}
    if region:
        kinds[WITHIN] = "In the brushed region"
    told = "A pair adds to S where both networks rank it alike, and takes from S where only one does. Click to select."
    with widgets.card("Pairs of images by their share of S", told, key="card-pairs"):
        st.session_state["why.kind"] = WITHIN if region else kind
        st.segmented_control(
            "Pairs",
            list(kinds),
            format_func=lambda one: text.plain(kinds[one]),
            label_visibility="collapsed",
            key="why.kind",
            on_change=_choose,
        )
        if region:
            found = pair.why.pairs_within(a=region.source, b=region.target, top=LISTED)
        else:
            found = cache.strongest_pairs(pair.source, pair.target, pair.lam, pair.grid, kind, LISTED)
        clicked = list_pairs(pair, found, "why.pairs")
    select(clicked)


def _choose() -> None:
    """Take the kind that was chosen, and leave the region for it."""
    kind = st.session_state["why.kind"]
    if kind in KINDS:
        selection.update(Why, kind=kind)
        selection.update(Pair, region=None)


def list_pairs(pair: Explained, found: pd.DataFrame, key: str, *, size: int = 92) -> tuple[int, int] | None:
    """List pairs of probes with their ranks and their share; return the pair just clicked."""
    if found.empty:
        st.caption("No pair of images lies here.")
        return None
    listed = [(entry["i"], entry["j"]) for entry in found.to_dict("records")]
    rows = [_row(pair, entry, place) for place, entry in enumerate(found.to_dict("records"), start=1)]
    asked = selection.read(Pair)
    at = next((k for k, ends in enumerate(listed) if set(ends) == {asked.probe, asked.other_probe}), None)
    source, target = pair.names
    clicked = contribution_table(
        key,
        rows,
        pictures=("image", "image"),
        bar="share of S",
        selected=at,
        words=84,
        size=size,
        texts=(f"rank in {source}", f"rank in {target}", "share of S"),
        extent=bar_extent(found["share"]),
        label="Pairs of images by their share of S",
    )
    st.caption("Rank 1: the most alike of all pairs, 0: the least. Listed: those with the largest share.")
    if at is not None:
        selection.link("graphs", "See the two in the graphs", pair.chosen(), icon=widgets.ICONS["graphs"])
    return None if clicked is None else listed[clicked]


def _row(pair: Explained, entry: Mapping[Any, Any], place: int) -> ContributionRow:
    images, ends = pair.probes, (entry["i"], entry["j"])
    one, other = (images.names[i] for i in ends)
    share, ranks = share_of(entry["share"], pair.why.total), (number(entry["rank_a"]), number(entry["rank_b"]))
    return ContributionRow(
        str(place),
        tuple(cache.thumbnail(images, i, 112) for i in ends),
        (one, other),
        (("s_E", entry["share"]),),
        (*ranks, share),
        f"{one} and {other}: share {share}, ranks {ranks[0]} and {ranks[1]}",
    )


def select(ends: tuple[int, int] | None) -> None:
    """Select the two probes whose row was clicked."""
    if ends is not None:
        selection.update(Pair, probe=ends[0], other_probe=ends[1])
        st.rerun()
