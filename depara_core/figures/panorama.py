"""Models side by side as one picture to keep (the paper's Figure 2): the tree, the maps of some probes, the graphs.

M: models, in the order of the tree; everything is drawn in units of one column.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from depara_core.drawings import Drawing
from depara_core.errors import OptionError
from depara_core.figures.labels import coloured, escape, fitting_names
from depara_core.figures.theme import figure, group_colours, palette
from depara_core.figures.trees import branches, tree_order
from depara_core.layouts import fit
from depara_core.png import png_uri

_UNIT = 104  # pixels of a column
_PICTURE = 0.92  # side of a map, columns
_TREE, _NAMES = 1.0, 0.55  # heights of the tree and of the headings, columns


def panorama(
    linkage: Float[np.ndarray, "merges 4"],
    names: Sequence[str],
    groups: Sequence[str],
    probes: Sequence[bytes],
    maps: Sequence[Sequence[bytes | None]],
    drawings: Sequence[Drawing],
    *,
    dark: bool = False,
) -> go.Figure:
    """Draw M columns in the order of the tree; `probes` (PNGs) head the rows of `maps`, each with one PNG a model.

    Names, groups, maps and drawings come in one order, that of the linkage's leaves 0 .. M - 1.
    """
    count = len(names)
    if {len(groups), len(drawings), len(linkage) + 1, *map(len, maps)} != {count} or len(probes) != len(maps):
        raise OptionError(
            f"Expected groups, drawings and maps for {count} models, {count - 1} merges and one probe a row of maps; "
            f"got {len(groups)}, {len(drawings)}, {list(map(len, maps))}, {len(linkage)} and {len(probes)}."
        )
    order, paint = tree_order(linkage), palette(dark)
    rows = len(maps)
    picture = figure(dark, height=round((_TREE + _NAMES + rows + 1.1) * _UNIT))
    _join(picture, branches(linkage) * [1, _TREE], paint.muted)
    colours, short = group_colours(groups, dark=dark), fitting_names(names, 15)
    for column, model in enumerate(order):
        name = coloured(escape(short[model]), colours[groups[model]])
        picture.add_annotation(x=column, y=-_NAMES / 2, text=name, textangle=-18, showarrow=False, font={"size": 11})
    for row, (probe, line) in enumerate(zip(probes, maps, strict=True)):
        sources = [probe, *(line[model] for model in order)]
        for column, source in enumerate(sources, start=-1):
            if source is not None:
                picture.add_layout_image(_image(source, column, -_NAMES - row - 0.5))
    places = fit(*(drawing.positions for drawing in drawings))
    for column, model in enumerate(order):
        corner = np.array([column - 0.5, -_NAMES - rows - 1.05])
        _graph(picture, places[model] + corner, drawings[model], paint.muted, paint.node)
    picture.update_xaxes(range=[-1.6, count - 0.4], visible=False)
    picture.update_yaxes(range=[-_NAMES - rows - 1.1, 1.05 * _TREE], visible=False)
    picture.update_layout(
        width=round((count + 1.2) * _UNIT), autosize=False, showlegend=False, margin={"l": 0, "r": 0, "t": 0, "b": 0}
    )
    return picture


def _join(picture: go.Figure, lines: np.ndarray, colour: str, width: float = 1.3) -> None:
    """Add polylines (K, points, 2) as one trace."""
    broken = np.concatenate([lines, np.full((len(lines), 1, 2), np.nan)], axis=1).reshape(-1, 2)
    look = {"color": colour, "width": width}
    picture.add_trace(go.Scatter(x=broken[:, 0], y=broken[:, 1], mode="lines", line=look, hoverinfo="skip"))


def _graph(picture: go.Figure, places: np.ndarray, drawing: Drawing, line: str, node: str) -> None:
    _join(picture, places[drawing.pairs], line, 0.6)
    look = {"size": 5, "color": node}
    picture.add_trace(go.Scatter(x=places[:, 0], y=places[:, 1], mode="markers", marker=look, hoverinfo="skip"))


def _image(png: bytes, column: int, row: float) -> dict[str, object]:
    place = {"xref": "x", "yref": "y", "x": column, "y": row, "xanchor": "center", "yanchor": "middle"}
    return {"source": png_uri(png), "sizex": _PICTURE, "sizey": _PICTURE, **place}
