"""How far a figure of merit depends on lambda, on the number of probes, and on which images they are."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from depara_core.evaluation import precision_at_k, spearman
from depara_core.extraction import Progress
from depara_core.graphs import AttributionGraph, subgraph
from depara_core.pipeline import build_graphs
from depara_core.probes import ProbeSet
from depara_core.similarity import SimilarityMatrix, similarity_matrix
from depara_core.store import Store
from depara_core.zoo import ModelSpec

LAMBDAS = (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
COUNTS = (10, 20, 40, 70, 100, 150)
FIGURES: dict[str, Callable[[pd.DataFrame, pd.DataFrame], float]] = {
    "P@1": partial(precision_at_k, k=1),
    "P@5": partial(precision_at_k, k=5),
    "Spearman": spearman,
}


def figures_of(scores: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return P@1, P@5 and Spearman's correlation of one score, means over targets."""
    return {name: figure(scores, truth) for name, figure in FIGURES.items()}


def over_lambda(matrix: SimilarityMatrix, truth: pd.DataFrame, lams: Sequence[float] = LAMBDAS) -> pd.DataFrame:
    """Return a row a lambda: lam and the figures of S = s_V + lam * s_E."""
    return pd.DataFrame([{"lam": lam, **figures_of(matrix.to_frame(lam), truth)} for lam in lams])


def over_probes(
    graphs: Sequence[AttributionGraph],
    truth: pd.DataFrame,
    lam: float,
    counts: Iterable[int] = COUNTS,
    repeats: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the figures on random subsets of the probes: a row a count (probes) and repeat; all probes once."""
    rng = np.random.default_rng(seed)
    total = len(graphs[0])
    rows = []
    for count in sorted({*(n for n in counts if n < total), total}):
        for repeat in range(repeats if count < total else 1):
            chosen = np.sort(rng.choice(total, count, replace=False))
            matrix = similarity_matrix([subgraph(graph, chosen) for graph in graphs])
            rows.append({"probes": count, "repeat": repeat, **figures_of(matrix.to_frame(lam), truth)})
    return pd.DataFrame(rows)


def over_probe_sets(
    specs: Sequence[ModelSpec],
    truth: pd.DataFrame,
    sets: Sequence[tuple[str, ProbeSet]],
    lam: float,
    *,
    device: str = "auto",
    store: Store | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the figures on several sets of probes, each a (name, probes): a row a set."""
    rows = []
    for name, probes in sets:
        graphs = build_graphs(specs, probes, device=device, store=store, progress=progress)
        rows.append(
            {"probe set": name, "probes": len(probes), **figures_of(similarity_matrix(graphs).to_frame(lam), truth)}
        )
    return pd.DataFrame(rows)
