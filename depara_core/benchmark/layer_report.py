"""What the measured layer study says: how well S and its rivals choose a cut, on seeds that no choice was made on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from depara_core.benchmark import layer_table
from depara_core.errors import StoreError
from depara_core.formatting import interval, number, score


@dataclass(frozen=True, eq=False)
class LayerReport:
    """The study in figures: a row a predictor, the curves of every seed, and how well it can be known at all."""

    summary: pd.DataFrame  # as layer_table.summary
    settings: pd.DataFrame  # as layer_table.agreement: a row a setting and predictor
    curves: dict[int, pd.DataFrame]  # by seed, as layer_table.curves
    ceiling: float  # Spearman: how well one repetition orders the cuts as the others do

    @property
    def best(self) -> dict[str, Any]:
        """The first score of the summary that is no rule which looks at nothing."""
        scores = self.summary[~self.summary["predictor"].isin(layer_table.BASELINES)]
        return {str(name): value for name, value in scores.iloc[0].items()}

    @property
    def worst(self) -> str:
        """Where the best score's choice loses most, and how surely."""
        rows = self.settings[self.settings["predictor"] == self.best["predictor"]]
        [row] = rows.nlargest(1, "regret").to_dict("records")
        fresh, low, high = (number(100 * row[f"fresh_{name}"], 1) for name in ("regret", "low", "high"))
        return (
            f"{row['predictor']} loses most for {row['source']} of seed {row['seed']} with {row['labels']} labels: "
            f"{100 * row['regret']:.1f} points to the best cut there, {fresh} [{low}, {high}] to "
            "the one that the other repetitions choose."
        )

    @property
    def sentence(self) -> str:
        """How well S does, beside the best score and the best rule that looks at nothing."""
        rows = self.summary.to_dict("records")
        ours = next(row for row in rows if row["predictor"] == "S")
        best = self.best
        rule = next(row for row in rows if row["predictor"] in layer_table.BASELINES)
        return (
            f"S orders the cuts of {int(ours['settings'])} settings by a mean Spearman of {score(ours['spearman'])} "
            f"{interval(ours['low'], ours['high'])}; its choice loses {100 * ours['regret']:.1f} points of accuracy on "
            f"average, {100 * ours['worst_regret']:.1f} at most. The best score is {best['predictor']} with "
            f"{score(best['spearman'])}; “{rule['predictor']}”, which looks at nothing, reaches "
            f"{score(rule['spearman'])}."
        )


def layer_report(folder: Path | None = None, *, way: str = layer_table.ANEW) -> LayerReport | None:
    """Return the study on its reported seeds; None where it is not measured.

    `way`: what became of the layers after the cut, an entry of `layer_table.WAYS`.
    """
    try:
        table, scores = layer_table.read_layer_study(folder, way=way), layer_table.read_layer_scores(folder)
    except StoreError:
        return None
    table = table[table["seed"] != layer_table.DEVELOPMENT]
    seeds = sorted({names[0] for names, _ in layer_table.settings(table)})
    if not seeds:
        return None
    return LayerReport(
        layer_table.summary(table, scores),
        layer_table.agreement(table, scores),
        {seed: layer_table.curves(table, scores, seed) for seed in seeds},
        float(layer_table.repetition_ceiling(table)["spearman"].mean()),
    )
