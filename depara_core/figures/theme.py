"""The look of every figure: colours with fixed meanings, scales, and one plotly template for light and one for dark.

Three meanings, three colours, everywhere: nodes s_V blue, edges s_E orange, combined S violet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sequential

FONT = 'Inter, "Source Sans", system-ui, -apple-system, "Segoe UI", sans-serif'
TRANSPARENT = "rgba(0,0,0,0)"
MAGNITUDE = "cividis"  # name of plotly's sequential scale, for S and every other magnitude
NODE, EDGE, TOTAL = "s_V", "s_E", "S"  # the symbols, as they are written on axes


@dataclass(frozen=True)
class Palette:
    """Colours of one mode, as "#rrggbb"."""

    page: str  # behind the cards
    surface: str  # the cards' own background
    text: str
    muted: str
    line: str  # card borders, axis lines, tree branches
    grid: str
    node: str
    edge: str
    total: str
    negative: str  # strong end of the diverging scale: opposes
    neutral: str  # its middle
    positive: str  # strong end: agrees
    teal: str
    blue: str
    magenta: str
    ochre: str
    red: str  # on maps: told from every grey and from ochre and blue by all eyes (benchmarks/map_contrast.py)
    others: tuple[str, ...]  # colour-blind safe cycle for groups without a colour of their own


LIGHT = Palette(
    page="#f5f6f9",
    surface="#ffffff",
    text="#1b2230",
    muted="#5c667a",
    line="#c3c9d5",
    grid="#e8ebf1",
    node="#2f6fde",
    edge="#d97f0e",
    total="#6d4bd8",
    negative="#762a83",
    neutral="#c3c9d5",
    positive="#1b7837",
    teal="#0b8f7a",
    blue="#2b62c9",
    magenta="#bf2f7c",
    ochre="#a8720b",
    red="#85050b",
    others=("#0072b2", "#b5500a", "#00805f", "#9c4f86", "#3f6f8c", "#7a6a00", "#6b6f78"),
)
DARK = Palette(
    page="#0e1116",
    surface="#161a21",
    text="#e7eaf0",
    muted="#9aa3b5",
    line="#475063",
    grid="#262c37",
    node="#5b9bff",
    edge="#f0a23b",
    total="#a78bfa",
    negative="#c583db",
    neutral="#475063",
    positive="#5cc97c",
    teal="#35c5ab",
    blue="#79a8ff",
    magenta="#f074b4",
    ochre="#dba93a",
    red="#bd320a",
    others=("#56b4e9", "#f0894e", "#2fc297", "#d9a0c8", "#93bcd6", "#d6c84a", "#a9afba"),
)

_BAR_LENGTH = 0.5  # of the plot's width
_NAMED_GROUPS = {"2d": "teal", "3d": "blue", "semantic": "magenta", "geometric": "ochre"}


def palette(dark: bool) -> Palette:
    """Return the colours of the dark or of the light mode."""
    return DARK if dark else LIGHT


def group_colours(groups: Sequence[str], *, dark: bool = False) -> dict[str, str]:
    """Give each group its colour: the four families of tasks their own, any other the next of a safe cycle."""
    colours = palette(dark)
    distinct = list(dict.fromkeys(groups))
    others = [group for group in sorted(distinct) if group.lower() not in _NAMED_GROUPS]
    cycle = {group: colours.others[i % len(colours.others)] for i, group in enumerate(others)}
    return {g: cycle[g] if g in cycle else getattr(colours, _NAMED_GROUPS[g.lower()]) for g in distinct}


def diverging(dark: bool) -> list[tuple[float, str]]:
    """Return the plotly scale for signed values centred at 0: purple opposes, green agrees."""
    colours = palette(dark)
    return [(0.0, colours.negative), (0.5, colours.neutral), (1.0, colours.positive)]


def rgb(colour: str) -> np.ndarray:
    """Turn "#rrggbb" into float64 (3,) in 0..255."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def fade(colour: str, alpha: float) -> str:
    """Return "#rrggbb" as "rgba(r,g,b,alpha)"."""
    red, green, blue = rgb(colour).astype(int)
    return f"rgba({red},{green},{blue},{alpha:g})"


def scale_table(stops: Sequence[str] = tuple(sequential.Cividis), size: int = 256) -> np.ndarray:
    """Interpolate a list of "#rrggbb" stops into a table of float64 (size, 3) in 0..255; cividis by default."""
    table = np.stack([rgb(stop) for stop in stops])
    at = np.linspace(0, len(stops) - 1, size)
    return np.stack([np.interp(at, np.arange(len(stops)), table[:, channel]) for channel in range(3)], axis=1)


@cache
def template(dark: bool) -> go.layout.Template:
    """Return the plotly template: the ground of a card, one calm grid, small margins that grow with the labels.

    The ground is drawn, so that a picture saved from the page keeps what its colours were chosen for.
    """
    colours = palette(dark)
    axis = {
        "gridcolor": colours.grid,
        "linecolor": colours.line,
        "tickcolor": colours.line,
        "zerolinecolor": colours.line,
        "zerolinewidth": 1,
        "gridwidth": 1,
        "ticks": "",
        "automargin": True,
        "tickfont": {"size": 12, "color": colours.text},
        "title": {"font": {"size": 12.5, "color": colours.muted}, "standoff": 10},
    }
    bar = {"outlinewidth": 0, "thickness": 10, "ticks": "", "tickfont": {"size": 11, "color": colours.muted}}
    layout = go.Layout(
        font={"family": FONT, "size": 12.5, "color": colours.text},
        paper_bgcolor=colours.surface,
        plot_bgcolor=TRANSPARENT,
        colorway=[colours.node, colours.edge, colours.total, *colours.others],
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis=axis,
        yaxis=axis,
        coloraxis={"colorbar": bar},
        hoverlabel={
            "bgcolor": colours.surface,
            "bordercolor": colours.line,
            "font": {"family": FONT, "size": 12.5, "color": colours.text},
            "align": "left",
            "namelength": 0,
        },
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "bgcolor": TRANSPARENT,
            "font": {"size": 12, "color": colours.muted},
        },
        colorscale={"sequential": MAGNITUDE, "diverging": diverging(dark)},
        modebar={"bgcolor": TRANSPARENT, "color": colours.muted, "activecolor": colours.text},
        separators=".\u2009",
        dragmode=False,
        hovermode="closest",
        barcornerradius=2,
    )
    data = {"heatmap": [go.Heatmap(colorbar=bar)], "scatter": [go.Scatter(marker={"line": {"width": 0}})]}
    return go.layout.Template(layout=layout, data=data)


def flat_bar(**more: object) -> dict[str, object]:
    """Return a colour bar lying above the plot's right end, so that the plot keeps the width."""
    place = {"x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "ypad": 6}
    return {"orientation": "h", "thickness": 9, "len": _BAR_LENGTH, "nticks": 5, **place, **more}


def name_bar(picture: go.Figure, name: str, dark: bool) -> None:
    """Write what a flat bar shows to its left: plotly would print the title over the colours."""
    picture.add_annotation(
        text=name,
        xref="paper",
        yref="paper",
        x=1 - _BAR_LENGTH,
        y=1,
        xanchor="right",
        yanchor="bottom",
        yshift=19,
        showarrow=False,
        font={"size": 12, "color": palette(dark).muted},
    )


def figure(dark: bool, height: int, **layout: object) -> go.Figure:
    """Return an empty figure in the mode's template, `height` pixels tall and as wide as its place.

    `layout`: what is known of it now; plotly takes several times as long for axes that are updated later.
    """
    return go.Figure(layout={"template": template(dark), "height": height, "autosize": True, **layout})
