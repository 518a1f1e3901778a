"""Does the score tell the truth on the bundled zoo? Every metric against measured transfer, and what that takes.

Baselines: RSA, a static ranking of the sources, a random order, the oracle that knows the symmetrised truth. Graphs and
features come from a store that is filled first; the metrics themselves are computed anew and timed.

    python benchmarks/measured_transfer.py
"""

import tempfile

from report import measure, report

import depara_core as depara
from depara_core.evaluation import ceiling
from depara_core.store import Store

MEASURES = ("P@1", "P@5", "Spearman")
RIVALS = ("rsa", "static_mean", "symmetric_oracle")


def main() -> None:
    """Print every metric's figures with intervals, the paper's preset against its rivals, and the seconds."""
    benchmark = depara.BENCHMARKS["rooms"]
    truth = benchmark.transfer_table
    frame = truth.frame()
    with tempfile.TemporaryDirectory() as folder:
        evidence = depara.gather(benchmark, store=folder)
        with measure() as scoring:
            scores = depara.score_pairs(evidence, store=Store(folder))
    found = depara.assess(scores, frame)
    table = found.summary()
    rows: list[dict[str, object]] = []
    for name in sorted(set(table.index.get_level_values("metric")), key=lambda name: -table.loc[(name, "P@5"), "mean"]):
        row: dict[str, object] = {"metric": name}
        for wanted in MEASURES:
            mean, low, high = table.loc[(name, wanted)]
            row[wanted] = f"{mean:.2f} [{low:.2f}, {high:.2f}]"
        rows.append(row | {"p, random": f"{found.p_random(name, 'P@5'):.4f}"})
    splits = ceiling([truth.frame(split=split) for split in truth.splits])["mean"]
    notes = [found.compare("depara", rival, measure).sentence for rival in RIVALS for measure in MEASURES]
    notes += [
        "Random order: " + ", ".join(f"{measure} {found.random[measure]:.2f}" for measure in MEASURES),
        "One split's truth for another's: " + ", ".join(f"{measure} {splits[measure]:.2f}" for measure in MEASURES),
        f"{len(scores)} metrics on {frame.size} pairs from kept features: {scoring.seconds:.1f} s",
    ]
    report(f"Rooms: {frame.shape[1]} targets, {truth.budgets[0]} labels each, 200 probes", rows, notes)


if __name__ == "__main__":
    main()
