"""DEPARA Explorer's router: the pages, their titles and order."""

import os
import sys

import streamlit as st

import pages  # noqa: F401  first of all: until it is imported, an address names no page

os.environ.setdefault("DEPARA_ALLOW_CODE", "0")  # an address could name any file of this machine

first = st.empty()
if (
    "pages.shared.frame" not in sys.modules
):  # the libraries take seconds to load: nobody looks at a blank page meanwhile
    st.set_page_config("DEPARA Explorer", layout="wide")
    with first.container():
        st.title("DEPARA Explorer", anchor=False)
        st.caption("Starting: the libraries are loaded, once.")

from pages.shared import frame  # noqa: E402  after the title

first.empty()

PAGES = {
    "home": "Home",
    "tour": "Tour",
    "setup": "Setup",
    "choose": "Choose",
    "attributions": "Attributions",
    "graphs": "Graphs",
    "models": "Models",
    "panorama": "Panorama",
    "zoo": "Zoo",
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
