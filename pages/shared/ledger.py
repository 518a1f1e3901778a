"""A ledger: rows of small pictures, each with the bar of what it adds to a score; a click chooses a row."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from depara_core.paths import assets_folder

_HERE = assets_folder() / "ledger"
_mount = st.components.v2.component(
    "depara_ledger", css=(_HERE / "ledger.css").read_text(), js=(_HERE / "ledger.js").read_text()
)


@dataclass(frozen=True)
class Row:
    """One entry: pictures, the parts of its bar as (symbol, value), and columns of text.

    A picture that does not exist is None and is shown as "none"; an empty one keeps its place free.

    A symbol is "s_V", "s_E" or "S": the part takes its colour. `alt` says the row in words.
    """

    number: str
    pictures: tuple[bytes | None, ...]
    alts: tuple[str, ...]
    parts: tuple[tuple[str, float], ...]
    texts: tuple[str, ...]
    alt: str


def ledger(
    key: str,
    rows: Sequence[Row],
    *,
    pictures: Sequence[str],
    bar: str,
    texts: Sequence[str],
    extent: tuple[float, float],
    selected: int | None = None,
    gap: tuple[int, str] | None = None,
    size: int = 92,
    words: int = 62,
    lead: int = 34,
    label: str = "Shares",
) -> int | None:
    """Draw the rows and return the place of the one just clicked, else None.

    `pictures`, `bar` and `texts` head the columns; `extent` is (lowest, highest) end of all bars, 0 within; `gap`
    writes a line before a row. Pictures are at most `size` pixels wide, texts at least `words`, the number `lead`. All
    texts are data, never HTML.
    """
    data = {
        "rows": [
            {
                "number": row.number,
                "pictures": [
                    {"image": _uri(image), "alt": alt} for image, alt in zip(row.pictures, row.alts, strict=True)
                ],
                "parts": [[symbol, float(value)] for symbol, value in row.parts],
                "texts": list(row.texts),
                "alt": row.alt,
            }
            for row in rows
        ],
        "pictures": list(pictures),
        "bar": bar,
        "texts": list(texts),
        "extent": [float(end) for end in extent],
        "selected": -1 if selected is None else selected,
        "gap": {"before": -1 if gap is None else gap[0], "text": "" if gap is None else gap[1]},
        "size": size,
        "words": words,
        "lead": lead,
        "label": label,
    }
    clicked = _mount(key=key, data=data, on_clicked_change=lambda: None).clicked
    return int(clicked) if clicked is not None and 0 <= int(clicked) < len(rows) else None


def _uri(image: bytes | None) -> str | None:
    return None if image is None else "" if not image else "data:image/png;base64," + b64encode(image).decode()
