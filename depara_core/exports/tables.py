"""Tables as files that other tools read, with their origin inside or, for CSV, beside them: CSV, Parquet, JSON."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from depara_core.drawings import Drawing
from depara_core.errors import OptionError
from depara_core.explanation import Explanation
from depara_core.formatting import printable
from depara_core.graphs import AttributionGraph
from depara_core.probes import ProbeSet
from depara_core.similarity import SimilarityMatrix, labels

COLUMNS = {
    "source": "the graph that would be transferred from",
    "target": "the graph that would be transferred to",
    "layer": "the source's layer",
    "probe": "the probe image's place in the set, from 0",
    "name": "the probe image's name",
    "other": "the place of the pair's second image",
    "other_name": "its name",
    "graph": "model and layer",
    "x": "where the probe is drawn; near = alike",
    "y": "where the probe is drawn; near = alike",
    "label": "the probe image's class",
    "node": "s_V, mean cosine of the nodes",
    "edge": "s_E, Spearman's correlation of the edges",
    "score": "S = s_V + lam * s_E",
    "low": "lower end of the 95 % interval of S over resampled probes",
    "high": "upper end of the 95 % interval of S over resampled probes",
    "rank": "1 = best; equal scores share the better rank",
    "first": "share of the resamples that this source wins",
    "best": "the layer to cut at",
    "node_share": "the probe's share of s_V",
    "edge_share": "the probe's share of lam * s_E",
    "share": "the probe's share of S",
    "cosine": "of the probe's two maps: 1 the same pixels, 0 unrelated, -1 opposed; the mean over probes is s_V",
    "metric": "what scored the pairs",
    "value": "the metric's score of the pair, higher is better",
    "measured": "measured transfer from source to target, higher is better",
    "measure": "the ranking measure",
    "mean": "over the targets",
    "lower": "lower end of the 95 % interval of the mean over the targets",
    "upper": "upper end of the 95 % interval of the mean over the targets",
    "random": "what a random order reaches",
    "oracle": "what the measured transfer itself reaches as a score",
}  # what a known column means, written into every file


def matrix_table(matrix: SimilarityMatrix, lam: float) -> pd.DataFrame:
    """Return one row a pair of graphs: source, target, node (s_V), edge (s_E), score (S)."""
    rows, columns = (list(map(printable, labels(side))) for side in (matrix.rows, matrix.columns))
    return pd.DataFrame(
        {
            "source": np.repeat(np.array(rows, dtype=object), len(columns)),
            "target": np.tile(np.array(columns, dtype=object), len(rows)),
            "node": matrix.node.ravel(),
            "edge": matrix.edge.ravel(),
            "score": matrix.total(lam).ravel(),
        }
    )


def contribution_table(why: Explanation, probes: ProbeSet) -> pd.DataFrame:
    """Return one row a probe with its exact shares: probe, name, label, node_share, edge_share, share; the sum is S."""
    if len(probes) != len(why.probe_node):
        raise OptionError(f"Expected the {len(why.probe_node)} probes that were explained; {len(probes)} came.")
    table = pd.DataFrame({"probe": range(len(probes)), "name": list(map(printable, probes.names))})
    if probes.labels is not None:
        table["label"] = list(map(printable, probes.labels))
    shares = {"node_share": why.probe_node, "edge_share": why.probe_edge, "share": why.probe_node + why.probe_edge}
    return table.assign(**shares)


def drawn_places(graphs: Sequence[AttributionGraph], drawings: Sequence[Drawing], probes: ProbeSet) -> pd.DataFrame:
    """Return one row a graph and drawn probe: graph, probe, name, x, y."""
    tables = [
        pd.DataFrame(
            {
                "graph": printable(graph.label),
                "probe": drawing.probes,
                "name": [printable(probes.names[i]) for i in drawing.probes],
                "x": drawing.positions[:, 0],
                "y": drawing.positions[:, 1],
            }
        )
        for graph, drawing in zip(graphs, drawings, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def drawn_pairs(graphs: Sequence[AttributionGraph], chosen: Sequence[int], probes: ProbeSet) -> pd.DataFrame:
    """Return one row a pair of chosen probes: probe, name, other, other_name, and each graph's cosine by its label."""
    i, j = (np.asarray(chosen)[side] for side in np.triu_indices(len(chosen), 1))
    names = np.array([printable(name) for name in probes.names], dtype=object)
    table = pd.DataFrame({"probe": i, "name": names[i], "other": j, "other_name": names[j]})
    return table.assign(**{printable(graph.label): graph.edges[i, j] for graph in graphs})


FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a text begins with that a spreadsheet computes


def table_file(table: pd.DataFrame, form: str, origin: Mapping[str, Any]) -> bytes:
    """Write a table as one of TABLE_FORMATS, `origin` (see `provenance`) and the meaning of its columns inside.

    CSV: the table alone, for a spreadsheet and pandas.read_csv(file), with an apostrophe before a text that is like a
    formula; `table_origin` stands beside it. Parquet: pandas.read_parquet(file).attrs. JSON: {"provenance", "columns",
    "rows"}.
    """
    if form not in TABLE_FORMATS:
        raise OptionError(f"The format {form!r} is unknown. Expected one of: {', '.join(TABLE_FORMATS)}.")
    return TABLE_FORMATS[form].write(table, _about(table, origin))


def table_origin(table: pd.DataFrame, origin: Mapping[str, Any]) -> bytes:
    """Write as JSON what a table rests on and what its columns mean, to stand beside its CSV."""
    return json.dumps(_about(table, origin), indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _about(table: pd.DataFrame, origin: Mapping[str, Any]) -> dict[str, Any]:
    meanings = {name: COLUMNS[name] for name in table.columns if name in COLUMNS}
    return {"provenance": dict(origin), "columns": meanings}


@dataclass(frozen=True)
class TableFormat:
    """One way to write a table and what is said of it."""

    label: str
    mime: str
    write: Callable[[pd.DataFrame, dict[str, Any]], bytes]


def _csv(table: pd.DataFrame, about: dict[str, Any]) -> bytes:
    body = table.map(_defused).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    return body.encode("utf-8", "replace")


def _defused(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run as a formula: a file's name may be one."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _parquet(table: pd.DataFrame, about: dict[str, Any]) -> bytes:
    described, buffer = table.copy(), io.BytesIO()
    described.attrs.update(about)
    described.to_parquet(buffer, index=False, engine="pyarrow")
    return buffer.getvalue()


def _json(table: pd.DataFrame, about: dict[str, Any]) -> bytes:
    known = table.astype(object).where(table.notna(), None)  # JSON has no word for what is unknown but null
    rows = [dict(zip(table.columns, row, strict=True)) for row in known.to_numpy().tolist()]
    return json.dumps(about | {"rows": rows}, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


TABLE_FORMATS: dict[str, TableFormat] = {
    "csv": TableFormat("CSV", "text/csv", _csv),
    "parquet": TableFormat("Parquet", "application/vnd.apache.parquet", _parquet),
    "json": TableFormat("JSON", "application/json", _json),
}
