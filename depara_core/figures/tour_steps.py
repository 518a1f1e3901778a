"""The pictures of the guided tour: small graphs, few marks, each of them one step of the arithmetic.

n: chosen probes, called 1 to n; E = n(n-1)/2 pairs of them.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from depara_core.errors import OptionError
from depara_core.explanation import Explanation
from depara_core.figures.labels import coloured, escape
from depara_core.figures.theme import EDGE, NODE, TOTAL, figure, palette
from depara_core.formatting import shorten, significant
from depara_core.similarity import Similarity

_STEPS = 61  # points of a line, so that it can be pointed at anywhere


def cosine_strips(table: pd.DataFrame, chosen: int, *, names: tuple[str, str], dark: bool = False) -> go.Figure:
    """Draw the E cosines of each of two graphs on a line, the `chosen` row of the table large and with its rank.

    `table`: i, j, cosine_a, cosine_b, rank_a, rank_b, as edge_table gives it. A click carries the row.
    """
    if not 0 <= chosen < len(table):
        raise OptionError(f"Expected a pair from 0 to {len(table) - 1}; got {chosen}.")
    paint, picture = palette(dark), figure(dark, height=230)
    pairs = [f"{i + 1} and {j + 1}" for i, j in zip(table["i"], table["j"], strict=True)]
    emphasis = np.arange(len(table)) == chosen
    for y, (cosine, rank) in enumerate((("cosine_a", "rank_a"), ("cosine_b", "rank_b"))):
        x = table[cosine].to_numpy(float)
        picture.add_trace(
            go.Scatter(
                x=x,
                y=np.full(len(x), y),
                mode="markers",
                customdata=[
                    [row, pair, float(r)] for row, (pair, r) in enumerate(zip(pairs, table[rank], strict=True))
                ],
                hovertemplate="<b>images %{customdata[1]}</b><br>%{x:.3g}, rank %{customdata[2]:g}<extra></extra>",
                marker={
                    "size": np.where(emphasis, 15, 9),
                    "color": [paint.edge if e else paint.muted for e in emphasis],
                    "opacity": np.where(emphasis, 1.0, 0.5),
                    "line": {"width": 1.2, "color": paint.surface},
                },
            )
        )
        text = f"rank {significant(float(table[rank].iloc[chosen]))} of {len(table)}"
        mark = {"x": x[chosen], "y": y, "text": text, "yshift": 20, "showarrow": False}
        picture.add_annotation(**mark, font={"size": 13, "color": paint.text})
    ticks = [coloured(escape(shorten(name, 18)), paint.text, bold=True) for name in names]
    picture.update_yaxes(
        tickvals=[0, 1], ticktext=ticks, range=[1.55, -0.6], showgrid=False, zeroline=False, fixedrange=True
    )
    title = f"cosine of two images' features (−1 to 1), {len(table)} pairs"
    picture.update_xaxes(title_text=title, nticks=6, fixedrange=True)
    picture.update_layout(showlegend=False)
    return picture


def lambda_lines(
    sources: Sequence[tuple[str, Similarity]], lam: float, *, crossing: float | None = None, dark: bool = False
) -> go.Figure:
    """Draw S = s_V + lambda s_E of each source over lambda, the chosen lambda as a line, the crossing marked."""
    if not sources:
        raise OptionError("Expected at least one source to draw; got none.")
    paint, picture = palette(dark), figure(dark, height=330)
    far = max(2.0, 1.25 * lam, 1.6 * crossing if crossing is not None and crossing <= 20 else 0.0)
    x = np.linspace(0, far, _STEPS)
    for k, (name, similarity) in enumerate(sources):
        hover = f"<b>{escape(name)}</b><br>λ = %{{x:.3g}}<br>{TOTAL} = %{{y:.3g}}<extra></extra>"
        line = {"width": 2.6, "color": paint.others[k % len(paint.others)], "dash": ("solid", "dash")[k % 2]}
        y = similarity.node + x * similarity.edge
        picture.add_trace(
            go.Scatter(x=x, y=y, mode="lines", name=escape(shorten(name, 24)), line=line, hovertemplate=hover)
        )
        at = {"x": [lam], "y": [similarity.total(lam)], "hovertemplate": hover, "showlegend": False}
        picture.add_trace(go.Scatter(**at, mode="markers", marker={"size": 11, "color": line["color"]}))
    picture.add_vline(x=lam, line={"color": paint.total, "width": 1.6, "dash": "dot"})
    if crossing is not None and crossing <= far:
        height = sources[0][1].total(crossing)
        label = {"x": crossing, "y": height, "text": f"they change places<br>at λ = {significant(crossing)}"}
        picture.add_annotation(**label, ay=-48, ax=0, arrowcolor=paint.muted, font={"size": 12.5, "color": paint.text})
    picture.update_xaxes(title_text=f"λ, weight of the edges (chosen: {significant(lam)})", fixedrange=True, nticks=6)
    picture.update_yaxes(title_text=f"{TOTAL} = {NODE} + λ·{EDGE}", fixedrange=True, nticks=5)
    picture.update_layout(margin={"t": 34})
    return picture


def probe_contributions(why: Explanation, *, dark: bool = False) -> go.Figure:
    """Draw each probe's share of S: its nodes' and its edges' part as stacked bars, their sum as a violet point."""
    paint, picture = palette(dark), figure(dark, height=300)
    x = list(range(len(why.probe)))
    for name, values, colour in (
        (f"nodes {NODE}", why.probe_node, paint.node),
        (f"edges λ·{EDGE}", why.probe_edge, paint.edge),
    ):
        hover = f"<b>image %{{customdata}}</b><br>{name}: %{{y:+.3f}}<extra></extra>"
        bar = {"x": x, "y": values, "customdata": [k + 1 for k in x], "hovertemplate": hover, "width": 0.58}
        picture.add_trace(go.Bar(**bar, name=name, marker_color=colour))
    picture.add_trace(
        go.Scatter(
            x=x,
            y=why.probe,
            mode="markers",
            name=f"share of {TOTAL}",
            customdata=[k + 1 for k in x],
            hovertemplate=f"<b>image %{{customdata}}</b><br>share of {TOTAL}: %{{y:+.3f}}<extra></extra>",
            marker={"size": 9, "color": paint.total, "line": {"width": 1.5, "color": paint.surface}},
        )
    )
    ticks = [f"image {k + 1}" if len(x) <= 8 else f"{k + 1}" for k in x]
    picture.update_xaxes(tickvals=x, ticktext=ticks, showgrid=False, zeroline=False, fixedrange=True)
    picture.update_yaxes(title_text=f"share of {TOTAL} (λ = {significant(why.lam)})", fixedrange=True, nticks=5)
    picture.update_layout(barmode="relative", margin={"t": 34}, legend={"traceorder": "normal"})
    return picture
