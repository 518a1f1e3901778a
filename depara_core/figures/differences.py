"""Two metrics target by target: by how much one is ahead of the other, and how sure that is."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from depara_core.figures.evaluation import MetricLook
from depara_core.figures.labels import escape
from depara_core.figures.theme import figure, palette
from depara_core.formatting import signed


def differences(
    first: pd.Series,
    second: pd.Series,
    looks: tuple[MetricLook, MetricLook],
    name: str,
    *,
    interval: tuple[float, float, float],
    dark: bool = False,
) -> go.Figure:
    """Draw how much one metric is ahead of another on every target, and the mean with its interval (mean, low, high).

    `first`, `second`: a ranking measure, `name`, by target. Equal differences are stacked; a click carries (position,
    target).
    """
    paint, (one, other) = palette(dark), (escape(look.label) for look in looks)
    apart = (first - second).dropna().round(6) + 0.0  # no negative zero
    values = apart.to_numpy(float)
    height = apart.groupby(values).cumcount().to_numpy(float)
    mean, low, high = interval
    ahead, behind = (look.colour for look in looks)
    reach = 1.15 * max(float(np.abs([*values, low, high]).max()), 1e-6)
    title = f"{escape(name)} of {one} less that of {other}, a dot a target (N = {len(values)}); diamond: mean, 95 %"
    picture = figure(
        dark,
        height=300,
        xaxis={
            "title": {"text": title},
            "range": [-reach, reach],
            "fixedrange": True,
            "zeroline": False,
            "nticks": 7,
        },
        yaxis={"visible": False, "range": [-0.8, max(3.0, height.max() + 1.7)], "fixedrange": True},
        showlegend=False,
        hoverdistance=30,
    )
    picture.add_trace(
        go.Scatter(
            x=values,
            y=height + 1,
            mode="markers",
            customdata=[[i, target, escape(str(target))] for i, target in enumerate(apart.index)],
            hovertemplate="<b>%{customdata[2]}</b><br>%{x:+.2f}<extra></extra>",
            unselected_marker_opacity=1,
            marker={
                "size": 10,
                "opacity": 1,
                "color": np.where(values > 0, ahead, np.where(values < 0, behind, paint.muted)),
                "line": {"width": 1, "color": paint.surface},
            },
        )
    )
    whisker = {
        "type": "data",
        "symmetric": False,
        "array": [high - mean],
        "arrayminus": [mean - low],
        "color": paint.text,
        "thickness": 2,
        "width": 6,
    }
    picture.add_trace(
        go.Scatter(
            x=[mean],
            y=[0],
            mode="markers",
            hovertemplate=f"mean {signed(mean)} [{signed(low)}, {signed(high)}]<extra></extra>",
            marker={"size": 11, "symbol": "diamond", "color": paint.text},
            error_x=whisker,
        )
    )
    picture.add_vline(x=0, line={"color": paint.line, "width": 1.2})
    return picture
