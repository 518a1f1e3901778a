"""The published tables beside our own, in the paper's own form and never to be taken for each other."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from depara_core.errors import OptionError
from depara_core.figures.labels import escape, fitting_names
from depara_core.figures.theme import EDGE, NODE, TOTAL, fade, figure, palette, rgb, template
from depara_core.formatting import number, percent, score

LAYER_COLUMNS = {  # column of the frame -> (heading, colour of its shade)
    "node": (NODE, "node"),
    "edge": (EDGE, "edge"),
    "S1": (f"{TOTAL}<br>λ = 1", "total"),
    "acc_10": ("10 %<br>data", "teal"),
    "S10": (f"{TOTAL}<br>λ = 10", "total"),
    "acc_1": ("1 %<br>data", "teal"),
}
PROBE_SYMBOLS = ("diamond-open", "square-open", "triangle-up-open")
SHADE = 0.62  # of the strongest cell


LEAST_SPAN = {"similarity": 0.1, "accuracy": 5.0}  # columns that differ by less are noise, and stay pale


def layer_table(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw a table of layers as in the paper: columns shaded from their least to their greatest, which is bold.

    A column of nearly equal numbers stays pale (`LEAST_SPAN`).

    `frame`: layer, node, edge, S1 and S10 (S at lambda 1 and 10), acc_10 and acc_1 (accuracy in percent after
    fine-tuning on 10 % and 1 % of the target's data). A click carries (row, layer).
    """
    missing = [column for column in ("layer", *LAYER_COLUMNS) if column not in frame]
    if missing or frame.empty:
        raise OptionError(f"Expected layers with {', '.join(LAYER_COLUMNS)}; got {len(frame)} rows without {missing}.")
    paint, picture = palette(dark), figure(dark, height=84 + 23 * len(frame))
    rows = list(range(len(frame)))
    for x, (column, (_, colour)) in enumerate(LAYER_COLUMNS.items()):
        values = frame[column].to_numpy(float)
        accuracy = column.startswith("acc")
        least, span = values.min(), max(np.ptp(values), LEAST_SPAN["accuracy" if accuracy else "similarity"])
        strength = (values - least) / span
        digits = [number(value, 1 if accuracy else 2) for value in values]
        best = int(values.argmax())
        picture.add_trace(
            go.Heatmap(
                x=[x],
                y=rows,
                z=strength[:, None],
                zmin=0,
                zmax=1,
                showscale=False,
                xgap=2,
                ygap=1,
                colorscale=[(0, fade(getattr(paint, colour), 0.04)), (1, fade(getattr(paint, colour), SHADE))],
                text=[[f"<b>{text}</b>" if row == best else text] for row, text in enumerate(digits)],
                texttemplate="%{text}",
                textfont={"size": 11.5, "color": paint.text},
                hoverinfo="skip",
            )
        )
    flat = {"showgrid": False, "zeroline": False, "showline": False, "fixedrange": True}
    heads = [heading for heading, _ in LAYER_COLUMNS.values()]
    picture.update_xaxes(
        **flat,
        tickvals=list(range(len(heads))),
        ticktext=heads,
        side="top",
        tickangle=0,
        tickfont={"size": 11, "color": paint.muted},
        range=[-0.5, len(heads) - 0.5],
    )
    layers = [str(layer) for layer in frame["layer"]]
    cells = [(x, y) for x in range(len(LAYER_COLUMNS)) for y in rows]
    picture.add_trace(
        go.Scatter(
            x=[x for x, _ in cells],
            y=[y for _, y in cells],
            mode="markers",
            showlegend=False,
            customdata=[[y, layers[y]] for _, y in cells],
            hoverinfo="none",
            marker={"symbol": "square", "size": 14, "opacity": 0},
            selected_marker_opacity=0,
            unselected_marker_opacity=0,
        )
    )
    picture.update_layout(hoverdistance=-1)  # the whole cell answers
    names = [escape(name) for name in fitting_names(layers, 14)]
    picture.update_yaxes(**flat, tickvals=rows, ticktext=names, range=[len(rows) - 0.5, -0.5], tickfont={"size": 11.5})
    return picture


def layer_agreement(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw how well S, its parts, and the depth alone order the layers: Spearman's correlation with the accuracy.

    `frame`: origin ("ours" or "published"), source, budget (share of the target's labels), and the correlations in
    [-1, 1] of depara, node, edge, shallower and deeper.
    """
    paint, rows = palette(dark), list(range(len(frame)))
    picture = figure(dark, height=108 + 30 * len(rows))
    hollow = ["-open" if origin == "published" else "" for origin in frame["origin"]]
    for kind, (colour, symbol, label) in {
        "shallower": (paint.muted, "triangle-left", "the shallower, the better"),
        "deeper": (paint.muted, "triangle-right", "the deeper, the better"),
        "node": (paint.node, "square", NODE),
        "edge": (paint.edge, "diamond", EDGE),
        "depara": (paint.total, "circle", f"{TOTAL} (λ 1 at 10 %, 10 at 1 %)"),
    }.items():
        picture.add_trace(
            go.Scatter(
                x=frame[kind].to_numpy(float),
                y=rows,
                mode="markers",
                name=label,
                hovertemplate=f"{label}: %{{x:.2f}}<extra></extra>",
                marker={
                    "size": 13 if kind == "depara" else 10,
                    "color": colour,
                    "symbol": [symbol + end for end in hollow],
                    "line": {"width": 1.6},
                },
            )
        )
    picture.update_xaxes(
        title_text="Spearman's correlation with the accuracy, over layers (−1 to 1)",
        range=[-1.06, 1.06],
        fixedrange=True,
        zeroline=True,
    )
    names = [f"{escape(str(s))}, {percent(b)}" for s, b in zip(frame["source"], frame["budget"], strict=True)]
    names = [f"<i>{n}, published</i>" if end else n for n, end in zip(names, hollow, strict=True)]
    picture.update_yaxes(tickvals=rows, ticktext=names, range=[len(rows) - 0.4, -0.6], zeroline=False, fixedrange=True)
    picture.update_layout(margin={"t": 34})
    return picture


def published_measures(
    ours: pd.DataFrame,
    published: pd.DataFrame,
    *,
    colours: Mapping[str, str],
    targets: tuple[int, int],
    dark: bool = False,
) -> go.Figure:
    """Draw the paper's table 1 and our own measures on the same axes: ours filled with intervals, published hollow.

    `ours`: method, measure, mean, low, high. `published`: method, measure, probes, value. `colours`: method ->
    "#rrggbb", also the order of the rows. `targets`: how many are behind ours and behind the published numbers. A click
    on ours carries (method, measure).
    """
    paint, methods = palette(dark), list(colours)
    panels = list(dict.fromkeys([*published["measure"], *ours["measure"]]))
    picture = make_subplots(cols=len(panels), rows=1, shared_yaxes=True, horizontal_spacing=0.04)
    picture.update_layout(template=template(dark), height=104 + 44 * len(methods), margin={"t": 40})
    sets = list(dict.fromkeys(published["probes"]))
    for column, panel in enumerate(panels, start=1):
        mine = ours[(ours["measure"] == panel) & ours["method"].isin(methods)]
        mean = mine["mean"].to_numpy(float)
        picture.add_trace(
            go.Scatter(
                x=mean,
                y=[methods.index(method) - 0.14 for method in mine["method"]],
                mode="markers",
                name="ours, rooms (95 % over targets)",
                legendgroup="ours",
                showlegend=column == 1,
                customdata=[
                    [m, panel, escape(m), score(low), score(high)]
                    for m, low, high in zip(mine["method"], mine["low"], mine["high"], strict=True)
                ],
                hovertemplate="<b>%{customdata[2]}</b>, ours<br>%{x:.2f} [%{customdata[3]}, %{customdata[4]}]"
                "<extra></extra>",
                unselected_marker_opacity=1,
                marker={
                    "size": 11,
                    "color": [colours[method] for method in mine["method"]],
                    "line": {"width": 1.5, "color": paint.surface},
                },
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": mine["high"].to_numpy(float) - mean,
                    "arrayminus": mean - mine["low"].to_numpy(float),
                    "color": paint.muted,
                    "thickness": 1.5,
                    "width": 4,
                },
            ),
            row=1,
            col=column,
        )
        for symbol, probes in zip(PROBE_SYMBOLS * len(sets), sets, strict=False):
            rows = published[(published["measure"] == panel) & (published["probes"] == probes)]
            rows = rows[rows["method"].isin(methods)]
            picture.add_trace(
                go.Scatter(
                    x=rows["value"].to_numpy(float),
                    y=[methods.index(method) + 0.2 for method in rows["method"]],
                    mode="markers",
                    name=f"published, {escape(probes)}",
                    legendgroup=probes,
                    showlegend=column == 1,
                    hovertext=[escape(method) for method in rows["method"]],
                    unselected_marker_opacity=1,
                    hovertemplate=f"<b>%{{hovertext}}</b>, published<br>{escape(probes)}: %{{x:.2f}}<extra></extra>",
                    marker={"size": 11, "symbol": symbol, "color": paint.text, "line": {"width": 1.6}},
                ),
                row=1,
                col=column,
            )
        title = f"{escape(panel)} (ours: {targets[0]} targets, published: {targets[1]})"
        picture.update_xaxes(title_text=title, range=[0, 1.04], fixedrange=True, nticks=6, row=1, col=column)
    names = [f'<span style="color:{_checked(colour)}">{escape(name)}</span>' for name, colour in colours.items()]
    picture.update_yaxes(
        tickvals=list(range(len(methods))),
        ticktext=names,
        range=[len(methods) - 0.4, -0.6],
        zeroline=False,
        showgrid=False,
        fixedrange=True,
    )
    return picture


def _checked(colour: str) -> str:
    """Return a colour that is one: it goes into markup."""
    rgb(colour)
    return colour
