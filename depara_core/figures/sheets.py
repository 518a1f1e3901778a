"""A table of small pictures with its words, as one picture: SVG for a page of print, PNG for everything else.

R: rows, C: columns.
"""

import html
import io
import unicodedata
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from depara_core.errors import OptionError
from depara_core.figures.theme import FONT, palette
from depara_core.formatting import shorten

TILE, GAP, EDGE = 112, 10, 16  # pixels: a picture, between two, round the sheet
HEAD, LINE = 40, 20  # pixels: over the columns, under a picture
LETTERS = 16  # of a name over or under a picture
SCALE = 2  # of the PNG


@dataclass(frozen=True)
class Tile:
    """One picture as a PNG with a line under it; None where there is nothing to show."""

    png: bytes | None
    text: str = ""


@dataclass(frozen=True)
class Sheet:
    """R x C pictures under C headings (name, note)."""

    title: str
    headings: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Tile]]

    def __post_init__(self) -> None:
        if not self.rows or any(len(row) != len(self.headings) or not row for row in self.rows):
            widths = sorted({len(row) for row in self.rows})
            raise OptionError(f"Expected rows of {len(self.headings)} > 0 pictures, one a heading; got {widths}.")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        down = HEAD + len(self.rows) * (TILE + LINE + GAP)
        return 2 * EDGE + len(self.headings) * (TILE + GAP) - GAP, 2 * EDGE + LINE + GAP + down


@dataclass(frozen=True)
class _Word:
    x: int
    y: int  # of the baseline
    text: str
    kind: Literal["title", "head", "note", "line", "none"]


def _words(sheet: Sheet) -> Iterator[_Word]:
    yield _Word(EDGE, EDGE + 14, sheet.title, "title")
    for column, (name, note) in enumerate(sheet.headings):
        left, top = _corner(-1, column)
        yield _Word(left, top + 14, shorten(name, LETTERS), "head")
        yield _Word(left, top + 30, note, "note")
    for r, row in enumerate(sheet.rows):
        for c, tile in enumerate(row):
            left, top = _corner(r, c)
            yield _Word(left, top + TILE + 14, shorten(tile.text, LETTERS), "line")
            if tile.png is None:
                yield _Word(left + 40, top + TILE // 2 + 4, "none", "none")


def _corner(row: int, column: int) -> tuple[int, int]:
    """Return left and top of a picture, or of the heading of its column (row -1)."""
    top = EDGE + LINE + GAP + (HEAD + row * (TILE + LINE + GAP) if row >= 0 else 0)
    return EDGE + column * (TILE + GAP), top


def _looks(dark: bool) -> dict[str, tuple[int, int, str]]:
    """Return size, weight and colour of every kind of word."""
    paint = palette(dark)
    return {
        "title": (15, 600, paint.text), "head": (12, 600, paint.text), "note": (12, 400, paint.blue),
        "line": (11, 400, paint.muted), "none": (12, 400, paint.muted),
    }  # fmt: skip


def sheet_svg(sheet: Sheet, *, dark: bool = False) -> str:
    """Return the sheet as an SVG with its pictures inside; all texts are data."""
    paint, (width, height), looks = palette(dark), sheet.size, _looks(dark)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{html.escape(sheet.title)}" font-family="{html.escape(FONT)}">',
        f'<rect width="{width}" height="{height}" fill="{paint.surface}"/>',
    ]
    for r, row in enumerate(sheet.rows):
        for c, tile in enumerate(row):
            place = 'x="{}" y="{}"'.format(*_corner(r, c)) + f' width="{TILE}" height="{TILE}"'
            if tile.png is None:
                parts.append(f'<rect {place} fill="none" stroke="{paint.line}"/>')
            else:
                parts.append(f'<image {place} href="data:image/png;base64,{b64encode(tile.png).decode()}"/>')
    for word in _words(sheet):
        size, weight, colour = looks[word.kind]
        look = f'font-size="{size}" font-weight="{weight}" fill="{colour}"'
        parts.append(f'<text x="{word.x}" y="{word.y}" {look}>{html.escape(word.text)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def sheet_png(sheet: Sheet, *, dark: bool = False) -> bytes:
    """Return the sheet as a PNG, twice as fine as it is large.

    Pillow's own font has the letters of English alone: others lose their accent, or become a question mark.
    """
    paint, (width, height), looks = palette(dark), sheet.size, _looks(dark)
    picture = Image.new("RGB", (SCALE * width, SCALE * height), paint.surface)
    pen = ImageDraw.Draw(picture)
    for r, row in enumerate(sheet.rows):
        for c, tile in enumerate(row):
            left, top = (SCALE * place for place in _corner(r, c))
            side = SCALE * TILE
            if tile.png is None:
                pen.rectangle((left, top, left + side - 1, top + side - 1), outline=paint.line, width=SCALE)
            else:
                small = Image.open(io.BytesIO(tile.png)).convert("RGB")
                picture.paste(small.resize((side, side), Image.Resampling.LANCZOS), (left, top))
    for word in _words(sheet):
        size, weight, colour = looks[word.kind]
        font = ImageFont.load_default(SCALE * size)
        bold = SCALE // 2 if weight >= 600 else 0
        pen.text((SCALE * word.x, SCALE * word.y), _ascii(word.text), fill=colour, font=font, anchor="ls",
                 stroke_width=bold / 2, stroke_fill=colour)  # fmt: skip
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _ascii(text: str) -> str:
    for special, plain in (("−", "-"), ("…", "..."), ("·", "-"), ("λ", "lam")):
        text = text.replace(special, plain)
    folded = unicodedata.normalize("NFKD", text)
    return "".join(c for c in folded if not unicodedata.combining(c)).encode("ascii", "replace").decode()
