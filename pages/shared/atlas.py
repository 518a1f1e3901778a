"""A table of small pictures, probes down and models across, to compare and to choose from: one component, no frame."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from depara_core.paths import assets_folder
from pages.shared import cache

_HERE = assets_folder() / "atlas"
_mount = st.components.v2.component(
    "depara_atlas", css=(_HERE / "atlas.css").read_text(), js=(_HERE / "atlas.js").read_text()
)


@dataclass(frozen=True)
class Heading:
    """What stands over a column; `note` is its number, `clickable` lets it be chosen."""

    text: str
    note: str = ""
    title: str = ""
    clickable: bool = False


@dataclass(frozen=True)
class Cell:
    """A picture with a line under it; without a picture its lines alone, or the word `none` in its place.

    `number` writes the line in the blue of s_V.
    """

    image: bytes | None
    text: str = ""
    alt: str = ""
    none: str = ""
    number: bool = False


@dataclass(frozen=True)
class Legend:
    """A colour scale from `low` to `high`."""

    image: bytes
    low: str
    high: str


def legend(*, signed: bool, dark: bool) -> Legend:
    """Return the colour scale of attribution maps."""
    low, high = ("lowers the feature", "raises it") if signed else ("does not matter", "matters most")
    return Legend(cache.scale_bar(signed=signed, dark=dark), low, high)


def atlas(
    key: str,
    headings: Sequence[Heading],
    rows: Sequence[Sequence[Cell]],
    *,
    selected: int | None = None,
    lens: int | None = None,
    pictures: int | None = None,
    size: int = 76,
    largest: int = 176,
    legend: Legend | None = None,
    label: str = "Pictures",
) -> tuple[int, int] | None:
    """Draw the table and return the (row, column) just clicked, row -1 for a heading, else None.

    The first `pictures` columns (default: all) are between `size` and `largest` pixels wide and scroll sideways where
    they do not fit, the first staying in view; the others hold words. Of the `selected` row the picture in the column
    `lens` stands out. All texts are data, never HTML.
    """
    data = {
        "headings": [{"text": h.text, "note": h.note, "title": h.title, "clickable": h.clickable} for h in headings],
        "rows": [[_cell(cell) for cell in row] for row in rows],
        "selected": -1 if selected is None else selected,
        "lens": -1 if lens is None else lens,
        "pictures": len(headings) if pictures is None else pictures,
        "size": size,
        "largest": largest,
        "legend": legend and {"image": _uri(legend.image), "low": legend.low, "high": legend.high},
        "label": label,
    }
    clicked = _mount(key=key, data=data, on_clicked_change=lambda: None).clicked
    if clicked is None:
        return None
    row, column = int(clicked["row"]), int(clicked["column"])
    return (row, column) if -1 <= row < len(rows) and 0 <= column < len(headings) else None


def _cell(cell: Cell) -> dict[str, str | bool | None]:
    image = None if cell.image is None else _uri(cell.image)
    return {"image": image, "text": cell.text, "alt": cell.alt, "none": cell.none, "number": cell.number}


def _uri(image: bytes) -> str:
    return "data:image/png;base64," + b64encode(image).decode()
