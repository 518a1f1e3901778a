"""How a score adds up, as a waterfall: s_V and lambda * s_E make S, or lead from one S to another.

Blue and orange are the parts of nodes and edges, violet is S. A part is (low, value, high), S = s_V + lambda s_E.
"""

from collections.abc import Sequence

import plotly.graph_objects as go

from depara_core.figures.labels import escape
from depara_core.figures.theme import EDGE, NODE, TOTAL, fade, figure, palette
from depara_core.formatting import decimals_of_sum, number, shorten, signed, significant

Bars = tuple[float, float, float]  # low, value, high


def waterfall(node: Bars, edge: Bars, total: Bars, lam: float, *, dark: bool = False) -> go.Figure:
    """Draw 0, s_V, lambda * s_E and S, each with its interval; a click carries (node, edge or total).

    `edge` is lambda * s_E already.
    """
    paint = palette(dark)
    digits = decimals_of_sum(node[1], edge[1])
    picture = _bars(
        [(0.0, node), (node[1], edge), (0.0, total)],
        [paint.node, paint.edge, paint.total],
        [number(part[1], digits) for part in (node, edge, total)],
        [f"nodes<br>{NODE}", f"edges<br>λ·{EDGE}", f"both<br>{TOTAL}"],
        ["node", "edge", "total"],
        height=330,
        dark=dark,
    )
    for place, level in ((0, node[1]), (1, node[1] + edge[1])):
        line = {"color": paint.muted, "width": 1, "dash": "dot"}
        picture.add_shape(type="line", x0=place + 0.29, x1=place + 0.71, y0=level, y1=level, line=line)
    picture.update_yaxes(title_text=f"{TOTAL} = {NODE} + λ·{EDGE}, λ = {significant(lam)}")
    return picture


def bridge(start: float, node: Bars, edge: Bars, names: tuple[str, str], *, dark: bool = False) -> go.Figure:
    """Draw the way from one score S to another: what nodes and edges add or take; `names` = (from, to).

    A click carries (from, node, edge or to).
    """
    paint = palette(dark)
    middle, end = start + node[1], start + node[1] + edge[1]
    digits = decimals_of_sum(start, node[1], edge[1])
    one, other = (escape(shorten(name, 16)) for name in names)
    picture = _bars(
        [(0.0, (start,) * 3), (start, node), (middle, edge), (0.0, (end,) * 3)],
        [fade(paint.total, 0.45), paint.node, paint.edge, paint.total],
        [number(start, digits), *(signed(part[1], digits) for part in (node, edge)), number(end, digits)],
        [f"{TOTAL} from<br>{one}", f"nodes<br>{NODE}", f"edges<br>λ·{EDGE}", f"{TOTAL} from<br>{other}"],
        ["from", "node", "edge", "to"],
        height=290,
        dark=dark,
    )
    picture.update_yaxes(title_text=f"{TOTAL} = {NODE} + λ·{EDGE}")
    return picture


def _bars(
    parts: Sequence[tuple[float, Bars]],
    colours: Sequence[str],
    texts: Sequence[str],
    ticks: Sequence[str],
    clicks: Sequence[str],
    *,
    height: int,
    dark: bool,
) -> go.Figure:
    """Draw bars, each (where it begins, its low, value and high), its number above it and its interval over its end."""
    picture, places = figure(dark, height=height), list(range(len(parts)))
    picture.add_trace(
        go.Bar(
            x=places,
            y=[value for _, (_, value, _) in parts],
            base=[base for base, _ in parts],
            width=0.58,
            marker_color=list(colours),
            customdata=[[click] for click in clicks],
            hoverinfo="none",  # its number stands above each bar; "skip" would take the click away too
            unselected_marker_opacity=1,
        )
    )
    ends = [0.0]
    for place, (base, (low, value, high)) in enumerate(parts):
        if low < high:  # on a point of its own: a bar's whiskers need not fit where it begins
            picture.add_trace(_whisker(place, base, (low, value, high), dark))
        top = base + max(0.0, value, high)
        ends += [base, base + min(value, low), top]
        picture.add_annotation(x=place, y=top, text=texts[place], showarrow=False, yshift=11, font={"size": 13})
    floor, room = min(ends), max(*ends, 1e-9) - min(ends)
    picture.update_xaxes(tickvals=places, ticktext=list(ticks), showgrid=False, zeroline=False, fixedrange=True)
    picture.update_yaxes(fixedrange=True, nticks=5, range=[floor - 0.04 * room * (floor < 0), floor + 1.14 * room])
    picture.update_layout(showlegend=False)
    return picture


def _whisker(place: int, base: float, bars: Bars, dark: bool) -> go.Scatter:
    low, value, high = bars
    error = {
        "type": "data",
        "symmetric": False,
        "array": [high - value],
        "arrayminus": [value - low],
        "color": palette(dark).text,
        "thickness": 1.4,
        "width": 5,
    }
    return go.Scatter(x=[place], y=[base + value], mode="markers", hoverinfo="skip", marker_opacity=0, error_y=error)
