"""What the verdict hangs on: ranking measures over lambda, over the number of probes, and over sets of probes.

A click on a point carries (ranking measure, x): the lambda, the number of probes, or the set's place.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from depara_core.errors import OptionError
from depara_core.figures.labels import escape
from depara_core.figures.theme import fade, figure, palette
from depara_core.formatting import shorten, significant

STYLES = {"P@1": ("teal", "circle"), "P@5": ("magenta", "square"), "Spearman": ("ochre", "diamond")}
BAND = (5, 95)  # percentiles over the repeats
HEIGHT = 300


def _require(frame: pd.DataFrame, *columns: str) -> None:
    missing = [column for column in (*columns, *STYLES) if column not in frame]
    if missing or frame.empty:
        raise OptionError(f"Expected rows with {', '.join((*columns, *STYLES))}; got {len(frame)} without {missing}.")


def _line(
    name: str, at: Sequence, values: Sequence, told: Sequence[str], y: np.ndarray, dark: bool, **more: object
) -> go.Scatter:
    """Draw one measure at the places `at`; `values` are what a click carries, `told` what the hover text says of it."""
    colour, symbol = STYLES[name]
    paint = palette(dark)
    return go.Scatter(
        x=at,
        y=y,
        name=name,
        customdata=[[name, value, text] for value, text in zip(values, told, strict=True)],
        hovertemplate=f"<b>{name}</b> %{{y:.2f}}<br>%{{customdata[2]}}<extra></extra>",
        unselected_marker_opacity=1,
        line={"color": getattr(paint, colour), "width": 2.2},
        marker={
            "size": 7,
            "symbol": symbol,
            "color": getattr(paint, colour),
            "line": {"width": 1.2, "color": paint.surface},
        },
        **{"mode": "lines+markers", **more},
    )


def _finish(picture: go.Figure, frame: pd.DataFrame, title: str, targets: int) -> go.Figure:
    lowest = float(frame[list(STYLES)].min().min())
    picture.update_xaxes(title_text=title, fixedrange=True, zeroline=False)
    picture.update_yaxes(
        title_text=f"mean of {targets} targets", range=[min(0.0, 1.08 * lowest), 1.03], fixedrange=True, nticks=6
    )
    picture.update_layout(margin={"t": 30})
    return picture


def lambda_sweep(frame: pd.DataFrame, lam: float, *, targets: int, dark: bool = False) -> go.Figure:
    """Draw the measures over lambda, one step a tick, and mark the lambda in use. `frame`: as over_lambda gives it."""
    _require(frame, "lam")
    paint, picture = palette(dark), figure(dark, HEIGHT)
    lams = [float(value) for value in frame["lam"]]
    steps, told = list(range(len(lams))), [f"λ = {significant(value)}" for value in lams]
    for name in STYLES:
        picture.add_trace(_line(name, steps, lams, told, frame[name].to_numpy(float), dark))
    at = float(np.interp(lam, lams, steps))
    picture.add_vline(x=at, line={"color": paint.total, "width": 1.4, "dash": "dot"})
    shown = steps[:: 2 if len(steps) > 8 else 1]
    picture.update_xaxes(tickvals=shown, ticktext=[significant(lams[i]) for i in shown], tickangle=0, showgrid=False)
    return _finish(picture, frame, "λ, weight of the edges", targets)


def probe_convergence(frame: pd.DataFrame, *, targets: int, dark: bool = False) -> go.Figure:
    """Draw the measures over the number of probes: mean and 5 % to 95 % band of the random subsets drawn.

    `frame`: a row a subset, as `Sweep.measures` gives them.
    """
    _require(frame, "probes")
    picture, paint = figure(dark, HEIGHT), palette(dark)
    grouped = frame.groupby("probes")[list(STYLES)]
    mean, counts = grouped.mean(), grouped.size()
    low, high = (grouped.quantile(share / 100) for share in BAND)
    x = [int(count) for count in mean.index]
    for name, (colour, _) in STYLES.items():
        picture.add_trace(
            go.Scatter(
                x=[*x, *x[::-1]],
                y=[*high[name], *low[name][::-1]],
                fill="toself",
                mode="lines",
                hoverinfo="skip",
                fillcolor=fade(getattr(paint, colour), 0.14),
                line={"width": 0},
                showlegend=False,
            )
        )
    for name in STYLES:
        picture.add_trace(_line(name, x, x, [f"{count} images" for count in x], mean[name].to_numpy(float), dark))
    ticks = x if len(x) <= 4 else [x[i] for i in np.unique(np.linspace(0, len(x) - 1, 5).round().astype(int))]
    picture.update_xaxes(tickvals=ticks, showgrid=False, type="log")
    return _finish(picture, frame, f"images, drawn {int(counts.max())} times each (log scale)", targets)


def probe_sets(frame: pd.DataFrame, *, targets: int, dark: bool = False) -> go.Figure:
    """Draw the measures on several sets of probes side by side. `frame`: name, probes (how many), measures of each."""
    _require(frame, "name", "probes")
    picture = figure(dark, HEIGHT)
    places = list(range(len(frame)))
    for shift, name in zip((-0.16, 0.0, 0.16), STYLES, strict=True):
        told = [escape(str(one)) for one in frame["name"]]
        spots = [place + shift for place in places]
        line = _line(name, spots, places, told, frame[name].to_numpy(float), dark, mode="markers")
        line.marker.size = 11
        picture.add_trace(line)
    names = [
        f"{escape(shorten(str(one), 18))}<br>N = {count}"
        for one, count in zip(frame["name"], frame["probes"], strict=True)
    ]
    picture.update_xaxes(tickvals=places, ticktext=names, tickangle=0, showgrid=False, range=[-0.5, len(places) - 0.5])
    return _finish(picture, frame, "set of images", targets)
