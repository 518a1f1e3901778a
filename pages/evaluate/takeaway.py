"""What the Evaluate page lets the reader take away."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from depara_core import exports
from pages.evaluate import measured
from pages.evaluate.measured import View
from pages.shared import downloads
from pages.shared.downloads import Download


def draw(view: View, figures: Mapping[str, Any]) -> None:
    """Offer all scores, the measured transfer, the ranking measures, the figures (by title) and the Python behind them.

    Where no model is here, the measured transfer and the controls that know it.
    """
    material, world, lam, budget = view.material, view.material.world, view.lam, view.budget
    origin = _origin(view)
    scores = measured.all_scores(material, lam, budget)
    with downloads.popover("evaluate"):
        table = partial(exports.score_table, scores, view.measured)
        downloads.row("Scores of all metrics, pair by pair", downloads.tables(f"{world}-scores", table, origin))
        table = partial(exports.measured_pairs, view.measured)
        downloads.row("Measured transfer", downloads.tables(f"{world}-transfer", table, origin))
        table = partial(exports.measure_table, view.result)
        title = "Ranking measures with their intervals"
        downloads.row(title, downloads.tables(f"{world}-measures", table, origin))
        table = partial(exports.target_table, view.result)
        downloads.row("Target by target", downloads.tables(f"{world}-targets", table, origin))
        pages = [
            downloads.figure_page(f"{world}-{name}", name.capitalize(), title, partial(_same, figure), origin)
            for name, (title, figure) in figures.items()
        ]
        downloads.row("Figures, to save as PNG or SVG", pages)
        if material.graphs:
            downloads.row("The same from Python", [_python(view)])


def _same(figure: Any) -> Any:
    return figure


def _origin(view: View) -> dict[str, Any]:
    """Return what the numbers rest on; without graphs the measured transfer alone."""
    graphs = view.material.graphs
    known = exports.provenance(graphs, lam=view.lam, grid=view.material.grid) if graphs else {}
    return {"benchmark": view.material.world, "budget": view.budget, **known}


def _python(view: View) -> Download:
    write = partial(
        exports.evaluation_python,
        view.material.world,
        lam=view.lam,
        budget=view.budget,
        measure=view.figure,
        probes=view.data.probes,
        count=view.data.count,
        seed=view.data.seed,
        digest=view.material.graphs[0].probes,
    )
    return Download("Python", "depara-evaluate.py", "text/x-python", write)
