"""Tables of small pictures to look at and to choose from: one component in three layouts.

    clicked = image_table("key", [Heading("image"), Heading("normal", "s_V 0.41", clickable=True)], rows)  # cells
    clicked = image_grid("key", pngs, captions, selected=3)                                                # wraps
    clicked = contribution_table("key", rows, pictures=("image",), bar="share", texts=("of S",), extent=(-1, 1))

Mouse, arrow keys, Enter and a screen reader reach every picture or row. All texts are data, never HTML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from depara_core.png import png_uri
from pages.shared.component import component
from pages.shared.legends import Key, Legend, legend_data

_mount = component("image_table")
NARROW_LEAD = 70  # the first column's most pixels in a narrow table


@dataclass(frozen=True)
class Heading:
    """What stands over a column; `note` is its number, `clickable` lets it be chosen."""

    text: str
    note: str = ""
    title: str = ""
    clickable: bool = False


@dataclass(frozen=True)
class Cell:
    """A picture with a line under it, or a line alone; `missing` stands in for a picture that there is none of.

    `number` writes the line in the blue of s_V. `alt` says the picture in words.
    """

    image: bytes | None
    text: str = ""
    alt: str = ""
    missing: bool = False
    number: bool = False


@dataclass(frozen=True)
class ContributionRow:
    """One entry of a contribution table: pictures, the parts of its bar as (symbol, value), and columns of text.

    A picture that does not exist is None and is shown as "none"; an empty one keeps its place free. A symbol is "s_V",
    "s_E" or "S": the part takes its colour. `alt` says the row in words.
    """

    number: str
    pictures: tuple[bytes | None, ...]
    alts: tuple[str, ...]
    parts: tuple[tuple[str, float], ...]
    texts: tuple[str, ...]
    alt: str


def image_table(
    key: str,
    headings: Sequence[Heading],
    rows: Sequence[Sequence[Cell]],
    *,
    selected: int | None = None,
    lens: int | None = None,
    pictures: int | None = None,
    size: int = 76,
    largest: int = 220,
    legend: Legend | Key | None = None,
    label: str = "Pictures",
) -> tuple[int, int] | None:
    """Draw rows of pictures under headings and return the (row, column) just clicked, row -1 for a heading, else None.

    The first `pictures` columns (default: all) are between `size` and `largest` pixels wide and scroll sideways where
    they do not fit, the first staying in view; the others hold text. Of the `selected` row the first picture and the
    one in the column `lens` stand out.
    """
    count = len(headings)
    shown = count if pictures is None else pictures
    marks = [
        ["" if row != selected else "seen" if column in (0, lens) else "chosen" for column in range(count)]
        for row in range(len(rows))
    ]
    text = f" repeat({count - shown}, minmax(150px, 1fr))" if shown < count else ""
    table = _Table(
        label,
        f"repeat({shown}, minmax({size}px, {largest}px)){text}",
        [{"cells": [_cell(*one) for one in zip(*both, strict=True)]} for both in zip(rows, marks, strict=True)],
        headings=[vars(heading) for heading in headings],
        legend=legend,
    )
    return table.clicked(key)


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
    """Draw PNGs, at least `size` pixels wide or in exactly `columns` columns; return the place of the one just clicked.

    Without `alts` the captions say what is on the pictures.
    """
    captions = [""] * len(images) if captions is None else captions
    cells = [
        _cell(Cell(image, caption, alt), "seen" if place == selected else "")
        for place, (image, caption, alt) in enumerate(zip(images, captions, alts or captions, strict=True))
    ]
    template = f"repeat({columns}, minmax(0, 1fr))" if columns else f"repeat(auto-fill, minmax({size}px, 1fr))"
    clicked = _Table(label, template, [{"cells": cells}], wraps=True).clicked(key)
    return None if clicked is None else clicked[1]


def contribution_table(
    key: str,
    rows: Sequence[ContributionRow],
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
    legend: Key | None = None,
    label: str = "Contributions",
) -> int | None:
    """Draw rows, each with the bar of what it adds to a score; return the place of the one just clicked, else None.

    `pictures`, `bar` and `texts` head the columns; `extent` is (lowest, highest) end of all bars, 0 within; `gap`
    writes a line before a row. Pictures are at most `size` pixels wide, texts at least `words`, the number `lead`.
    """
    kinds = ["text", *["image"] * len(pictures), "bar", *["text"] * len(texts)]
    across = max(len(pictures), len(texts) + 1)  # columns of a narrow table, beside the number
    table = _Table(
        label,
        f"{lead}px repeat({len(pictures)}, minmax(40px, {size}px)) minmax(70px, 1fr) "
        f"repeat({len(texts)}, minmax({words}px, max-content))",
        [
            {
                "label": row.alt,
                "chosen": place == selected,
                "gap": gap[1] if gap is not None and place == gap[0] else "",
                "cells": _contribution(row, extent),
            }
            for place, row in enumerate(rows)
        ],
        headings=[{"text": text, "kind": kind} for text, kind in zip(("", *pictures, bar, *texts), kinds, strict=True)],
        narrow=f"{min(lead, NARROW_LEAD)}px repeat({across}, minmax(0, 1fr))",
        bar=max(1, across - len(texts)),
        legend=legend,
    )
    clicked = table.clicked(key)
    return None if clicked is None else clicked[0]


@dataclass(frozen=True)
class _Table:
    """What the component is given: columns as CSS grid templates, rows of cells."""

    label: str
    columns: str
    rows: Sequence[Mapping[str, Any]]
    headings: Sequence[Mapping[str, Any]] = field(default=())
    wraps: bool = False
    narrow: str = "none"
    bar: int = 1
    legend: Legend | Key | None = None

    def clicked(self, key: str) -> tuple[int, int] | None:
        """Draw it and return what was just clicked, where there is such a thing."""
        bare: dict[str, object] = {"note": "", "title": "", "clickable": False, "kind": ""}
        data = {
            **{name: getattr(self, name) for name in ("label", "columns", "wraps", "narrow", "bar")},
            "headings": [{**bare, **heading} for heading in self.headings],
            "rows": [{"label": None, "chosen": False, "gap": "", **row} for row in self.rows],
            "legend": legend_data(self.legend),
        }
        found = _mount(key=key, data=data, on_clicked_change=lambda: None).clicked
        if found is None:
            return None
        row, column = int(found["row"]), int(found["column"])
        if row == -1:
            return (row, column) if 0 <= column < len(self.headings) else None
        known = 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]["cells"])
        return (row, column) if known else None


def _cell(cell: Cell, mark: str = "") -> dict[str, object]:
    kind = "text" if cell.image is None and not cell.missing else "image"
    image = None if cell.image is None else png_uri(cell.image)
    style = "number" if cell.number else ""
    return {"kind": kind, "image": image, "text": cell.text, "alt": cell.alt, "mark": mark, "style": style}


def _contribution(row: ContributionRow, extent: tuple[float, float]) -> list[dict[str, object]]:
    pictures = [
        Cell(image or None, alt=alt, missing=image is None) for image, alt in zip(row.pictures, row.alts, strict=True)
    ]
    parts = [[symbol, float(value)] for symbol, value in row.parts]
    bar: dict[str, object] = {
        "kind": "bar",
        "parts": parts,
        "extent": [float(end) for end in extent],
        "text": "",
        "mark": "",
    }
    texts = [_cell(Cell(None, text)) for text in row.texts]
    return [_cell(Cell(None, row.number)), *map(_cell, pictures), bar, *texts]
