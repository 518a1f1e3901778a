"""Figures on a page: drawn in the reader's theme, a click turned into the place in the data that was clicked.

charts.chart(figure, "models.matrix", clicked)     # clicked(place): the clicked mark's customdata
charts.silent(comparison.graphs)                   # tells which probes have no attribution or no feature
"""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from cachetools import LRUCache

import depara_core as depara
from depara_core import exports
from pages.shared import selection, text
from pages.shared.parts import Look

Place = list[Any]
REMEMBERED = 64  # charts whose clicks a session counts


def chart(figure: Any, key: str, clicked: Callable[[Place], object] | None = None) -> None:
    """Draw a plotly figure; `clicked` is called before the next run with the `customdata` of the mark clicked."""
    if clicked is None:
        st.plotly_chart(figure, theme=None, config=camera(key), key=key)
        return
    st.plotly_chart(
        figure,
        theme=None,
        config=camera(key),
        key=_turn(key),
        on_select=lambda: answer(key, clicked),
        selection_mode="points",
    )


def table(frame: pd.DataFrame, key: str, chosen: Callable[[int], object], **look: Any) -> None:
    """Draw a table beside a chart; `chosen` is called with the place of the row that is selected in it.

    Marks of a chart answer to the mouse alone: a row does to the keyboard too.
    """
    turn = _turn(key)

    def answered() -> None:
        rows = st.session_state[turn]["selection"]["rows"]
        if rows:
            _clicks()[key] = _clicks().get(key, 0) + 1
            chosen(int(rows[0]))

    st.dataframe(frame, key=turn, hide_index=True, on_select=answered, selection_mode="single-row", **look)


def camera(key: str) -> dict[str, Any]:
    """Return the config of a chart: one button, shown while the mouse is over it, that saves it as a picture."""
    name = "-".join(key.split(".")[:2])
    return {**exports.picture_config(name, selection.read(Look).picture), "scrollZoom": False, "displayNotifier": False}


def answer(key: str, clicked: Callable[[Place], object]) -> None:
    """Call `clicked` for the mark that was clicked; where a selection was only taken back, nothing follows.

    After a click the chart is drawn anew, with nothing selected: a second click on the mark would only take the
    selection back.
    """
    points = st.session_state[_turn(key)]["selection"]["points"]
    if points and points[0].get("customdata"):
        _clicks()[key] = _clicks().get(key, 0) + 1
        clicked(list(points[0]["customdata"]))


def _turn(key: str) -> str:
    """Return the key of a chart since its last click."""
    return f"{key}.{_clicks().get(key, 0)}"


def _clicks() -> LRUCache[str, int]:
    return st.session_state.setdefault("_clicks", LRUCache(REMEMBERED))


def cell(place: Place | dict[str, int]) -> tuple[int, int]:
    """Return (column, row) of a bin; plotly sends a row of numbers alone as a mapping from its positions."""
    column, row, *_ = place.values() if isinstance(place, dict) else place
    return int(column), int(row)


def silent(graphs: Sequence[depara.AttributionGraph]) -> None:
    """Tell how many probes say nothing in which graph; drawn only where there are any."""
    rows = []
    for graph in graphs:
        for what, flags in (("attribution", graph.no_attribution), ("feature", graph.no_feature)):
            if flags.any():
                label = text.plain(graph.label)
                rows.append(f"- {label}: {int(flags.sum())} of {len(graph)} images have no {what} (all zero)")
    if rows:
        with st.expander("Some images say nothing to some models; they count as 0", icon=":material/info:"):
            st.markdown("\n".join(rows))
