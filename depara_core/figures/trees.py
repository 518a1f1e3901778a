"""The models among themselves: the task tree and the map in the plane, both answering to clicks.

M: models. A clicked model's `customdata` starts with its index in the arrays given.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from scipy.cluster.hierarchy import dendrogram as scipy_dendrogram
from scipy.cluster.hierarchy import leaves_list

from depara_core.errors import OptionError
from depara_core.figures.labels import coloured, escape, fitting_names, hidden, place
from depara_core.figures.theme import figure, group_colours, palette

_LABEL_PIXELS = 6.4  # mean width of a letter at 12 px
_MAP_PIXELS = 430  # the drawing area labels are placed for


def tree_order(linkage: Float[np.ndarray, "merges 4"]) -> list[int]:
    """Return the models in the order of the tree's leaves, so that matrix and tree read alike."""
    return [int(leaf) for leaf in leaves_list(linkage)] if len(linkage) else [0]


def branches(linkage: Float[np.ndarray, "merges 4"]) -> Float[np.ndarray, "merges 4 2"]:
    """Return each merge as a polyline of four points, left leg, bar, right leg: (column, height).

    Columns count the leaves in `tree_order` from 0; heights are distances in units of the largest, 1 at the root. Where
    all models coincide every height is 0.
    """
    drawn = _polylines(linkage)
    drawn[..., 1] /= drawn[..., 1].max(initial=0) or 1.0
    return drawn


def _polylines(linkage: Float[np.ndarray, "merges 4"]) -> Float[np.ndarray, "merges 4 2"]:
    """Return what `branches` does, heights as distances."""
    if not len(linkage):
        return np.empty((0, 4, 2))
    tree = scipy_dendrogram(linkage, no_plot=True)
    return np.stack([(np.array(tree["icoord"]) - 5) / 10, np.array(tree["dcoord"], dtype=np.float64)], axis=-1)


def dendrogram(
    linkage: Float[np.ndarray, "merges 4"],
    names: Sequence[str],
    groups: Sequence[str],
    *,
    target: int | None = None,
    axis: str = "distance of graphs, 1 − S / (1 + λ)",
    dark: bool = False,
) -> go.Figure:
    """Draw the task tree from a scipy linkage: leaves at the right in `tree_order`, coloured by group, clickable."""
    if len(linkage) != len(names) - 1 or len(groups) != len(names):
        raise OptionError(
            f"Expected {len(names) - 1} merges and as many groups as names ({len(names)}); got "
            f"{len(linkage)} and {len(groups)}."
        )
    order, colours, paint = tree_order(linkage), group_colours(groups, dark=dark), palette(dark)
    short, height = fitting_names(names, 22), max(float(linkage[:, 2].max()), 1e-9) if len(linkage) else 1.0
    label = [coloured(escape(short[i]), colours[groups[i]], bold=i == target) for i in order]
    picture = figure(
        dark,
        height=int(np.clip(70 + 19 * len(names), 150, 900)),
        xaxis={
            "range": [1.02 * height, -0.01 * height],
            "title": {"text": axis},
            "fixedrange": True,
            "zeroline": False,
            "nticks": 6,
        },
        yaxis={
            "side": "right",
            "tickvals": list(range(len(order))),
            "ticktext": label,
            "showgrid": False,
            "zeroline": False,
            "range": [len(order) - 0.4, -0.6],
            "fixedrange": True,
            "showline": False,
        },
        showlegend=False,
        hoverdistance=60,
    )
    if len(linkage):
        drawn = _polylines(linkage)
        xs = [x for branch in drawn[..., 1] for x in (*branch, None)]
        ys = [y for branch in drawn[..., 0] for y in (*branch, None)]
        picture.add_trace(
            go.Scatter(x=xs, y=ys, mode="lines", line={"color": paint.muted, "width": 1.3}, hoverinfo="skip")
        )
    picture.add_trace(
        go.Scatter(
            x=[0.0] * len(order),
            y=list(range(len(order))),
            customdata=[[i, escape(names[i]), escape(groups[i])] for i in order],
            mode="markers",
            marker={"size": 7, "color": [colours[groups[i]] for i in order]},
            unselected_marker_opacity=1,
            hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
        )
    )
    return picture


def model_map(
    positions: Float[np.ndarray, "points 2"],
    names: Sequence[str],
    groups: Sequence[str],
    *,
    target: int | None = None,
    selected: Sequence[int] = (),
    axis: str = "MDS axis {} (unit: √S)",
    dark: bool = False,
) -> go.Figure:
    """Draw the models as points, near = alike, coloured by group; labels step out of each other's way, or aside."""
    points = np.asarray(positions, dtype=np.float64)
    if points.shape != (len(names), 2) or len(groups) != len(names):
        raise OptionError(
            f"Expected positions ({len(names)}, 2) and {len(names)} groups; got {points.shape} and {len(groups)}."
        )
    colours, paint, short = group_colours(groups, dark=dark), palette(dark), fitting_names(names, 20)
    span = float(np.ptp(points, axis=0).max()) or 1.0
    middle, half = (points.max(axis=0) + points.min(axis=0)) / 2, 0.62 * span
    x, y = (
        {
            "range": [centre - half, centre + half],
            "title": {"text": axis.format(which)},
            "nticks": 5,
            "fixedrange": True,
        }
        for which, centre in enumerate(middle, start=1)
    )
    picture = figure(
        dark,
        height=460,
        xaxis=x,
        yaxis={**y, "scaleanchor": "x", "constrain": "range"},
        showlegend=len(colours) > 1,
        hoverdistance=24,
    )
    spots, widths = points / span * _MAP_PIXELS, [_LABEL_PIXELS * len(s) for s in short]
    sides = place(spots, widths, height=14, gap=7)
    unnamed = hidden(spots, widths, 14, 7, sides, first=target)  # the pointer names them
    for group, colour in colours.items():
        members = [i for i, g in enumerate(groups) if g == group]
        bold = {i: f"<b>{escape(short[i])}</b>" if i == target else escape(short[i]) for i in members}
        ring = [paint.total if i == target else paint.text if i in selected else paint.surface for i in members]
        picture.add_trace(
            go.Scatter(
                x=points[members, 0],
                y=points[members, 1],
                name=escape(group),
                mode="markers+text",
                text=["" if i in unnamed else bold[i] for i in members],
                textposition=[sides[i] for i in members],
                textfont={"size": 11.5, "color": colour},
                cliponaxis=False,
                unselected={"marker": {"opacity": 1}, "textfont": {"color": colour}},
                customdata=[[i, escape(names[i]), escape(group)] for i in members],
                marker={
                    "size": [15 if i == target else 11 for i in members],
                    "color": colour,
                    "opacity": 1,
                    "line": {"width": [3 if i == target else 2 for i in members], "color": ring},
                },
                hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
            )
        )
    return picture
