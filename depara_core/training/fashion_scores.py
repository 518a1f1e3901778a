"""What S and its rivals say of every cut of the layer study on photographs; the accuracies are not looked at here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import spearmanr

from depara_core.benchmark.layer_table import SCORE_COLUMNS, layer_scores_path
from depara_core.files import Progress, write_whole, written_aside
from depara_core.graphs import AttributionGraph
from depara_core.metrics import metric
from depara_core.paths import assets_folder
from depara_core.pipeline.features import build_features
from depara_core.pipeline.graphs import build_graphs
from depara_core.probes import ProbeSet
from depara_core.similarity import similarity, similarity_matrix
from depara_core.store import Store
from depara_core.training.fashion_data import EVEN, FOLDER, KINDS, Parts, Photographs, as_inputs, load_parts
from depara_core.training.fashion_study import FashionPlan, labelled
from depara_core.training.layer_networks import apply
from depara_core.zoo.fashion import CUTS, FASHION_SOURCES, TARGET, student_spec
from depara_core.zoo.fashion_network import load_network

LAMBDAS = {100: 1.0, 10: 10.0}  # of the edges, by labels (DEPARA, section 4.3)
DEPTHS = ("conv4", "conv7", "conv10", "output")  # of the target, for the scores that look at several
SPATIAL = DEPTHS[:-1]
SHOWN = 1  # the seed whose probes come with the library
FEATURES = ("rsa", "cka", "directed")
Scores = dict[tuple[str, int], float]  # by predictor and number of labels, 0 for any


def record_scores(
    seeds: Sequence[int],
    *,
    plan: FashionPlan | None = None,
    photographs: Path = FOLDER,
    zoo: Path | None = None,
    folder: Path | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Path:
    """Score every cut of these seeds' sources, write the table, those of other seeds kept, and return its path."""
    plan = plan or FashionPlan()
    path = layer_scores_path(folder)
    tables = [table[~table["seed"].isin(list(seeds))] for table in ([pd.read_csv(path)] if path.exists() else [])]
    for seed in seeds:
        parts = load_parts(seed, plan.learned, plan.tests, plan.probes, photographs)
        if seed == SHOWN and folder is None:
            keep_photographs(parts.probes)
        tables.append(score_cuts(parts, seed, plan, zoo=zoo, store=store, progress=progress))
    table = pd.concat(tables)[list(SCORE_COLUMNS)].sort_values(["seed", "source", "k"], kind="stable")
    write_whole(path, table.to_csv(index=False, float_format="%.6g"))
    return path


def score_cuts(
    parts: Parts,
    seed: int,
    plan: FashionPlan,
    *,
    zoo: Path | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return every predictor's score of every cut of a seed's sources, on real target photographs without labels.

    Those that need labels get the students': the mean over the repetitions.
    """
    probes = target_probes(parts.probes)
    target = _Target(seed, probes, zoo, store)
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(FASHION_SOURCES):
        known = _label_free(name, seed, probes, target, zoo, store)
        for k, layer in enumerate(CUTS, 1):
            if progress:
                progress(
                    number * len(CUTS) + k, len(FASHION_SOURCES) * len(CUTS), f"Seed {seed}: scores of {name}, {layer}"
                )
            scores = known[layer] | _labelled(name, k, seed, parts, plan, zoo)
            rows += [
                {"seed": seed, "source": name, "k": k, "layer": layer, "labels": labels, "predictor": predictor}
                | {"score": value}
                for (predictor, labels), value in scores.items()
            ]
    return pd.DataFrame(rows)


def keep_photographs(part: Photographs, path: Path | None = None) -> None:
    """Write the photographs that `load_probes("fashion")` returns, with the names of their kinds."""
    with written_aside(path or assets_folder() / "probes" / "fashion.npz") as aside, aside.open("wb") as file:
        np.savez_compressed(file, images=part.images.numpy(), labels=np.array(target_probes(part).labels))


def target_probes(part: Photographs) -> ProbeSet:
    """Return photographs as probes, labelled by their kind."""
    images = part.images[..., None].expand(-1, -1, -1, 3).contiguous().numpy()
    return ProbeSet.from_arrays(images, labels=[KINDS[EVEN[label]] for label in part.labels.tolist()])


class _Target:
    """The target network on the probes: what every cut is compared with."""

    def __init__(self, seed: int, probes: ProbeSet, zoo: Path | None, store: Store | None) -> None:
        spec = student_spec(TARGET, seed, zoo)
        self.graphs = {graph.layer: graph for graph in _graphs(spec, probes, list(DEPTHS), store)}
        self.centred = _graphs(spec, probes, "output", store, center=True)
        self.released = _graphs(spec, probes, "output", store, preset="released_layers")
        self.codes = {layer: build_features(spec, probes, layer=layer, store=store)[0] for layer in DEPTHS}
        same = np.equal.outer(np.array(probes.labels), np.array(probes.labels))
        self.labels = same[np.triu_indices(len(same), k=1)]


def _graphs(spec: Any, probes: ProbeSet, layers: Any, store: Store | None, **options: Any) -> list[AttributionGraph]:
    return build_graphs(spec, probes, layers=layers, device="cpu", store=store, **options)


def _label_free(
    name: str, seed: int, probes: ProbeSet, target: _Target, zoo: Path | None, store: Store | None
) -> dict[str, Scores]:
    """Return each layer's scores by everything that needs no labels (and by the probes' own labels as edges)."""
    spec = student_spec(name, seed, zoo)
    paper = _graphs(spec, probes, list(CUTS), store)
    centred = _graphs(spec, probes, list(CUTS), store, center=True)
    released = _graphs(spec, probes, list(CUTS), store, preset="released_layers")
    result: dict[str, Scores] = {}
    for graph, middle, other in zip(paper, centred, released, strict=True):
        whole = similarity(graph, target.graphs["output"])
        theirs = similarity_matrix([other], target.released)
        scores: Scores = {("nodes", 0): whole.node, ("edges", 0): whole.edge}
        scores |= {("S", labels): whole.total(lam) for labels, lam in LAMBDAS.items()}
        scores |= {("S, released code", labels): float(theirs.total(lam)[0, 0]) for labels, lam in LAMBDAS.items()}
        scores["edges, centred", 0] = similarity(middle, target.centred[0]).edge
        scores["edges over depths", 0] = float(np.mean([similarity(graph, one).edge for one in target.graphs.values()]))
        scores["label edges", 0] = _rank_correlation(graph.edges, target.labels)
        result[graph.layer] = scores | _of_features(spec, graph.layer, probes, target, store)
    return result


def _of_features(spec: Any, layer: str, probes: ProbeSet, target: _Target, store: Store | None) -> Scores:
    """Return a layer's scores by the metrics that read features: whole, and cell by cell."""
    features = build_features(spec, probes, layer=layer, store=store)[0]
    scores: Scores = {(name, 0): metric(name)(features.values, target.codes["output"].values) for name in FEATURES}
    local = {at: metric("local_directed")(features.code, target.codes[at].code) for at in DEPTHS}
    scores["local_directed", 0] = local[SPATIAL[-1]]  # of the last code with places
    scores["local_directed over depths", 0] = float(np.mean([local[at] for at in DEPTHS]))
    return scores


def _labelled(name: str, k: int, seed: int, parts: Parts, plan: FashionPlan, zoo: Path | None) -> Scores:
    """Return a cut's scores by LogME, on the very pictures whose labels the students had."""
    pool = parts.target[: plan.labelled]
    prefix = load_network(name, seed, zoo).split(k)[0]
    scores: Scores = {}
    for count in plan.students:
        found = []
        for repetition in range(plan.repetitions):
            rows = labelled(pool.labels, count, repetition)
            seen = apply(prefix, as_inputs(pool.images[rows])).flatten(1).numpy().astype(np.float64)
            found.append(metric("logme")(seen, pool.labels[rows].numpy()))
        scores["logme", count] = float(np.mean(found))
    return scores


def _rank_correlation(edges: Float[np.ndarray, "N N"], other: np.ndarray) -> float:
    """Return Spearman's correlation of a graph's edges with other edges; 0 where one orders nothing."""
    found = float(spearmanr(edges[np.triu_indices(len(edges), k=1)], other).statistic)
    return found if np.isfinite(found) else 0.0
