"""The last card of the Choose page: how far the ranking hangs on the images."""

import streamlit as st

from depara_core.exports.choice import stability_rows
from pages.choose import computed
from pages.choose.computed import Asked, Chosen
from pages.shared import jobs, widgets

READING = (
    "The candidates ranked anew, by the mean rank of all scores, on fewer of the images (four draws each) and without "
    "one class after the other. Best kept: how often the best on all images stays the best."
)


def card(asked: Asked, chosen: Chosen) -> None:
    """Offer the ranking on parts of the images, and draw it once it is there."""
    if "leep" not in chosen.choice.scores or len(chosen.choice.specs) < 2:
        return
    with widgets.card("Does the ranking hold?", READING, key="choose-stability"):
        found = jobs.offer(computed.stability(asked, chosen), "Rank them on parts of the images", key="stability")
        if found is not None:
            st.dataframe(stability_rows(found), hide_index=True, height="content", key="choose.stability")
