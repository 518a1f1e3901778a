"""How far a ranking measure depends on lambda, on the number of probes, and on which images they are.

Symbols: M models, N probes, K repetitions (subsets, or sets of probes).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from jaxtyping import Float

from depara_core.evaluation import precision_at_k, spearman
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph, standard_ranks
from depara_core.grids import common_grid, node_vectors
from depara_core.pipeline.graphs import build_graphs
from depara_core.probes import ProbeSet
from depara_core.similarity import SimilarityMatrix, check_lam, similarity_matrix
from depara_core.store import Store
from depara_core.zoo import ModelSpec

LAMBDAS = (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
COUNTS = (10, 20, 40, 70, 100, 150)
SWEPT: dict[str, Callable[[pd.DataFrame, pd.DataFrame], float]] = {
    "P@1": partial(precision_at_k, k=1),
    "P@5": partial(precision_at_k, k=5),
    "Spearman": spearman,
}


@dataclass(frozen=True, eq=False)
class Sweep:
    """s_V and s_E of all pairs of M models, K times on other probes; lambda and the truth are chosen afterwards."""

    models: tuple[str, ...]
    names: tuple[str, ...]  # of the K sets of probes
    probes: tuple[int, ...]  # how many there are in each
    node: Float[np.ndarray, "K M M"]
    edge: Float[np.ndarray, "K M M"]

    def measures(self, truth: pd.DataFrame, lam: float) -> pd.DataFrame:
        """Return a row a set of probes: name, probes, and P@1, P@5 and Spearman's correlation of S."""
        rows = []
        for name, count, scores in zip(self.names, self.probes, self.node + check_lam(lam) * self.edge, strict=True):
            frame = pd.DataFrame(scores, index=self.models, columns=self.models)
            rows.append({"name": name, "probes": count, **measures_of(frame, truth)})
        return pd.DataFrame(rows)


def measures_of(scores: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return P@1, P@5 and Spearman's correlation of one score, means over targets."""
    return {name: measure(scores, truth) for name, measure in SWEPT.items()}


def over_lambda(matrix: SimilarityMatrix, truth: pd.DataFrame, lams: Sequence[float] = LAMBDAS) -> pd.DataFrame:
    """Return a row a lambda: lam and the measures of S = s_V + lam * s_E."""
    return pd.DataFrame([{"lam": lam, **measures_of(matrix.to_frame(lam), truth)} for lam in lams])


def over_probes(
    graphs: Sequence[AttributionGraph],
    *,
    counts: Iterable[int] = COUNTS,
    repeats: int = 10,
    seed: int = 0,
    progress: Progress | None = None,
) -> Sweep:
    """Compare the graphs on `repeats` random subsets of each size, and once on all probes; ranks are taken anew."""
    rng = np.random.default_rng(seed)
    total, grid = len(graphs[0]), common_grid(graphs)
    sizes = [count for count in sorted({n for n in counts if 3 <= n < total}) for _ in range(repeats)] + [total]
    alike = np.empty((total, len(graphs), len(graphs)))  # cosine of every two models' nodes, probe by probe
    for probe in range(total):
        rows = np.concatenate([node_vectors(graph, grid, slice(probe, probe + 1)) for graph in graphs])
        alike[probe] = rows @ rows.T
    node, edge = [], []
    for done, size in enumerate(sizes):
        if progress is not None:
            progress(done, len(sizes), f"Subsets of {size} probes")
        chosen = np.sort(rng.choice(total, size, replace=False))
        node.append(alike[chosen].mean(axis=0))
        edge.append(_rank_correlations([graph.edges[np.ix_(chosen, chosen)] for graph in graphs]))
    models = tuple(graph.model for graph in graphs)
    return Sweep(models, tuple(map(str, sizes)), tuple(sizes), np.stack(node), np.stack(edge))


def over_probe_sets(
    specs: Sequence[ModelSpec],
    sets: Sequence[tuple[str, ProbeSet]],
    *,
    device: str = "auto",
    store: Store | str | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Compare the models on several sets of probes, each a (name, probes)."""
    matrices = [
        similarity_matrix(build_graphs(specs, probes, device=device, store=store, progress=progress))
        for _, probes in sets
    ]
    return Sweep(
        tuple(spec.id for spec in specs),
        tuple(name for name, _ in sets),
        tuple(len(probes) for _, probes in sets),
        np.stack([matrix.node for matrix in matrices]),
        np.stack([matrix.edge for matrix in matrices]),
    )


def _rank_correlations(edges: Sequence[Float[np.ndarray, "n n"]]) -> Float[np.ndarray, "M M"]:
    """Return Spearman's correlation of every two edge matrices; one without any spread has 0 with all."""
    ranks = np.stack([standard_ranks(values[np.triu_indices(len(values), k=1)]) for values in edges])
    return ranks @ ranks.T
