"""The zoo of another seed, on which no choice in this library was made: its committed scores and measured transfer."""

import pandas as pd

from depara_core.benchmark.scoring import COMPANIONS
from depara_core.benchmark.transfer_table import TransferTable, load_transfer_table, table_path
from depara_core.errors import StoreError
from depara_core.selection import directed_scores

HELD_OUT = "rooms-seed1"  # a second zoo of the rooms, trained, rendered and measured with another seed


def is_here() -> bool:
    """Tell whether the zoo's tables are here."""
    return all(table_path(name).exists() for name in (HELD_OUT, f"{HELD_OUT}-scores"))


def held_out_scores(lam: float = 1.0) -> tuple[dict[str, pd.DataFrame], TransferTable]:
    """Return the scores and the transfer table of the zoo of another seed: no choice in this library was made on it.

    Its weights are not bundled: its scores are, with S made from its two parts at `lam`. `benchmarks/truth.py` says
    how they are made and computes them again. Raises StoreError where they are not here or damaged.
    """
    path = table_path(f"{HELD_OUT}-scores")
    try:
        table = pd.read_csv(path)
        scores = {
            str(name): rows.pivot(index="source", columns="target", values="score")
            for name, rows in table.groupby("metric", sort=False)
        }
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"The scores at {path} cannot be read ({error}). Restore the assets folder.") from None
    if {"nodes", "edges"} <= set(scores):
        scores["depara"] = scores["nodes"] + lam * scores["edges"]
        for name, (part, weight) in COMPANIONS.items():
            if part in scores:
                values = directed_scores(scores["depara"].to_numpy(), scores[part].to_numpy(), weight=weight)
                scores[name] = pd.DataFrame(values, scores["depara"].index, scores["depara"].columns)
    return scores, load_transfer_table(HELD_OUT)
