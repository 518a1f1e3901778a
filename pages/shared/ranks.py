"""Ranks against ranks on a page: a box that is drawn, or a bin that is clicked, becomes part of the address."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from depara_core.figures import contributions
from pages.shared import charts, selection, widgets
from pages.shared.address import Box
from pages.shared.parts import Pair


def chart(figure: Any, key: str, bins: int, then: Callable[[], object] = lambda: None) -> None:
    """Draw the source's ranks (x) against the target's (y) with the region; `then` follows a new one."""
    region = selection.read(Pair).region
    if region:
        contributions.mark_region(figure, region.source, region.target, dark=widgets.dark())
    figure.update_layout(dragmode="select")
    st.plotly_chart(
        figure,
        theme=None,
        config=charts.camera(key),
        key=key,
        selection_mode=("points", "box"),
        on_select=partial(brushed, key, bins, then),
    )


def brushed(key: str, bins: int, then: Callable[[], object] = lambda: None) -> None:
    """Answer to a box drawn, or a bin clicked, among `bins` a side; where nothing is left, there is no region."""
    chosen = st.session_state[key]["selection"]
    ends: list[tuple[float, float]] = []
    if chosen["box"]:
        ends = [_within(chosen["box"][0][axis]) for axis in ("x", "y")]
    elif chosen["points"]:
        ends = [(place / bins, (place + 1) / bins) for place in charts.cell(chosen["points"][0]["customdata"])]
    selection.update(Pair, region=Box(*ends) if ends else None)
    if ends:
        then()


def _within(ends: list[float]) -> tuple[float, float]:
    low, high = sorted(min(1.0, max(0.0, float(end))) for end in ends)
    return low, high
