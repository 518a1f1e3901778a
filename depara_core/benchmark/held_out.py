"""The zoo of another seed, on which no choice in this library was made: its committed scores and measured transfer."""

import pandas as pd

from depara_core.benchmark.committed import read_scores
from depara_core.benchmark.transfer_table import TransferTable, load_transfer_table, table_path

HELD_OUT = "rooms-seed1"  # a second zoo of the rooms, trained, rendered and measured with another seed


def is_here() -> bool:
    """Tell whether the zoo's tables are here."""
    return all(table_path(name).exists() for name in (HELD_OUT, f"{HELD_OUT}-scores"))


def held_out_scores(lam: float = 1.0) -> tuple[dict[str, pd.DataFrame], TransferTable]:
    """Return the scores and the transfer table of the zoo of another seed: no choice in this library was made on it.

    Its weights are not bundled: its scores are, with S made from its two parts at `lam`. `benchmarks/truth.py` says
    how they are made and computes them again. Raises StoreError where they are not here or damaged.
    """
    return read_scores(HELD_OUT, lam), load_transfer_table(HELD_OUT)
