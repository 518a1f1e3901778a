"""Choosing a source model or a layer by S, with error bars over the probes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from depara_core.bootstrap import INTERVAL, Resamples, resample_probes
from depara_core.errors import OptionError
from depara_core.formatting import percent
from depara_core.graphs import AttributionGraph
from depara_core.similarity import MAX_LAM, SimilarityMatrix, check_lam, labels

FEW_PROBES = 10  # below it a bootstrap has too few different samples for its 95 % interval to mean anything


def few_probes(count: int) -> str:
    """Say that scores on so few probes tell nothing.

    Parameters
    ----------
    count
        Probes.

    Returns
    -------
    str
        A sentence with the number of their pairs, on which s_E rests; "" from `FEW_PROBES` probes on.
    """
    if count >= FEW_PROBES:
        return ""
    pairs = count * (count - 1) // 2
    return f"{count} images make {pairs} pairs: too few to tell anything; take at least {FEW_PROBES}, better 50."


def resample(matrix: SimilarityMatrix, target: str, *, resamples: int = 500, seed: int = 0) -> Resamples:
    """Bootstrap the probes of one column: every source sees the same resamples, so differences are paired."""
    graph = matrix.columns[find(matrix.columns, target)]
    return resample_probes(matrix.rows, graph, matrix.grid, resamples=resamples, seed=seed)


def rank_sources(
    matrix: SimilarityMatrix,
    target: str,
    lam: float,
    *,
    resamples: int = 500,
    seed: int = 0,
    samples: Resamples | None = None,
) -> pd.DataFrame:
    """Rank the matrix's rows as sources for one of its columns, best first; the target itself is left out.

    Parameters
    ----------
    matrix
        R sources, one or more targets, over N probes.
    target
        A column: its label, its model's id, or the id without the source.
    lam
        Weight of the edges in S = s_V + lam * s_E.
    resamples
        How many bootstrap samples of the probes, which all rows share.
    seed
        Of the bootstrap.
    samples
        What `resample` returned for this matrix and target, as only that costs time; None: it is called.

    Returns
    -------
    DataFrame
        source, score (S), low and high (95 % interval of S over probes), rank (1 = best, equal scores share the better
        rank), node (s_V), edge (s_E), first (the share of resamples that this source wins).

    Raises
    ------
    OptionError
        There is no such target, no source beside it, or lam is no weight.
    """
    check_lam(lam)
    column = find(matrix.columns, target)
    samples = samples or resample(matrix, target, resamples=resamples, seed=seed)
    chosen = matrix.columns[column]
    keep = np.array([(row.model, row.layer) != (chosen.model, chosen.layer) for row in matrix.rows])
    if not keep.any():
        raise OptionError(f"No source is left for {target!r}: the matrix holds no other row. Add at least one model.")
    scores = samples.total(lam)[:, keep]
    frame = _scored(matrix, column, lam, scores, keep)
    frame.insert(0, "source", np.array(labels(matrix.rows), dtype=object)[keep])
    frame.insert(4, "rank", frame["score"].rank(ascending=False, method="min").astype(int))
    frame["first"] = np.bincount(scores.argmax(axis=1), minlength=scores.shape[1]) / len(scores)
    return frame.sort_values("rank", kind="stable").reset_index(drop=True)


def ranked_pairs(matrix: SimilarityMatrix, lam: float) -> pd.DataFrame:
    """Return every pair of a row and a column as a line, the most alike first; a graph with itself is none.

    Parameters
    ----------
    matrix
        Of R sources and C targets.
    lam
        Weight of the edges, 0 to 10^6.

    Returns
    -------
    DataFrame
        source, source_layer, target, target_layer, S, s_V, s_E.

    Raises
    ------
    OptionError
        Of a lambda out of range.
    """
    total = matrix.total(lam)
    lines = [
        (a.model, a.layer, b.model, b.layer, total[r, c], matrix.node[r, c], matrix.edge[r, c])
        for r, a in enumerate(matrix.rows)
        for c, b in enumerate(matrix.columns)
        if a.label != b.label
    ]
    names = ["source", "source_layer", "target", "target_layer", "S", "s_V", "s_E"]
    frame = pd.DataFrame(lines, columns=names)
    return frame.sort_values("S", ascending=False, kind="stable", ignore_index=True)


def rank_layers(
    matrix: SimilarityMatrix,
    lam: float,
    *,
    resamples: int = 500,
    seed: int = 0,
    samples: Resamples | None = None,
) -> pd.DataFrame:
    """Score a source's layers against one target graph: argmax_k S(G_k^source, G_output^target) (DEPARA, Eq. 6).

    Parameters
    ----------
    matrix
        The layers as rows, input to output, and one column.
    lam
        Weight of the edges in S = s_V + lam * s_E.
    resamples
        How many bootstrap samples of the probes, which all rows share.
    seed
        Of the bootstrap.
    samples
        What `resample` returned for this matrix and target, as only that costs time; None: it is called.

    Returns
    -------
    DataFrame
        layer, node (s_V), edge (s_E), score (S), low and high (95 % interval of S over probes), best (True for the
        first of the highest scores).

    Raises
    ------
    OptionError
        The matrix has not one column, or lam is no weight.
    """
    if len(matrix.columns) != 1:
        raise OptionError(
            f"Layers are ranked against one target graph: expected a matrix with 1 column, got {len(matrix.columns)}."
        )
    check_lam(lam)
    samples = samples or resample(matrix, matrix.columns[0].label, resamples=resamples, seed=seed)
    everything = np.ones(len(matrix.rows), dtype=bool)
    frame = _scored(matrix, 0, lam, samples.total(lam), everything)
    frame.insert(0, "layer", [graph.layer for graph in matrix.rows])
    frame["best"] = np.arange(len(frame)) == int(frame["score"].to_numpy().argmax())
    return frame[["layer", "node", "edge", "score", "low", "high", "best"]]


@dataclass(frozen=True)
class BestChoice:
    """The best of some ranked sources or layers, and which others these probes cannot tell from it."""

    name: str
    score: float  # S
    low: float  # 95 % interval of S over probes
    high: float
    rivals: tuple[str, ...]  # those whose intervals reach the best one's, in the order of the ranking
    candidates: int  # the best one among them
    first: float | None = None  # share of the resamples that it wins, where sources were ranked

    def certainty(self, probes: int, show: Callable[[str], str] = str) -> str:
        """Say in a sentence whether so many probes can tell the best source from the others; `show` writes a name."""
        few = few_probes(probes)
        if self.candidates == 1:
            return f"It is the only source. {few}".rstrip()
        if few:
            return few
        if not self.rivals:
            return f"Its interval overlaps no other: {probes} images are enough to tell."
        more = f" and {len(self.rivals) - 1} more" if len(self.rivals) > 1 else ""
        wins = "" if self.first is None else f"; it comes first in {percent(self.first)} of the resamples"
        return f"Its interval overlaps that of {show(self.rivals[0])}{more}: {probes} images leave it open{wins}."


def best_choice(ranked: pd.DataFrame) -> BestChoice:
    """Return the best of the sources of `rank_sources`, or of the layers of `rank_layers`."""
    name = "source" if "source" in ranked else "layer"
    place = 0 if name == "source" else int(ranked["best"].to_numpy().argmax())
    best = ranked.iloc[place]
    others = ranked.drop(index=ranked.index[place])
    rivals = others[name][others["high"] >= best["low"]]
    score, low, high = (float(best[column]) for column in ("score", "low", "high"))
    first = float(best["first"]) if "first" in ranked else None
    return BestChoice(str(best[name]), score, low, high, tuple(map(str, rivals)), len(ranked), first)


def spread_lam(matrix: SimilarityMatrix) -> float:
    """Return the lambda at which nodes and edges sway S equally: std(s_V) / std(s_E) over pairs of different graphs.

    It needs no measured transfer.

    Parameters
    ----------
    matrix
        R x C similarities.

    Returns
    -------
    float
        0 to 10^6; 1 where nodes or edges have no spread, and so nothing to say.
    """
    other = np.array([[(r.model, r.layer) != (c.model, c.layer) for c in matrix.columns] for r in matrix.rows])
    node, edge = (float(values[other].std()) if other.any() else 0.0 for values in (matrix.node, matrix.edge))
    return min(node / edge, MAX_LAM) if edge > 0 and node > 0 else 1.0


def directed_scores(
    total: Float[np.ndarray, "M M"], directed: Float[np.ndarray, "M M"], *, weight: float = 0.5
) -> Float[np.ndarray, "M M"]:
    """Return the directed score of every source for every target: S, and a part of what the source explains.

    standard(S) + weight * standard(R^2), each standardised over the pairs of different models. S is symmetric, transfer
    is not; R^2(A, B) differs from R^2(B, A). The weight was chosen on the bundled zoo and is reported on another one.

    Parameters
    ----------
    total
        (M, M) S, source x target.
    directed
        (M, M) R^2: the share of the target's feature geometry that the source's features explain
        (`metric("directed")`).
    weight
        Of R^2.

    Returns
    -------
    array
        (M, M), higher is better; only the order within a target has a meaning.
    """
    return _standardised(total) + weight * _standardised(directed)


def _standardised(values: Float[np.ndarray, "M M"]) -> Float[np.ndarray, "M M"]:
    others = values[~np.eye(len(values), dtype=bool)]
    spread = float(others.std()) if others.size else 0.0
    return (values - others.mean()) / spread if spread > 0 else np.zeros_like(values)


def find(graphs: tuple[AttributionGraph, ...], name: str) -> int:
    """Return the place of the graph called `name`: its label, its model's id, or the id without the source."""
    for spelling in (
        [graph.label for graph in graphs],
        [graph.model for graph in graphs],
        [graph.model.partition("/")[2] for graph in graphs],
    ):
        if spelling.count(name) == 1:
            return spelling.index(name)
    raise OptionError(f"{name!r} does not name one graph. Expected one of: {', '.join(labels(graphs))}.")


def _scored(
    matrix: SimilarityMatrix, column: int, lam: float, scores: Float[np.ndarray, "B r"], keep: np.ndarray
) -> pd.DataFrame:
    total = matrix.total(lam)[keep, column]
    low, high = np.percentile(scores, INTERVAL, axis=0)
    return pd.DataFrame(
        {
            "score": total,
            "low": np.minimum(low, total),
            "high": np.maximum(high, total),
            "node": matrix.node[keep, column],
            "edge": matrix.edge[keep, column],
        }
    )
