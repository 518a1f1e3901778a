"""The card of the Choose page that fine-tunes the best few: measured full transfer."""

import streamlit as st

from depara_core.exports.choice import fine_tuned_rows
from pages.choose import computed
from pages.choose.computed import Asked, Chosen
from pages.shared import jobs, widgets

READING = (
    "A linear head shows what frozen features hold; fine-tuning the whole network can order candidates otherwise. Each "
    "learns from three fifths of the images, stops by one fifth and is tested on the last, so intervals are wide. It "
    "takes minutes for a large network without a GPU, and goes on where it was after a break."
)


def card(asked: Asked, chosen: Chosen) -> None:
    """Offer to fine-tune the best by measured accuracy, and draw what they reach."""
    if chosen.choice.transfer is None:
        return
    best = min(computed.TUNED, len(chosen.choice.specs))
    with widgets.card("What would fine-tuning reach?", READING, key="choose-tuned"):
        label = "Fine-tune the best" + (f" {best}" if best > 1 else "")
        found = jobs.offer(computed.fine_tuning(asked, chosen), label, key="fine-tuning")
        if found is not None:
            st.dataframe(fine_tuned_rows(chosen.choice, found), hide_index=True, height="content", key="choose.tuned")
