"""What one's own fine-tuning results say of every score: as a document, and as rows for people."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from depara_core.benchmark.titles import title
from depara_core.choice import Choice
from depara_core.choice.own_benchmark import COLUMNS, OwnBenchmark
from depara_core.choice.own_scores import STATICS
from depara_core.evaluation import Evaluation
from depara_core.exports.measures import summary_rows
from depara_core.formatting import interval, number, score

RIVALS = ("rsa", "dds_cosine", "logme", *STATICS)
COMPARED = ("P@1", "Spearman")
SHOWN = ("P@1", "P@5", "Spearman", "regret@1")
STATIC = "static_size: parameters; static_imagenet: published accuracy; static_mean: worth on the other targets."


def own_document(
    path: str, own: OwnBenchmark, frames: Mapping[str, pd.DataFrame], found: Evaluation, left_out: Sequence[str]
) -> dict[str, Any]:
    """Return every measure of every score, and DEPARA against its rivals and static facts, ready for JSON."""
    targets = next(iter(frames.values())).columns
    compared = [
        found.compare("depara", rival, measure)
        for rival in RIVALS
        if rival in frames and (frames[rival].notna() & frames["depara"].notna()).to_numpy().any()
        for measure in COMPARED
    ]
    return {
        "benchmark": path,
        "targets": len(targets),
        "networks": [name for name in map(str, targets) if name in own.networks],
        "sources": len(next(iter(frames.values()))),
        "relevant": found.relevant,
        "metrics": summary_rows(found),
        "random": found.random,
        "comparisons": [vars(one) | {"sentence": one.sentence} for one in compared],
        "undefined": {name: list(map(str, missing)) for name, missing in found.undefined.items()},
        "notes": [*own.notes, *left_out],
    }


def own_rows(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a row a score, every number written with its interval over the targets."""
    return [
        {"metric": row["metric"]}
        | {name: _written(value) for name, value in row["figures"].items() if name in SHOWN}
        | {"p (P@5)": number(row["p_random"], 4)}
        for row in document["metrics"]
    ]


def own_notes(document: Mapping[str, Any]) -> list[str]:
    """Return how to read the rows, where a score is not defined, and the answers in words."""
    missing = [f"{name} ({', '.join(targets)})" for name, targets in document["undefined"].items()]
    told = [f"Not defined for some targets, which are left out there: {'; '.join(missing)}."] if missing else []
    return [STATIC, *told, *(one["sentence"] for one in document["comparisons"])]


def measured_csv(choice: Choice, target: str) -> str:
    """Return what a choice's candidates were measured to reach, as a table that `depara evaluate --benchmark` reads."""
    table = choice.table
    model, goal, value = COLUMNS
    return pd.DataFrame({model: table["model"], goal: target, value: table["accuracy"]}).to_csv(index=False)


def titled(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return rows whose scores are called as people call them."""
    return [dict(row) | {"metric": title(row["metric"])} for row in rows]


def _written(value: Mapping[str, float]) -> str:
    return f"{score(value['mean'])} {interval(value['low'], value['high'])}"
