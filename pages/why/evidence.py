"""The evidence on the Why page, row by row: the probes that make a score, and the pairs of probes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.figures import contributions
from depara_core.figures.labels import score
from pages.shared import cache, selection, widgets
from pages.shared.image_table import ContributionRow, contribution_table
from pages.shared.selection import Pair
from pages.why.reasons import Ends
from pages.why.selection import KINDS, Why

TOP, BOTTOM = 5, 3  # rows on the first screen, from both ends of the order
ROWS = TOP + BOTTOM  # on every other one
PAIRS = 8
WITHIN = "within"  # the pairs of the region that was brushed


def probes(ends: Ends) -> None:
    """List the probes by their share of S."""
    ranked = ends.why.to_frame()
    told = (
        f"Where both attributions **agree** (green) or oppose (purple), and what the probe adds to S by its "
        f":blue[**node**] and its :orange[**edges**]. All {len(ranked)} add up to S = {score(ends.why.total)}; "
        "‰: thousandths. Click a row to select the probe."
    )
    with widgets.card("Probes by their share of S", told, key="card-shares"):
        indices, clicked = list_probes(ends, ranked, "why.probes")
    select(indices, clicked)


def list_probes(ends: Ends, ranked: pd.DataFrame, key: str, *, size: int = 92) -> tuple[tuple[int, ...], int | None]:
    """List one batch of ranked probes with their maps; return its probes and the place of the one just clicked."""
    (a, b), dark = ends.names, widgets.dark()
    shown = batch(ranked)
    indices = tuple(int(i) for i in shown.rows["probe"])
    maps = cache.overlays(
        ends.probes, (ends.a, ends.b), indices, signed=True, shared=True, smooth=True, opacity=0.85, dark=dark
    )
    agreed = cache.agreement_maps(ends.probes, ends.a, ends.b, ends.why.grid, indices, dark=dark)
    rows = [
        probe_row(ends.probes, entry, place, (*pair, png if all(pair) else None), (a, b, "their agreement"))
        for entry, place, pair, png in zip(shown.rows.itertuples(), shown.places, maps, agreed, strict=True)
    ]
    clicked = contribution_table(
        key,
        rows,
        pictures=("image", a, b, "agreement"),
        bar="node and edge share",
        texts=("share of S",),
        size=size,
        extent=contributions.bar_extent(ranked["node"].to_numpy(), ranked["edge"].to_numpy()),
        selected=shown.selected,
        gap=shown.gap,
        label="Probes by their share of S",
    )
    if any(picture is None for row in rows for picture in row.pictures):
        st.caption("**none**: no pixel changes the feature; such a probe counts with a node share of 0.")
    pager(key, shown)
    return indices, clicked


@dataclass(frozen=True)
class Batch:
    """The part of a ranked table that is on the screen: the two ends of the order at first, then one part a page."""

    rows: pd.DataFrame
    places: tuple[int, ...]  # in the order, from 1
    count: int
    page: int
    selected: int | None  # the row of the selected probe, if it is here
    home: int | None  # the page of the selected probe, if it is elsewhere
    gap: tuple[int, str] | None


def batch(ranked: pd.DataFrame) -> Batch:
    """Choose what is on the screen, as the selection says."""
    count, probe = len(ranked), selection.read(Pair).probe
    pages = -(-count // ROWS) if count > ROWS else 0
    page = min(selection.read(Why).page, pages)
    gap = None
    if page:
        places = list(range((page - 1) * ROWS, min(page * ROWS, count)))
    else:
        places = list(range(count)) if not pages else [*range(TOP), *range(count - BOTTOM, count)]
        gap = (TOP, f"… {count - ROWS:,} more …") if pages else None
    rows = ranked.iloc[places]
    order = ranked["probe"].tolist()
    at = order.index(probe) if probe in order else None
    here = places.index(at) if at in places else None
    home = None if at is None or here is not None else page_of(ranked, probe)
    return Batch(rows, tuple(place + 1 for place in places), count, page, here, home, gap)


def page_of(ranked: pd.DataFrame, probe: int) -> int:
    """Return the page of a ranked table on which a probe stands: 0 where that is one of the ends."""
    order = ranked["probe"].tolist()
    at = order.index(probe) if probe in order else 0
    return 0 if at < TOP or at >= len(order) - BOTTOM else at // ROWS + 1


def pager(key: str, shown: Batch) -> None:
    """Draw the steps through the order, and the way to the selected probe where it is elsewhere."""
    if shown.count <= ROWS:
        return
    last = -(-shown.count // ROWS)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}.pager"):
        if not shown.page:
            st.button(f"Page through all {shown.count:,}", key=f"{key}.all", **selection.click(Why, page=1))
        else:
            st.button("Both ends", key=f"{key}.ends", **selection.click(Why, page=0))
            for name, icon, by in (("Higher shares", "chevron_left", -1), ("Lower shares", "chevron_right", 1)):
                label, off = f":material/{icon}:", not 1 <= shown.page + by <= last
                there = selection.click(Why, page=shown.page + by)
                st.button(label, key=f"{key}.step{by:+d}", help=name, disabled=off, **there)
            st.caption(f"{shown.places[0]:,} to {shown.places[-1]:,} of {shown.count:,}")
        if shown.home is not None:
            st.button("Go to the selected probe", key=f"{key}.home", **selection.click(Why, page=shown.home))


def probe_row(
    images: depara.ProbeSet, entry: object, place: int, maps: Sequence[bytes | None], whose: Sequence[str]
) -> ContributionRow:
    """Return the row of one probe of a table with the columns probe, node, edge, share."""
    index, share = int(entry.probe), contributions.thousandths(entry.share)
    name = images.names[index]
    return ContributionRow(
        str(place),
        (cache.thumbnail(images, index, 112), *maps),
        (name, *(f"{name}: {one}" for one in whose)),
        (("s_V", entry.node), ("s_E", entry.edge)),
        (share,),
        f"{name}, place {place}: share {share}, nodes {contributions.thousandths(entry.node)}, "
        f"edges {contributions.thousandths(entry.edge)}",
    )


def select(indices: Sequence[int], clicked: int | None) -> None:
    """Select the probe whose row was clicked."""
    if clicked is not None:
        selection.update(Pair, probe=indices[clicked], other_probe=None)
        st.rerun()


def pairs(ends: Ends) -> None:
    """List the pairs of probes: by what the two networks make of them, or within the brushed region."""
    region, kind = selection.read(Pair).region, selection.read(Why).kind
    kinds = {kind: label.format(a=ends.names[0], b=ends.names[1]) for kind, label in KINDS.items()}
    if region:
        kinds[WITHIN] = "In the brushed region"
    shown = WITHIN if region else kind

    def listed(one: str) -> str:
        """Keep the kind that was chosen; the region is left for it."""
        if one == WITHIN:
            return kind
        selection.update(Pair, region=None)
        return one

    told = "A pair adds to S where both networks rank it alike, and takes from S where only one does. Click to select."
    with widgets.card("Pairs of probes by their share of S", told, key="card-pairs"):
        st.segmented_control(
            "Pairs",
            list(kinds),
            format_func=lambda one: widgets.plain(kinds[one]),
            label_visibility="collapsed",
            **selection.bind(Why, "kind", "why.kind", shown, store=listed),
        )
        if region:
            found = ends.why.pairs_within(a=region.source, b=region.target, top=PAIRS)
        else:
            found = cache.strongest_pairs(ends.a, ends.b, ends.lam, ends.why.grid, kind, PAIRS)
        clicked = list_pairs(ends, found, "why.pairs")
    select_pair(found, clicked)


def list_pairs(ends: Ends, found: pd.DataFrame, key: str, *, size: int = 92) -> int | None:
    """List pairs of probes with their ranks and their share; return the place of the one just clicked."""
    if found.empty:
        st.caption("No pair of probes lies here.")
        return None
    rows = [_pair_row(ends.probes, pair, place) for place, pair in enumerate(found.itertuples(), start=1)]
    asked = selection.read(Pair)
    chosen = {asked.probe, asked.other_probe}
    at = next((k for k, pair in enumerate(found.itertuples()) if {pair.i, pair.j} == chosen), None)
    clicked = contribution_table(
        key,
        rows,
        pictures=("image", "image"),
        bar="share of S",
        selected=at,
        words=84,
        size=size,
        texts=(f"rank in {ends.names[0]}", f"rank in {ends.names[1]}", "share of S"),
        extent=contributions.bar_extent(0 * found["share"].to_numpy(), found["share"].to_numpy()),
        label="Pairs of probes by their share of S",
    )
    st.caption("Rank 1: the most alike of all pairs, 0: the least. Listed: those with the largest share.")
    if at is not None:
        selection.link("graphs", "See the two in the graphs", link(ends), icon=widgets.ICONS["graphs"])
    return clicked


def select_pair(found: pd.DataFrame, clicked: int | None) -> None:
    """Select the two probes whose row was clicked."""
    if clicked is not None:
        pair = found.iloc[clicked]
        selection.update(Pair, probe=int(pair["i"]), other_probe=int(pair["j"]))
        st.rerun()


def link(ends: Ends) -> Pair:
    """Return the selection of the two ends, for a link to another page."""
    return replace(
        selection.read(Pair),
        source=ends.a.model,
        source_layer=ends.a.layer,
        target=ends.b.model,
        target_layer=ends.b.layer,
    )


def _pair_row(images: depara.ProbeSet, pair: object, place: int) -> ContributionRow:
    ends = (int(pair.i), int(pair.j))
    one, other = (images.names[i] for i in ends)
    share = contributions.thousandths(pair.share)
    return ContributionRow(
        str(place),
        tuple(cache.thumbnail(images, i, 112) for i in ends),
        (one, other),
        (("s_E", pair.share),),
        (f"{pair.rank_a:.2f}", f"{pair.rank_b:.2f}", share),
        f"{one} and {other}: share {share}, ranks {pair.rank_a:.2f} and {pair.rank_b:.2f}",
    )
