"""Does the score tell the truth? Every metric against measured transfer, on the bundled zoo and on a second one.

Baselines: RSA, CKA, DDS, LogME, a static ranking of the sources, a random order, the oracle that knows the symmetrised
truth. Transfer was measured twice: by read-outs in closed form, and by trained decoders. Graphs and features come from
a store that is filled first; the metrics themselves are computed anew and timed.

    python benchmarks/measured_transfer.py
"""

import tempfile

import pandas as pd
from report import measure as timed
from report import report

import depara_core as depara
from depara_core.benchmark.scoring import HELD_OUT, held_out
from depara_core.benchmark.transfer_table import READOUTS, TransferTable, load_transfer_table, table_path
from depara_core.cli.evaluate import BEATS, BEST, KINDS, by_kind
from depara_core.evaluation import Evaluation, ceiling
from depara_core.store import Store

MEASURES = ("P@1", "P@5", "Spearman")
RIVALS = ("rsa", "static_mean", "symmetric_oracle")


def main() -> None:
    """Print every metric's measures with intervals for each zoo and each way to measure, and what leads what."""
    benchmark = depara.BENCHMARKS["rooms"]
    with tempfile.TemporaryDirectory() as folder:
        evidence = depara.gather(benchmark, store=folder)
        with timed() as scoring:
            bundled = depara.score_pairs(evidence, store=Store(folder))
    tell("rooms", bundled)
    pairs = next(iter(bundled.values())).size
    report("Cost", [], [f"{len(bundled)} metrics on {pairs} pairs from kept features: {scoring.seconds:.1f} s"])
    tell(HELD_OUT, held_out()[0])


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
    notes += [found.compare(BEST, rival, measure).sentence for rival in BEATS for measure in MEASURES]
    notes.append("Random order: " + ", ".join(f"{measure} {found.random[measure]:.2f}" for measure in MEASURES))
    if len(truth.splits) > 1:
        splits = ceiling([truth.frame(split=split) for split in truth.splits])["mean"]
        reached = ", ".join(f"{measure} {splits[measure]:.2f}" for measure in MEASURES)
        notes.append(f"One split's truth for another's: {reached}")
    return notes


if __name__ == "__main__":
    main()
