"""DEPARA Explorer's router: the pages, their titles, icons and order."""

import streamlit as st

from pages import _frame

PAGES = {
    "home": ("Home", ":material/home:"),
    "setup": ("Setup", ":material/tune:"),
    "attributions": ("Attributions", ":material/blur_on:"),
    "graphs": ("Graphs", ":material/hub:"),
    "models": ("Models", ":material/grid_on:"),
    "layers": ("Layers", ":material/layers:"),
}

st.set_page_config(page_title="DEPARA Explorer", page_icon=":material/hub:", layout="wide")
present = {name: entry for name, entry in PAGES.items() if _frame.exists(name)}
page = st.navigation(
    [
        st.Page(f"pages/{name}.py", title=title, icon=icon, default=name == "home")
        for name, (title, icon) in present.items()
    ],
    position="hidden",  # the frame draws the links itself: they carry the selection along
)
_frame.draw(page, {name: title for name, (title, _) in present.items()})
