"""Scores of every metric on every pair of a zoo's models, committed beside its table of measured transfer."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd

from depara_core.benchmark.benchmarks import BENCHMARKS
from depara_core.benchmark.conclusion import BUNDLED, Conclusion, weights_are_here
from depara_core.benchmark.scored import ScoredBenchmark
from depara_core.benchmark.scoring import with_lam
from depara_core.benchmark.titles import title
from depara_core.benchmark.transfer_table import read_json, table_path
from depara_core.errors import StoreError
from depara_core.evaluation import Evaluation
from depara_core.files import write_whole

DDS = "dds_cosine"
PROBES = {"count": 100, "seed": 0}  # that they are on: those a page begins with


def read_scores(name: str, lam: float = 1.0) -> dict[str, pd.DataFrame]:
    """Return the committed scores of a zoo by metric, source x target, with S made from its two parts at `lam`.

    Raises StoreError where they are not here or damaged.
    """
    path = table_path(f"{name}-scores")
    try:
        table = pd.read_csv(path)
        scores = {
            str(metric): rows.pivot(index="source", columns="target", values="score")
            for metric, rows in table.groupby("metric", sort=False)
        }
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"The scores at {path} cannot be read ({error}). Restore the assets folder.") from None
    return with_lam(scores, lam)


def write_scores(name: str, frames: Mapping[str, pd.DataFrame], about: Mapping[str, Any]) -> None:
    """Write scores of pairs of different models, and how they were made, beside the table of measured transfer."""
    table = pd.concat(
        frame.rename_axis("source")
        .reset_index()
        .melt("source", var_name="target", value_name="score")
        .assign(metric=metric)
        for metric, frame in frames.items()
    )[["metric", "source", "target", "score"]]
    path = table_path(f"{name}-scores")
    write_whole(path, table[table["source"] != table["target"]].to_csv(index=False, float_format="%.6g"))
    write_whole(path.with_suffix(".json"), json.dumps(dict(about), indent=2) + "\n")


@cache
def committed_benchmark() -> ScoredBenchmark | None:
    """Return the bundled zoo with its committed scores and without graphs; None where they are of other weights."""
    benchmark = BENCHMARKS[BUNDLED]
    try:
        scores = read_scores(BUNDLED)
        about = read_json(table_path(f"{BUNDLED}-scores").with_suffix(".json"))
        known = weights_are_here(about) and about["probes"] == PROBES
        models = {model for frame in scores.values() for model in frame.index}
    except (StoreError, OSError, KeyError):
        return None
    if not known:
        return None
    specs = tuple(spec for spec in benchmark.models if spec.id in models)
    return ScoredBenchmark(BUNDLED, benchmark.transfer_table, specs, (), scores, (), f"committed-{BUNDLED}")


def conclusion(found: Evaluation, rival: str = "rsa", measure: str = "P@5") -> Conclusion:
    """Return what an evaluation comes to: how much DEPARA finds, and whether it is better than a rival by a measure."""
    summary = found.summary()
    rows = dict(zip(summary.index, summary[["mean", "low", "high"]].to_numpy(float).tolist(), strict=True))
    mean, low, high = rows["depara", "P@5"]
    dds = rows[DDS, "P@5"][0] if (DDS, "P@5") in rows else None
    compared = found.compare("depara", rival, measure)
    targets = int(found.per_target["target"].nunique())
    return Conclusion(targets, mean, low, high, found.random["P@5"], dds, title(rival), measure, compared.verdict)
