"""Target by target: how well each metric does for it, and its sources' predicted places against the measured ones.

M metrics, T targets.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from depara_core.errors import OptionError
from depara_core.figures.evaluation import MetricLook
from depara_core.figures.labels import coloured, escape, fitting_names, place, table
from depara_core.figures.theme import MAGNITUDE, TRANSPARENT, fade, figure, flat_bar, group_colours, name_bar, palette
from depara_core.formatting import number

_LABEL_PIXELS = 5.9  # mean width of a letter at 11 px
_SCATTER_PIXELS = 440  # the drawing area labels are placed for
_INSIDE = 0.76  # of the places: beyond, a label to the right would not fit


def measure_by_target(
    values: pd.DataFrame,
    looks: Mapping[str, MetricLook],
    name: str,
    *,
    groups: Mapping[str, str],
    target: str | None = None,
    limits: tuple[float, float] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw one ranking measure, `name`, of every metric (columns) for every target (rows), the chosen target framed.

    A cell without a value (NaN) is empty: the metric is not defined there. A click carries (row, column, target,
    metric). `limits`: the values of the darkest and the brightest cell; None: those of the table.
    """
    if values.empty:
        raise OptionError("Expected at least one target and one metric to draw; the table is empty.")
    targets, metrics = [str(one) for one in values.index], [str(one) for one in values.columns]
    cells, paint = values.to_numpy(float), palette(dark)
    colours = group_colours(list(groups.values()), dark=dark)
    names = [
        coloured(escape(short), colours.get(groups.get(one, ""), paint.text), bold=one == target)
        for short, one in zip(fitting_names(targets, 20), targets, strict=True)
    ]
    flat = {"showgrid": False, "zeroline": False, "fixedrange": True, "showline": False}
    picture = figure(
        dark,
        height=150 + 25 * len(targets),
        xaxis={
            **flat,
            "tickvals": list(range(len(metrics))),
            "ticktext": [coloured(escape(looks[one].label), looks[one].colour) for one in metrics],
            "tickangle": -40,
            "range": [-0.5, len(metrics) - 0.5],
        },
        yaxis={**flat, "tickvals": list(range(len(targets))), "ticktext": names, "range": [len(targets) - 0.5, -0.5]},
        hoverdistance=-1,  # the whole cell answers
        margin={"t": 44},
    )
    known = cells[np.isfinite(cells)]
    low, high = limits or ((float(known.min()), float(known.max())) if known.size else (0.0, 1.0))
    high = high if high > low else low + 1
    text = [["" if np.isnan(value) else number(value) for value in row] for row in cells]
    picture.add_trace(
        go.Heatmap(
            z=cells,
            zmin=low,
            zmax=high,
            colorscale=MAGNITUDE,
            colorbar=flat_bar(),
            xgap=1,
            ygap=1,
            hoverinfo="skip",
            text=text,
            texttemplate="%{text}",
            textfont={"size": 10.5},
        )
    )
    name_bar(picture, escape(name), dark)
    rows = [
        (r, c, targets[r], metrics[c], escape(targets[r]), escape(looks[metrics[c]].label), text[r][c] or "not defined")
        for r in range(len(targets))
        for c in range(len(metrics))
    ]
    picture.add_trace(
        go.Scatter(
            x=[row[1] for row in rows],
            y=[row[0] for row in rows],
            customdata=table(rows),
            mode="markers",
            marker={"symbol": "square", "size": 14, "opacity": 0},
            selected_marker_opacity=0,
            unselected_marker_opacity=0,
            hovertemplate="<b>%{customdata[4]}</b><br>%{customdata[5]}: %{customdata[6]}<extra></extra>",
            showlegend=False,
        )
    )
    if target in targets:
        row = targets.index(target)
        picture.add_shape(
            type="rect",
            x0=-0.5,
            x1=len(metrics) - 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            fillcolor=TRANSPARENT,
            line={"color": paint.total, "width": 2.5},
        )
    return picture


def rank_scatter(
    predicted: pd.Series,
    measured: pd.Series,
    *,
    metric: str,
    groups: Mapping[str, str],
    relevant: int = 5,
    selected: str | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw one target's sources by their measured place and their predicted one, 1 the best; equal values share one.

    `predicted` and `measured`: values by source, higher is better, of the same sources. Lower left: best and found.
    A click carries (position, source).
    """
    if list(predicted.index) != list(measured.index) or not len(measured):
        raise OptionError("Expected predicted and measured values of the same sources, at least one.")
    sources = [str(source) for source in measured.index]
    x, y = (values.rank(ascending=False).to_numpy(float) for values in (measured, predicted))
    paint, count, kinds = palette(dark), len(sources), {source: groups.get(source, "") for source in sources}
    ticks = {"tickvals": sorted({1, *range(5, count + 1, 5), count}), "range": [0.2, count + 0.8], "fixedrange": True}
    picture = figure(
        dark,
        height=590,
        xaxis={"title": {"text": f"measured place (1 best, of {count} sources)"}, "zeroline": False, **ticks},
        yaxis={"title": {"text": f"place by {escape(metric)}"}, "zeroline": False, **ticks},
        hoverdistance=24,
        showlegend=len(set(kinds.values())) > 1,
    )
    _zones(picture, count, min(relevant, count), dark)
    short = fitting_names(sources, 18)
    spots = np.column_stack([x, -y]) / count * _SCATTER_PIXELS
    sides = place(spots, [_LABEL_PIXELS * len(s) for s in short], height=13, gap=6)
    sides = [s.replace("right", "left") if at > _INSIDE * count else s for s, at in zip(sides, x, strict=True)]
    for group, colour in group_colours(list(kinds.values()), dark=dark).items():
        members = [i for i, source in enumerate(sources) if kinds[source] == group]
        bold = [f"<b>{escape(short[i])}</b>" if sources[i] == selected else escape(short[i]) for i in members]
        picture.add_trace(
            go.Scatter(
                x=x[members],
                y=y[members],
                name=escape(group),
                mode="markers+text",
                text=bold,
                textposition=[sides[i] for i in members],
                textfont={"size": 11, "color": colour},
                cliponaxis=False,
                customdata=[
                    [i, sources[i], escape(sources[i]), float(predicted.iloc[i]), float(measured.iloc[i])]
                    for i in members
                ],
                hovertemplate=(
                    "<b>%{customdata[2]}</b><br>measured: place %{x:.3g} (%{customdata[4]:.3g})"
                    "<br>predicted: place %{y:.3g} (%{customdata[3]:.3g})<extra></extra>"
                ),
                unselected={"marker": {"opacity": 1}, "textfont": {"color": colour}},
                marker={
                    "size": [14 if sources[i] == selected else 10 for i in members],
                    "color": colour,
                    "opacity": 1,
                    "line": {
                        "width": [3 if sources[i] == selected else 1.5 for i in members],
                        "color": [paint.total if sources[i] == selected else paint.surface for i in members],
                    },
                },
            )
        )
    return picture


def _zones(picture: go.Figure, count: int, relevant: int, dark: bool) -> None:
    """Shade what is found, missed and overrated, and draw the line of a perfect prediction."""
    paint, edge, end = palette(dark), relevant + 0.5, count + 0.8
    zones: Sequence[tuple[str, str, float, float, float, float]] = (
        ("found", paint.positive, 0.2, edge, 0.2, edge),
        ("missed", paint.negative, 0.2, edge, edge, end),
        ("overrated", paint.negative, edge, end, 0.2, edge),
    )
    for label, colour, x0, x1, y0, y1 in zones:
        picture.add_shape(
            type="rect", x0=x0, x1=x1, y0=y0, y1=y1, fillcolor=fade(colour, 0.09), line={"width": 0}, layer="below"
        )
        at = {"x": x1, "xanchor": "right"} if label == "overrated" else {"x": x0, "xanchor": "left"}
        up = {"y": y1, "yanchor": "top"} if label == "missed" else {"y": y0, "yanchor": "bottom"}
        picture.add_annotation(text=label, showarrow=False, font={"size": 11.5, "color": paint.muted}, **at, **up)
    picture.add_shape(
        type="line", x0=0.2, y0=0.2, x1=end, y1=end, line={"color": paint.muted, "width": 1.2, "dash": "dash"}
    )
