"""What λ changes on the Models page: which sources swap places between the paper's λ and another."""

import streamlit as st

from depara_core.figures.slopes import slopes
from depara_core.rank_changes import rank_changes
from pages.models.compared import Compared
from pages.shared import charts, text, widgets

PAPER, STRONG = 1.0, 10.0  # the paper's lambdas, with 10 % and with 1 % of the target's data


def draw(shown: Compared) -> None:
    """Say and draw who changes places from λ = 1 to the λ chosen; where that is 1, to λ = 10."""
    if len(shown.ranked) < 2:
        return
    changes = rank_changes(shown.ranked, PAPER, STRONG if shown.lam == PAPER else shown.lam)
    with widgets.card("What λ changes", "Move λ above. Violet: a source that changes its place.", key="card-lam"):
        st.markdown(changes.sentence(text.model))
        charts.chart(slopes(changes, dark=widgets.dark()), shown.key("lam"))
