"""Attribution maps of several graphs over the same probes as small pictures, row by row."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from depara_core.figures.attribution_maps import Picture, collapse, overlay, resize, shared_limit, upsample
from depara_core.graphs import AttributionGraph
from depara_core.png import to_png

COLOURS = 128  # of a small PNG: a grey image under one or two hues needs no more, and weighs a third

PERCENTILE = 99.0  # of |value|, shown at full strength


def attribution_tiles(
    images: UInt8[np.ndarray, "N H W 3"],
    graphs: Sequence[AttributionGraph],
    probes: Sequence[int],
    *,
    signed: bool = True,
    shared: bool = True,
    smooth: bool = True,
    limit: float | None = None,
    opacity: float = 0.85,
    size: int = 112,
    dark: bool = False,
) -> list[list[UInt8[np.ndarray, "S S 3"] | None]]:
    """Draw a row of overlays for each probe, one a graph; None where the graph has no attribution for the probe.

    `shared`: one value is shown at full strength in all tiles, `limit` if given (see `full_strength`); else each tile
    has its own. Maps are scaled to a mean square of 1 a pixel first, so that a unit map of many pixels is not paler
    than one of few.
    """
    maps = _drawn(graphs, probes, signed, smooth, size)
    limit = shared_limit((one for drawn in maps for one in drawn), percentile=PERCENTILE) if limit is None else limit
    rows = []
    for place, probe in enumerate(probes):
        ground = resize(images[probe], size)
        rows.append(
            [
                None
                if graph.no_attribution[probe]
                else overlay(
                    ground,
                    values[place],
                    limit=limit if shared else shared_limit([values[place]], percentile=PERCENTILE),
                    opacity=opacity,
                    signed=signed,
                    dark=dark,
                )
                for graph, values in zip(graphs, maps, strict=True)
            ]
        )
    return rows


def full_strength(
    graphs: Sequence[AttributionGraph],
    probes: Sequence[int],
    *,
    signed: bool = True,
    smooth: bool = True,
    size: int = 112,
) -> float:
    """Return the value that tiles of these graphs and probes show at full strength, to draw others on their scale."""
    maps = _drawn(graphs, probes, signed, smooth, size)
    return shared_limit((one for drawn in maps for one in drawn), percentile=PERCENTILE)


def _drawn(
    graphs: Sequence[AttributionGraph], probes: Sequence[int], signed: bool, smooth: bool, size: int
) -> list[list[np.ndarray]]:
    """Return each graph's maps at the size of a tile."""
    # limits are taken of the maps as they are drawn: at full size, fine noise would set them and then be averaged away
    chosen = list(probes)
    return [
        [np.zeros((size, size), dtype=np.float32)] * len(chosen)
        if g.edges_only
        else [upsample(one, size, size, smooth=smooth) for one in collapse(g.maps[chosen], signed=signed) * _pixels(g)]
        for g in graphs
    ]


def _pixels(graph: AttributionGraph) -> float:
    """Return the factor that gives a unit map a mean square of 1 a pixel."""
    return float(np.sqrt(graph.shape[1] * graph.shape[2]))


def small_pngs(rows: Sequence[Sequence[Picture | None]]) -> list[list[bytes | None]]:
    """Encode rows of tiles as PNGs of at most 128 colours; None stays None."""
    return [[None if tile is None else to_png(tile, COLOURS) for tile in row] for row in rows]
