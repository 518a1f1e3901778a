"""What an evaluation rests on, as tables: every score beside the measured transfer, and every ranking measure."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from depara_core.evaluation import MEASURES, Evaluation
from depara_core.formatting import printable


def score_table(scores: Mapping[str, pd.DataFrame], measured_transfer: pd.DataFrame) -> pd.DataFrame:
    """Return one row a metric and measured pair: metric, source, target, value, measured.

    `scores` and `measured_transfer`: source x target, higher is better. Pairs that were not measured have no row, nor
    have those that a metric is not defined for.
    """
    measured = _pairs(measured_transfer, "measured")
    parts = [
        _pairs(frame, "value").merge(measured, on=["source", "target"]).assign(metric=name)
        for name, frame in scores.items()
    ]
    columns = ["metric", "source", "target", "value", "measured"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def measured_pairs(measured_transfer: pd.DataFrame) -> pd.DataFrame:
    """Return one row a measured pair: source, target, measured."""
    return _pairs(measured_transfer, "measured")


def measure_table(result: Evaluation) -> pd.DataFrame:
    """Return one row a metric and ranking measure: metric, measure, mean, lower, upper, random, oracle."""
    found = result.summary().reset_index().rename(columns={"low": "lower", "high": "upper"})
    return found.assign(random=found["measure"].map(result.random), oracle=found["measure"].map(result.oracle))


def target_table(result: Evaluation) -> pd.DataFrame:
    """Return one row a metric and target that it is defined for: metric, target, then every ranking measure."""
    return result.per_target[["metric", "target", *MEASURES]].reset_index(drop=True)


def summary_rows(found: Evaluation) -> list[dict[str, Any]]:
    """Return a row a metric, best P@5 first: every figure with its interval, and the chance of a random order."""
    table = found.summary()
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(table.index.get_level_values("metric")):
        values = {
            figure: dict(zip(("mean", "low", "high"), map(float, table.loc[(name, figure)]), strict=True))
            for figure in MEASURES
        }
        rows.append({"metric": name, "figures": values, "p_random": found.p_random(name, "P@5")})
    return sorted(rows, key=lambda row: -row["figures"]["P@5"]["mean"])


def _pairs(frame: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return a table source x target as one row a pair; pairs without a value are left out."""
    rows = [
        (printable(str(source)), printable(str(target)), float(number))
        for source, row in zip(frame.index, frame.to_numpy(float), strict=True)
        for target, number in zip(frame.columns, row, strict=True)
        if number == number
    ]
    return pd.DataFrame(rows, columns=["source", "target", value])
