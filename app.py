"""DEPARA Explorer's router: the pages, their titles and order."""

import streamlit as st

from pages import _frame

PAGES = {
    "home": "Home",
    "tour": "Tour",
    "setup": "Setup",
    "attributions": "Attributions",
    "graphs": "Graphs",
    "models": "Models",
    "panorama": "Panorama",
    "layers": "Layers",
    "why": "Why",
    "evaluate": "Evaluate",
}

present = {name: entry for name, entry in PAGES.items() if _frame.exists(name)}
page = st.navigation(
    [st.Page(f"pages/{name}.py", title=title, default=name == "home") for name, title in present.items()],
    position="hidden",  # the frame draws the links itself: they carry the selection along
)
_frame.draw(page, present)
