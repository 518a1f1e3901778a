"""A comparison of models as one HTML file: the answer, the figures, the probes, and all that the numbers rest on."""

import base64
import html
import io
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from PIL import Image

from depara_core.errors import OptionError
from depara_core.exports.documents import document, escape, figure_block
from depara_core.exports.provenance import provenance
from depara_core.formatting import interval, number, percent, score
from depara_core.graphs import AttributionGraph
from depara_core.grids import grid_text
from depara_core.probes import ProbeSet
from depara_core.selection import best_choice, find, rank_sources
from depara_core.similarity import SimilarityMatrix, labels

MOST_THUMBNAILS = 60
THUMBNAIL = 64  # pixels
COLOURS = 64  # of a thumbnail's palette
_READING = (
    "Every model is a deep attribution graph over the probes: a node says where in an image the model's feature rests, "
    "an edge how alike the model holds two images to be (DEPARA, Song et al., CVPR 2020).",
    "s_V is the mean cosine of two models' nodes, s_E Spearman's correlation of their edges, and S = s_V + λ s_E. "
    "Higher S promises better transfer. S is symmetric, transfer is not: it is a promise, not a measurement.",
    "The interval of S is its 95 % range over resampled probes. Where two intervals overlap, these probes cannot tell "
    "the two sources apart; “first” is the share of the resamples that a source wins.",
)


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
    title = f"Sources for {goal}"
    parts = [
        f"<h1>{escape(title)}</h1><p>{_verdict(ranked, goal, len(chosen))}</p>"
        f'<p class="muted">{written:%Y-%m-%d %H:%M} UTC · DEPARA Explorer {escape(origin["versions"]["depara"])}</p>',
        _section(
            "Ranking", _ranking(ranked), f"S = s_V + {lam:g} · s_E over {len(chosen)} probes, {grid_text(matrix.grid)}."
        ),
        *(
            _section("", figure_block(figure, f"{title}, figure {number}", number, dark=False), reading)
            for number, (reading, figure) in enumerate((figures or {}).items(), 1)
        ),
        _section("How to read it", "".join(f"<p>{escape(text)}</p>" for text in _READING)),
        "" if probes is None else _section("Probes", _thumbnails(probes), _shown(probes)),
        _section("Models", _models(graphs)),
        _section("Settings and versions", _settings(origin)),
        _section("The same from Python", f"<pre>{html.escape(script)}</pre>") if script else "",
    ]
    return document(title, "\n".join(parts), origin=origin)


def _section(title: str, body: str, caption: str = "") -> str:
    heading = f"<h2>{escape(title)}</h2>" if title else ""
    return f"<section>{heading}" + (f'<p class="muted">{escape(caption)}</p>' if caption else "") + f"{body}</section>"


def _verdict(ranked: pd.DataFrame, goal: str, count: int) -> str:
    """Say which source is best and whether these probes can tell."""
    best = best_choice(ranked)
    return (
        f"Best source for {_bold(goal)}: {_bold(best.name)}, S = {score(best.score)} "
        f"{interval(best.low, best.high)}. {best.certainty(count, _bold)}"
    )


def _bold(name: str) -> str:
    return f"<b>{escape(name)}</b>"


def _ranking(ranked: pd.DataFrame) -> str:
    rows = [
        [
            str(row["rank"]),
            row["source"],
            number(row["score"], 3),
            f"{number(row['low'], 3)} to {number(row['high'], 3)}",
            number(row["node"], 3),
            number(row["edge"], 3),
            percent(row["first"]),
        ]
        for _, row in ranked.iterrows()
    ]
    return _table(["rank", "source", "S", "95 % interval", "s_V", "s_E", "first"], rows, numbers={0, 2, 4, 5, 6})


def _models(graphs: Sequence[AttributionGraph]) -> str:
    rows = [
        [
            graph.model, graph.layer, "×".join(map(str, graph.shape)), str(int(graph.no_attribution.sum())),
            str(int(graph.no_feature.sum())), graph.weights,
        ]
        for graph in graphs
    ]  # fmt: skip
    headings = ["model", "layer", "map", "without attribution", "without feature", "weights (sha256)"]
    return _table(headings, rows, numbers={3, 4}, code={5})


def _settings(origin: Mapping[str, Any]) -> str:
    """Return the origin as a table of one line a value; models stand in a table of their own."""
    rows = [["λ", f"{origin['lam']:g}"], ["grid of the maps", " × ".join(map(str, origin["grid"]))]]
    for group in ("probes", "options", "versions"):
        rows += [[f"{group}: {name}", str(value)] for name, value in origin[group].items()]
    for built in origin["computed_with"]:
        rows.append(["graphs built with", ", ".join(f"{name} {value}" for name, value in built.items())])
    return _table(["setting", "value"], rows, code={1})


def _table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Container[int] = (),
    code: Container[int] = (),
) -> str:
    def row(values: Sequence[str], tag: str) -> str:
        cells = []
        for place, value in enumerate(values):
            text = f"<code>{escape(value)}</code>" if place in code and tag == "td" else escape(value)
            cells.append(f'<{tag} class="{"number" if place in numbers else "text"}">{text}</{tag}>')
        return f"<tr>{''.join(cells)}</tr>"

    body = "".join(row(values, "td") for values in rows)
    return f"<table><thead>{row(headings, 'th')}</thead><tbody>{body}</tbody></table>"


def _shown(probes: ProbeSet) -> str:
    if len(probes) <= MOST_THUMBNAILS:
        return f"{len(probes)} images of {probes.source}."
    return f"The first {MOST_THUMBNAILS} of {len(probes)} images of {probes.source}."


def _thumbnails(probes: ProbeSet) -> str:
    shown = [
        f'<figure><img alt="" width="{THUMBNAIL}" height="{THUMBNAIL}" src="{_data_uri(image)}">'
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for image, name in zip(probes.images[:MOST_THUMBNAILS], probes.names, strict=False)
    ]
    return f'<div class="probes">{"".join(shown)}</div>'


def _data_uri(image: np.ndarray) -> str:
    small = Image.fromarray(np.ascontiguousarray(image)).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
