"""What the Panorama page lets the reader take away."""

from functools import partial

from depara_core import exports
from depara_core.figures import panorama
from pages.panorama.lineup import Lineup
from pages.shared import cache, downloads, widgets


def draw(lineup: Lineup) -> None:
    """Offer the numbers of the drawn graphs, the whole as a figure, and the Python behind it."""
    probes, graphs, lam, drawn = lineup.probes, lineup.graphs, lineup.lam, lineup.drawings
    origin = exports.provenance(graphs, probes=probes, lam=lam, grid=lineup.comparison.grid)
    specs = {spec.id: spec for spec in lineup.comparison.specs}
    images = [cache.thumbnail(probes, i, 112) for i in lineup.rows]
    shown = (lineup.tree, list(lineup.models), lineup.groups, images, lineup.maps, drawn)
    figure = partial(panorama.panorama, *shown, dark=widgets.dark())
    with downloads.popover("panorama", camera=False):
        table = partial(exports.drawn_pairs, graphs, lineup.drawn, probes)
        downloads.row("Cosines of the drawn pairs, by model", downloads.tables("panorama-cosines", table, origin))
        table = partial(exports.drawn_places, graphs, drawn, probes)
        downloads.row("Where the images are drawn", downloads.tables("panorama-positions", table, origin))
        page = downloads.figure_page("panorama", "Panorama", "Panorama of the models", figure, origin)
        downloads.row("Figure as HTML; the camera in it saves PNG or SVG", [page])
        code = [(specs[model], "output") for model in lineup.models]
        script = downloads.script("models", code, lineup.comparison, target=lineup.target, lam=lam)
        downloads.row("The same from Python", [script])
