"""The score that every metric gives every pair of a benchmark's models, and how well it predicts measured transfer."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from sklearn.mixture import GaussianMixture

from depara_core.benchmark.benchmarks import CLUSTERS, COMPONENTS, Evidence, components
from depara_core.errors import OptionError
from depara_core.evaluation import Evaluation, evaluate, static_mean, symmetrised
from depara_core.files import Progress
from depara_core.jobs import give_way, publish
from depara_core.metrics import METRICS, Metric
from depara_core.metrics.codes import as_code
from depara_core.pipeline.keys import versions
from depara_core.selection import directed_scores, spread_lam
from depara_core.similarity import check_lam, similarity_matrix
from depara_core.store import Store, as_store

VERSION = 2  # raise it when a metric or what it is given changes: stored scores are then computed anew


def score_pairs(
    evidence: Evidence,
    names: Iterable[str] | None = None,
    *,
    lam: float = 1.0,
    store: Store | str | None = None,
    progress: Progress | None = None,
) -> dict[str, pd.DataFrame]:
    """Return each metric's score of every pair of models; higher is better.

    Metrics with labels are given each target's own labels on the probes; those that ask for classes get the label's
    clusters where it has no classes, and LEEP and NCE read a source's classes off its features' clusters (as N-LEEP
    does; Li et al., CVPR 2021).

    Parameters
    ----------
    evidence
        What `gather` returns, for M models.
    names
        Some of `SCORES`; None: all that the evidence allows.
    lam
        Weight of the edges in S = s_V + lam * s_E.
    store
        Where scores are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache folder.
    progress
        progress(done, total, message) counts metrics.

    Returns
    -------
    dict of DataFrame
        By the metric's name: M x M, source x target, NaN where a score is not defined.

    Raises
    ------
    OptionError
        For an unknown score.
    """
    chosen = list(SCORES if names is None else names)
    unknown = [name for name in chosen if name not in SCORES]
    if unknown:
        raise OptionError(f"Unknown score {unknown[0]!r}. Expected some of: {', '.join(SCORES)}.")
    scorer = _Scorer(evidence, check_lam(lam), as_store(store))
    frames = {}
    for done, name in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), f"Scores of {name}")
        give_way()
        if name in METRICS and _lacks(evidence, METRICS[name]):
            continue
        frames[name] = scorer.frame(name)
        publish(dict(frames))
    return frames


CONTROLS = ("static_mean", "symmetric_oracle")
COMPANIONS = {"depara_directed": ("directed", 0.5), "depara_local": ("local_directed", 1.0)}  # of S: part and weight


def with_lam(scores: Mapping[str, pd.DataFrame], lam: float) -> dict[str, pd.DataFrame]:
    """Return scores with S, and what adds a directed part to it, made from s_V and s_E at a lambda, where they are."""
    made = dict(scores)
    if {"nodes", "edges"} <= set(made):
        made["depara"] = made["nodes"] + lam * made["edges"]
        for name, (part, weight) in COMPANIONS.items():
            if part in made:
                values = directed_scores(made["depara"].to_numpy(), made[part].to_numpy(), weight=weight)
                made[name] = pd.DataFrame(values, made["depara"].index, made["depara"].columns)
    return made


def controls(truth: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the scores of the controls, source x target, by name: they know the measured transfer."""
    return dict(zip(CONTROLS, (static_mean(truth), symmetrised(truth)), strict=True))


def assess(
    frames: Mapping[str, pd.DataFrame], truth: pd.DataFrame, *, resamples: int = 2000, seed: int = 0
) -> Evaluation:
    """Check scores of pairs against measured transfer, beside two controls that know measured transfer.

    "static_mean" ranks sources by what they are worth elsewhere; "symmetric_oracle" knows the transfer table itself,
    but, like every symmetric score, cannot tell a direction from its opposite.

    Parameters
    ----------
    frames
        What `score_pairs` returns: by name, source x target.
    truth
        Measured transfer, source x target, higher is better.
    resamples, seed
        Of `evaluate`.

    Returns
    -------
    Evaluation
        Every measure of every score and of both controls.

    Raises
    ------
    OptionError
        See `evaluate`.
    """
    if not isinstance(truth, pd.DataFrame) or not isinstance(frames, Mapping):
        raise OptionError(
            "Expected scores as a dict of tables (pandas) by name and the truth as one, with the names of sources "
            f"and targets; {type(frames).__name__} and {type(truth).__name__} came."
        )
    return evaluate({**frames, **controls(truth)}, truth, resamples=resamples, seed=seed)


def _lacks(evidence: Evidence, metric: Metric) -> bool:
    """Tell whether a metric asks for labels, or for gradient fields, that are not there."""
    return (metric.takes[1] == "labels" and not evidence.labels) or ("field" in metric.takes and not evidence.fields)


class _Scorer:
    """All pairs of one evidence; what several metrics need is computed once."""

    def __init__(self, evidence: Evidence, lam: float, store: Store) -> None:
        self.evidence, self.lam, self.store = evidence, lam, store
        self.ids = [graph.model for graph in evidence.graphs]
        self.matrix = similarity_matrix(evidence.graphs)
        self.compact = {name: compact(values) for name, values in evidence.features.items()}
        self.clusters: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.made: dict[str, pd.DataFrame] = {}

    def frame(self, name: str) -> pd.DataFrame:
        if name not in self.made:
            values = VARIANTS[name](self) if name in VARIANTS else self.metric(METRICS[name])
            self.made[name] = pd.DataFrame(values, index=self.ids, columns=self.ids)
        return self.made[name]

    def companion(self, name: str) -> Float[np.ndarray, "M M"]:
        """Return S with a directed part added."""
        part, weight = COMPANIONS[name]
        return directed_scores(self.matrix.total(self.lam), self.frame(part).to_numpy(), weight=weight)

    def metric(self, metric: Metric) -> Float[np.ndarray, "M M"]:
        """Return one metric for all pairs, from the store if it is there."""
        key = self.key(metric)
        kept = self.store.get(key, lambda kept: kept.arrays["scores"].reshape(len(self.ids), len(self.ids)))
        if kept is not None:
            return kept.arrays["scores"]
        values = self.compute(metric)
        self.store.keep(key, {"scores": values}, {"metric": metric.name})
        return values

    def key(self, metric: Metric) -> str:
        """Return the sha256 (hex) of all that a metric's scores depend on."""
        models = [(graph.model, graph.weights, graph.probes, graph.layer) for graph in self.evidence.graphs]
        libraries = versions("torch", "torchvision", "numpy", "scipy", "scikit-learn")
        content = [VERSION, metric.name, metric.settings, COMPONENTS, CLUSTERS, models, libraries]
        if "codes" in metric.takes:
            content.append([self.evidence.code(name).shape for name in self.ids])
        if "field" in metric.takes:
            content.append([self.evidence.fields[name].shape for name in self.ids])
        if metric.takes[1] == "labels":
            content.append([_digest(self.side(metric, 1, name)) for name in self.ids])
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def compute(self, metric: Metric) -> Float[np.ndarray, "M M"]:
        """Compute one metric for all pairs; of a symmetric one each pair is computed once."""
        if metric.pairs is not None:
            sources, targets = ([self.side(metric, place, name) for name in self.ids] for place in (0, 1))
            return metric.pairs(sources, targets)
        values = np.full((len(self.ids), len(self.ids)), np.nan)
        for i, source in enumerate(self.ids):
            give_way()
            for j, target in enumerate(self.ids):
                if metric.symmetric and j < i:
                    values[i, j] = values[j, i]
                else:
                    values[i, j] = metric(self.side(metric, 0, source), self.side(metric, 1, target))
        return values

    def side(self, metric: Metric, place: int, name: str) -> np.ndarray:
        """Return what a metric takes of the source (place 0) or the target (place 1)."""
        kind = metric.takes[place]
        if kind == "labels":
            labels = self.evidence.labels[name]
            return labels.classes if labels.numbers is None or not metric.regression else labels.numbers
        if kind in ("probabilities", "source_labels"):
            if name not in self.clusters:
                self.clusters[name] = soft_clusters(self.compact[name])
            return self.clusters[name][kind == "source_labels"]
        if kind == "field":
            return self.evidence.fields[name]
        if kind == "codes":
            return as_code(self.evidence.code(name))
        if metric.pairs is not None and not metric.isometric:
            return self.evidence.features[name].astype(np.float64)
        return self.compact[name] if metric.isometric else self.evidence.features[name]


VARIANTS: dict[str, Callable[[_Scorer], Float[np.ndarray, "M M"]]] = {
    "depara": lambda s: s.matrix.total(s.lam),
    "depara_spread": lambda s: s.matrix.total(spread_lam(s.matrix)),
    "depara_directed": lambda s: s.companion("depara_directed"),
    "depara_local": lambda s: s.companion("depara_local"),
    "nodes": lambda s: s.matrix.node,
    "edges": lambda s: s.matrix.edge,
    "attribution_maps": lambda s: similarity_matrix(s.evidence.predecessors).node,
}
SCORES = (*VARIANTS, *(name for name in METRICS if name not in VARIANTS))


def _digest(values: np.ndarray) -> str:
    numbers = hashlib.sha256(repr((values.dtype.str, values.shape)).encode())
    numbers.update(np.ascontiguousarray(values).data)
    return numbers.hexdigest()


def compact(features: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N R"]:
    """Rotate features into the space that N of them span: all distances and inner products stay, R <= N."""
    if features.shape[1] <= features.shape[0]:
        return features.astype(np.float64)
    left, scale, _ = np.linalg.svd(features.astype(np.float64), full_matrices=False)
    return left * scale


def soft_clusters(features: Float[np.ndarray, "N D"]) -> tuple[Float[np.ndarray, "N Z"], Int[np.ndarray, " N"]]:
    """Return each probe's probabilities under a mixture of Gaussians on the leading components, and the likeliest."""
    points = components(features)
    mixture = GaussianMixture(min(CLUSTERS, len(points) // 2), covariance_type="diag", reg_covar=1e-3, random_state=0)
    mixture.fit(points)
    likely = mixture.predict_proba(points)
    return likely, likely.argmax(axis=1)
