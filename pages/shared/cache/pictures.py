"""Images, maps over them, and graphs drawn."""

from typing import Any

import depara_core as depara
from depara_core import drawings, explanation, pairs, regions, rooms, tour
from depara_core.figures import attribution_maps, contributions, looks, rank_density, tiles
from depara_core.figures.answers import answer_pictures
from depara_core.grids import Grid
from depara_core.neighbourhoods import neighbourhoods as find_neighbourhoods
from depara_core.png import to_png
from depara_core.zoo import rooms_answers
from pages.shared.cache.explanations import explained
from pages.shared.cache.wrappers import Graph, Graphs, copied, shared

drawn_beside = shared(48)(drawings.draw_beside)
neighbourhoods = shared(16)(find_neighbourhoods)
contrasting = shared(16)(tour.contrasting)
drawn_aligned = shared(8)(drawings.draw_aligned)
pair_table = shared(8)(pairs.pair_table)
compared_ranks = copied(16)(rank_density.compared_ranks)


@shared(8)
def pair_ranks(graph: Graph) -> Any:
    """Return the relative rank of every pair of probes in a graph (N, N), 0 the least and 1 the most alike."""
    return pairs.pair_ranks(graph.edges)


thumbnail = copied(4000)(attribution_maps.thumbnail)
pieces = shared(4, spinner="Looking up what stands where")(rooms.pieces)
superpixels = copied(400)(regions.superpixels)
REGION_PIXELS = 128  # side of the images that are cut into regions


@copied(8)
def answer_tiles(
    models: tuple[str, ...], scene: int, seed: int, *, size: int, dark: bool
) -> dict[str, tuple[bytes, bytes, bytes]]:
    """Return for each trained network of the rooms what it read in one room, what it said and what is right."""
    found = rooms_answers.answers(models, scene, seed)
    drawn = {model: answer_pictures(answer, size=size, dark=dark) for model, answer in found.items()}
    return {model: (to_png(read), to_png(said), to_png(right)) for model, (read, said, right) in drawn.items()}


@copied(4)
def scale_bar(*, signed: bool, dark: bool) -> bytes:
    """Return the colour scale of the overlays as a PNG."""
    return to_png(attribution_maps.scale_bar(signed=signed, dark=dark))


def _paint(
    probes: depara.ProbeSet, indices: tuple[int, ...], maps: str, smooth: bool, size: int, rooms_seed: int | None
) -> tiles.Paint:
    """Return how maps are drawn; by region, the objects of rendered rooms and the patches of any other picture."""
    if maps != "regions":
        return tiles.Paint(maps == "signed", smooth, size)
    if rooms_seed is None:
        images = (attribution_maps.resize(probes.images[i], REGION_PIXELS) for i in indices)
        return tiles.Paint(True, smooth, size, [superpixels(image) for image in images])
    seen = pieces(max(indices) + 1, rooms_seed, REGION_PIXELS)
    return tiles.Paint(True, smooth, size, [seen[i] for i in indices])


@copied(64)
def full_strength(
    probes: depara.ProbeSet,
    graphs: Graphs,
    indices: tuple[int, ...],
    *,
    maps: str,
    smooth: bool,
    size: int,
    rooms_seed: int | None,
) -> float:
    """Return the value that these maps show at full strength on a scale of their own."""
    return tiles.full_strength(graphs, indices, _paint(probes, indices, maps, smooth, size, rooms_seed))


@copied(64)
def overlays(
    probes: depara.ProbeSet,
    graphs: Graphs,
    indices: tuple[int, ...],
    *,
    maps: str,
    shared: bool,
    smooth: bool,
    opacity: float,
    dark: bool,
    rooms_seed: int | None,
    size: int = 112,
    limit: float | None = None,
) -> list[list[bytes | None]]:
    """Return a row of PNGs for each probe, one a graph; None where there is no attribution.

    `maps`: "signed", "magnitude" or "regions"; of rooms, `rooms_seed` tells which were rendered.
    """
    paint = _paint(probes, indices, maps, smooth, size, rooms_seed)
    drawn = tiles.attribution_tiles(
        probes.images, graphs, indices, paint, shared=shared, limit=limit, opacity=opacity, dark=dark
    )
    return tiles.small_pngs(drawn)


@copied(64)
def look_maps(
    probes: depara.ProbeSet, a: Graph, b: Graph, indices: tuple[int, ...], *, size: int = 112, dark: bool
) -> list[bytes | None]:
    """Return for each probe a PNG of where both networks look, only the first, only the second."""
    return tiles.small_pngs([looks.look_tiles(probes.images, a, b, indices, size=size, dark=dark)])[0]


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
