"""What the Attributions and the Evaluate page let the reader take away."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import depara_core as depara
from depara_core import exports
from depara_core.figures.sheets import Sheet
from pages import _measured, _takeaway, _views, _widgets
from pages._measured import View
from pages._takeaway import Download


def attributions(
    probes: depara.ProbeSet,
    specs: tuple[depara.ModelSpec, ...],
    graphs: _views.Graphs,
    reference: _views.Graph,
    drawn: Sheet,
    how_to_read: str,
) -> None:
    """Offer the picture on the screen, every map as numbers, their agreement and the Python behind them."""
    origin, by_id = exports.provenance(graphs, probes=probes), {spec.id: spec for spec in specs}
    ordered = [reference, *(graph for graph in graphs if graph is not reference)]
    name = f"attributions-{_widgets.short(reference.model)}"
    with _takeaway.popover("attributions", camera=False):
        _takeaway.row("The pictures on the screen", _takeaway.sheet(name, drawn.title, how_to_read, drawn, origin))
        table = partial(exports.agreement_table, graphs, reference, probes)
        _takeaway.row("Cosines with the reference", _takeaway.tables(f"{name}-cosines", table, origin))
        make = partial(exports.maps_file, graphs, probes, origin)
        file = f"{exports.slug(name)}-maps.npz"
        title = f"Every map of the {len(graphs)} shown, as numbers for numpy"
        _takeaway.row(title, [Download("Maps", file, "application/octet-stream", make)])
        ends = [(by_id[graph.model], graph.layer) for graph in ordered]
        _takeaway.row("The same from Python", [_takeaway.script("attributions", ends, probes)])


def evaluation(view: View, figures: Mapping[str, Any]) -> None:
    """Offer all scores, the truth, the figures of merit, the page's figures (by title) and the Python behind them.

    Where no model is here, the truth and the controls that know it.
    """
    material, world, lam, budget = view.material, view.material.world, view.lam, view.budget
    origin = _origin(view)
    scores = _measured.all_scores(material, lam, budget)
    with _takeaway.popover("evaluate"):
        table = partial(exports.score_table, scores, view.truth)
        _takeaway.row("Scores of all metrics, pair by pair", _takeaway.tables(f"{world}-scores", table, origin))
        table = partial(exports.truth_table, view.truth)
        _takeaway.row("Measured transfer", _takeaway.tables(f"{world}-transfer", table, origin))
        table = partial(exports.merit_table, view.result)
        title = "Figures of merit with their intervals"
        _takeaway.row(title, _takeaway.tables(f"{world}-figures", table, origin))
        table = partial(exports.target_table, view.result)
        _takeaway.row("Target by target", _takeaway.tables(f"{world}-targets", table, origin))
        pages = [
            _takeaway.figure_page(f"{world}-{name}", name.capitalize(), title, partial(_same, figure), origin)
            for name, (title, figure) in figures.items()
        ]
        _takeaway.row("Figures, to save as PNG or SVG", pages)
        if material.graphs:
            _takeaway.row("The same from Python", [_python(view)])


def _same(figure: Any) -> Any:
    return figure


def _origin(view: View) -> dict[str, Any]:
    """Return what the numbers rest on; without graphs the measured transfer alone."""
    graphs = view.material.graphs
    known = exports.provenance(graphs, lam=view.lam) if graphs else {}
    return {"world": view.material.world, "budget": view.budget, **known}


def _python(view: View) -> Download:
    selection = view.selection
    write = partial(
        exports.evaluation_python, view.material.world, lam=view.lam, budget=view.budget, figure=view.figure,
        probes=selection.probes, count=selection.count, seed=selection.seed, digest=view.material.graphs[0].probes,
    )  # fmt: skip
    return Download("Python", "depara-evaluate.py", "text/x-python", write)
