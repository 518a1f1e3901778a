"""Which of my candidates for my task? Scores, measured accuracy and costs of every candidate in one table."""

import streamlit as st

from depara_core.choice import verdict
from pages.choose import cards, computed, controls, fine_tuning, stability, table, takeaway
from pages.choose.computed import Asked, Chosen
from pages.choose.selection import Choose
from pages.shared import consent, jobs, selection, text, widgets
from pages.shared.parts import Data
from pages.shared.titles import QUESTIONS

QUESTION = QUESTIONS["choose"]


def require(asked: Asked, head: st.delta_generator.DeltaGenerator) -> Chosen:
    """Return the choice, measured where that was asked for, or draw the progress and stop the page here."""
    found: Chosen = jobs.require(computed.scores(asked), before=lambda: head.title(QUESTION, anchor=False))
    if selection.read(Choose).measured and "leep" in found.choice.scores:
        measured: Chosen | None = jobs.wait(computed.measurement(asked, found), key="choose-job")
        found = measured or found
    return found


def main() -> None:
    """Draw the page."""
    selection.read(Choose)  # also where nothing is drawn: what is never read counts as unknown
    head, data = st.container(), selection.read(Data)
    asked = controls.choose(data)
    if not asked.candidates and not consent.missing(computed.scores(asked).asks):
        with head:
            widgets.header(QUESTION)
        widgets.empty("None of the chosen models exists here.", "Choose candidates in Setup.", page="setup")
        return
    chosen = require(asked, head)
    choice = chosen.choice
    with head, st.container(horizontal=True):
        widgets.header(QUESTION, text.plain(verdict(choice)))
        takeaway.draw(asked, chosen)
    widgets.troubles(chosen.failed, choice.probes.skipped, chosen.unkept)
    if not choice.scores:
        controls.without_labels()
    table.draw(choice)
    cards.draw(choice, asked.key)
    stability.card(asked, chosen)
    fine_tuning.card(asked, chosen)
    widgets.links(models="How alike are they to each other?", evaluate="Which scores tell the truth elsewhere?")


main()
