"""What the Choose page lets the reader take away: the report, the table, the figure, the Python and the command."""

from functools import partial
from typing import Any

import streamlit as st

from depara_core.exports import choice as exports
from depara_core.exports import own_benchmark
from depara_core.exports.scripts import ScriptProbes, ScriptTarget
from depara_core.figures.choice import cost_figure
from pages.choose.computed import Asked, Chosen
from pages.shared import downloads, uploads
from pages.shared.downloads import Download


def draw(asked: Asked, chosen: Chosen) -> None:
    """Offer a choice in every form."""
    choice, data = chosen.choice, asked.data
    origin = exports.choice_origin(choice)
    images = ScriptProbes(data.probes, digest=choice.probes.digest, **data.drawn)
    target = asked.target.id if asked.target else "labels" if asked.labels else None
    goal = ScriptTarget(asked.known, uploads.named(asked.table)[0]) if asked.table else None
    models = [spec.id for spec in choice.specs]
    again: dict[str, Any] = {"target": target, "goal": goal, "lam": asked.lam, "measure": choice.transfer is not None}

    def report() -> str:
        figure = None if choice.quality is None else cost_figure(choice)
        return exports.choice_report(choice, figure=figure, failed=dict(chosen.failed))

    with downloads.popover("choose"):
        downloads.row("Report, one file, read offline", [downloads.page("report-choice", "HTML", report)])
        downloads.row("The table", downloads.tables("choice", lambda: choice.table, origin))
        if choice.transfer is not None:
            write_rows = partial(own_benchmark.measured_csv, choice, data.probes)
            rows = Download("CSV", "measured.csv", "text/csv", write_rows)
            downloads.row("What was measured, as a benchmark for Evaluate (model, target, value)", [rows])
        if choice.quality is not None:
            title = "Quality against cost"
            page = downloads.figure_page("quality-cost", "Figure", title, partial(cost_figure, choice), origin)
            downloads.row("Figure, to save as PNG or SVG", [page])
        write = partial(exports.choice_python, models, images, **again)
        script = Download("Python", "depara-choose.py", "text/x-python", write)
        downloads.row("The same from Python", [script])
        st.caption("The same from a terminal")
        st.code(exports.choice_command(models, images, **again), language="sh", wrap_lines=True)
