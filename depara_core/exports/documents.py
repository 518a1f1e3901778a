"""Standalone HTML: one file, readable offline, that asks nothing of the outside."""

import html
import json
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from depara_core.errors import OptionError
from depara_core.formatting import printable, slug

PICTURES = ("png", "svg")
GROUNDS = {False: "#ffffff", True: "#161a21"}  # a picture taken elsewhere keeps the ground its colours were chosen for
_POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"
_STYLE = """
:root { color-scheme: light; --text: #1b2230; --muted: #5c667a; --line: #c3c9d5; --ground: #ffffff; --page: #f5f6f9;
  --total: #6d4bd8; }
:root.dark { color-scheme: dark; --text: #e7eaf0; --muted: #9aa3b5; --line: #475063; --ground: #161a21;
  --page: #0e1116; --total: #a78bfa; }
body { margin: 0 auto; max-width: 70rem; padding: 2rem 1.2rem 4rem; background: var(--page); color: var(--text);
  font: 15px/1.5 Inter, "Source Sans", system-ui, -apple-system, "Segoe UI", sans-serif;
  font-variant-numeric: tabular-nums; }
h1 { font-size: 1.7rem; letter-spacing: -0.015em; margin: 0 0 0.4rem; } h2 { font-size: 1.15rem; margin: 0 0 0.3rem; }
section { background: var(--ground); border: 1px solid var(--line); border-radius: 0.6rem; padding: 1.1rem 1.2rem;
  margin: 1rem 0; overflow-x: auto; }
p { margin: 0.2rem 0 0.6rem; max-width: 46rem; } .muted, figcaption { color: var(--muted); }
figure { margin: 0 0 0.4rem; } table { border-collapse: collapse; }
th, td { text-align: left; padding: 0.25rem 1.1rem 0.25rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } td.number, th.number { text-align: right; } code, pre { font-size: 0.85rem; }
code { overflow-wrap: anywhere; } .best td { color: var(--total); font-weight: 600; }
.probes { display: flex; flex-wrap: wrap; gap: 0.6rem; } .probes figure { width: 5.2rem; margin: 0; }
.probes img { width: 100%; height: auto; border-radius: 0.3rem; }
.probes figcaption { font-size: 0.72rem; overflow-wrap: anywhere; }
button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); cursor: pointer;
  border-radius: 0.4rem; padding: 0.2rem 0.7rem; margin: 0 0.4rem 0 0; }
@media print { body { background: none; padding: 0; } section { break-inside: avoid; } button { display: none; } }
"""
_SAVE = """
for (const button of document.querySelectorAll("button[data-form]"))
  button.onclick = () => Plotly.downloadImage(document.getElementById(button.dataset.figure),
    {format: button.dataset.form, filename: button.dataset.file, scale: button.dataset.form === "png" ? 2 : 1});
"""


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
    """Return a figure as one HTML file with plotly.js, buttons for PNG and SVG, and its `provenance` inside."""
    reading = f'<p class="muted">{escape(how_to_read)}</p>' if how_to_read else ""
    body = f"<h1>{escape(title)}</h1>{reading}<section>{figure_block(figure, title, 1, dark=dark)}</section>"
    return document(title, body, origin=origin, dark=dark)


def figure_block(figure: go.Figure, title: str, number: int, *, dark: bool) -> str:
    """Return a figure's HTML, for a `document`; `number` tells the figures of one document apart."""
    shown = go.Figure(figure)
    shown.update_layout(paper_bgcolor=GROUNDS[dark], dragmode="zoom")
    config = {"displaylogo": False, "displayModeBar": False, "responsive": True, "plotlyServerURL": ""}
    name = f"figure-{number}"
    drawn = shown.to_html(config, full_html=False, include_plotlyjs=False, include_mathjax=False, div_id=name)
    buttons = "".join(
        f'<button data-figure="{name}" data-form="{form}" data-file="{slug(title)}">Save as {form.upper()}</button>'
        for form in PICTURES
    )
    return f'<figure role="group" aria-label="{escape(title)}">{drawn}</figure>{buttons}'


def picture_document(
    svg: str, title: str, *, how_to_read: str = "", origin: Mapping[str, Any] | None = None, dark: bool = False
) -> str:
    """Return a drawn SVG as one HTML file with its `provenance` inside."""
    reading = f'<p class="muted">{escape(how_to_read)}</p>' if how_to_read else ""
    body = f"<h1>{escape(title)}</h1>{reading}<section>{svg}</section>"
    return document(title, body, origin=origin, plots=False, dark=dark)


def document(
    title: str, body: str, *, origin: Mapping[str, Any] | None = None, plots: bool = True, dark: bool = False
) -> str:
    """Return a whole HTML file round a body; its policy forbids the browser to load anything from anywhere.

    `origin` is written as JSON into the element of the id "provenance"; `plots`: whether the body needs plotly.js.
    """
    record = json.dumps(origin, ensure_ascii=True).replace("<", "\\u003c")  # no name can close the element
    script = "" if origin is None else f'<script type="application/json" id="provenance">{record}</script>'
    plotly = f'<script id="plotly">{get_plotlyjs()}</script>\n' if plots else ""
    saving = f"<script>{_SAVE}</script>\n" if plots else ""
    return (
        f'<!doctype html>\n<html lang="en"{" class=dark" if dark else ""}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n{script}\n"
        f"{plotly}</head>\n<body>\n{body}\n{saving}</body>\n</html>\n"
    )


def escape(text: str) -> str:
    """Return text that HTML shows as it is, in an element or a quoted attribute."""
    return html.escape(printable(text))
