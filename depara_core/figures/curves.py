"""Scores along a line: the ranking with its whiskers, layers over depth.

S = s_V + lambda s_E throughout (paper, Sec. 3.4): blue and orange are its two shares, violet their sum.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from depara_core.errors import OptionError
from depara_core.figures.labels import coloured, escape, fitting_names, thinned
from depara_core.figures.theme import EDGE, NODE, TOTAL, fade, figure, palette, template
from depara_core.formatting import significant

INTERVAL = "95 %"


def _require(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Say which columns are missing, or that there is nothing to draw."""
    missing = [column for column in columns if column not in frame]
    if missing or not len(frame):
        raise OptionError(
            f"Expected at least one row with columns {', '.join(columns)}; got {len(frame)} rows "
            f"without {', '.join(missing) or 'nothing missing'}."
        )


def ranking(
    frame: pd.DataFrame,
    lam: float,
    *,
    probes: int,
    top: int | None = None,
    selected: str | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw sources as stacked shares s_V and lambda s_E, best on top, with the interval of S as whisker.

    `frame`: source, score, low, high, node, edge, as rank_sources gives it; a click carries (position, source).
    """
    _require(frame, ("source", "score", "low", "high", "node", "edge"))
    shown = frame if top is None else frame.head(top)
    names, y = [str(s) for s in shown["source"]], list(range(len(shown)))
    node, edge = shown["node"].to_numpy(float), lam * shown["edge"].to_numpy(float)
    paint, short = palette(dark), [escape(s) for s in fitting_names(names, 22)]
    label = [coloured(s, paint.text, bold=name == selected) for s, name in zip(short, names, strict=True)]
    title = f"{TOTAL} = {NODE} + λ·{EDGE}, λ = {significant(lam)} (N = {probes} images)"
    flat = {"showgrid": False, "zeroline": False, "fixedrange": True}
    picture = figure(
        dark,
        height=92 + 27 * len(shown),
        xaxis={"title": {"text": title}, "fixedrange": True, "nticks": 6},
        yaxis={"tickvals": y, "ticktext": label, "range": [len(y) - 0.4, -0.6], **flat},
        barmode="relative",
        margin={"t": 34},
        legend={"traceorder": "normal"},
    )
    custom = [
        [i, source, escape(source), *map(float, row)]
        for i, (source, row) in enumerate(
            zip(names, np.column_stack([node, edge, shown["score"], shown["low"], shown["high"]]), strict=True)
        )
    ]
    interval = "[%{customdata[6]:.3g}, %{customdata[7]:.3g}]"
    hover = (
        f"<b>%{{customdata[2]}}</b><br>{TOTAL} = %{{customdata[5]:.3g}} {interval}"
        f"<br>{NODE} = %{{customdata[3]:.3g}}<br>λ·{EDGE} = %{{customdata[4]:.3g}}<extra></extra>"
    )
    common = {
        "y": y,
        "orientation": "h",
        "customdata": custom,
        "hovertemplate": hover,
        "width": 0.62,
        # Selecting must not fade the others: the numbers stay comparable and the label says which one it is.
        "unselected_marker_opacity": 1,
    }
    picture.add_trace(go.Bar(x=node, name=f"nodes {NODE}", marker_color=paint.node, **common))
    picture.add_trace(go.Bar(x=edge, name=f"edges λ·{EDGE}", marker_color=paint.edge, **common))
    picture.add_trace(_whiskers(shown, y, custom, hover, dark))
    return picture


def _whiskers(frame: pd.DataFrame, y: list[int], custom: list, hover: str, dark: bool) -> go.Scatter:
    """Return the totals as violet points with their interval."""
    paint, score = palette(dark), frame["score"].to_numpy(float)
    return go.Scatter(
        x=score,
        y=y,
        customdata=custom,
        hovertemplate=hover,
        mode="markers",
        name=f"{TOTAL}, {INTERVAL}",
        marker={"size": 8, "color": paint.total, "line": {"width": 1.5, "color": paint.surface}},
        unselected_marker_opacity=1,
        error_x={
            "type": "data",
            "symmetric": False,
            "array": frame["high"].to_numpy(float) - score,
            "arrayminus": score - frame["low"].to_numpy(float),
            "color": paint.text,
            "thickness": 1.4,
            "width": 4,
        },
    )


def layer_curves(
    frame: pd.DataFrame,
    lam: float,
    *,
    probes: int,
    target: str,
    measured: pd.DataFrame | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw S with its band above, s_V and s_E below, over the source's layers from input to output; the best marked.

    `frame`: layer, node, edge, score, low, high, best, as rank_layers gives it; `measured`: layer, labels, accuracy of
    a cut at some of these layers, drawn under S. A click carries (position, layer).
    """
    _require(frame, ("layer", "node", "edge", "score", "low", "high", "best"))
    paint, depth = palette(dark), list(range(len(frame)))
    layers = [str(layer) for layer in frame["layer"]]
    custom = [[i, layer, escape(layer)] for i, layer in zip(depth, layers, strict=True)]
    heights = [0.56, 0.44] if measured is None else [0.4, 0.28, 0.32]
    picture = make_subplots(rows=len(heights), cols=1, shared_xaxes=True, row_heights=heights, vertical_spacing=0.06)
    picture.update_layout(template=template(dark), height=470 if measured is None else 600, margin={"t": 34})
    low, high = frame["low"].to_numpy(float), frame["high"].to_numpy(float)
    picture.add_trace(
        go.Scatter(
            x=[*depth, *depth[::-1]],
            y=[*high, *low[::-1]],
            fill="toself",
            fillcolor=fade(paint.total, 0.18),
            line={"width": 0},
            hoverinfo="skip",
            name=f"{INTERVAL} interval",
            legendrank=1001,
            mode="lines",
        ),
        row=1,
        col=1,
    )
    best = frame["best"].to_numpy(bool)
    for column, name, colour, row in (
        ("score", TOTAL, paint.total, 1),
        ("node", NODE, paint.node, 2),
        ("edge", EDGE, paint.edge, 2),
    ):
        size = np.where(best, 13, 8) if row == 1 else 7
        picture.add_trace(
            go.Scatter(
                x=depth,
                y=frame[column].to_numpy(float),
                mode="lines+markers",
                name=name,
                customdata=custom,
                line={"color": colour, "width": 2.4},
                unselected_marker_opacity=1,
                marker={"size": size, "color": colour, "line": {"width": 1.5, "color": paint.surface}},
                hovertemplate=f"<b>%{{customdata[2]}}</b><br>{name} = %{{y:.3g}}<extra></extra>",
            ),
            row=row,
            col=1,
        )
    for place in np.flatnonzero(best):
        picture.add_vline(x=int(place), line={"color": paint.total, "width": 1.3, "dash": "dot"})
    if measured is not None:
        _draw_measured(picture, measured, layers, dark)
    _layer_axes(picture, layers, best, lam, probes, target, dark)
    return picture


def _draw_measured(picture: go.Figure, measured: pd.DataFrame, layers: list[str], dark: bool) -> None:
    """Draw the accuracy of every cut in the lowest panel, a line a number of labels; its best cut is large."""
    paint = palette(dark)
    for labels, dash in zip(sorted(measured["labels"].unique(), reverse=True), ("solid", "dot"), strict=False):
        rows = measured[(measured["labels"] == labels) & measured["layer"].isin(layers)]
        accuracy = 100 * rows["accuracy"].to_numpy(float)
        picture.add_trace(
            go.Scatter(
                x=[layers.index(str(layer)) for layer in rows["layer"]],
                y=accuracy,
                mode="lines+markers",
                name=f"measured, {labels} labels",
                customdata=[[layers.index(str(layer)), layer, escape(layer)] for layer in rows["layer"]],
                line={"color": paint.teal, "width": 2.4, "dash": dash},
                unselected_marker_opacity=1,
                marker={
                    "size": np.where(accuracy == accuracy.max(), 13, 7) if len(accuracy) else 7,
                    "color": paint.teal,
                    "line": {"width": 1.5, "color": paint.surface},
                },
                hovertemplate="<b>%{customdata[2]}</b><br>%{y:.1f} % right<extra></extra>",
            ),
            row=3,
            col=1,
        )
    picture.update_yaxes(title_text="accuracy, %", fixedrange=True, row=3, col=1)


def _layer_axes(
    picture: go.Figure, layers: list[str], best: np.ndarray, lam: float, probes: int, target: str, dark: bool
) -> None:
    """Name the layers under the lowest panel, the best in bold violet, and give each panel its unit."""
    paint, lowest = palette(dark), 3 if any(trace.yaxis == "y3" for trace in picture.data) else 2
    label = [
        coloured(escape(s), paint.total if b else paint.text, bold=bool(b))
        for s, b in zip(fitting_names(layers, 16), best, strict=True)
    ]
    ticks = {"range": [-0.4, len(layers) - 0.6], "fixedrange": True, "showgrid": False, "zeroline": False}
    picture.update_xaxes(**ticks, showline=False)
    picture.update_xaxes(
        tickvals=list(range(len(layers))),
        ticktext=thinned(label, np.flatnonzero(best).tolist()),
        tickangle=-45 if len(layers) > 6 else 0,
        row=lowest,
        col=1,
        title_text=f"layer, input to output (against {escape(target)}, N = {probes})",
    )
    picture.update_yaxes(fixedrange=True, nticks=5)
    picture.update_yaxes(title_text=f"{TOTAL} (λ = {significant(lam)})", row=1, col=1)
    picture.update_yaxes(title_text=f"{NODE}, {EDGE} (−1 to 1)", row=2, col=1)
