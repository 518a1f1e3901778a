"""Setup: which models, on which images, with which options; what it will cost, and the run."""

import streamlit as st

from pages.setup import images, models, options, run
from pages.shared import widgets
from pages.shared.titles import QUESTIONS


def main() -> None:
    """Draw the page."""
    answer = "Every choice is in the address: it can be sent as a link."
    widgets.header(QUESTIONS["setup"], answer)
    left, right = st.columns([1.1, 1])
    with left:
        chosen = models.choose()
    with right:
        images.choose()
        options.choose()
    run.draw(chosen)


main()
