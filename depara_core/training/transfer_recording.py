"""From losses scene by scene to the committed table of measured transfer, with the command that made it."""

import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import torch

from depara_core.benchmark.transfer_table import DECODERS, POOLED, table_path
from depara_core.evaluation import affinity
from depara_core.files import Progress, write_whole
from depara_core.rooms import TASKS
from depara_core.training.decoder_transfer import LABELS, STEPS, measure_decoders
from depara_core.training.scene_pool import WORK
from depara_core.training.transfer import BUDGETS, PIXELS, SPLITS, TEST, Losses, measure_transfer
from depara_core.zoo.rooms import CONTROL, SOURCE, card

NEAR_THE_TOP = 3  # a target whose own encoder ranks lower is flagged: its truth says little about its task
RULE = (
    "Taskonomy's ordinal normalisation (Zamir et al., CVPR 2018, section 3.3): the share of scenes on which one source "
    "beats another, as a matrix of ratios whose leading eigenvector is the affinity. Losses of different targets have "
    "different scales and skews; who wins on the same scene has neither."
)
ABOUT_DECODERS = {
    "title": "Transfer among the rooms, measured by trained decoders",
    "unit": "squared error / label variance; of classes, cross-entropy",
    "controls": [CONTROL],
    "command": "decoders",
    "budgets": [LABELS],
    "splits": 1,
    "steps": STEPS,
}


def record_transfer(
    name: str = "rooms",
    *,
    seed: int = 0,
    workers: int = 2,
    zoo: Path | None = None,
    folder: Path | None = None,
    work: Path = WORK,
    progress: Progress | None = None,
) -> Path:
    """Measure the transfer of all encoders in `zoo` by read-outs, write the table, and return its path."""
    losses = measure_transfer(seed=seed, workers=workers, folder=zoo, work=work, progress=progress)
    return write_transfer_table(transfer_table(losses), name, seed, zoo=zoo, folder=folder)


def record_decoders(
    name: str = "rooms",
    *,
    seed: int = 0,
    workers: int = 2,
    zoo: Path | None = None,
    folder: Path | None = None,
    work: Path = WORK,
    progress: Progress | None = None,
) -> Path:
    """Measure the transfer of all encoders in `zoo` by trained decoders, write "<name>-decoders", return its path."""
    table = measure_decoders(seed=seed, workers=workers, folder=zoo, work=work, progress=progress)
    return write_transfer_table(table, f"{name}{DECODERS}", seed, zoo=zoo, folder=folder, about=ABOUT_DECODERS)


def transfer_table(losses: Mapping[str, Losses]) -> pd.DataFrame:
    """Return one row a source, target, budget and split: loss, its standard error over scenes, affinity.

    The rows of split "all" hold the mean loss over the splits and the affinity over the scenes of all of them.
    """
    names = list(losses)
    stacked = np.stack([losses[name] for name in names], axis=-1)  # (T, budgets, splits, scenes, S)
    rows = []
    for t, target in enumerate(TASKS):
        for b, budget in enumerate(BUDGETS):
            for split in (*range(SPLITS), None):
                values = stacked[t, b] if split is None else stacked[t, b, split]
                values = values.reshape(-1, len(names)).astype(np.float64)
                values = values[np.isfinite(values).all(axis=1)]
                error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
                columns = zip(names, values.mean(axis=0), error, affinity(values), strict=True)
                label = POOLED if split is None else str(split + 1)
                rows += [(name, target, budget, label, loss, spread, worth) for name, loss, spread, worth in columns]
    return pd.DataFrame(rows, columns=["source", "target", "budget", "split", "loss", "error", "affinity"])


def own_ranks(table: pd.DataFrame) -> dict[str, int]:
    """Return where each target's own encoder comes among all sources at the largest budget, 1 the best."""
    pooled = table[(table["budget"] == table["budget"].max()) & (table["split"] == POOLED)]
    wide = pooled.pivot(index="source", columns="target", values="affinity")
    ranks = wide.rank(ascending=False, method="min")
    known = [target for target in TASKS if target in ranks.index and target in ranks]
    return {target: int(ranks.at[target, target]) for target in known}  # type: ignore[arg-type]


def write_transfer_table(
    table: pd.DataFrame,
    name: str,
    seed: int,
    *,
    zoo: Path | None = None,
    folder: Path | None = None,
    about: Mapping[str, Any] = MappingProxyType({}),
) -> Path:
    """Write table and description and return the table's path; `about` replaces parts of the description."""
    path = table_path(name, folder)
    trained = [source for source in table["source"].unique() if source in TASKS]
    ranks = own_ranks(table)
    described = {
        "title": "Transfer among the rooms, measured",
        "world": SOURCE,
        "unit": "squared error / label variance",
        "rule": RULE,
        "controls": [CONTROL, PIXELS],
        "command": f"depara rooms {about.get('command', 'transfer')} --seed {seed}"
        + (f" --name {name.removesuffix(DECODERS)} --zoo ..." if zoo else ""),
        "seed": seed,
        "budgets": list(BUDGETS),
        "splits": SPLITS,
        "test_scenes": TEST,
        "own_encoder_rank": ranks,
        "flagged": [target for target, rank in ranks.items() if rank > NEAR_THE_TOP],
        "weights": {source: card(source, zoo)["sha256"] for source in trained},
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    }
    described |= {key: value for key, value in about.items() if key != "command"}
    rounded = table.assign(**{column: table[column].map("{:.5g}".format) for column in ("loss", "error", "affinity")})
    write_whole(path, rounded.to_csv(index=False))
    write_whole(path.with_suffix(".json"), json.dumps(described, indent=2) + "\n")
    return path
