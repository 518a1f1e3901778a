"""The one table of the Choose page, a row a candidate."""

from typing import Any

import streamlit as st

from depara_core.choice import Choice
from depara_core.exports.choice import SHOWN_SCORES, shown_rows
from pages.choose.selection import Choose
from pages.shared import selection, text, widgets

MOST_ROWS = 25  # shown without scrolling
COSTS = "GFLOPs: 10⁹ operations an image. Images/s: on this machine, in batches of 8. ImageNet: published accuracy."
EDGES_ALONE = "Labels, tables and embeddings have no attribution maps: DEPARA is the edges' s_E alone."
CLUSTERS = "LEEP and NCE read a candidate's classes off clusters of its features."


def draw(choice: Choice) -> None:
    """Draw the table, and the button that measures."""
    reading = [SHOWN_SCORES] if choice.scores else []
    reading += [EDGES_ALONE] if choice.target is not None and choice.target.edges_only else []
    reading += [CLUSTERS] if "leep" in choice.scores else []
    title = "Candidates" if choice.quality is None else "Candidates, the best first"
    with widgets.card(title, " ".join([*reading, COSTS]), key="choose-table"):
        if choice.probes.labels is not None and len(choice.scores) > 1 and choice.transfer is None:
            _offer_measurement(choice)
        pinned = {"model": st.column_config.TextColumn("model", pinned=True)}
        height: Any = "content" if len(choice.specs) <= MOST_ROWS else 720
        st.dataframe(shown_rows(choice), hide_index=True, column_config=pinned, height=height, key="choose.table")
        for note in choice.notes:
            st.caption(text.plain(note))


def _offer_measurement(choice: Choice) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Measure their accuracy",
            key="choose.measure",
            type="primary",
            icon=":material/straighten:",
            **selection.click(Choose, measured=True),
        )
        st.caption(
            f"Scores guess. A linear head on each candidate's frozen features, tested on images that it did not see, "
            f"measures: {len(choice.specs)} heads, seconds."
        )
