"""A zoo on a plane: thousands of graphs as points, drawn by WebGL."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from depara_core.errors import OptionError
from depara_core.figures.labels import escape, hidden, place
from depara_core.figures.theme import figure, group_colours, palette
from depara_core.formatting import short_name, shorten

COLUMNS = ("model", "layer", "source", "family", "x", "y")
NAMED, LONGEST = 2, 24  # graphs found that are named, the table has them all; and letters of a name
PIXELS, LETTER = 320, 6.4  # of the drawing that names are placed for, and of a letter
MARGIN = 0.3  # of the drawing's width, left and right
ASIDE = 3 * "\u00a0"  # a text that is no marker's own stands on the ring else
MOST_GROUPS = 12  # in the legend: beyond, points are coloured by their source


def zoo_map(places: pd.DataFrame, found: Sequence[str], asked: str, *, dark: bool = False) -> go.Figure:
    """Draw every graph of a zoo where `Zoo.map` places it; near = alike.

    Parameters
    ----------
    places
        What `Zoo.map` returns: a row a graph, with model, layer, source, family, x and y.
    found
        Models that are ringed and named, the most alike first.
    asked
        The model that was searched for, "" for none: it is marked larger.
    dark
        The mode.

    Returns
    -------
    Figure
        A click carries (model, layer).

    Raises
    ------
    OptionError
        There is no row, or a column is missing.
    """
    missing = [name for name in COLUMNS if name not in places]
    if missing or places.empty:
        raise OptionError(f"Expected at least one row with {', '.join(COLUMNS)}; {', '.join(missing) or 'none'} came.")
    paint = palette(dark)
    groups = places["family"].where(places["family"] != "", places["source"])
    groups = groups if groups.nunique() <= MOST_GROUPS else places["source"]
    picture = figure(dark, height=520, showlegend=groups.nunique() > 1)
    for group, colour in group_colours(groups.tolist(), dark=dark).items():
        picture.add_trace(_points(places[groups == group], colour, escape(group), 6 if len(places) > 500 else 10))
    for models, size, ring in (([asked], 18, paint.total), (list(found), 13, paint.text)):
        picture.add_trace(_rings(places[places["model"].isin(models)], size, ring))
    picture.add_trace(_names(places, [asked, *found[:NAMED]]))
    plain = {"showgrid": False, "zeroline": False, "showticklabels": False}
    across = places["x"].agg(["min", "max"]).to_numpy()
    room = MARGIN * max(float(np.ptp(across)), 1e-9)  # for names beside the outermost points
    picture.update_xaxes(title_text="first principal axis", range=[across[0] - room, across[1] + room], **plain)
    picture.update_yaxes(title_text="second", scaleanchor="x", **plain)
    return picture


def _points(rows: pd.DataFrame, colour: str, name: str, size: int) -> go.Scattergl:
    told = [[model, layer] for model, layer in zip(rows["model"], rows["layer"], strict=True)]
    return go.Scattergl(
        x=rows["x"],
        y=rows["y"],
        mode="markers",
        name=name,
        marker={"size": size, "color": colour, "opacity": 0.85},
        unselected={"marker": {"opacity": 0.85}},
        customdata=told,
        hovertext=[f"{escape(model)} · {escape(layer)}" for model, layer in told],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _names(places: pd.DataFrame, models: Sequence[str]) -> go.Scatter:
    """Write names beside points, each on the side where it is least in the way, or nowhere; the first is bold."""
    rows = places[places["model"].isin(models)].drop_duplicates("model")
    names = [shorten(short_name(model), LONGEST) for model in rows["model"]]
    span = float(np.ptp(places[["x", "y"]].to_numpy(), axis=0).max()) or 1.0
    spots, widths = rows[["x", "y"]].to_numpy() / span * PIXELS, [LETTER * len(name) for name in names]
    sides = place(spots, widths, 14, 10)
    bold = (rows["model"] == models[0]).to_numpy()
    unnamed = hidden(spots, widths, 14, 10, sides, first=int(bold.argmax()))  # the pointer names them
    texts = [f"<b>{escape(name)}</b>" if first else escape(name) for name, first in zip(names, bold, strict=True)]
    texts = ["" if i in unnamed else f"{ASIDE}{text}{ASIDE}" for i, text in enumerate(texts)]
    return go.Scatter(
        x=rows["x"],
        y=rows["y"],
        mode="text",
        text=texts,
        textposition=sides,
        textfont={"size": 11.5},
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )


def _rings(rows: pd.DataFrame, size: int, colour: str) -> go.Scattergl:
    line = {"width": 2, "color": colour}
    marker = {"size": size, "color": "rgba(0,0,0,0)", "line": line}
    at = {"x": np.asarray(rows["x"]), "y": np.asarray(rows["y"])}
    return go.Scattergl(**at, mode="markers", marker=marker, hoverinfo="skip", showlegend=False)
