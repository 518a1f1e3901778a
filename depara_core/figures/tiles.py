"""Attribution maps of several graphs over the same probes as small pictures, row by row."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Integer, UInt8

from depara_core.explanation.pixels import resample_masks
from depara_core.figures.attribution_maps import (
    Picture,
    collapse,
    outline,
    overlay,
    resize,
    shared_limit,
    soften,
    strongest,
    upsample,
)
from depara_core.figures.theme import palette, rgb
from depara_core.graphs import AttributionGraph
from depara_core.png import to_png
from depara_core.regions import borders, region_sums

COLOURS = 128  # of a small PNG: a grey image under one or two hues needs no more, and weighs a third

PERCENTILE = 99.0  # of |value|, shown at full strength

Regions = Sequence[Integer[np.ndarray, "_ _"]]  # one a probe: the number of each pixel's region


class Paint(NamedTuple):
    """How maps are turned into what is drawn.

    `smooth`: softened for the eye, with a contour round the strongest tenth of the mass; else each value as it is.
    `regions`: one a probe; each region then shows the sum of the map's signed values in it.
    """

    signed: bool = True
    smooth: bool = True
    size: int = 112
    regions: Regions | None = None


PLAIN = Paint()


def attribution_tiles(
    images: UInt8[np.ndarray, "N H W 3"],
    graphs: Sequence[AttributionGraph],
    probes: Sequence[int],
    paint: Paint = PLAIN,
    *,
    shared: bool = False,
    limit: float | None = None,
    opacity: float = 0.85,
    dark: bool = False,
) -> list[list[UInt8[np.ndarray, "S S 3"] | None]]:
    """Draw a row of overlays for each probe, one a graph; None where the graph has no attribution for the probe.

    `shared`: one value is shown at full strength in all tiles, `limit` if given (see `full_strength`); else each tile
    has its own. Maps are scaled to a mean square of 1 a pixel first, so that a unit map of many pixels is not paler
    than one of few.
    """
    maps = _drawn(graphs, probes, paint)
    if shared and limit is None:
        limit = _limit([one for drawn in maps for one in drawn], paint)
    rows = []
    for place, probe in enumerate(probes):
        ground = resize(images[probe], paint.size)
        regions = None if paint.regions is None else paint.regions[place]
        tiles: list[Picture | None] = []
        for graph, values in zip(graphs, maps, strict=True):
            if graph.no_attribution[probe]:
                tiles.append(None)
                continue
            strength = limit if shared and limit is not None else _limit([values[place]], paint)
            signed = paint.signed or regions is not None
            tile = overlay(ground, values[place], limit=strength, opacity=opacity, signed=signed, dark=dark)
            tiles.append(_finish(tile, values[place], regions, paint, dark))
        rows.append(tiles)
    return rows


def _finish(tile: Picture, values: np.ndarray, regions: np.ndarray | None, paint: Paint, dark: bool) -> Picture:
    """Draw the borders of regions, or the contour of what is strongest in a softened map."""
    if regions is not None:
        edge = borders(_at_size(regions, tile.shape[0], tile.shape[1]))[..., None]
        return np.where(edge, 0.5 * tile + 0.5 * rgb(palette(dark).surface), tile).astype(np.uint8)
    return outline(tile, strongest(values), dark=dark) if paint.smooth else tile


def full_strength(graphs: Sequence[AttributionGraph], probes: Sequence[int], paint: Paint = PLAIN) -> float:
    """Return the value that tiles of these graphs and probes show at full strength, to draw others on their scale."""
    return _limit([one for drawn in _drawn(graphs, probes, paint) for one in drawn], paint)


def _limit(drawn: Sequence[np.ndarray], paint: Paint) -> float:
    """Return the |value| at full strength; of regions the largest, as a patch may be small."""
    return shared_limit(drawn, percentile=PERCENTILE if paint.regions is None else 100.0)


def _drawn(graphs: Sequence[AttributionGraph], probes: Sequence[int], paint: Paint) -> list[list[np.ndarray]]:
    """Return each graph's maps at the size of a tile."""
    # limits are taken of the maps as they are drawn: at full size, fine noise would set them and then be averaged away
    chosen, size = list(probes), paint.size
    return [
        [np.zeros((size, size), dtype=np.float32)] * len(chosen)
        if g.edges_only
        else _patches(g, chosen, paint.regions, size)
        if paint.regions is not None
        else [drawn_map(one, size, smooth=paint.smooth) for one in scaled_maps(g, chosen, signed=paint.signed)]
        for g in graphs
    ]


def drawn_map(values: np.ndarray, size: int, *, smooth: bool = True) -> np.ndarray:
    """Bring a map to size x size pixels as it is drawn: softened for the eye, or each value as it is."""
    large = upsample(values, size, size, smooth=smooth)
    return soften(large) if smooth else large


def scaled_maps(graph: AttributionGraph, probes: Sequence[int], *, signed: bool) -> np.ndarray:
    """Return maps (n, h, w) of some probes with a mean square of about 1 a pixel."""
    return collapse(graph.maps[list(probes)], signed=signed) * np.sqrt(graph.shape[1] * graph.shape[2])


def _patches(graph: AttributionGraph, probes: Sequence[int], regions: Regions, size: int) -> list[np.ndarray]:
    """Return for each probe what its regions' signed values add up to, as a part of all pixels, painted into them."""
    painted = []
    for values, region in zip(scaled_maps(graph, probes, signed=True), regions, strict=True):
        sums = region_sums(values, _at_size(region, *values.shape), int(region.max()) + 1) / values.size
        painted.append(sums[_at_size(region, size, size)])
    return painted


def _at_size(regions: np.ndarray, height: int, width: int) -> np.ndarray:
    return resample_masks(regions[None], (height, width))[0]


def small_pngs(rows: Sequence[Sequence[Picture | None]]) -> list[list[bytes | None]]:
    """Encode rows of tiles as PNGs of at most 128 colours; None stays None."""
    return [[None if tile is None else to_png(tile, COLOURS) for tile in row] for row in rows]
