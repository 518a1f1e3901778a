"""A grid of pictures to choose from: one component, no frame, keyboard and screen reader included."""

from base64 import b64encode
from collections.abc import Sequence

import streamlit as st

from depara_core.paths import assets_folder

_HERE = assets_folder() / "grid"


_mount = st.components.v2.component(
    "depara_image_grid", css=(_HERE / "grid.css").read_text(), js=(_HERE / "grid.js").read_text()
)


def image_grid(
    key: str,
    images: Sequence[bytes],
    captions: Sequence[str] | None = None,
    *,
    selected: int | None = None,
    size: int = 104,
    columns: int | None = None,
    alts: Sequence[str] | None = None,
    label: str = "Pictures",
) -> int | None:
    """Draw PNGs as buttons and return the index of the one just clicked, else None.

    Tiles are at least `size` pixels wide, or in exactly `columns` columns. Captions and alternative texts are data:
    they are set as text, never as HTML.
    """
    captions = [""] * len(images) if captions is None else list(captions)
    data = {
        "images": ["data:image/png;base64," + b64encode(image).decode() for image in images],
        "captions": captions,
        "alts": list(alts or captions),
        "selected": -1 if selected is None else selected,
        "size": size,
        "columns": columns,
        "label": label,
    }
    result = _mount(key=key, data=data, on_clicked_change=lambda: None)
    clicked = result.clicked
    return int(clicked) if clicked is not None and 0 <= int(clicked) < len(images) else None
