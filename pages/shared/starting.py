"""What stands on the first page of a process while its libraries load, which takes seconds: frame, title, skeleton.

It imports none of them. Evaluate's conclusion is committed, so it is said at once.
"""

from typing import Any

import streamlit as st

from depara_core import preloading
from depara_core.benchmark.conclusion import committed_conclusion
from depara_core.paths import assets_folder
from pages.evaluate.verdict import origin, verdict
from pages.shared.titles import QUESTIONS, TITLES

_STYLE = assets_folder() / "style"
_ICON = str(_STYLE / "favicon.png")  # a material icon would be fetched from outside
_ROOMS = 100  # that the committed scores are on
_SKELETON = f'<div class="skeleton" role="status" aria-label="The libraries are loaded, once.">{"<i></i>" * 3}</div>'


def dress(page: Any) -> None:
    """Give the page its title, icon, width and style."""
    st.set_page_config(f"{page.title} · DEPARA Explorer", _ICON, layout="wide", initial_sidebar_state=232)
    st.html(_STYLE / "app.css")
    scheme = "dark" if st.context.theme.type == "dark" else "light"
    st.html(f"<style>:root {{ color-scheme: {scheme}; }}</style>")  # popovers stand outside of Streamlit's own element


def draw(page: Any) -> None:
    """Draw a page's frame and title over a skeleton until the libraries are there; then the run begins anew."""
    name = page.url_path or "home"
    dress(page)
    with st.sidebar:
        with st.container(key="brand", gap=None):
            st.markdown("**DEPARA Explorer**")
        with st.container(key="navigation", gap=None):
            query = {one: st.query_params.get_all(one) for one in st.query_params}
            for one, title in TITLES.items():
                st.page_link(f"pages/{one}/page.py", label=title, query_params=query)
    with st.container(key="starting", gap=None):
        st.title(QUESTIONS[name], anchor=False)
        st.markdown(_known(name) or "Starting: the libraries are loaded, once.")
    st.html(_SKELETON)
    preloading.wait()
    import pages.shared.frame  # noqa: F401  here and now: the title is out

    st.rerun()


def _known(name: str) -> str:
    """Return what a page can say before anything is loaded: Evaluate's conclusion, unless a link asks for another."""
    found = committed_conclusion() if name == "evaluate" and not st.query_params else None
    return "" if found is None else verdict(found) + origin(_ROOMS)
