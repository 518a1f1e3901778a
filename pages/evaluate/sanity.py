"""The sanity room on the Evaluate page: cases whose answer is known by design, and which scores see it."""

import streamlit as st

from depara_core.benchmark import sanity_room
from pages.shared import text, widgets
from pages.shared.cache import evaluation as cache

READING = (
    "A small network stands beside itself, changed step by step; each number is the share of pairs of steps that a "
    "score puts in the order known by design: 1 sees it, 0.5 does not move. Scores with labels say what a network is "
    "worth: one trained longer, or elsewhere, may rightly stand above the first."
)


def card() -> None:
    """Draw the committed table."""
    with widgets.card("Sanity: cases whose answer is known", READING, key="sanity"):
        st.dataframe(cache.sanity_rows(), hide_index=True, key="evaluate.sanity")
        told = [f"*{case.title}*: {text.plain(case.expected)}" for case in sanity_room.cases().values()]
        st.caption(" · ".join(told) + ". Measured by `benchmarks/sanity_room.py`.")
