"""Measured transfer: how well every source served every target of a benchmark, as it was measured or published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from depara_core.errors import OptionError, StoreError
from depara_core.paths import assets_folder

POOLED = "all"  # the split that stands for all splits together
VALUES = ("affinity", "loss")


@dataclass(frozen=True, eq=False)
class TransferTable:
    """A table of measured transfer, one row a source, target, budget and split.

    Attributes
    ----------
    name
        Of the models' source, such as "rooms".
    table
        Columns: source and target (model ids), budget (labelled images the read-out learned from), split (a number, or
        "all"), affinity (higher is better: the ranking rule of `about["rule"]`) and, where it was measured, loss (lower
        is better, in `about["unit"]`) with its standard error.
    about
        How it was measured, and by which command.
    """

    name: str
    table: pd.DataFrame
    about: Mapping[str, Any]

    @cached_property
    def budgets(self) -> tuple[int, ...]:
        """Budgets, the largest first."""
        return tuple(sorted({int(budget) for budget in self.table["budget"]}, reverse=True))

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """Names of the single splits."""
        return tuple(sorted({str(split) for split in self.table["split"]} - {POOLED}))

    @cached_property
    def controls(self) -> tuple[str, ...]:
        """Sources that are no candidates: what is reached without anything learned."""
        return tuple(f"{self.name}/{control}" for control in self.about.get("controls", ()))

    def frame(
        self, budget: int | None = None, split: str = POOLED, value: str = "affinity", *, controls: bool = False
    ) -> pd.DataFrame:
        """Return sources x targets, higher is better, in the order of the table.

        Parameters
        ----------
        budget
            Labelled images; None: the largest budget.
        split
            One of `splits`, or "all".
        value
            "affinity", or "loss", which is negated.
        controls
            Whether sources that are no candidates are listed too.

        Returns
        -------
        DataFrame
            S x T under model ids.

        Raises
        ------
        OptionError
            For a budget, split or value that was not measured.
        """
        budget = self.budgets[0] if budget is None else budget
        for what, came, known in (
            ("budget", budget, self.budgets),
            ("split", split, (POOLED, *self.splits)),
            ("value", value, tuple(name for name in VALUES if name in self.table)),
        ):
            if came not in known:
                choices = ", ".join(map(str, known))
                raise OptionError(
                    f"The transfer table {self.name!r} has no {what} {came!r}. Expected one of: {choices}."
                )
        rows = self.table[(self.table["budget"] == budget) & (self.table["split"] == split)]
        if not controls:
            rows = rows[~rows["source"].isin(self.controls)]
        wide = rows.pivot(index="source", columns="target", values=value)
        wide = wide.loc[rows["source"].unique(), rows["target"].unique()]
        return -wide if value == "loss" else wide


def table_path(name: str, folder: Path | None = None) -> Path:
    """Return where a benchmark's table is; its description lies beside it as .json."""
    return (folder or assets_folder() / "benchmark") / f"{name}.csv"


def transfer_tables(folder: Path | None = None) -> tuple[str, ...]:
    """Return the names of the tables that are here."""
    return tuple(
        sorted(path.stem for path in (folder or assets_folder() / "benchmark").glob("*.csv") if "-" not in path.stem)
    )


def load_transfer_table(name: str, folder: Path | None = None) -> TransferTable:
    """Read a table of measured transfer.

    Parameters
    ----------
    name
        Of a table in the folder, such as "rooms". Its models get their source's name in front: "normal" becomes
        "rooms/normal".
    folder
        Where tables lie; None: the bundled ones.

    Returns
    -------
    TransferTable
        The table with its description.

    Raises
    ------
    OptionError
        There is no such table.
    StoreError
        It cannot be read.
    """
    path = table_path(name, folder)
    if not path.exists():
        known = ", ".join(transfer_tables(folder))
        raise OptionError(f"There is no table of measured transfer {name!r}. Expected one of: {known}.")
    try:
        table = pd.read_csv(path, dtype={"split": str})
        about = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError) as error:
        raise StoreError(f"The transfer table at {path} cannot be read ({error}). Restore the assets folder.") from None
    missing = {"source", "target", "affinity"} - set(table.columns)
    if missing:
        raise StoreError(
            f"The transfer table at {path} lacks the columns {', '.join(sorted(missing))}. Restore the file."
        )
    for column, value in (("budget", int(about.get("budget", 0))), ("split", POOLED)):
        if column not in table:
            table[column] = value
    source = str(about.get("world", name))
    for side in ("source", "target"):
        table[side] = [f"{source}/{model}" for model in table[side]]
    return TransferTable(source, table, about)


def read_json(path: Path) -> dict[str, Any]:
    """Return a bundled description, such as published figures."""
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read ({error}). Restore the assets folder.") from None
