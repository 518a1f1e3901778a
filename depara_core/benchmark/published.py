"""The published tables that ship with the library, in the form that our own results have."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from depara_core.benchmark.transfer_table import read_json
from depara_core.paths import assets_folder

STUDIES = {"saliency": "DEPARA-V", "RSA": "RSA"}  # methods of the later study that have a row in the table


def published_table(name: str) -> dict[str, Any]:
    """Return a published table by its name, "depara_models" or "depara_layers"; raises a StoreError where it is not."""
    return read_json(assets_folder() / "published" / f"{name}.json")


def published_precision(table: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the published precision curves by our metrics' names: k, precision, recall."""
    ks, relevant = table["precision_k"], table["relevant"]
    return {
        table["methods"][method]: pd.DataFrame(
            {"k": ks, "precision": values, "recall": [k * p / relevant for k, p in zip(ks, values, strict=True)]}
        )
        for method, values in table["precision"].items()
    }


def published_measures(table: Mapping[str, Any]) -> pd.DataFrame:
    """Return the paper's table 1 with the later study's correlations: method, measure, probes, value."""
    later = [
        {"method": method, "measure": "Spearman", "probes": "later study", "value": table["spearman"][name]}
        for name, method in STUDIES.items()
    ]
    return pd.DataFrame([*table["table"], *later])


def published_layer_scores() -> pd.DataFrame:
    """Return the paper's layer table in the form of `score_layers`, without intervals.

    Columns: source, layer, k, budget (share of the target's labels), lam, node, edge, score, accuracy, scratch (of a
    network trained from nothing), negative (whether the cut does worse than that). Shares are 0 to 1.
    """
    paper, parts = published_table("depara_layers"), []
    for source, columns in paper["sources"].items():
        rows = pd.DataFrame(columns)
        for share, lam in paper["lambda"].items():
            accuracy, scratch = rows[share] / 100, paper["from_scratch"][share] / 100
            parts.append(
                pd.DataFrame(
                    {
                        "source": source,
                        "layer": rows["layer"].map(str),
                        "k": rows["layer"],
                        "budget": int(share.removeprefix("acc_")) / 100,
                        "lam": float(lam),
                        "node": rows["node"],
                        "edge": rows["edge"],
                        "score": rows["node"] + lam * rows["edge"],
                        "accuracy": accuracy,
                        "scratch": scratch,
                        "negative": accuracy < scratch,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)
