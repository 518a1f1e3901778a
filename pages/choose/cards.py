"""What stands under the table of the Choose page: quality against cost, and which score tells the truth here."""

from typing import Any

import streamlit as st

from depara_core.choice import Choice
from depara_core.exports.choice import agreement_rows
from depara_core.figures.choice import cost_figure
from pages.shared import charts, widgets

COST = (
    "Up is better, left is cheaper. The line joins the Pareto set: no other candidate is as good at less work. "
    "Whiskers: 95 % over the images."
)
AGREEMENT = (
    "Spearman's correlation of each score with the measured accuracy over these candidates. Size and published "
    "accuracy need no image: a score that they match found nothing of its own here."
)


def draw(choice: Choice, key: str) -> Any:
    """Draw the cards; return the figure of costs, or None where nothing tells candidates apart."""
    if choice.quality is None:
        return None
    left, right = st.columns([1.4, 1])
    picture = cost_figure(choice, dark=widgets.dark())
    with left, widgets.card("Quality against cost", COST, key="choose-cost", height="stretch"):
        charts.chart(picture, f"choose.cost.{key}")
    with right:
        _draw_agreement(choice)
    return picture


def _draw_agreement(choice: Choice) -> None:
    with widgets.card("Do the scores tell the truth here?", AGREEMENT, key="choose-agreement", height="stretch"):
        if choice.agreement:
            st.dataframe(agreement_rows(choice), hide_index=True, height="content", key="choose.agreement")
        elif choice.transfer is None:
            st.caption("Nothing is measured yet: what the table shows are guesses.")
        else:
            st.caption("At least 3 candidates that differ in what they reach are needed.")
