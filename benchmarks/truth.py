"""Does the score tell the truth? Every metric against measured transfer: two zoos, two ways to measure; and layers.

Baselines: RSA, CKA, DDS, LogME, static rankings, a random order, the oracle that knows the symmetrised truth; for
layers "shallower", "deeper" and "middle". Graphs and features of the bundled zoo come from a store that is filled
first; its metrics are computed anew and timed. The scores of the second zoo, whose networks, scenes, initial weights
and measurements are others (seed 1), are committed. To make them again:

    depara rooms train --seed 1 --out ZOO          # with the steps that its cards tell
    depara rooms transfer --seed 1 --zoo ZOO --name rooms-seed1
    depara rooms decoders --seed 1 --zoo ZOO --name rooms-seed1
    python benchmarks/truth.py --zoo ZOO           # computes its scores and writes them beside the table
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd
from report import measure as timed
from report import report

import depara_core as depara
from depara_core.benchmark import committed
from depara_core.benchmark.committed import read_scores, write_scores
from depara_core.benchmark.conclusion import BUNDLED, write_conclusion
from depara_core.benchmark.held_out import HELD_OUT, held_out_scores
from depara_core.benchmark.layer_report import LayerReport, layer_report
from depara_core.benchmark.layer_table import WAYS
from depara_core.benchmark.transfer_table import READOUTS, TransferTable, load_transfer_table, table_path
from depara_core.cli.evaluation import BEATS, BEST, KINDS, by_kind
from depara_core.evaluation import Evaluation, ceiling
from depara_core.store import Store
from depara_core.zoo import rooms

MEASURES = ("P@1", "P@5", "Spearman")
PROBES = {"count": 200, "seed": 1}  # of the second zoo
RIVALS = ("rsa", "static_mean", "symmetric_oracle")
FURTHER = (("depara_directed", "rsa"), ("logme", "rsa"), ("depara_spread", "depara"))


def main() -> None:
    """Print every metric's measures for each zoo and each way to measure, what leads what, and the layers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", type=Path, help="folder of the second zoo's weights: compute its scores anew")
    parser.add_argument("--bundled", action="store_true", help="compute the bundled zoo's committed scores anew")
    given = parser.parse_args()
    if given.zoo is not None:
        write_held_out(given.zoo)
    if given.bundled:
        write_bundled()
    with tempfile.TemporaryDirectory() as folder:
        evidence = depara.gather(depara.BENCHMARKS["rooms"], fields=True, store=folder)
        with timed() as scoring:
            bundled = depara.score_pairs(evidence, store=Store(folder))
    tell("rooms", bundled)
    pairs = next(iter(bundled.values())).size
    cost = {"metrics": len(bundled), "pairs": pairs, "seconds, from kept features": f"{scoring.seconds:.1f}"}
    report("Cost", [cost], [])
    tell(HELD_OUT, held_out_scores()[0])
    tell_layers()


def write_held_out(zoo: Path) -> None:
    """Score all pairs of another zoo, on other rooms than the ones that choices were made on, and keep the table."""
    specs = [rooms.spec(name, zoo) for name in rooms.TASKS]
    frames = depara.score_pairs(depara.gather(depara.BENCHMARKS["rooms"], **PROBES, models=specs))
    write_scores(HELD_OUT, frames, _about(PROBES, "python benchmarks/truth.py --zoo ...", zoo))


def write_bundled() -> None:
    """Score all pairs of the bundled zoo on the rooms that the app begins with, and keep the table."""
    frames = depara.score_pairs(depara.gather(depara.BENCHMARKS[BUNDLED], **committed.PROBES, fields=True))
    write_scores(BUNDLED, frames, _about(committed.PROBES, "python benchmarks/truth.py --bundled", None))
    found = depara.assess(read_scores(BUNDLED), load_transfer_table(BUNDLED).frame())
    write_conclusion(BUNDLED, committed.conclusion(found))


def _about(probes: dict[str, int], command: str, zoo: Path | None) -> dict[str, object]:
    weights = {name: rooms.card(name, zoo)["sha256"] for name in rooms.TASKS}
    return {"probes": probes, "command": command, "weights": weights}


def tell(name: str, scores: dict[str, pd.DataFrame]) -> None:
    """Print one zoo's measures against each table of measured transfer that is here."""
    for way, ending in READOUTS.items():
        if table_path(name + ending).exists():
            truth = load_transfer_table(name + ending)
            found = depara.assess(scores, truth.frame())
            title = f"{name}, read-out {way}: {len(truth.frame().columns)} targets, {truth.budgets[0]} labels each"
            report(title, rows_of(found), notes_of(found, truth))


def rows_of(found: Evaluation) -> list[dict[str, object]]:
    """Return a row a metric: its measures with intervals, and Spearman's correlation by kind of target."""
    table = found.summary()
    kinds = {row["metric"]: row for row in by_kind(found)}
    rows: list[dict[str, object]] = []
    names = set(table.index.get_level_values("metric"))
    for name in sorted(names, key=lambda name: -table.loc[(name, "Spearman"), "mean"]):
        row: dict[str, object] = {"metric": name}
        for wanted in MEASURES:
            mean, low, high = table.loc[(name, wanted)]
            row[wanted] = f"{mean:.2f} [{low:.2f}, {high:.2f}]"
        row |= {kind: f"{kinds[name][kind]:.2f}" for kind in KINDS if kind in kinds[name]}
        rows.append(row | {"p, random": f"{found.p_random(name, 'P@5'):.4f}"})
    return rows


def notes_of(found: Evaluation, truth: TransferTable) -> list[str]:
    """Return the paired comparisons, chance and the ceiling."""
    notes = [found.compare("depara", rival, measure).sentence for rival in RIVALS for measure in MEASURES]
    notes += [found.compare(*pair, "Spearman").sentence for pair in FURTHER]
    notes += [found.compare(BEST, rival, measure).sentence for rival in BEATS for measure in MEASURES]
    notes.append("Random order: " + ", ".join(f"{measure} {found.random[measure]:.2f}" for measure in MEASURES))
    if len(truth.splits) > 1:
        splits = ceiling([truth.frame(split=split) for split in truth.splits])["mean"]
        reached = ", ".join(f"{measure} {splits[measure]:.2f}" for measure in MEASURES)
        notes.append(f"One split's truth for another's: {reached}")
    return notes


def tell_layers() -> None:
    """Print every way to choose a cut against the measured layer study, on the seeds that no choice was made on."""
    for way, title in WAYS.items():
        if found := layer_report(way=way):
            tell_way(found, title)


def tell_way(found: LayerReport, title: str) -> None:
    """Print the study for one way to go on after the cut."""
    rows = [
        {
            "predictor": row["predictor"],
            "Spearman": f"{row['spearman']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]",
            "mean regret": f"{100 * row['regret']:.1f} points",
            "worst": f"{100 * row['worst_regret']:.1f} points",
        }
        for row in found.summary.to_dict("records")
    ]
    notes = [f"One repetition's accuracies predict the others' by {found.ceiling:+.2f}", found.worst]
    report(f"Layers, on photographs; after the cut: {title.lower()}", rows, notes)


if __name__ == "__main__":
    main()
