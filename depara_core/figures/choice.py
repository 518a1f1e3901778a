"""Candidates by what they reach and what they cost."""

import math

import pandas as pd
import plotly.graph_objects as go

from depara_core.choice import Choice
from depara_core.figures.labels import escape
from depara_core.figures.theme import figure, palette
from depara_core.formatting import percent, short_name, significant


def cost_figure(choice: Choice, *, dark: bool = False) -> go.Figure:
    """Draw each candidate's measured accuracy, or else its consensus rank, over its work; the Pareto set is joined."""
    measured = choice.transfer is not None
    column, table, paint = "accuracy" if measured else "consensus", choice.table, palette(dark)
    picture = figure(
        dark,
        height=420,
        xaxis={"title": {"text": "GFLOPs an image (logarithmic)"}, "type": "log", "range": _reach(table["gflops"])},
        yaxis={"title": {"text": "measured accuracy"}, "tickformat": ".0%"}
        if measured
        else {"title": {"text": "consensus: mean rank of the scores"}, "autorange": "reversed"},
        showlegend=False,
    )
    best = table[table["pareto"]].sort_values("gflops")
    picture.add_scatter(
        x=best["gflops"], y=best[column], mode="lines", line={"color": paint.total, "width": 1}, hoverinfo="skip"
    )
    written = [percent(value, 1) if measured else significant(value) for value in table[column]]
    picture.add_scatter(
        x=table["gflops"],
        y=table[column],
        mode="markers+text",
        text=[
            escape(short_name(name)) if kept else "" for name, kept in zip(table["model"], table["pareto"], strict=True)
        ],
        textposition="middle right",
        cliponaxis=False,
        marker={"size": 9, "color": [paint.total if kept else paint.muted for kept in table["pareto"]]},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": table[f"{column}_high"] - table[column],
            "arrayminus": table[column] - table[f"{column}_low"],
            "thickness": 1,
            "width": 0,
            "color": paint.muted,
        },
        customdata=[
            [escape(name), value, significant(work)]
            for name, value, work in zip(table["model"], written, table["gflops"], strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]} at %{customdata[2]} GFLOPs<extra></extra>",
    )
    return picture


def _reach(work: pd.Series) -> list[float]:
    """Return the ends of a logarithmic axis with room for the names at the right of the marks."""
    low, high = (math.log10(max(end, 1e-9)) for end in (work.min(), work.max()))
    span = max(high - low, 0.5)
    return [low - 0.08 * span, high + 0.35 * span]
