"""The ways through the tour: every step by its name, the neighbouring ones by buttons, in a hall by keys."""

from typing import Any

import streamlit as st

from pages.shared import selection
from pages.tour import lecture
from pages.tour.selection import Tour
from pages.tour.steps import STEPS


def steps(at: int) -> None:
    """Draw the steps to jump to; each has an address of its own."""
    st.segmented_control(
        "Step",
        list(range(1, len(STEPS) + 1)),
        format_func=lambda step: f"{step} {STEPS[step - 1].name}",
        required=True,
        label_visibility="collapsed",
        **selection.bind(Tour, "step", "tour.step", at),
    )


def onward(at: int) -> None:
    """Draw the ways to the neighbouring steps."""
    with st.container(horizontal=True, key="tour-onward-steps"):
        if at > 1:
            label = f"Back: {STEPS[at - 2].name}"
            there = selection.click(Tour, step=at - 1)
            st.button(label, key="tour.previous", shortcut=lecture.shortcut("Left"), **there)
        if at < len(STEPS):
            label = f"Next: {STEPS[at].name}"
            look: dict[str, Any] = {"type": "primary", "icon": ":material/arrow_forward:", "icon_position": "right"}
            there = selection.click(Tour, step=at + 1)
            st.button(label, key="tour.next", shortcut=lecture.shortcut("Right"), **look, **there)
    if selection.read(Tour).lecture:
        lecture.draw()
    else:
        st.caption("The address of this page opens this step with your networks and images: send it to a class.")
