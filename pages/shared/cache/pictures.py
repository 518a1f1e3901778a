"""Images, maps over them, and graphs drawn."""

from typing import Any

import depara_core as depara
from depara_core import drawings, explanation, pairs
from depara_core.figures import attribution_maps, contributions, rank_density, tiles
from depara_core.grids import Grid
from depara_core.png import to_png
from pages.shared.cache.explanations import explained
from pages.shared.cache.wrappers import Graph, Graphs, copied, shared

drawn_beside = shared(48)(drawings.draw_beside)
drawn_aligned = shared(8)(drawings.draw_aligned)
pair_table = shared(8)(pairs.pair_table)
compared_ranks = copied(16)(rank_density.compared_ranks)


@shared(8)
def pair_ranks(graph: Graph) -> Any:
    """Return the relative rank of every pair of probes in a graph (N, N), 0 the least and 1 the most alike."""
    return pairs.pair_ranks(graph.edges)


thumbnail = copied(4000)(attribution_maps.thumbnail)
full_strength = copied(64)(tiles.full_strength)


@copied(4)
def scale_bar(*, signed: bool, dark: bool) -> bytes:
    """Return the colour scale of the overlays as a PNG."""
    return to_png(attribution_maps.scale_bar(signed=signed, dark=dark))


@copied(64)
def overlays(
    probes: depara.ProbeSet,
    graphs: Graphs,
    indices: tuple[int, ...],
    *,
    signed: bool,
    shared: bool,
    smooth: bool,
    opacity: float,
    dark: bool,
    size: int = 112,
    limit: float | None = None,
) -> list[list[bytes | None]]:
    """Return a row of PNGs for each probe, one a graph; None where there is no attribution."""
    look: dict[str, Any] = {
        "signed": signed,
        "shared": shared,
        "smooth": smooth,
        "opacity": opacity,
        "size": size,
        "dark": dark,
    }
    return tiles.small_pngs(tiles.attribution_tiles(probes.images, graphs, indices, limit=limit, **look))


@copied(48)
def agreement_maps(
    probes: depara.ProbeSet, a: Graph, b: Graph, grid: Grid, indices: tuple[int, ...], *, size: int = 112, dark: bool
) -> list[bytes]:
    """Return for each probe a PNG of where two networks agree and where they oppose."""
    return contributions.agreement_pngs(probes, explained(a, b, grid), indices, size=size, dark=dark)


@copied(48)
def advantage_maps(
    probes: depara.ProbeSet, ends: tuple[Graph, Graph, Graph], grid: Grid, indices: tuple[int, ...], *, dark: bool
) -> list[bytes]:
    """Return for each probe a PNG of where a target agrees more with one source than with another one."""
    target, first, second = ends
    found = explanation.Contrast(explained(target, first, grid), explained(target, second, grid))
    return contributions.agreement_pngs(probes, found, indices, dark=dark)
