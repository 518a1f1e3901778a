"""How far a choice hangs on its images: the same candidates on fewer of them, and without one class after the other.

Symbols: N images, M candidates.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits

from depara_core.choice.choice import Choice
from depara_core.choice.scores import depara_score, labelled_scores, resamples_of
from depara_core.errors import OptionError, ProbeError
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph, subgraph
from depara_core.grids import common_grid
from depara_core.jobs import give_way
from depara_core.pipeline.features import build_features
from depara_core.pipeline.fit import pooled
from depara_core.store import Store, as_store
from depara_core.targets import graph_of_features, target_from_labels

SHARES = (0.25, 0.5, 0.75)  # of the images
DRAWS = 4  # of each share
MOST_CLASSES = 12  # left out in turn: the largest
Rows = Int[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class _Sides:
    """What candidates are ranked by: pooled features, and edges with those of the labels."""

    classes: Int[np.ndarray, " N"]
    features: dict[str, Float[np.ndarray, "N C"]]
    graphs: tuple[AttributionGraph, ...]
    target: AttributionGraph

    def mean_ranks(self, rows: Rows) -> Float[np.ndarray, " M"]:
        """Return each candidate's mean rank over all scores on some of the images."""
        classes = np.unique(self.classes[rows], return_inverse=True)[1]
        once = resamples_of(classes, count=1)
        part = [subgraph(graph, rows) for graph in (*self.graphs, self.target)]
        features = {name: values[rows] for name, values in self.features.items()}
        with threadpool_limits(1):
            found = [depara_score(part[:-1], part[-1], common_grid(part), 1.0, once).ranks]
            found += [score.ranks for _, score in labelled_scores(features, classes, once)]
        return np.asarray(np.mean(found, axis=0))


def stability(
    choice: Choice,
    *,
    seed: int = 0,
    device: str = "auto",
    store: str | os.PathLike[str] | Store | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Rank a choice's candidates anew on parts of its images, by the mean rank of all scores that read the labels.

    Parameters
    ----------
    choice
        M >= 2 candidates on labelled images.
    seed
        Of the parts.
    device, store
        As in `choose`.
    progress
        progress(done, total, message) counts parts; what it raises stops the work.

    Returns
    -------
    DataFrame
        A row a part: part ("50 % of the images", "without bag"), images, best (the candidate that is best in most
        draws), kept (share of the draws in which the best on all images stays the best), spearman (mean correlation of
        the candidates' order with that on all images).

    Raises
    ------
    ProbeError
        The images have no labels that tell anything apart.
    OptionError
        There is but one candidate.
    """
    if choice.probes.labels is None or "leep" not in choice.scores:
        raise ProbeError("Expected labelled images in two classes or more: without labels no ranking can be redone.")
    if len(choice.specs) < 2:
        raise OptionError("Expected at least two candidates: one alone is always the best.")
    sides = _sides(choice, device, as_store(store))
    parts = {"all images": [np.arange(len(choice.probes))]} | _parts(np.array(choice.probes.labels), seed)
    steps = [(what, rows) for what, draws in parts.items() for rows in draws]
    found: dict[str, list[np.ndarray]] = {}
    for done, (what, rows) in enumerate(steps):
        give_way()
        if progress is not None:
            progress(done, len(steps), what)
        found.setdefault(what, []).append(sides.mean_ranks(rows))
    (every,) = found.pop("all images")
    names = [spec.id for spec in choice.specs]
    return pd.DataFrame([_row(what, len(parts[what][0]), drawn, every, names) for what, drawn in found.items()])


def _sides(choice: Choice, device: str, store: Store) -> _Sides:
    features, graphs = {}, []
    for spec in choice.specs:
        (found,) = build_features(spec, choice.probes, device=device, store=store)
        features[spec.id] = pooled(found)
        graphs.append(graph_of_features(found.values, choice.probes, model=spec.id, weights=found.weights))
    classes = np.unique(choice.probes.labels or (), return_inverse=True)[1]
    return _Sides(classes, features, tuple(graphs), target_from_labels(choice.probes))


def _parts(labels: np.ndarray, seed: int) -> dict[str, list[Rows]]:
    """Return draws of shares of the images, class by class, and the images without one class, where two are left."""
    rng = np.random.default_rng(seed)
    members = {one: np.flatnonzero(labels == one) for one in np.unique(labels)}
    parts = {}
    for share in SHARES:
        sizes = {one: min(len(rows), max(2, round(share * len(rows)))) for one, rows in members.items()}
        parts[f"{share:.0%} of the images".replace("%", " %")] = [
            np.sort(np.concatenate([rng.choice(rows, sizes[one], replace=False) for one, rows in members.items()]))
            for _ in range(DRAWS)
        ]
    largest = sorted(members, key=lambda one: -len(members[one]))[:MOST_CLASSES]
    if len(members) > 2:
        parts |= {f"without {one}": [np.flatnonzero(labels != one)] for one in sorted(largest)}
    return parts


def _row(
    what: str, images: int, drawn: Sequence[np.ndarray], every: Float[np.ndarray, " M"], names: Sequence[str]
) -> dict[str, object]:
    best = [int(one.argmin()) for one in drawn]
    return {
        "part": what,
        "images": images,
        "best": names[max(sorted(set(best)), key=best.count)],
        "kept": float(np.mean([place == int(every.argmin()) for place in best])),
        "spearman": float(np.mean([_follows(one, every) for one in drawn])),
    }


def _follows(one: Float[np.ndarray, " M"], other: Float[np.ndarray, " M"]) -> float:
    """Return Spearman's correlation, ties by average rank; 0 where either tells nothing apart."""
    a, b = (pd.Series(values).rank().to_numpy() for values in (one, other))
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) and np.ptp(b) else 0.0
