"""A comparison of models as one HTML file: the answer, the figures, the probes, and all that the numbers rest on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import UInt8
from markupsafe import Markup
from PIL import Image

from depara_core.errors import OptionError
from depara_core.exports.documents import document, drawn_figure
from depara_core.exports.provenance import provenance
from depara_core.formatting import number, percent, printable
from depara_core.graphs import AttributionGraph
from depara_core.grids import grid_text
from depara_core.png import png_uri, to_png
from depara_core.probes import ProbeSet
from depara_core.selection import best_choice, find, rank_sources
from depara_core.similarity import SimilarityMatrix, labels

MOST_THUMBNAILS = 60
THUMBNAIL = 64  # pixels
COLOURS = 64  # of a thumbnail's palette


def comparison_report(
    matrix: SimilarityMatrix,
    target: str,
    lam: float,
    *,
    ranking: pd.DataFrame | None = None,
    probes: ProbeSet | None = None,
    figures: Mapping[str, go.Figure] | None = None,
    script: str = "",
) -> str:
    """Return a comparison as one HTML file that is read offline: sources ranked for `target`, settings, digests.

    `ranking` takes what `rank_sources` gave for this matrix, target and lambda (None: computed here); `figures` maps
    a sentence on how to read each to a figure in light colours; `script` is the Python that computes it again.
    """
    chosen = matrix.columns[find(matrix.columns, target)]
    ranked = rank_sources(matrix, target, lam) if ranking is None else ranking
    if not len(ranked):
        raise OptionError(f"There is nothing to report on {target!r}: the ranking is empty. Add at least one source.")
    goal = labels(matrix.columns)[matrix.columns.index(chosen)]
    graphs = list(dict.fromkeys([*matrix.rows, *matrix.columns]))
    written = datetime.now(UTC)
    origin = provenance(graphs, probes=probes, lam=lam, grid=matrix.grid) | {
        "written": written.isoformat(timespec="seconds")
    }
    best = best_choice(ranked)
    return document(
        "report.html",
        f"Sources for {goal}",
        origin,
        goal=goal,
        best=best,
        certainty=Markup(best.certainty(len(chosen), _bold)),
        written=f"{written:%Y-%m-%d %H:%M}",
        lam=f"{lam:g}",
        count=len(chosen),
        grid=grid_text(matrix.grid),
        ranking=[_ranked(row) for _, row in ranked.iterrows()],
        figures=[(reading, drawn_figure(one, k)) for k, (reading, one) in enumerate((figures or {}).items(), 1)],
        shown="" if probes is None else _shown(probes),
        probes=[]
        if probes is None
        else [
            (name, _thumbnail(image))
            for name, image in zip(probes.names, probes.images[:MOST_THUMBNAILS], strict=False)
        ],
        thumbnail=THUMBNAIL,
        models=[_described(graph) for graph in graphs],
        settings=_settings(origin),
        script=script,
    )


def _bold(name: str) -> Markup:
    return Markup("<b>{}</b>").format(printable(name))


def _ranked(row: pd.Series) -> list[str]:
    return [
        str(row["rank"]),
        row["source"],
        number(row["score"], 3),
        f"{number(row['low'], 3)} to {number(row['high'], 3)}",
        number(row["node"], 3),
        number(row["edge"], 3),
        percent(row["first"]),
    ]


def _described(graph: AttributionGraph) -> list[str]:
    silent = (str(int(flags.sum())) for flags in (graph.no_attribution, graph.no_feature))
    return [graph.model, graph.layer, "×".join(map(str, graph.shape)), *silent, graph.weights]


def _settings(origin: Mapping[str, Any]) -> list[list[str]]:
    """Return the origin as one line a value; models stand in a table of their own."""
    rows = [["λ", f"{origin['lam']:g}"], ["grid of the maps", " × ".join(map(str, origin["grid"]))]]
    for group in ("probes", "options", "versions"):
        rows += [[f"{group}: {name}", str(value)] for name, value in origin[group].items()]
    for built in origin["computed_with"]:
        rows.append(["graphs built with", ", ".join(f"{name} {value}" for name, value in built.items())])
    return rows


def _shown(probes: ProbeSet) -> str:
    if len(probes) <= MOST_THUMBNAILS:
        return f"{len(probes)} images of {probes.source}."
    return f"The first {MOST_THUMBNAILS} of {len(probes)} images of {probes.source}."


def _thumbnail(image: UInt8[np.ndarray, "H W 3"]) -> str:
    small = Image.fromarray(np.ascontiguousarray(image)).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return png_uri(to_png(np.asarray(small), COLOURS))
