"""Models against models and layers against layers, as heatmaps that answer to clicks.

R, C: rows and columns. A clicked cell's `customdata` starts with (row, column): places in the arrays given, whatever
the order on the screen.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from depara_core.errors import OptionError
from depara_core.figures.labels import coloured, escape, fitting_names, table, thinned
from depara_core.figures.theme import MAGNITUDE, TRANSPARENT, figure, flat_bar, group_colours, name_bar, palette
from depara_core.formatting import score


def similarity_heatmap(
    values: Float[np.ndarray, "R C"],
    rows: Sequence[str],
    columns: Sequence[str] | None = None,
    *,
    symbol: str = "S",
    order: Sequence[int] | None = None,
    column_order: Sequence[int] | None = None,
    target: int | None = None,
    selected: tuple[int, int] | None = None,
    best: tuple[int, int] | None = None,
    groups: Mapping[str, str] | None = None,
    parts: Mapping[str, np.ndarray] | None = None,
    limits: tuple[float, float] | None = None,
    axes: tuple[str, str] = ("", ""),
    dark: bool = False,
) -> go.Figure:
    """Draw similarities as square cells: row `target` framed, `selected` and `best` (row, column) marked.

    `order` and `column_order` list rows and columns from top and left; without columns they are the rows again.
    `parts` adds values to the hover text, by symbol; `groups` maps a name to the group that colours its label.
    """
    values = np.asarray(values, dtype=np.float64)
    across = rows if columns is None else columns
    if values.shape != (len(rows), len(across)) or not values.size:
        raise OptionError(f"Expected one value a cell, ({len(rows)}, {len(across)}) and not empty; got {values.shape}.")
    down = list(range(len(rows)) if order is None else order)
    right = list((down if columns is None else range(len(across))) if column_order is None else column_order)
    layout = _axes(rows, across, down, right, target, groups or {}, axes, dark)
    picture = figure(dark, height=_height(len(down)), **layout)
    picture.add_trace(_cells(values[np.ix_(down, right)], limits or _limits(values, rows, across)))
    name_bar(picture, symbol, dark)
    picture.add_trace(_clickable(values, rows, across, down, right, {symbol: values, **(parts or {})}))
    colours = palette(dark)
    if target is not None:
        _frame(picture, (-0.5, down.index(target) - 0.5), (len(right) - 0.5, down.index(target) + 0.5), colours.total)
    for cell, colour, width in ((best, colours.total, 3.5), (selected, colours.text, 2.0)):
        if cell is not None:
            y, x = down.index(cell[0]), right.index(cell[1])
            ends = (x - 0.5, y - 0.5), (x + 0.5, y + 0.5)
            if (
                colour == colours.total or cell != best
            ):  # a halo: the frame is seen on navy and on yellow, and hides no other one
                _frame(picture, *ends, colours.surface, width + 3)
            _frame(picture, *ends, colour, width)
    return picture


def layer_heatmap(
    values: Float[np.ndarray, "R C"],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    source: str,
    target: str,
    symbol: str = "S",
    best: tuple[int, int] | None = None,
    selected: tuple[int, int] | None = None,
    parts: Mapping[str, np.ndarray] | None = None,
    notes: Mapping[str, str] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw each layer of `source` (rows, input at the top) against each of `target` (columns), the best cell marked.

    `notes` adds words to the names of rows, by layer.
    """
    titles = (f"layer of {escape(source)}", f"layer of {escape(target)}")
    picture = similarity_heatmap(
        values, rows, columns, symbol=symbol, best=best, selected=selected, parts=parts, axes=titles, dark=dark
    )
    names = picture.layout.yaxis
    if notes:
        told = [f"<b>{escape(notes[row])}</b>" if row in notes else "" for row in rows]
        names.ticktext = [f"{name} {note}" if name else name for name, note in zip(names.ticktext, told, strict=True)]
    if values.size <= 144:
        picture.data[0].update(text=[[score(v) for v in row] for row in np.asarray(values)], texttemplate="%{text}")
    return picture


def _height(rows: int) -> int:
    """Return the height in pixels that keeps cells readable and few rows compact."""
    return 190 + int(rows * np.clip(460 / rows, 22, 40))


def _limits(values: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> tuple[float, float]:
    """Return the range of the cells that compare two different things, lest the diagonal darken all others."""
    different = np.array([[row != column for column in columns] for row in rows])
    shown = values[different] if different.any() else values
    low, high = float(shown.min()), float(shown.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _cells(values: np.ndarray, limits: tuple[float, float]) -> go.Heatmap:
    """Return the coloured cells, with a flat colour bar above them so that the matrix keeps the width."""
    return go.Heatmap(
        z=values,
        zmin=limits[0],
        zmax=limits[1],
        colorscale=MAGNITUDE,
        colorbar=flat_bar(),
        xgap=1,
        ygap=1,
        hoverinfo="skip",
    )


def _clickable(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    down: list[int],
    right: list[int],
    parts: Mapping[str, np.ndarray],
) -> go.Scatter:
    """Return invisible squares, one a cell: st.plotly_chart reports no selections of heatmap traces."""
    cells = [(y, x, r, c) for y, r in enumerate(down) for x, c in enumerate(right)]
    down_names, right_names = [escape(name) for name in rows], [escape(name) for name in columns]
    lines = [f"<br>{symbol} = %{{customdata[{i}]:.3g}}" for i, symbol in enumerate(parts, start=4)]
    return go.Scatter(
        x=[x for _, x, _, _ in cells],
        y=[y for y, _, _, _ in cells],
        customdata=table(
            [
                (r, c, down_names[r], right_names[c], *(float(part[r][c]) for part in parts.values()))
                for _, _, r, c in cells
            ]
        ),
        mode="markers",
        marker={"symbol": "square", "size": 14, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hovertemplate="<b>%{customdata[2]}</b> – <b>%{customdata[3]}</b>" + "".join(lines) + "<extra></extra>",
        showlegend=False,
    )


def _axes(
    rows: Sequence[str],
    columns: Sequence[str],
    down: list[int],
    right: list[int],
    target: int | None,
    groups: Mapping[str, str],
    titles: tuple[str, str],
    dark: bool,
) -> dict[str, object]:
    """Return the layout that labels rows and columns, colours the labels by group, and keeps the cells square."""
    colours, text = group_colours(list(groups.values()), dark=dark), palette(dark).text
    size = 12 if len(down) <= 14 else 11 if len(down) <= 24 else 9

    def axis(names: Sequence[str], order: list[int], marked: int | None, title: str) -> dict[str, object]:
        short = fitting_names(names)
        label = [
            coloured(escape(short[i]), colours.get(groups.get(names[i], ""), text), bold=i == marked) for i in order
        ]
        return {
            "tickvals": list(range(len(order))),
            "ticktext": thinned(label, [order.index(marked)] if marked is not None else []),
            "tickfont": {"size": size},
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "showline": False,
            "constrain": "domain",
            "title": {"text": title},
        }

    y = {**axis(rows, down, target, titles[0]), "range": [len(down) - 0.5, -0.5], "constraintoward": "top"}
    x = {**axis(columns, right, target if columns is rows else None, titles[1]), "range": [-0.5, len(right) - 0.5]}
    return {
        "xaxis": {**x, "tickangle": -45, "scaleanchor": "y"},
        "yaxis": y,
        "hoverdistance": -1,  # the whole cell answers, not only its middle
        "margin": {"t": 44},
    }


def _frame(
    picture: go.Figure, start: tuple[float, float], end: tuple[float, float], colour: str, width: float = 2.5
) -> None:
    picture.add_shape(
        type="rect",
        x0=start[0],
        y0=start[1],
        x1=end[0],
        y1=end[1],
        line={"color": colour, "width": width},
        fillcolor=TRANSPARENT,
    )
