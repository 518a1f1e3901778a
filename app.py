"""DEPARA Explorer's router: the pages, their titles and order."""

import os
import sys

import streamlit as st

import pages  # noqa: F401  first of all: until it is imported, an address names no page
from pages.shared import starting
from pages.shared.titles import TITLES

os.environ.setdefault("DEPARA_ALLOW_CODE", "0")  # an address could name any file of this machine

page = st.navigation(
    [
        st.Page(f"pages/{name}/page.py", title=title, url_path=name, default=name == "home")
        for name, title in TITLES.items()
    ],
    position="hidden",  # the frame draws the links itself: they carry the selection along
)
if "pages.shared.frame" not in sys.modules:  # nobody looks at a blank page while the libraries load
    starting.draw(page)

from pages.shared import frame  # noqa: E402  after the title: it brings them

frame.draw(page, TITLES)
