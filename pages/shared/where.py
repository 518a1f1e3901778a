"""Where two networks look on one image: it, both their maps, and the parts that both, or only one of them, look at."""

from depara_core.comparison import Comparison
from depara_core.formatting import number
from depara_core.graphs import distinct_names
from pages.shared import cache, closeup, selection, widgets
from pages.shared.cache import Graph
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.legends import look_key
from pages.shared.parts import Data, Look, Pair


def draw(key: str, comparison: Comparison, a: Graph, b: Graph, *, largest: int = 150) -> None:
    """Draw the selected image through two networks in a row; a click enlarges it. A target without maps has none."""
    if a.edges_only or b.edges_only:
        return
    probes, look, dark = comparison.probes, selection.read(Look), widgets.dark()
    probe, names = min(selection.read(Pair).probe, len(probes) - 1), distinct_names(a, b)
    seed = selection.read(Data).rooms_seed
    (maps,) = cache.overlays(probes, (a, b), (probe,), dark=dark, rooms_seed=seed, **look.painted)
    (both,) = cache.look_maps(probes, a, b, (probe,), dark=dark)
    cosine, image = float(cache.cosines(a, b, comparison.grid)[probe]), probes.names[probe]
    agreed = Cell(both, number(cosine), f"{image}: where both look", missing=both is None, number=True)
    seen = [Cell(png, "", f"{image} in {name}", missing=png is None) for png, name in zip(maps, names, strict=True)]
    clicked = image_table(
        key,
        [Heading("image"), *map(Heading, names), Heading("both look")],
        [[Cell(cache.thumbnail(probes, probe, 112), image, image), *seen, agreed]],
        size=60,
        largest=largest,
        legend=look_key(*names, dark=dark),
        label=f"Where {names[0]} and {names[1]} look",
    )
    if clicked is not None and clicked[0] >= 0:
        closeup.closeup(comparison, probe, (a, b), cosine)
