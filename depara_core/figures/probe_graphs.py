"""Probe graphs as pictures: images at the nodes, lines between alike probes, each answering to clicks.

N: probes; E: drawn edges. A clicked node carries ("probe", i), a clicked edge ("pair", i, j) in `customdata`.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int, UInt8

from depara_core.errors import OptionError
from depara_core.figures.attribution_maps import resize
from depara_core.figures.labels import escape, table
from depara_core.figures.theme import diverging, figure, flat_bar, group_colours, name_bar, palette, rgb
from depara_core.layouts import closest
from depara_core.png import png_uri, to_png

MAX_THUMBNAILS = 60  # beyond, circles: the page stays light and the drawing readable
_THUMBNAIL_PIXELS = 64
_FRAME = 2  # pixels of a thumbnail's border
_LARGEST = 0.13  # side of a thumbnail, of the drawing's
_GAP = 0.06  # of the room between two, left free
_WIDTHS = (0.7, 1.4, 2.4, 3.8)  # pixels, weakest to strongest quarter of the drawn edges
_SHADES = 7  # steps of the disagreement's colour


def extent(*layouts: Float[np.ndarray, "N 2"]) -> tuple[float, float]:
    """Return one range for both axes that holds every layout given, so that graphs side by side can be compared."""
    reach = max((float(np.abs(points).max()) for points in layouts if len(points)), default=1.0) or 1.0
    return -1.14 * reach, 1.14 * reach


def network(
    positions: Float[np.ndarray, "N 2"],
    pairs: Int[np.ndarray, "E 2"],
    strength: Float[np.ndarray, "strengths"],
    *,
    names: Sequence[str],
    images: UInt8[np.ndarray, "images H W 3"] | None = None,
    groups: Sequence[str] | None = None,
    disagreement: Float[np.ndarray, "disagreements"] | None = None,
    selected: int | None = None,
    selected_pair: tuple[int, int] | None = None,
    bounds: tuple[float, float] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw a probe graph: line width by `strength` (cosine), colour by `disagreement` in -1..1 if given.

    `bounds` (see `extent`) is the shared range of graphs shown together; up to 60 probes are drawn as their images.
    """
    positions = np.asarray(positions, dtype=np.float64)
    _check(positions, pairs, strength, names, images, disagreement)
    picture = figure(dark, height=500)
    low, high = bounds or extent(positions)
    if len(pairs):
        _lines(picture, positions, pairs, strength, disagreement, dark)
        picture.add_trace(_midpoints(positions, pairs, strength, disagreement, names, dark))
    thumbnails = images is not None and len(positions) <= MAX_THUMBNAILS
    side = min(_LARGEST * (high - low), (1 - _GAP) * closest(positions))
    if thumbnails and images is not None:
        picture.update_layout(
            images=[_thumbnail(image, xy, side, dark) for image, xy in zip(images, positions, strict=True)]
        )
    picture.add_trace(_nodes(positions, names, groups, thumbnails, selected, dark))
    _highlight(picture, positions, side, selected, selected_pair, dark)
    plain = {"range": [low, high], "visible": False, "fixedrange": False}
    picture.update_xaxes(**plain)
    picture.update_yaxes(**plain, scaleanchor="x")
    if disagreement is not None and len(pairs):
        name_bar(picture, "rank difference", dark)
    margin = {"l": 0, "r": 0, "t": 0 if disagreement is None else 44, "b": 0}
    picture.update_layout(showlegend=False, margin=margin, hoverdistance=14, dragmode="pan")
    return picture


def _check(
    positions: np.ndarray,
    pairs: np.ndarray,
    strength: np.ndarray,
    names: Sequence[str],
    images: np.ndarray | None,
    disagreement: np.ndarray | None,
) -> None:
    """Raise where the parts do not belong to one graph."""
    counts = {"names": len(names), "images": len(positions) if images is None else len(images)}
    if positions.shape != (len(names), 2) or len(set(counts.values())) != 1:
        raise OptionError(f"Expected positions (N, 2), N names and N images; got {positions.shape} and {counts}.")
    if len(strength) != len(pairs) or (disagreement is not None and len(disagreement) != len(pairs)):
        given = f"{len(strength)} strengths" + ("" if disagreement is None else f", {len(disagreement)} disagreements")
        raise OptionError(f"Expected one value an edge, {len(pairs)}; got {given}.")


def _lines(
    picture: go.Figure,
    positions: np.ndarray,
    pairs: np.ndarray,
    strength: np.ndarray,
    disagreement: np.ndarray | None,
    dark: bool,
) -> None:
    """Add the edges, one trace for each width and shade in use: plotly has one width and colour a line trace."""
    width = np.digitize(strength, np.quantile(strength, [0.25, 0.5, 0.75])) if np.ptp(strength) else np.ones(len(pairs))
    shade = np.full(len(pairs), -1) if disagreement is None else _shades(disagreement)
    for w, s in sorted({(int(w), int(s)) for w, s in zip(width, shade, strict=True)}):
        chosen = pairs[(width == w) & (shade == s)]
        ends = positions[chosen]  # (K, 2, 2)
        gap = np.full((len(chosen), 1), np.nan)
        picture.add_trace(
            go.Scatter(
                x=np.hstack([ends[:, :, 0], gap]).ravel(),
                y=np.hstack([ends[:, :, 1], gap]).ravel(),
                mode="lines",
                line={"width": _WIDTHS[w], "color": palette(dark).muted if s < 0 else shade_colour(s, dark)},
                hoverinfo="skip",
                opacity=0.45 if disagreement is None else 0.85,
            )
        )


def _shades(disagreement: np.ndarray) -> np.ndarray:
    """Return each edge's step 0.._SHADES-1 of the colour scale; the middle one is agreement."""
    return np.rint((np.clip(disagreement, -1, 1) + 1) / 2 * (_SHADES - 1)).astype(int)


def shade_colour(step: int, dark: bool) -> str:
    """Return the colour of a step of disagreement: purple (-1), neutral (0), green (+1)."""
    stops = diverging(dark)
    at = step / (_SHADES - 1)
    mixed = [np.interp(at, [s for s, _ in stops], [rgb(c)[channel] for _, c in stops]) for channel in range(3)]
    return "rgb({:.0f},{:.0f},{:.0f})".format(*mixed)


def _midpoints(
    positions: np.ndarray,
    pairs: np.ndarray,
    strength: np.ndarray,
    disagreement: np.ndarray | None,
    names: Sequence[str],
    dark: bool,
) -> go.Scatter:
    """Return a small dot in the middle of each edge, so that an edge can be pointed at."""
    middle = positions[pairs].mean(axis=1)
    custom = [
        ["pair", int(i), int(j), escape(names[i]), escape(names[j]), float(s)]
        for (i, j), s in zip(pairs, strength, strict=True)
    ]
    hover = "%{customdata[3]} – %{customdata[4]}<br>cosine %{customdata[5]:.3g}"
    opacity = 0.45 if len(pairs) <= 200 else 0.0  # among many edges the dots would hide what they mark
    marker: dict[str, object] = {"size": 5, "color": palette(dark).muted, "opacity": opacity}
    if disagreement is not None:
        custom = [[*row, float(d)] for row, d in zip(custom, disagreement, strict=True)]
        hover += "<br>rank difference %{customdata[6]:+.2f}"
        bar = flat_bar(tickvals=[-1, 0, 1], ticktext=["−1", "0", "1"])
        scale = {"colorscale": diverging(dark), "cmin": -1, "cmax": 1, "showscale": True, "colorbar": bar}
        marker |= {"color": np.asarray(disagreement, dtype=np.float64), **scale}
    return go.Scatter(
        x=middle[:, 0],
        y=middle[:, 1],
        customdata=table(custom),
        mode="markers",
        hovertemplate=hover + "<extra></extra>",
        marker=marker,
        selected_marker_opacity=opacity,
        unselected_marker_opacity=opacity,
    )


def _nodes(
    positions: np.ndarray,
    names: Sequence[str],
    groups: Sequence[str] | None,
    thumbnails: bool,
    selected: int | None,
    dark: bool,
) -> go.Scatter:
    """Return the nodes' markers: circles, or invisible squares over the thumbnails."""
    paint = palette(dark)
    colours = group_colours(groups, dark=dark) if groups is not None else {}
    colour = paint.blue if groups is None else [colours[g] for g in groups]
    opacity = 0.0 if thumbnails else 1.0
    hover = "<b>%{customdata[2]}</b>" + ("<br>%{customdata[3]}" if groups is not None else "") + "<extra></extra>"
    custom = [
        ["probe", i, escape(name), *([] if groups is None else [escape(groups[i])])] for i, name in enumerate(names)
    ]
    return go.Scatter(
        x=positions[:, 0],
        y=positions[:, 1],
        customdata=custom,
        mode="markers",
        hovertemplate=hover,
        marker={
            "symbol": "square" if thumbnails else "circle",
            "size": 26 if thumbnails else 9,
            "opacity": opacity,
            "color": colour,
            "line": {"width": 1.2, "color": paint.surface},
        },
        selected_marker_opacity=opacity,
        unselected_marker_opacity=opacity,
    )


def _thumbnail(image: np.ndarray, centre: np.ndarray, side: float, dark: bool) -> dict[str, object]:
    """Return a layout image with its border, `side` wide in data units around its node."""
    framed = np.empty((_THUMBNAIL_PIXELS, _THUMBNAIL_PIXELS, 3), dtype=np.uint8)
    framed[:] = rgb(palette(dark).muted)
    framed[_FRAME:-_FRAME, _FRAME:-_FRAME] = resize(image, _THUMBNAIL_PIXELS - 2 * _FRAME)
    return {
        "source": png_uri(to_png(framed)),
        "xref": "x",
        "yref": "y",
        "x": centre[0],
        "y": centre[1],
        "sizex": side,
        "sizey": side,
        "xanchor": "center",
        "yanchor": "middle",
        "layer": "above",
    }


def _highlight(
    picture: go.Figure,
    positions: np.ndarray,
    side: float,
    selected: int | None,
    pair: tuple[int, int] | None,
    dark: bool,
) -> None:
    """Frame the selected probe and draw the selected pair, visible or not among the drawn edges."""
    colour = palette(dark).total
    if pair is not None:
        (x0, y0), (x1, y1) = positions[list(pair)]
        picture.add_shape(type="line", x0=x0, y0=y0, x1=x1, y1=y1, line={"color": colour, "width": 3}, layer="between")
    for probe in {selected, *(pair or ())} - {None}:
        x, y = positions[probe]
        picture.add_shape(
            type="rect",
            x0=x - side / 2,
            y0=y - side / 2,
            x1=x + side / 2,
            y1=y + side / 2,
            line={"color": colour, "width": 3},
        )
