"""How far a choice hangs on its images: the same candidates on fewer of them, on halves, without a class, on others.

Symbols: N images, M candidates, n images of a part.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits

from depara_core.choice.choice import Choice
from depara_core.choice.scores import depara_score, labelled_scores, resamples_of
from depara_core.errors import OptionError, ProbeError
from depara_core.files import Progress, counted_steps
from depara_core.graphs import AttributionGraph, subgraph
from depara_core.grids import common_grid
from depara_core.jobs import give_way
from depara_core.pipeline.features import build_features
from depara_core.pipeline.fit import pooled
from depara_core.pipeline.graphs import build_graphs
from depara_core.probes import ProbeSet
from depara_core.store import Store, as_store
from depara_core.targets import graph_of_features, target_from_labels

SHARES = (0.25, 0.5, 0.75)  # of the images
DRAWS = 4  # of each share, and of the halves
HALVES = "two halves without a common image"
MOST_CLASSES = 12  # left out in turn: the largest
Rows = Int[np.ndarray, " _"]
Ranks = Float[np.ndarray, " M"]


@dataclass(frozen=True, eq=False)
class _Sides:
    """What candidates are ranked by over one set of images: graphs and the target's; pooled features where classed."""

    classes: Int[np.ndarray, " N"] | None
    features: dict[str, Float[np.ndarray, "N C"]]
    graphs: tuple[AttributionGraph, ...]
    target: AttributionGraph
    lam: float

    def mean_ranks(self, rows: Rows) -> Ranks:
        """Return each candidate's mean rank over all scores on some of the images."""
        part = [subgraph(graph, rows) for graph in (*self.graphs, self.target)]
        with threadpool_limits(1):
            found = [depara_score(part[:-1], part[-1], common_grid(part), self.lam, [np.arange(len(rows))]).ranks]
            if self.classes is not None:
                classes = np.unique(self.classes[rows], return_inverse=True)[1]
                features = {name: values[rows] for name, values in self.features.items()}
                found += [
                    score.ranks for _, score in labelled_scores(features, classes, resamples_of(classes, count=1))
                ]
        return np.asarray(np.mean(found, axis=0))


def stability(
    choice: Choice,
    *,
    others: Sequence[ProbeSet] = (),
    seed: int = 0,
    device: str = "auto",
    store: str | os.PathLike[str] | Store | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Rank a choice's candidates anew on parts of its images and on other sets, by the mean rank of all scores.

    Parameters
    ----------
    choice
        M >= 2 candidates with scores.
    others
        Further sets of images for the same task; labelled, where the choice was made by labels.
    seed
        Of the parts.
    device, store
        As in `choose`.
    progress
        progress(done, total, message) counts parts and sets; what it raises stops the work.

    Returns
    -------
    DataFrame
        A row a part: part ("50 % of the images", "two halves without a common image", "without bag", "other images:
        photos"), images, best (the candidate that is best in most draws), kept (share of the draws in which the best on
        all images stays the best; of the halves, in which both have the same best), spearman (mean correlation of the
        candidates' order with that on all images; of the halves, with each other).

    Raises
    ------
    ProbeError
        Nothing ranks the candidates, or another set has no labels where the choice was made by labels.
    OptionError
        There is but one candidate, or the target is a table or an embedding, which knows no other images.
    """
    if len(choice.specs) < 2:
        raise OptionError("Expected at least two candidates: one alone is always the best.")
    kept, names = as_store(store), [spec.id for spec in choice.specs]
    parts = _parts(choice, seed)
    tell = counted_steps(progress, 1 + sum(map(len, parts.values())) + len(others))
    tell("all images")
    sides = _sides(choice, choice.probes, device, kept)
    every = sides.mean_ranks(np.arange(len(choice.probes)))
    found = []
    for what, draws in parts.items():
        drawn = []
        for rows in draws:
            give_way()
            tell(what)
            drawn.append(sides.mean_ranks(rows))
        found.append((_halves if what == HALVES else _row)(what, len(draws[0]), drawn, every, names))
    for other in others:
        give_way()
        tell(what := f"other images: {other.source}")
        there = _sides(choice, other.require_comparable(), device, kept)
        found.append(_row(what, len(other), [there.mean_ranks(np.arange(len(other)))], every, names))
    return pd.DataFrame(found)


def _sides(choice: Choice, probes: ProbeSet, device: str, store: Store) -> _Sides:
    """Return what ranks the candidates on some images: the choice's own, or others."""
    target = _target(choice, probes, device, store)
    features, graphs = {}, []
    for spec in choice.specs:
        (found,) = build_features(spec, probes, device=device, store=store)
        features[spec.id] = pooled(found)
        if target.edges_only:
            graphs.append(graph_of_features(found.values, probes, model=spec.id, weights=found.weights))
        else:
            graphs += build_graphs(spec, probes, device=device, store=store)
    labelled = "leep" in choice.scores and probes.labels is not None
    classes = np.unique(probes.labels or (), return_inverse=True)[1] if labelled else None
    return _Sides(classes, features, tuple(graphs), target, 1.0 if target.edges_only else choice.lam)


def _target(choice: Choice, probes: ProbeSet, device: str, store: Store) -> AttributionGraph:
    """Return the choice's target over some images."""
    if choice.target is None:
        raise ProbeError("Expected labelled images or a target: without labels or a target no ranking can be redone.")
    if choice.network is not None:
        return build_graphs(choice.network, probes, device=device, store=store)[0]
    if probes.digest == choice.target.probes:
        return choice.target
    if not choice.by_labels:
        raise OptionError(
            f"The target {choice.target.model} tells of the images of {choice.probes.source} alone: it cannot rank "
            "candidates on others. Take labels, or a network, as the target."
        )
    if probes.labels is None:
        raise ProbeError(
            f"The images of {probes.source} have no labels, by which the candidates were chosen. Put them into a "
            "folder a class."
        )
    return target_from_labels(probes)


def _parts(choice: Choice, seed: int) -> dict[str, list[Rows]]:
    """Return shares of the images and pairs of halves, drawn class by class, and all but one class where two stay."""
    rng = np.random.default_rng(seed)
    told = "leep" in choice.scores and choice.probes.labels is not None
    labels = np.array(choice.probes.labels if told else ["all"] * len(choice.probes))
    members = {one: np.flatnonzero(labels == one) for one in np.unique(labels)}
    parts = {}
    for share in SHARES:
        sizes = {one: min(len(rows), max(2, round(share * len(rows)))) for one, rows in members.items()}
        parts[f"{share:.0%} of the images".replace("%", " %")] = [
            np.sort(np.concatenate([rng.choice(rows, sizes[one], replace=False) for one, rows in members.items()]))
            for _ in range(DRAWS)
        ]
    if min(map(len, members.values())) > 3:
        parts[HALVES] = [half for _ in range(DRAWS) for half in _split(list(members.values()), rng)]
    largest = sorted(members, key=lambda one: -len(members[one]))[:MOST_CLASSES]
    if len(members) > 2:
        parts |= {f"without {one}": [np.flatnonzero(labels != one)] for one in sorted(largest)}
    return parts


def _split(members: Sequence[Rows], rng: np.random.Generator) -> Iterator[Rows]:
    """Yield both halves of the images, each with half of every class."""
    shuffled = [rng.permutation(rows) for rows in members]
    yield np.sort(np.concatenate([rows[: len(rows) // 2] for rows in shuffled]))
    yield np.sort(np.concatenate([rows[len(rows) // 2 :] for rows in shuffled]))


def _halves(what: str, images: int, drawn: Sequence[Ranks], every: Ranks, names: Sequence[str]) -> dict[str, object]:
    """Return the row of pairs of halves: each is held against its other half, not against all images."""
    pairs = list(zip(drawn[::2], drawn[1::2], strict=True))
    row = _row(what, images, drawn, every, names)
    row["kept"] = float(np.mean([one.argmin() == other.argmin() for one, other in pairs]))
    row["spearman"] = float(np.mean([_follows(one, other) for one, other in pairs]))
    return row


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


def _follows(one: Ranks, other: Ranks) -> float:
    """Return Spearman's correlation, ties by average rank; 0 where either tells nothing apart."""
    a, b = (pd.Series(values).rank().to_numpy() for values in (one, other))
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) and np.ptp(b) else 0.0
