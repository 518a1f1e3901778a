"""A choice among candidates, as rows for people and as one HTML file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from depara_core.benchmark.titles import title
from depara_core.choice import Choice, verdict
from depara_core.exports.documents import document, drawn_figure
from depara_core.exports.provenance import versions
from depara_core.formatting import number, percent, significant

SHOWN_SCORES = (
    "Scores stand as ranks, 1 the best, with their 95 % interval over the images. Consensus: the mean of these ranks. "
    "Pareto: no other candidate is as good at less work."
)


def shown_rows(choice: Choice) -> list[dict[str, str]]:
    """Return a row a candidate, every number written; what is unknown is a dash."""
    return [_row(choice, row) for _, row in choice.table.iterrows()]


def _row(choice: Choice, row: pd.Series) -> dict[str, str]:
    written = {"model": str(row["model"])}
    if "accuracy" in row:
        spread = f"{percent(row['accuracy_low'])} to {percent(row['accuracy_high'])}"
        written["accuracy"] = f"{percent(row['accuracy'], 1)} ({spread})"
    if "consensus" in row:
        written["consensus"] = f"{number(row['consensus'], 1)} ({_span(row, 'consensus')})"
    for name in choice.scores:
        written[title(name)] = f"{row[f'{name}_rank']:.0f} ({_span(row, f'{name}_rank')})"
    known = row["imagenet"] == row["imagenet"]
    return written | {
        "parameters": f"{number(row['parameters'] / 1e6, 1)} M",
        "GFLOPs": significant(row["gflops"]),
        "input": f"{row['input_size']:.0f}",
        "ImageNet": f"{number(row['imagenet'], 1)} %" if known else "–",
        "images/s": significant(row["throughput"]),
        "Pareto": "yes" if row["pareto"] else "",
    }


def _span(row: pd.Series, name: str) -> str:
    low, high = number(row[f"{name}_low"], 0), number(row[f"{name}_high"], 0)
    return low if low == high else f"{low} to {high}"


def choice_report(choice: Choice, *, figure: go.Figure | None = None, failed: Mapping[str, str] | None = None) -> str:
    """Return a choice as one HTML file that is read offline: the answer, the table, the costs, the settings.

    `figure` shows quality against cost in light colours; `failed` maps what was left out to the reason.
    """
    written, rows = datetime.now(UTC), shown_rows(choice)
    source = choice.probes.source
    origin = _origin(choice, written)
    return document(
        "choice.html",
        f"Candidates for {source}",
        origin,
        verdict=verdict(choice),
        written=f"{written:%Y-%m-%d %H:%M}",
        headings=list(rows[0]),
        rows=[list(row.values()) for row in rows],
        reading=SHOWN_SCORES,
        figures=[] if figure is None else [drawn_figure(figure, 1)],
        agreement=[[_name(name), number(value)] for name, value in choice.agreement.items()],
        notes=[*choice.notes, *(f"{model} was left out: {reason}" for model, reason in (failed or {}).items())],
        settings=[[name, str(value)] for name, value in origin.items() if name != "versions"]
        + [[f"versions: {name}", value] for name, value in origin["versions"].items()],
    )


def _origin(choice: Choice, written: datetime) -> dict[str, Any]:
    return {
        "images": choice.probes.source,
        "count": len(choice.probes),
        "digest of the images": choice.probes.digest,
        "target": "none" if choice.target is None else choice.target.model,
        "lambda": choice.lam,
        "written": written.isoformat(timespec="seconds"),
        "versions": versions(),
    }


def _name(name: str) -> str:
    return {"parameters": "parameters (static)", "gflops": "GFLOPs (static)", "imagenet": "ImageNet (static)"}.get(
        name, title(name)
    )
