"""Ranks against ranks: the picture that is the Spearman correlation s_E of two graphs' edges."""

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from depara_core.errors import OptionError
from depara_core.figures.labels import escape
from depara_core.figures.theme import MAGNITUDE, figure, flat_bar, name_bar, palette
from depara_core.formatting import significant
from depara_core.graphs import AttributionGraph, relative_ranks
from depara_core.pairs import rank_bins


def compared_ranks(
    a: AttributionGraph, b: AttributionGraph, *, names: tuple[str, str], dark: bool = False
) -> go.Figure:
    """Draw the relative ranks of all pairs of probes in two graphs by `rank_density`, in `rank_bins` bins a side."""
    first, second = relative_ranks(a.ranks), relative_ranks(b.ranks)
    return rank_density(first, second, names=names, bins=rank_bins(len(first)), dark=dark)


def rank_density(
    first: Float[np.ndarray, "E"],
    second: Float[np.ndarray, "pairs"],
    *,
    names: tuple[str, str],
    bins: int = 40,
    dark: bool = False,
) -> go.Figure:
    """Draw E pairs of probes by their relative rank (0 least alike, 1 most) in two graphs; on the diagonal both agree.

    Binned to bins x bins, so that half a million pairs weigh as little as a thousand; colour is the root of the count.
    A click or a box carries (column, row) of the bins, each 1 / bins wide.
    """
    if len(first) != len(second) or not len(first):
        raise OptionError(f"Expected two rank arrays of one length above 0; got {len(first)} and {len(second)}.")
    counts, _, _ = np.histogram2d(first, second, bins=bins, range=[[0, 1], [0, 1]])
    paint, picture, centres = palette(dark), figure(dark, height=400), (np.arange(bins) + 0.5) / bins
    most = int(counts.max())
    ticks = sorted({1, max(1, most // 4), most})
    bar = flat_bar(tickvals=np.sqrt(ticks).tolist(), ticktext=[significant(t) for t in ticks])
    name_bar(picture, "pairs in a bin", dark)
    shown = np.where(counts > 0, np.sqrt(counts), np.nan).T  # an empty bin is no colour, not the darkest one
    picture.add_trace(
        go.Heatmap(x=centres, y=centres, z=shown, colorscale=MAGNITUDE, zmin=0, colorbar=bar, hoverinfo="skip")
    )
    filled = np.argwhere(counts)
    picture.add_trace(
        go.Scatter(
            x=centres[filled[:, 0]],
            y=centres[filled[:, 1]],
            mode="markers",
            showlegend=False,
            customdata=np.column_stack([filled, counts[tuple(filled.T)].astype(int)]),
            marker={"symbol": "square", "size": 6, "opacity": 0},
            selected_marker_opacity=0,
            unselected_marker_opacity=0,
            hovertemplate="%{customdata[2]:,} pairs<br>rank %{x:.2f} and %{y:.2f}<extra></extra>",
        )
    )
    picture.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": paint.text, "width": 1.2, "dash": "dash"})
    for update, name in ((picture.update_xaxes, names[0]), (picture.update_yaxes, names[1])):
        update(
            title_text=f"rank of the pair in {escape(name)} (0–1)",
            range=[0, 1],
            showgrid=False,
            zeroline=False,
            nticks=5,
            constrain="domain",
        )
    picture.update_yaxes(scaleanchor="x", constraintoward="top")
    picture.update_layout(margin={"t": 44})
    return picture
