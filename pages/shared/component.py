"""The app's own components: JavaScript and style sheets of the assets, drawn in the page without a frame."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from depara_core.paths import assets_folder


def component(name: str) -> Callable[..., Any]:
    """Return what draws assets/components/<name>; what all share stands before its own code."""
    folder = assets_folder() / "components"
    css, js = (
        "\n".join((folder / f"{part}.{suffix}").read_text() for part in ("common", name)) for suffix in ("css", "js")
    )
    return st.components.v2.component(f"depara_{name}", css=css, js=js)
