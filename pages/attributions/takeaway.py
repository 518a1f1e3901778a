"""What the Attributions page lets the reader take away."""

from collections.abc import Callable
from functools import partial
from typing import Any

from depara_core import exports
from depara_core.comparison import Comparison
from depara_core.formatting import short_name
from depara_core.graphs import distinct_names
from pages.shared import downloads
from pages.shared.cache import Graph, Graphs
from pages.shared.downloads import Download


def draw(comparison: Comparison, graphs: Graphs, reference: Graph, table: Callable[[], Any], how_to_read: str) -> None:
    """Offer the maps on the screen as a figure, every map as numbers, their agreement and the Python behind them."""
    probes, by_id = comparison.probes, {spec.id: spec for spec in comparison.specs}
    origin = exports.provenance(graphs, probes=probes, grid=comparison.grid)
    ordered = [reference, *(graph for graph in graphs if graph is not reference)]
    name = f"attributions-{short_name(reference.model)}"
    with downloads.popover("attributions", camera=False):
        title = f"Attribution maps beside those of {distinct_names(reference)[0]}"
        shown = downloads.figure_page(name, "Maps", title, table, origin, how_to_read=how_to_read)
        downloads.row("The pictures on the screen as HTML; the camera in it saves PNG or SVG", [shown])
        cosines = partial(exports.agreement_table, graphs, reference, probes, grid=comparison.grid)
        downloads.row("Cosines with the reference", downloads.tables(f"{name}-cosines", cosines, origin))
        make = partial(exports.maps_file, graphs, probes, origin)
        file = f"{exports.slug(name)}-maps.npz"
        title = f"Every map of the {len(graphs)} shown, as numbers for numpy"
        downloads.row(title, [Download("Maps", file, "application/octet-stream", make)])
        ends = [(by_id[graph.model], graph.layer) for graph in ordered]
        downloads.row("The same from Python", [downloads.script("attributions", ends, comparison)])
