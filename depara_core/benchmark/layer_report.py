"""What the measured layer study says: how well S and its rivals choose a cut, on seeds that no choice was made on."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from depara_core.benchmark import layer_table
from depara_core.errors import StoreError
from depara_core.formatting import interval, score


@dataclass(frozen=True, eq=False)
class LayerReport:
    """The study in figures: a row a predictor, the curves of every seed, and how well it can be known at all."""

    summary: pd.DataFrame  # as layer_table.summary
    curves: dict[int, pd.DataFrame]  # by seed, as layer_table.curves
    ceiling: float  # Spearman: how well one repetition orders the cuts as the others do

    @property
    def sentence(self) -> str:
        """How well S does, beside the best score and the best rule that looks at nothing."""
        rows = self.summary.to_dict("records")
        ours = next(row for row in rows if row["predictor"] == "S")
        best = next(row for row in rows if row["predictor"] not in layer_table.BASELINES)
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
        {seed: layer_table.curves(table, scores, seed) for seed in seeds},
        float(layer_table.repetition_ceiling(table)["spearman"].mean()),
    )
