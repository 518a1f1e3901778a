"""Candidates of a search, scored exactly where that may change the answer."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Float32

from depara_core.graphs import AttributionGraph
from depara_core.search.entries import Entries
from depara_core.search.points import estimates
from depara_core.search.vectors import vectors_of
from depara_core.similarity import similarity

SURE = 4.0  # standard errors by which a candidate must be out of reach to be left unscored
COLUMNS = (
    "model", "layer", "score", "estimate", "error", "node", "edge", "source", "family", "parameters", "licence",
)  # fmt: skip


def best_of(
    entries: Entries, graph: AttributionGraph, mine: Float32[np.ndarray, " two_W"], lam: float, rows: pa.Table, k: int
) -> pd.DataFrame:
    """Return the k rows with the highest S with a graph, the highest first, S being exact.

    Candidates are scored in the order of their estimates; one that cannot reach the first k is passed over.
    """
    told = estimates(mine, vectors_of(rows), lam)
    about, scored = rows.to_pylist(), []
    scores: list[float] = []
    for place in np.argsort(-told.total, kind="stable"):
        entry, estimate, error = about[place], float(told.total[place]), float(told.error[place])
        if len(scores) >= k and estimate + SURE * error < sorted(scores)[-k]:
            continue
        found = entries.graph(entry["id"])
        if found is None:
            warnings.warn(f"The graph of {entry['model']} · {entry['layer']} is damaged: add it again.", stacklevel=4)
            continue
        exact = similarity(graph, found, grid=entries.manifest.grid)
        numbers = {"estimate": estimate, "error": error, "node": exact.node, "edge": exact.edge}
        scores.append(exact.total(lam))
        scored.append(entry | numbers | {"score": scores[-1]})
    frame = pd.DataFrame(scored, columns=list(COLUMNS))
    return frame.sort_values("score", ascending=False, kind="stable").head(k).reset_index(drop=True)
