"""What the Evaluate page lets the reader take away."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from depara_core import exports
from pages.evaluate.view import View
from pages.shared import downloads
from pages.shared.downloads import Download


def draw(view: View, figures: Mapping[str, Any]) -> None:
    """Offer all scores, the measured transfer, the ranking measures, the figures (by title) and the Python behind them.

    Where no model is here, the measured transfer and the controls that know it.
    """
    origin, name = _origin(view), view.scored.benchmark
    scores = view.scored.all_scores_at(view.lam, view.budget)
    with downloads.popover("evaluate"):
        table = partial(exports.score_table, scores, view.transfer)
        downloads.row("Scores of all metrics, pair by pair", downloads.tables(f"{name}-scores", table, origin))
        table = partial(exports.measured_pairs, view.transfer)
        downloads.row("Measured transfer", downloads.tables(f"{name}-transfer", table, origin))
        table = partial(exports.measure_table, view.result)
        title = "Ranking measures with their intervals"
        downloads.row(title, downloads.tables(f"{name}-measures", table, origin))
        table = partial(exports.target_table, view.result)
        downloads.row("Target by target", downloads.tables(f"{name}-targets", table, origin))
        pages = [
            downloads.figure_page(f"{name}-{what}", what.capitalize(), title, partial(_same, figure), origin)
            for what, (title, figure) in figures.items()
        ]
        if pages:
            downloads.row("Figures as HTML; the camera in it saves PNG or SVG", pages)
        if view.scored.graphs:
            downloads.row("The same from Python", [_python(view)])


def _same(figure: Any) -> Any:
    return figure


def _origin(view: View) -> dict[str, Any]:
    """Return what the numbers rest on; without graphs the measured transfer alone."""
    graphs = view.scored.graphs
    known = exports.provenance(graphs, lam=view.lam, grid=view.scored.grid) if graphs else {}
    return {"benchmark": view.scored.benchmark, "budget": view.budget, **known}


def _python(view: View) -> Download:
    write = partial(
        exports.evaluation_python,
        view.scored.benchmark,
        lam=view.lam,
        budget=view.budget,
        measure=view.measure,
        probes=view.data.probes,
        **view.data.drawn,
        digest=view.scored.graphs[0].probes,
    )
    return Download("Python", "depara-evaluate.py", "text/x-python", write)
