"""A table of attribution maps as one picture to keep: probes down, graphs across, a line under every map.

R: rows, C: columns; everything is drawn in pixels.
"""

from collections.abc import Sequence

import plotly.graph_objects as go

from depara_core.errors import OptionError
from depara_core.figures.labels import escape
from depara_core.figures.theme import figure, palette
from depara_core.formatting import shorten
from depara_core.png import png_uri

MAP, GAP, EDGE = 112, 10, 12  # side of a map, the room between two, and round the table
HEAD, LINE = 42, 20  # heights of the headings over the columns, and of the line under a map
LETTERS = 15  # of a name over or under a map


def map_table(
    headings: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[tuple[bytes | None, str]]],
    *,
    dark: bool = False,
) -> go.Figure:
    """Draw R rows of C maps (PNG, its line) under C headings (name, note); None where there is no map."""
    if not headings or not rows or any(len(row) != len(headings) for row in rows):
        widths = sorted({len(row) for row in rows})
        raise OptionError(f"Expected rows of {len(headings)} > 0 maps, one a heading; got {widths}.")
    paint, down, across = palette(dark), MAP + LINE + GAP, MAP + GAP
    picture = figure(dark, height=HEAD + len(rows) * down + 2 * EDGE)
    picture.update_layout(
        width=len(headings) * across + 2 * EDGE,
        autosize=False,
        showlegend=False,
        margin=dict.fromkeys("lrtb", EDGE),
    )
    picture.update_xaxes(range=[0, len(headings) * across], visible=False)
    picture.update_yaxes(range=[HEAD + len(rows) * down, 0], visible=False)
    words = [
        _text(column * across, y, text, size, colour)
        for column, (name, note) in enumerate(headings)
        for y, text, size, colour in (
            (0, f"<b>{escape(shorten(name, LETTERS))}</b>", 11, paint.text),
            (18, escape(note), 11, paint.node),
        )
    ]
    images = []
    for r, row in enumerate(rows):
        for c, (png, line) in enumerate(row):
            left, top = c * across, HEAD + r * down
            words.append(_text(left, top + MAP, escape(shorten(line, LETTERS)), 11, paint.muted))
            if png is None:
                words.append(_text(left + MAP / 2, top + MAP / 2, "none", 12, paint.muted, centred=True))
            else:
                images.append(_image(left, top, png))
    picture.update_layout(images=images, annotations=[one for one in words if one["text"]])
    return picture


def _text(x: float, y: float, text: str, size: int, colour: str, *, centred: bool = False) -> dict[str, object]:
    """Return a text by its upper left corner, or by its middle."""
    anchors = {"xanchor": "center", "yanchor": "middle"} if centred else {"xanchor": "left", "yanchor": "top"}
    font = {"size": size, "color": colour}
    return {"x": x, "y": y, "xref": "x", "yref": "y", "text": text, "font": font, "showarrow": False, **anchors}


def _image(left: float, top: float, png: bytes) -> dict[str, object]:
    place = {"xref": "x", "yref": "y", "x": left, "y": top, "xanchor": "left", "yanchor": "top"}
    return {"source": png_uri(png), "sizex": MAP, "sizey": MAP, **place}
