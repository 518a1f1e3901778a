"""Scores against measured transfer: how much of what is best is found, and by which metric.

A metric has one look in all figures: DEPARA violet, its nodes blue, its edges orange, controls grey.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from depara_core.errors import OptionError
from depara_core.figures.labels import coloured, escape
from depara_core.figures.theme import TRANSPARENT, figure, palette
from depara_core.formatting import score

SYMBOLS = ("square", "diamond", "triangle-up", "cross", "pentagon", "triangle-down")
OWN = {"depara": "total", "nodes": "node", "edges": "edge"}  # metric -> its colour's name in the palette
CONTROL = "control"
CONTROL_LINES = (("x-thin-open", "dot"), ("asterisk-open", "dashdot"))
KIND_SYMBOLS = {"label-free": "circle", "with labels": "square", "ours": "diamond", CONTROL: "x-thin-open"}
INTERVAL = "95 % over targets"


@dataclass(frozen=True)
class MetricLook:
    """How one metric is drawn and called."""

    label: str
    kind: str
    colour: str
    symbol: str
    dash: str


def looks(labels: Mapping[str, str], kinds: Mapping[str, str], *, dark: bool = False) -> dict[str, MetricLook]:
    """Give every metric of `labels` (name -> label) its look; one colour comes again only with another symbol."""
    paint, found, others, controls = palette(dark), {}, 0, 0
    for name, label in labels.items():
        kind = kinds.get(name, "")
        if name in OWN:
            found[name] = MetricLook(label, kind, getattr(paint, OWN[name]), "circle", "solid")
        elif kind == CONTROL:
            found[name] = MetricLook(label, kind, paint.muted, *CONTROL_LINES[controls % len(CONTROL_LINES)])
            controls += 1
        else:
            turn, colour = divmod(others, len(paint.others))
            found[name] = MetricLook(label, kind, paint.others[colour], SYMBOLS[turn % len(SYMBOLS)], "solid")
            others += 1
    return found


def precision_curves(
    curves: Mapping[str, pd.DataFrame],
    looks: Mapping[str, MetricLook],
    *,
    best: pd.DataFrame,
    random: pd.DataFrame,
    targets: int,
    relevant: int = 5,
    against: str = "k",
    whiskers: Mapping[str, pd.DataFrame] | None = None,
    published: Mapping[str, pd.DataFrame] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw precision against K, or against recall, between the curves of a random order and of the measured transfer.

    Frames: k, recall, precision, as precision_recall gives them. `whiskers`: k, mean, low, high of some metrics, drawn
    against K only. `published` curves, by a metric's name, are dashed and hollow. A click carries (K, metric),
    "" where no metric of ours stands behind the point.
    """
    if against not in ("k", "recall"):
        raise OptionError(f"Curves are drawn against 'k' or 'recall'; {against!r} came.")
    layout = _curve_layout(against, targets, relevant, int(best["k"].max()))
    paint, picture = palette(dark), figure(dark, height=430, **layout)
    for frame, name, dash in ((best, "measured transfer", "solid"), (random, "a random order", "dash")):
        style = {"color": paint.muted, "width": 1.3, "dash": dash}
        picture.add_trace(_curve(frame, against, "", escape(name), line=style, mode="lines"))
    for name, frame in curves.items():
        look = looks[name]
        marker = {
            "size": 6.5,
            "color": look.colour,
            "symbol": look.symbol,
            "line": {"width": 1, "color": paint.surface},
        }
        if look.symbol.endswith("-open"):
            marker["line"] = {"width": 1.6, "color": look.colour}
        line = {"color": look.colour, "width": 3 if name == "depara" else 1.9, "dash": look.dash}
        trace = _curve(frame, against, name, escape(look.label), line=line, marker=marker, mode="lines+markers")
        if against == "k" and whiskers and name in whiskers:
            trace.error_y = _whiskers(frame, whiskers[name], look.colour)
        picture.add_trace(trace)
    for name, frame in (published or {}).items():
        known = looks.get(name)
        colour, called = (known.colour, known.label) if known else (paint.text, name)
        marker = {"size": 9, "color": TRANSPARENT, "symbol": "diamond", "line": {"width": 1.6, "color": colour}}
        line = {"color": colour, "width": 1.6, "dash": "dash"}
        label = f"published: {escape(called)}"
        picture.add_trace(_curve(frame, against, "", label, line=line, marker=marker, mode="lines+markers"))
    return picture


def _curve(frame: pd.DataFrame, against: str, name: str, label: str, **style: object) -> go.Scatter:
    return go.Scatter(
        x=frame[against].to_numpy(),
        y=frame["precision"].to_numpy(float),
        name=label,
        unselected_marker_opacity=1,
        customdata=[[int(k), name, label, float(r)] for k, r in zip(frame["k"], frame["recall"], strict=True)],
        hovertemplate=(
            "<b>%{customdata[2]}</b><br>the first %{customdata[0]}: precision %{y:.2f}, recall %{customdata[3]:.2f}"
            "<extra></extra>"
        ),
        **style,
    )


def _whiskers(frame: pd.DataFrame, whiskers: pd.DataFrame, colour: str) -> dict[str, object]:
    """Return the intervals at the K they are known for; no whisker elsewhere."""
    at = whiskers.set_index("k").reindex(frame["k"])
    above, below = (np.nan_to_num(side.to_numpy(float)) for side in (at["high"] - at["mean"], at["mean"] - at["low"]))
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }


def _curve_layout(against: str, targets: int, relevant: int, most: int) -> dict[str, object]:
    share = {"range": [0, 1.03], "nticks": 6, "fixedrange": True}
    if against == "k":
        title = f"K, sources taken from the top of the ranking (of {most})"
        ticks = sorted({1, *range(5, most + 1, 5), most})
        across = {"range": [0.5, most + 0.5], "tickvals": ticks, "fixedrange": True}
    else:
        title, across = f"recall: share found of the {relevant} truly best", share
    return {
        "xaxis": {"title": {"text": title}, **across},
        "yaxis": {"title": {"text": f"precision (mean of {targets} targets)"}, **share},
        "legend": {"font": {"size": 11.5}, "itemwidth": 34},
        "margin": {"t": 64},
    }


def measure_by_metric(
    frame: pd.DataFrame,
    looks: Mapping[str, MetricLook],
    name: str,
    *,
    random: float,
    oracle: float,
    targets: int,
    shown: Sequence[str] = (),
    selected: Sequence[str] = (),
    dark: bool = False,
) -> go.Figure:
    """Draw one ranking measure of every metric, in the order given, with its interval, between chance and the oracle.

    `frame`: metric, mean, low, high; a click carries (position, metric). `name`: the ranking measure. The metrics in
    `shown` have their colour, the others are grey; those `selected` are bold. A symbol tells the kind.
    """
    paint, names = palette(dark), [str(metric) for metric in frame["metric"]]
    rows = frame[["mean", "low", "high"]].to_numpy(float)
    told = {*shown, *selected}
    colours = [looks[metric].colour if metric in told else paint.muted for metric in names]
    low, high = min(0.0, rows.min(), random, oracle), max(rows.max(), random, oracle)
    ticks = [
        coloured(escape(looks[metric].label), colour if metric in told else paint.text, bold=metric in selected)
        for metric, colour in zip(names, colours, strict=True)
    ]
    picture = figure(
        dark,
        height=112 + 22 * len(frame),
        xaxis={
            "title": {"text": f"{escape(name)} (mean of {targets} targets, {INTERVAL})"},
            "fixedrange": True,
            "nticks": 7,
            "range": [low - 0.02 * (high - low), high + 0.04 * (high - low)],
            "zeroline": False,
        },
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": ticks,
            "range": [len(names) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "showline": False,
        },
        margin={"t": 54},
        hoverdistance=40,
        legend={"y": 1.0, "yanchor": "top", "yref": "container"},
    )
    for value, label, dash in ((random, "random", "dash"), (oracle, "measured transfer", "solid")):
        picture.add_vline(x=value, line={"color": paint.muted, "width": 1.2, "dash": dash}, layer="below")
        side = (
            "right" if value > low + 0.85 * (high - low) else "left" if value < low + 0.1 * (high - low) else "center"
        )
        picture.add_annotation(
            x=value,
            y=1,
            yref="paper",
            yanchor="bottom",
            text=label,
            showarrow=False,
            xanchor=side,
            font={"size": 11.5, "color": paint.muted},
        )
    picture.layout.shapes += tuple(  # a trace has whiskers of one colour
        {
            "type": "line",
            "x0": start,
            "x1": end,
            "y0": i,
            "y1": i,
            "line": {"color": colour, "width": 2.2},
            "opacity": 0.55,
        }
        for i, (colour, (_, start, end)) in enumerate(zip(colours, rows, strict=True))
    )
    for kind, symbol in KIND_SYMBOLS.items():
        members = [i for i, metric in enumerate(names) if looks[metric].kind == kind]
        if members:
            picture.add_trace(_metric_points(kind, symbol, members, names, rows, colours, looks, dark))
    return picture


def _metric_points(
    kind: str,
    symbol: str,
    members: list[int],
    names: list[str],
    rows: np.ndarray,
    colours: list[str],
    looks: Mapping[str, MetricLook],
    dark: bool,
) -> go.Scatter:
    """Return the metrics of one kind as points."""
    line = palette(dark).surface if not symbol.endswith("-open") else [colours[i] for i in members]
    return go.Scatter(
        x=rows[members, 0],
        y=members,
        mode="markers",
        name=kind,
        customdata=[[i, names[i], escape(looks[names[i]].label), kind, *map(score, rows[i])] for i in members],
        hovertemplate=(
            "<b>%{customdata[2]}</b> (%{customdata[3]})<br>%{customdata[4]} [%{customdata[5]}, %{customdata[6]}]"
            "<extra></extra>"
        ),
        marker={
            "size": 9,
            "symbol": symbol,
            "color": [colours[i] for i in members],
            "opacity": 1,
            "line": {"width": 1.5, "color": line},
        },
        unselected_marker_opacity=1,
    )
