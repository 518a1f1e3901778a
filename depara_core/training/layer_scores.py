"""DEPARA's own answer to the layer study: S of every layer against the target, beside the measured accuracy."""

import os
from functools import partial
from pathlib import Path

import pandas as pd

from depara_core.files import Progress
from depara_core.formatting import exact, number, percent
from depara_core.pipeline.graphs import build_graphs
from depara_core.probes import ProbeSet
from depara_core.rooms import FORM_CLASSES
from depara_core.selection import rank_layers, resample
from depara_core.similarity import similarity_matrix
from depara_core.store import Store
from depara_core.training.layer_study import SCRATCH, read_layer_table
from depara_core.training.layer_views import fresh_views
from depara_core.training.scene_pool import WORK
from depara_core.zoo import model
from depara_core.zoo.rooms import SOURCE
from depara_core.zoo.rooms_study import STUDY_NETWORKS, STUDY_SOURCES, STUDY_TARGET

PROBES = 200
AGREEMENT = (
    "source",
    "budget",
    "lam",
    "layers",
    "depara",
    "node",
    "edge",
    "shallower",
    "deeper",
    "measured",
    "predicted",
    "regret",
)
LAMBDAS = {0.10: 1.0, 0.01: 10.0}  # of the edges, by budget (DEPARA, section 4.3)


def target_probes(
    count: int = PROBES, *, seed: int = 0, work: Path = WORK, progress: Progress | None = None
) -> ProbeSet:
    """Return the first fresh pictures of the target's domain as probes, labelled by form."""
    views = fresh_views(STUDY_NETWORKS[STUDY_TARGET].domain, count, seed, work, 1, progress)
    return ProbeSet(
        views.images.permute(0, 2, 3, 1).contiguous().numpy(),
        tuple(f"object {number:03d}" for number in range(count)),
        tuple(FORM_CLASSES[label] for label in views.form.tolist()),
        f"objects in rooms (seed {seed})",
    )


def score_layers(
    probes: ProbeSet | None = None,
    *,
    folder: Path | None = None,
    preset: str = "paper",
    device: str = "auto",
    store: str | os.PathLike[str] | Store | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return s_V, s_E and S of every layer of both sources against the target's output, beside the measured accuracy.

    Columns: source, layer, k, budget, lam, node (s_V), edge (s_E), score (S = s_V + lam * s_E), low and high (its 95 %
    interval over probes), accuracy (mean over repetitions), spread (their standard deviation), scratch, negative (mean
    accuracy below that of a network trained from nothing). A layer whose cut is not measured yet has no row. `probes`
    None: `target_probes()`.
    """
    chosen = target_probes() if probes is None else probes
    table = read_layer_table(folder)
    names = [f"{SOURCE}/{name}" for name in STUDY_SOURCES]
    build = partial(build_graphs, probes=chosen, preset=preset, device=device, store=store, progress=progress)
    rows = build([model(name) for name in names], layers="all")
    column = build(model(f"{SOURCE}/{STUDY_TARGET}"))
    parts = []
    for name in names:
        matrix = similarity_matrix([graph for graph in rows if graph.model == name], column)
        samples = resample(matrix, column[0].label)
        for budget, lam in LAMBDAS.items():
            ranked = rank_layers(matrix, lam, samples=samples).drop(columns="best")
            parts.append(ranked.assign(source=name, budget=budget, lam=lam))
    measured = table[table["source"] != SCRATCH].groupby(["source", "layer", "k", "budget"], as_index=False)
    accuracies = measured.agg(
        accuracy=("accuracy", "mean"), spread=("accuracy", "std"), scratch=("scratch", "first")
    ).fillna({"spread": 0.0})
    result = pd.concat(parts).merge(accuracies, on=["source", "layer", "budget"])
    result["negative"] = result["accuracy"] < result["scratch"]
    order = ["source", "layer", "k", "budget", "lam", "node", "edge", "score", "low", "high"]
    return result[[*order, "accuracy", "spread", "scratch", "negative"]]


def layer_agreement(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how well S, and rules that know nothing, order the measured layers of each source at each budget.

    Columns: source, budget, lam, layers (how many of the 13 are measured: only these count); Spearman's correlation
    with the measured accuracy of depara (S), node (s_V), edge (s_E), shallower (-k) and deeper (k), 0 where a rule
    orders nothing; measured and predicted (the best layer by accuracy and by S), and regret (the accuracy lost by
    cutting at the predicted layer).
    """
    rows = []
    for (source, budget, lam), group in scores.groupby(["source", "budget", "lam"], sort=False):
        part = group.reset_index(drop=True)
        accuracy = part["accuracy"]
        rules = {
            "depara": part["score"],
            "node": part["node"],
            "edge": part["edge"],
            "shallower": -part["k"],
            "deeper": part["k"],
        }
        predicted, best = (int(values.to_numpy().argmax()) for values in (part["score"], accuracy))
        rows.append(
            {"source": source, "budget": budget, "lam": lam, "layers": len(part)}
            | {rule: _spearman(values, accuracy) for rule, values in rules.items()}
            | {"measured": part["layer"][best], "predicted": part["layer"][predicted]}
            | {"regret": float(accuracy[best] - accuracy[predicted])}
        )
    return pd.DataFrame(rows, columns=list(AGREEMENT))


def paper_form(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one source's scores in the paper's own form: layer, node, edge, S1, S10, acc_10, acc_1 (percent)."""
    table = rows.drop_duplicates("k").set_index("k")[["layer", "node", "edge"]]
    for _, part in rows.groupby(["budget", "lam"]):
        budget, lam = (float(part[name].iloc[0]) for name in ("budget", "lam"))
        table[f"S{lam:g}"] = part.set_index("k")["score"]
        table[f"acc_{100 * budget:g}"] = 100 * part.set_index("k")["accuracy"]
    return table.reset_index(drop=True)


def layer_verdict(rows: pd.DataFrame, agreement: pd.DataFrame) -> str:
    """Say for every budget which cut S picks, which is best, and what learning from nothing reaches.

    Parameters
    ----------
    rows
        One source's rows of `score_layers`.
    agreement
        Its rows of `layer_agreement`.
    """
    sentences = []
    for found in agreement.to_dict("records"):
        part = rows[rows["budget"] == found["budget"]]
        picked, best = (f"layer {name}" if name.isdigit() else name for name in (found["predicted"], found["measured"]))
        regret = found["regret"]
        lost = f", {best} is best ({number(100 * regret, 1)} points lost)" if regret else ", the best"
        sentences.append(
            f"With {exact(100 * found['budget'])} % of the labels S picks {picked}{lost}; from scratch "
            f"{percent(part['scratch'].iloc[0], 1)}, and {int(part['negative'].sum())} of {len(part)} cuts do worse."
        )
    return " ".join(sentences)


def _spearman(values: pd.Series, accuracy: pd.Series) -> float:
    if min(values.nunique(), accuracy.nunique()) < 2:
        return 0.0
    return float(values.corr(accuracy, method="spearman"))
