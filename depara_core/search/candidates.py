"""Candidates of a search, scored exactly where that may change the answer."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from depara_core.graphs import AttributionGraph
from depara_core.search.entries import Entries
from depara_core.search.points import Estimates
from depara_core.similarity import similarity

SURE = 4.0  # standard errors by which a candidate must be out of reach to be left unscored
COLUMNS = (
    "model", "layer", "score", "estimate", "error", "node", "edge", "source", "family", "parameters", "licence",
)  # fmt: skip


def best_of(
    entries: Entries, graph: AttributionGraph, candidates: Sequence[str], told: Estimates, lam: float, k: int
) -> pd.DataFrame:
    """Return the k entries with the highest S with a graph, the highest first, S being exact.

    Candidates are scored in the order of their estimates; one that cannot reach the first k is passed over.
    """
    scored: list[dict[str, object]] = []
    scores: list[float] = []
    for place in np.argsort(-told.total, kind="stable"):
        estimate, error = float(told.total[place]), float(told.error[place])
        if len(scores) >= k and estimate + SURE * error < sorted(scores)[-k]:
            continue
        found = entries.get(candidates[place])
        if found is None:
            if name := entries.name(candidates[place]):
                warnings.warn(f"The graph of {name} is damaged: add it again.", stacklevel=4)
            continue
        other, provenance = found
        exact = similarity(graph, other, grid=entries.manifest.grid)
        scores.append(exact.total(lam))
        about: dict[str, object] = {"model": other.model, "layer": other.layer, "parameters": other.parameters}
        about |= {"source": provenance.source, "family": provenance.family, "licence": provenance.licence}
        numbers = {"estimate": estimate, "error": error, "node": exact.node, "edge": exact.edge}
        scored.append(about | numbers | {"score": scores[-1]})
    frame = pd.DataFrame(scored, columns=list(COLUMNS))
    return frame.sort_values("score", ascending=False, kind="stable").head(k).reset_index(drop=True)
