"""Home: what this is, in one screen, on a small example computed live."""

import streamlit as st

from pages.home import example, gallery, method, pictures, sources
from pages.shared import comparisons, selection, widgets
from pages.shared.parts import Data
from pages.shared.titles import QUESTIONS

QUESTION = QUESTIONS["home"]
WHAT = "Each network becomes a graph over the same images. Two graphs that look alike promise good transfer."
NEXT = {
    "tour": "**Tour**: how it works, step by step, with your own choices.",
    "choose": "**Choose**: your candidates for your labelled images, in one table.",
    "models": "**Models**: every model against every other, and the sources for a target.",
    "layers": "**Layers**: at which layer to cut the source.",
    "attributions": "**Attributions**: the pixels each model looks at, image by image.",
    "graphs": "**Graphs**: two graphs side by side, and where they differ.",
    "setup": "**Setup**: your own images, other models, other attribution methods.",
}


def main() -> None:
    """Draw the page."""
    data = selection.read(Data)
    comparison = comparisons.require(data, layers="output", before=lambda: widgets.header(QUESTION, WHAT))
    if len(comparison.models) < 2:
        widgets.header(QUESTION, WHAT)
        widgets.empty("One model has nothing to be compared with.", "Choose at least two in Setup.", page="setup")
        return
    shown = example.choose(comparison)
    widgets.header(QUESTION, example.answer(shown))
    method.draw(shown)
    gallery.draw(shown)
    left, right = st.columns([1.25, 1])
    with left:
        sources.draw(shown)
    with right:
        pictures.draw(shown)
    with widgets.card("Where to next", key="next"):
        for column, names in zip(st.columns(2), (list(NEXT)[:4], list(NEXT)[4:]), strict=True):
            with column:
                for name in names:
                    selection.link(name, NEXT[name], icon=widgets.ICONS[name])


main()
