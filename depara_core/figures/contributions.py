"""Why a score is what it is, drawn: shares of groups and of surfaces, the maps of agreement.

G: groups. A bar is blue for its share of s_V, orange for lambda * s_E, violet for S; cells are green where a group adds
to the score and purple where it takes from it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float, UInt8
from plotly.subplots import make_subplots

from depara_core.errors import OptionError
from depara_core.explanation import Contrast, Explanation
from depara_core.figures.attribution_maps import overlay, resize, shared_limit
from depara_core.figures.labels import coloured, escape, table
from depara_core.figures.theme import (
    EDGE,
    NODE,
    TRANSPARENT,
    diverging,
    fade,
    flat_bar,
    name_bar,
    palette,
    template,
)
from depara_core.figures.tiles import COLOURS, PERCENTILE, drawn_map
from depara_core.formatting import NOTHING, shorten, signed
from depara_core.png import to_png
from depara_core.probes import ProbeSet

Range = tuple[float, float]


def _percent(values: Float[np.ndarray, "*shape"], whole: float) -> tuple[Float[np.ndarray, "*shape"], str]:
    """Return parts in per cent of the size of their sum, and the unit; of no sum, the parts."""
    if abs(whole) < NOTHING:
        return np.asarray(values, dtype=np.float64), ""
    return 100 * np.asarray(values, dtype=np.float64) / abs(whole), " %"


def mark_region(picture: go.Figure, a: Range, b: Range, *, dark: bool = False) -> go.Figure:
    """Frame the region of a rank density that is looked at: ranks in the one graph by ranks in the other."""
    paint = palette(dark)
    picture.add_shape(
        type="rect",
        x0=a[0],
        x1=a[1],
        y0=b[0],
        y1=b[1],
        line={"color": paint.total, "width": 2},
        fillcolor=fade(paint.total, 0.14),
    )
    return picture


def group_contributions(
    edge: Float[np.ndarray, "G G"],
    node: Float[np.ndarray, " G"],
    names: Sequence[str],
    *,
    whole: float,
    symbol: str = f"λ·{EDGE}",
    selected: tuple[int, int] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw what pairs within and between groups add to lambda * s_E, and beside it what each group adds to s_V.

    All in per cent of `whole`, the score S. A clicked cell carries (row, column), a clicked bar its row twice;
    `selected` is framed.
    """
    count = len(names)
    if edge.shape != (count, count) or node.shape != (count,) or not count:
        raise OptionError(f"Expected shares of {count} > 0 groups; got edges {edge.shape} and nodes {node.shape}.")
    paint, (values, unit) = palette(dark), _percent(edge, whole)
    picture = make_subplots(rows=1, cols=2, shared_yaxes=True, column_widths=[0.68, 0.32], horizontal_spacing=0.04)
    picture.update_layout(template=template(dark), height=150 + 34 * max(count, 4), margin={"t": 44}, showlegend=False)
    limit = float(np.abs(values).max()) or 1.0
    bar = flat_bar(x=0.66, len=0.34, nticks=3)
    cells = go.Heatmap(
        z=values,
        zmin=-limit,
        zmax=limit,
        colorscale=diverging(dark),
        colorbar=bar,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
        text=[[signed(v, 1) for v in row] for row in values] if count <= 10 else None,
        texttemplate="%{text}" if count <= 10 else None,
    )
    picture.add_trace(cells, row=1, col=1)
    safe = [escape(name) for name in names]
    places = [(r, c) for r in range(count) for c in range(count)]
    picture.add_trace(
        go.Scatter(
            x=[c for _, c in places],
            y=[r for r, _ in places],
            mode="markers",
            marker={"symbol": "square", "size": 14, "opacity": 0},
            selected_marker_opacity=0,
            unselected_marker_opacity=0,
            customdata=table([(r, c, safe[r], safe[c], float(values[r, c])) for r, c in places]),
            hovertemplate=f"<b>%{{customdata[2]}}</b> – <b>%{{customdata[3]}}</b><br>{symbol}: "
            f"%{{customdata[4]:+.2f}}{unit}<extra></extra>",
        ),
        row=1,
        col=1,
    )
    own, _ = _percent(node, whole)
    picture.add_trace(
        go.Bar(
            x=own,
            y=list(range(count)),
            orientation="h",
            marker_color=paint.node,
            width=0.6,
            customdata=[[r, r] for r in range(count)],
            unselected_marker_opacity=1,
            hovertemplate=f"{NODE}: %{{x:+.2f}}{unit}<extra></extra>",
        ),
        row=1,
        col=2,
    )
    of_whole = coloured(NODE, paint.node) + (", % of S" if unit else "")
    name_bar(picture, f"{symbol}, % of S" if unit else symbol, dark)
    picture.layout.annotations[0].update(x=0.3)
    short = [escape(shorten(name, 16)) for name in names]
    ticks = {"tickvals": list(range(count)), "ticktext": short, "showgrid": False, "zeroline": False}
    picture.update_yaxes(**ticks, range=[count - 0.5, -0.5], fixedrange=True, row=1, col=1)
    picture.update_yaxes(showticklabels=False, showgrid=False, fixedrange=True, row=1, col=2)
    picture.update_xaxes(**ticks, tickangle=-45, range=[-0.5, count - 0.5], fixedrange=True, row=1, col=1)
    picture.update_xaxes(title_text=of_whole, nticks=4, fixedrange=True, row=1, col=2)
    picture.update_layout(hoverdistance=-1)
    if selected is not None:
        row, column = selected
        picture.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": paint.text, "width": 2.5},
            fillcolor=TRANSPARENT,
            row=1,
            col=1,
        )
    return picture


def surface_contributions(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw each group of pixels three times: its part of the image, its share of s_V, and the share by its part.

    `frame`: group, share, area, density, as PixelContributions.to_frame gives it. The dotted line is s_V, the density
    of the whole image. A click carries the group's (row,).
    """
    count = len(frame)
    if not count:
        raise OptionError("Expected at least one group of pixels; got none.")
    paint, total = palette(dark), float(frame["share"].sum())
    shares, unit = _percent(frame["share"].to_numpy(float), total)
    picture = make_subplots(rows=1, cols=3, shared_yaxes=True, horizontal_spacing=0.05)
    picture.update_layout(template=template(dark), height=110 + 30 * count, margin={"t": 12}, showlegend=False)
    density = frame["density"].to_numpy(float)
    own = [paint.positive if value >= total else paint.negative for value in density]
    panels = (
        (100 * frame["area"].to_numpy(float), paint.muted, "part of the image, %", "%{x:.1f} %"),
        (shares, paint.node, f"share of {NODE}{unit and ', %'}", f"%{{x:+.2f}}{unit}"),
        (density, own, f"{NODE} on it (dotted: all)", "%{x:+.3f}"),
    )
    for column, (values, colour, title, hover) in enumerate(panels, start=1):
        bar = go.Bar(
            x=values,
            y=list(range(count)),
            orientation="h",
            marker_color=colour,
            width=0.6,
            hovertemplate=f"{hover}<extra></extra>",
            customdata=[[row] for row in range(count)],
            unselected_marker_opacity=1,
        )
        picture.add_trace(bar, row=1, col=column)
        picture.update_xaxes(title_text=title, nticks=4, fixedrange=True, row=1, col=column)
    picture.add_vline(x=total, line={"color": paint.text, "width": 1.3, "dash": "dot"}, row=1, col=3)
    labels = [escape(shorten(name, 16)) for name in frame["group"]]
    picture.update_yaxes(
        tickvals=list(range(count)), ticktext=labels, range=[count - 0.5, -0.5], showgrid=False, fixedrange=True
    )
    return picture


def agreement_tiles(
    images: UInt8[np.ndarray, "N H W 3"],
    maps: Sequence[Float[np.ndarray, "h w"]],
    probes: Sequence[int],
    *,
    size: int = 112,
    dark: bool = False,
) -> list[UInt8[np.ndarray, "S S 3"]]:
    """Draw where two networks agree (green) or oppose (purple) over each image, all on one scale."""
    drawn = [drawn_map(one, size) for one in maps]
    limit = shared_limit(drawn, percentile=PERCENTILE)
    return [
        overlay(resize(images[probe], size), one, limit=limit, opacity=0.9, dark=dark)
        for probe, one in zip(probes, drawn, strict=True)
    ]


def agreement_pngs(
    probes: ProbeSet, found: Explanation | Contrast, indices: Sequence[int], *, size: int = 112, dark: bool = False
) -> list[bytes]:
    """Return the `agreement_tiles` of some probes as PNGs; of a contrast: where the one source agrees more."""
    drawn = agreement_tiles(probes.images, [found.pixel(i) for i in indices], indices, size=size, dark=dark)
    return [to_png(tile, COLOURS) for tile in drawn]


def bar_extent(*parts: Sequence[float] | pd.Series) -> Range:
    """Return the lowest and the highest end of n bars of some parts: positive ones up, negative ones down from 0."""
    values = np.array(parts, dtype=float)
    return float(min(0.0, values.clip(max=0).sum(axis=0).min())), float(values.clip(min=0).sum(axis=0).max())
