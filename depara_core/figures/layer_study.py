"""The measured layer study: the accuracy of every cut over what a score says of it, and every score's agreement."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from depara_core.benchmark.layer_table import BASELINES
from depara_core.errors import OptionError
from depara_core.figures.labels import coloured, escape
from depara_core.figures.theme import fade, figure, palette, template
from depara_core.formatting import interval, number, score

COLUMNS = ("source", "labels", "k", "layer", "accuracy", "low", "high", "scratch")
DASHES = ("solid", "dot", "dash")  # most labels first


def measured_curves(frame: pd.DataFrame, predictor: str, *, dark: bool = False) -> go.Figure:
    """Draw, a column a source, the measured accuracy of every cut with its interval, and under it a score of the cut.

    Scores are drawn from their least to their greatest, since only their order counts; the hover has their values.
    `frame`: as `layer_table.curves` gives it; `predictor`: one of its further columns. The best cut of each number of
    labels is large, the score's first choice too; where they stand over each other, the score found it. A click
    carries (source, layer).
    """
    missing = [column for column in (*COLUMNS, predictor) if column not in frame]
    if missing or frame.empty:
        raise OptionError(f"Expected measured cuts with {', '.join(COLUMNS)} and {predictor!r}; {missing} are missing.")
    sources = list(dict.fromkeys(frame["source"]))
    picture = make_subplots(
        rows=2,
        cols=len(sources),
        shared_xaxes=True,
        shared_yaxes=True,
        row_heights=[0.62, 0.38],
        vertical_spacing=0.06,
        horizontal_spacing=0.04,
        column_titles=[escape(source) for source in sources],
    )
    picture.update_layout(template=template(dark), height=470, margin={"t": 66}, legend={"y": 1.12})
    amounts = sorted(frame["labels"].unique(), reverse=True)
    for column, source in enumerate(sources, start=1):
        for labels, dash in zip(amounts, DASHES, strict=False):
            rows = frame[(frame["source"] == source) & (frame["labels"] == labels)]
            if len(rows):
                _draw_setting(picture, rows, predictor, dash, column, dark)
        layers = frame[frame["source"] == source].drop_duplicates("k")
        picture.update_xaxes(
            tickvals=layers["k"], ticktext=[escape(layer) for layer in layers["layer"]], row=2, col=column
        )
    picture.update_xaxes(fixedrange=True, tickangle=-50)
    picture.update_yaxes(fixedrange=True)
    picture.update_yaxes(title_text="accuracy, %", row=1, col=1)
    picture.update_yaxes(title_text=f"{escape(predictor)}, scaled", range=[-0.12, 1.12], tickvals=[0, 1], row=2, col=1)
    picture.update_yaxes(range=[-0.12, 1.12], row=2)
    return picture


def _draw_setting(picture: go.Figure, rows: pd.DataFrame, predictor: str, dash: str, column: int, dark: bool) -> None:
    """Draw one number of labels: accuracies with their interval and from scratch above, the score below."""
    paint, k, source = palette(dark), rows["k"].to_numpy(), str(rows["source"].iloc[0])
    labels = int(rows["labels"].iloc[0])
    name, low, high = f"{labels} labels", 100 * rows["low"].to_numpy(float), 100 * rows["high"].to_numpy(float)
    custom = [[source, layer, escape(layer)] for layer in rows["layer"]]
    band = {"fill": "toself", "fillcolor": fade(paint.teal, 0.14), "line": {"width": 0}, "mode": "lines"}
    shared = {"legendgroup": name, "hoverinfo": "skip", "showlegend": False}
    if np.isfinite(low).all():
        picture.add_trace(go.Scatter(x=[*k, *k[::-1]], y=[*high, *low[::-1]], **band, **shared), row=1, col=column)
    scratch = rows["scratch"].iloc[0]
    if np.isfinite(scratch):
        line = {"color": paint.muted, "width": 1.2, "dash": dash}
        ends = {"x": [k.min(), k.max()], "y": [100 * scratch] * 2, "mode": "lines", "line": line}
        picture.add_trace(go.Scatter(**ends, **shared), row=1, col=column)
    for row, values, colour in (
        (1, 100 * rows["accuracy"].to_numpy(float), paint.teal),
        (2, rows[predictor].to_numpy(float), paint.total),
    ):
        picture.add_trace(
            go.Scatter(
                x=k,
                y=values if row == 1 else _scaled(values),
                mode="lines+markers",
                name=name,
                legendgroup=name,
                showlegend=column == 1 and row == 1,
                customdata=[[*names, float(value)] for names, value in zip(custom, values, strict=True)],
                unselected_marker_opacity=1,
                line={"color": colour, "width": 2.2, "dash": dash},
                marker={
                    "size": np.where(values == values.max(), 13, 7),
                    "color": colour,
                    "line": {"width": 1.5, "color": paint.surface},
                },
                hovertemplate=f"<b>%{{customdata[2]}}</b>, {name}<br>%{{customdata[3]:.3g}}<extra></extra>",
            ),
            row=row,
            col=column,
        )


def _scaled(values: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """Return values from 0, the least, to 1, the greatest."""
    span = np.ptp(values)
    return (values - values.min()) / span if span else np.zeros(len(values))


def predictor_agreement(summary: pd.DataFrame, ceiling: float | None, *, dark: bool = False) -> go.Figure:
    """Draw how well every predictor orders the cuts, with intervals, the rules that look at nothing in grey.

    `summary`: predictor, spearman, low, high, regret and worst_regret (shares of accuracy), as `layer_table.summary`
    gives it. `ceiling`: how well one repetition orders the cuts as the others do; None leaves it out.
    """
    paint, rows = palette(dark), list(range(len(summary)))
    names = [str(name) for name in summary["predictor"]]
    colours = [paint.total if name == "S" else paint.muted if name in BASELINES else paint.teal for name in names]
    mean = summary["spearman"].to_numpy(float)
    picture = figure(dark, height=112 + 26 * len(rows), margin={"t": 30})
    picture.add_trace(
        go.Scatter(
            x=mean,
            y=rows,
            mode="markers",
            showlegend=False,
            customdata=[
                [escape(row["predictor"]), interval(row["low"], row["high"])]
                + [number(100 * row[lost], 1) for lost in ("regret", "worst_regret")]
                for row in summary.to_dict("records")
            ],
            hovertemplate="<b>%{customdata[0]}</b><br>%{x:.2f} %{customdata[1]}<br>its choice loses %{customdata[2]} "
            "points of accuracy on average, %{customdata[3]} at most<extra></extra>",
            marker={"size": 10, "color": colours, "line": {"width": 1.5, "color": paint.surface}},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": summary["high"].to_numpy(float) - mean,
                "arrayminus": mean - summary["low"].to_numpy(float),
                "color": paint.muted,
                "thickness": 1.4,
                "width": 3,
            },
        )
    )
    if ceiling is not None:
        told = f"one repetition for the others: {score(ceiling)}"
        picture.add_vline(
            x=ceiling,
            line={"color": paint.muted, "width": 1.2, "dash": "dot"},
            annotation={
                "text": told,
                "font": {"size": 11, "color": paint.muted},
                "y": 1.0,
                "yanchor": "bottom",
                "xanchor": "right",  # the line is near the right end
            },
        )
    picture.update_xaxes(
        title_text="Spearman with the measured accuracy (−1 to 1)",
        range=[-1.04, 1.04],
        fixedrange=True,
        zeroline=True,
    )
    ticks = [coloured(escape(name), colour, bold=name == "S") for name, colour in zip(names, colours, strict=True)]
    picture.update_yaxes(tickvals=rows, ticktext=ticks, range=[len(rows) - 0.4, -0.6], zeroline=False, fixedrange=True)
    return picture
