"""Standalone HTML: one file, readable offline, that asks nothing of the outside."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from depara_core.errors import OptionError
from depara_core.exports.templates import fill_html
from depara_core.formatting import slug

PICTURES = ("png", "svg")
GROUNDS = {False: "#ffffff", True: "#161a21"}  # a picture taken elsewhere keeps the ground its colours were chosen for


def picture_config(name: str, form: str = "png") -> dict[str, Any]:
    """Return a plotly config whose mode bar holds one button: save the figure as a PNG or an SVG named after `name`."""
    if form not in PICTURES:
        raise OptionError(f"The format {form!r} is unknown. Expected one of: {', '.join(PICTURES)}.")
    options = {"format": form, "filename": slug(name), "scale": 2 if form == "png" else 1}
    return {"displaylogo": False, "modeBarButtons": [["toImage"]], "toImageButtonOptions": options}


def figure_document(
    figure: go.Figure,
    title: str,
    *,
    how_to_read: str = "",
    origin: Mapping[str, Any] | None = None,
    dark: bool = False,
) -> str:
    """Return a figure as one HTML file with plotly.js, buttons for PNG and SVG, and its `provenance` inside.

    `origin` is written as JSON into the element of the id "provenance".
    """
    drawn = drawn_figure(figure, 1, dark=dark)
    return document("figure.html", title, origin, dark=dark, how_to_read=how_to_read, drawn=drawn)


def document(template: str, title: str, origin: Mapping[str, Any] | None, *, dark: bool = False, **values: Any) -> str:
    """Fill a template that extends document.html."""
    plotly = Markup(get_plotlyjs())
    return fill_html(template, title=title, origin=origin, dark=dark, plotly=plotly, **values)


def drawn_figure(figure: go.Figure, number: int, *, dark: bool = False) -> Markup:
    """Return a figure's HTML, for a `document`; `number` tells the figures of one document apart."""
    shown = go.Figure(figure)
    shown.update_layout(paper_bgcolor=GROUNDS[dark], dragmode="zoom")
    config = {"displaylogo": False, "displayModeBar": False, "responsive": True, "plotlyServerURL": ""}
    return Markup(
        shown.to_html(config, full_html=False, include_plotlyjs=False, include_mathjax=False, div_id=f"figure-{number}")
    )
