"""Every score of every candidate, with what it would be on other images of the same kind.

Symbols: N images, M candidates, B resamples, n images of a resample.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from depara_core.benchmark.scoring import compact, soft_clusters
from depara_core.graphs import AttributionGraph, subgraph
from depara_core.grids import Grid
from depara_core.metrics import METRICS
from depara_core.metrics.matrices import one_hot
from depara_core.similarity import similarity_matrix

DEPARA = "depara"
LABELLED = ("logme", "parc", "hscore_shrunk", "gbc", "knn", "leep", "nce", "dds_cosine")
RESAMPLES = 40
MOST = 128  # images of a resample
INTERVAL = (2.5, 97.5)  # percentiles: a 95 % interval


@dataclass(frozen=True, eq=False)
class Score:
    """One score of M candidates, higher is better, and the same on B resamples that all scores share."""

    values: Float[np.ndarray, " M"]
    samples: Float[np.ndarray, "B M"]

    @property
    def ranks(self) -> Float[np.ndarray, " M"]:
        """1 the best; equal scores share the better rank."""
        return ranks(self.values[None])[0]

    @property
    def sampled_ranks(self) -> Float[np.ndarray, "B M"]:
        """The ranks on every resample."""
        return ranks(self.samples)


def ranks(values: Float[np.ndarray, "B M"]) -> Float[np.ndarray, "B M"]:
    """Rank each row, 1 the highest; equal values share the better rank."""
    return 1.0 + (values[:, None, :] > values[:, :, None]).sum(axis=2)


def resamples_of(labels: Int[np.ndarray, " N"], *, count: int = RESAMPLES, seed: int = 0) -> list[np.ndarray]:
    """Draw halves of the images, at most 128 of them, class by class, at least two of a class that has two."""
    rng = np.random.default_rng(seed)
    share = min(0.5, MOST / len(labels))
    members = [np.flatnonzero(labels == one) for one in np.unique(labels)]
    sizes = [min(len(one), max(2, round(share * len(one)))) for one in members]
    dealt = list(zip(members, sizes, strict=True))
    return [
        np.sort(np.concatenate([rng.choice(one, size, replace=False) for one, size in dealt])) for _ in range(count)
    ]


def as_score(
    values: Float[np.ndarray, " M"], drawn: Float[np.ndarray, "B M"], sizes: Sequence[int], count: int
) -> Score:
    """Turn a score on parts of the images into what it would be on other sets of N.

    Without replacement the variance of a mean over n of N images is v (1/n - 1/N); that of N fresh ones is v / N. So
    deviations are scaled by sqrt(n / (N - n)), which is 1 for halves (Politis & Romano, 1994).
    """
    scale = np.sqrt([size / max(count - size, 1) for size in sizes])[:, None]
    return Score(values, values + (drawn - drawn.mean(axis=0)) * scale)


def depara_score(
    graphs: Sequence[AttributionGraph], target: AttributionGraph, grid: Grid, lam: float, drawn: Sequence[np.ndarray]
) -> Score:
    """Score candidates by S with the target's graph; every resample ranks its own edges."""
    values = similarity_matrix(graphs, [target], grid=grid).total(lam)[:, 0]
    samples = np.empty((len(drawn), len(graphs)))
    for place, rows in enumerate(drawn):
        part = [subgraph(graph, rows) for graph in (*graphs, target)]
        samples[place] = similarity_matrix(part[:-1], part[-1:], grid=grid).total(lam)[:, 0]
    return as_score(values, samples, list(map(len, drawn)), len(target))


def labelled_scores(
    features: Mapping[str, Float[np.ndarray, "N C"]],
    labels: Int[np.ndarray, " N"],
    drawn: Sequence[np.ndarray],
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[str, Score]]:
    """Score candidates by every labelled metric on their pooled features; `tell` hears which one is next.

    LEEP and NCE read a candidate's classes off its features' clusters, found once (N-LEEP; Li et al., CVPR 2021); DDS
    takes the labels as one number a class.
    """
    sides = {name: compact(values) for name, values in features.items()}
    clusters = {name: soft_clusters(values) for name, values in sides.items()}
    inputs: dict[str, Mapping[str, np.ndarray]] = {
        "probabilities": {name: likely for name, (likely, _) in clusters.items()},
        "source_labels": {name: likeliest for name, (_, likeliest) in clusters.items()},
    }
    for metric in (METRICS[name] for name in LABELLED):
        tell(metric.title)
        given = inputs.get(metric.takes[0], sides if metric.isometric else features)
        goal = one_hot(labels) if metric.takes[1] == "features" else labels
        values = np.array([metric(given[name], goal) for name in features])
        samples = np.array([[metric(given[name][rows], goal[rows]) for name in features] for rows in drawn])
        yield metric.name, as_score(values, samples, list(map(len, drawn)), len(labels))
