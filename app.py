"""DEPARA Explorer's router: the pages, their titles and order."""

import os

import streamlit as st

from pages.shared import frame

os.environ.setdefault("DEPARA_ALLOW_CODE", "0")  # an address could name any file of this machine

PAGES = {
    "home": "Home",
    "tour": "Tour",
    "setup": "Setup",
    "choose": "Choose",
    "attributions": "Attributions",
    "graphs": "Graphs",
    "models": "Models",
    "panorama": "Panorama",
    "layers": "Layers",
    "why": "Why",
    "evaluate": "Evaluate",
}

page = st.navigation(
    [
        st.Page(f"pages/{name}/page.py", title=title, url_path=name, default=name == "home")
        for name, title in PAGES.items()
    ],
    position="hidden",  # the frame draws the links itself: they carry the selection along
)
frame.draw(page, PAGES)
