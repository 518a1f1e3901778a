"""All pairs of images on the Graphs page: rank against rank, and those in the brushed region, or most disputed."""

import pandas as pd
import streamlit as st

from depara_core import pairs
from depara_core.comparison import Comparison
from depara_core.formatting import number
from depara_core.graphs import distinct_names
from pages.shared import cache, ranks, selection, widgets
from pages.shared.cache import Graph
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.parts import Pair

LISTED = 4  # as many as stand beside the chart


def draw(comparison: Comparison, a: Graph, b: Graph) -> None:
    """Draw the ranks against each other, and the pairs in the part of it that was chosen."""
    first, second = distinct_names(a, b)
    table, region = cache.pair_table(a, b), selection.read(Pair).region
    left, right = st.columns([5, 7])
    edge = number(cache.similarity(a, b, grid=comparison.grid).edge)
    told = (
        "Every pair of images. On the diagonal both agree; the cloud's correlation is s_E = "
        f":orange[**{edge}**]. Click, or drag a box, to list its pairs."
    )
    with left, widgets.card("Edges, rank against rank", told, key="card-ranks"):
        figure = cache.compared_ranks(a, b, names=(first, second), dark=widgets.dark())
        ranks.chart(figure, f"graphs.ranks.{a.digest[:8]}.{b.digest[:8]}", pairs.rank_bins(len(table)))
    found = pairs.pairs_within(table, region.source, region.target) if region else pairs.pairs_within(table)
    title = f"{len(found):,} pairs in the brushed region" if region else "The most disputed pairs"
    told = "Rank 1 = the most alike of all pairs, 0 = the least. Click one to look closer."
    with right, widgets.card(title, told, key="card-pairs"):
        _list(comparison, found, (first, second))


def _list(comparison: Comparison, found: pd.DataFrame, names: tuple[str, str]) -> None:
    """List pairs of images with their cosine and rank in both graphs; a click selects one."""
    listed = found.head(LISTED).to_dict("records")
    rows = [
        [
            _image(comparison, entry["i"], entry["j"]),
            _image(comparison, entry["j"], entry["i"]),
            *(
                Cell(None, f"rank {number(entry[f'rank_{end}'])}\ncosine {number(entry[f'cosine_{end}'], 3)}")
                for end in "ab"
            ),
        ]
        for entry in listed
    ]
    headings = [Heading("image"), Heading("image"), *map(Heading, names)]
    pair = selection.read(Pair)
    chosen = {pair.probe, pair.other_probe}
    at = next((k for k, entry in enumerate(listed) if {entry["i"], entry["j"]} == chosen), None)
    clicked = image_table(
        "graphs.pairs", headings, rows, selected=at, pictures=2, size=70, largest=84, label="Pairs of images"
    )
    if pair.region:
        st.button("Back to all pairs", key="graphs.all", **selection.click(Pair, region=None))
    if len(found) > LISTED:
        st.caption(f"the {LISTED} with the largest difference of ranks, of {len(found):,}")
    if clicked is not None and clicked[0] >= 0:
        entry = listed[clicked[0]]
        selection.update(Pair, probe=entry["i"], other_probe=entry["j"])
        st.rerun()


def _image(comparison: Comparison, i: int, other: int) -> Cell:
    names = comparison.probes.names
    return Cell(cache.thumbnail(comparison.probes, i, 96), names[i], f"{names[i]} and {names[other]}")
