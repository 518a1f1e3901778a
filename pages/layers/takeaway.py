"""What the Layers page lets the reader take away."""

from functools import partial

import streamlit as st

from depara_core import exports
from depara_core.figures import curves
from depara_core.formatting import short_name
from pages.layers.pair import LayerPair
from pages.shared import downloads, selection, targets, text, widgets
from pages.shared.downloads import Download
from pages.shared.parts import Pair

CLASSES = 10  # of the reader's task, until said otherwise


def draw(shown: LayerPair) -> None:
    """Offer the layers' scores, the transfer recipe for the chosen cut, the figure and the Python behind them."""
    comparison, matrix, ranked, lam = shown.comparison, shown.matrix, shown.ranked, shown.lam
    origin = exports.provenance([*matrix.rows, *matrix.columns], probes=comparison.probes, lam=lam, grid=matrix.grid)
    by_id = {spec.id: spec for spec in comparison.specs}
    source, target = by_id[matrix.rows[0].model], matrix.columns[0].model
    chosen = selection.read(Pair).source_layer
    best = str(ranked[ranked["best"]].iloc[0]["layer"])
    count, name, dark = len(comparison.probes), short_name(target), widgets.dark()
    with downloads.popover("layers"):
        classes = int(st.number_input("Classes of your task", 2, 100_000, CLASSES, key="takeaway.classes"))
        downloads.row(
            "Transfer recipe: PyTorch, frozen up to the cut",
            [
                Download(
                    f"Cut at {text.plain(layer)}",
                    f"{exports.slug('transfer', source.name, layer)}.py",
                    "text/x-python",
                    partial(exports.transfer_recipe, source, layer, classes),
                )
                for layer in dict.fromkeys((best, chosen))
                if layer in set(ranked["layer"])
            ],
        )
        scores = downloads.tables(f"layers-{source.name}-for-{name}", lambda: ranked, origin)
        downloads.row("Scores of the layers", scores)
        pairs = downloads.tables("layer-pairs", partial(exports.matrix_table, matrix, lam), origin)
        downloads.row("All layers of both", pairs)
        curve = partial(curves.layer_curves, ranked, lam, probes=count, target=name, dark=dark)
        title = f"Layers of {short_name(source.id)} for {name}"
        figure = downloads.figure_page("layer-curves", "Curves", title, curve, origin)
        downloads.row("Figure as HTML; the camera in it saves PNG or SVG", [figure])
        ends = [(source, "output")]
        if shown.known is None:
            ends.append((by_id[target], matrix.columns[-1].layer))
        known = None if shown.known is None else targets.script(shown.known)
        downloads.row("The same from Python", [downloads.script("layers", ends, comparison, goal=known, lam=lam)])
