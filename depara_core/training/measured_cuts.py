"""What cutting a source at a layer was measured to be worth for a target, in words, where a layer study measured it."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from depara_core.benchmark.layer_table import measured_pair
from depara_core.errors import StoreError
from depara_core.formatting import exact, percent
from depara_core.training.layer_study import read_layer_table
from depara_core.zoo.rooms import SOURCE
from depara_core.zoo.rooms_study import STUDY_SOURCES, STUDY_TARGET


def cut_sentence(source: str, target: str, cut: str, folder: Path | None = None) -> str:
    """Say how right a source is that is cut at a layer and learned anew, and which cut is the best, as measured.

    Parameters
    ----------
    source, target
        Model ids.
    cut
        The source's last layer that is kept.
    folder
        Of the measured tables; None: the bundled ones.

    Returns
    -------
    str
        One sentence over every number of labels; "" for pairs and cuts that no study measured.
    """
    said = []
    for labels, accuracy in _settings(source, target, folder):
        if cut not in accuracy.index:
            return ""
        best = str(accuracy.idxmax())
        rest = "the best cut" if best == cut else f"the best, {best}, {percent(accuracy[best], 1)}"
        said.append(f"{percent(accuracy[cut], 1)} right with {labels} ({rest})")
    return f"Measured for a cut at {cut}: {', '.join(said)}." if said else ""


def _settings(source: str, target: str, folder: Path | None) -> Iterator[tuple[str, pd.Series]]:
    """Yield each number of labels, the most first, in words, with the mean accuracy by layer."""
    found = measured_pair(source, target, folder)
    if found is not None:
        for labels, rows in sorted(found.groupby("labels"), key=lambda item: -int(str(item[0]))):
            yield f"{labels} labels", rows.set_index("layer")["accuracy"]
    elif target == f"{SOURCE}/{STUDY_TARGET}" and source in {f"{SOURCE}/{name}" for name in STUDY_SOURCES}:
        try:
            table = read_layer_table(folder)
        except StoreError:
            return
        ours = table[table["source"] == source]
        for budget, rows in sorted(ours.groupby("budget"), key=lambda item: -float(str(item[0]))):
            yield f"{exact(100 * float(str(budget)))} % of the labels", rows.groupby("layer")["accuracy"].mean()
