"""What is on the screen of a long ranked list of probes: both ends of the order at first, then one part a page."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.shared import selection
from pages.shared.parts import Pair
from pages.why.selection import Why

TOP, BOTTOM = 5, 3  # rows on the first screen, from both ends of the order
ROWS = TOP + BOTTOM  # on every other one


@dataclass(frozen=True)
class Batch:
    """The part of a ranked table, with the column `probe`, that is on the screen."""

    rows: pd.DataFrame
    places: tuple[int, ...]  # in the order, from 1
    count: int
    page: int
    selected: int | None  # the row of the selected probe, if it is here
    home: int | None  # the page of the selected probe, if it is elsewhere
    gap: tuple[int, str] | None

    @property
    def probes(self) -> tuple[int, ...]:
        """The probes on the screen."""
        return tuple(self.rows["probe"].tolist())


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
    order = ranked["probe"].tolist()
    at = order.index(probe) if probe in order else None
    here = places.index(at) if at in places else None
    home = None if at is None or here is not None else page_of(ranked, probe)
    return Batch(ranked.iloc[places], tuple(place + 1 for place in places), count, page, here, home, gap)


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
            st.button("Go to the selected image", key=f"{key}.home", **selection.click(Why, page=shown.home))
