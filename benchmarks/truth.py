"""Does the score tell the truth on the bundled zoo? Every metric against measured transfer, and what that takes.

Baselines: RSA, a static ranking of the sources, a random order, the oracle that knows the symmetrised truth. Graphs and
features come from a store that is filled first; the metrics themselves are computed anew and timed.

    python benchmarks/truth.py
"""

import tempfile

from report import measure, report

import depara_core as depara
from depara_core.evaluation import ceiling
from depara_core.store import Store

FIGURES = ("P@1", "P@5", "Spearman")
RIVALS = ("rsa", "static_mean", "symmetric_oracle")


def main() -> None:
    """Print every metric's figures with intervals, the paper's preset against its rivals, and the seconds."""
    world = depara.BENCHMARKS["rooms"]
    truth = world.truth
    frame = truth.frame()
    with tempfile.TemporaryDirectory() as folder:
        evidence = depara.gather(world, store=folder)
        with measure() as scoring:
            scores = depara.score_pairs(evidence, store=Store(folder))
    found = depara.assess(scores, frame)
    table = found.summary()
    rows: list[dict[str, object]] = []
    for name in sorted(set(table.index.get_level_values("metric")), key=lambda name: -table.loc[(name, "P@5"), "mean"]):
        row: dict[str, object] = {"metric": name}
        for figure in FIGURES:
            mean, low, high = table.loc[(name, figure)]
            row[figure] = f"{mean:.2f} [{low:.2f}, {high:.2f}]"
        rows.append(row | {"p, random": f"{found.p_random(name, 'P@5'):.4f}"})
    splits = ceiling([truth.frame(split=split) for split in truth.splits])["mean"]
    notes = [found.compare("depara", rival, figure).sentence for rival in RIVALS for figure in FIGURES]
    notes += [
        "Random order: " + ", ".join(f"{figure} {found.random[figure]:.2f}" for figure in FIGURES),
        "One split's truth for another's: " + ", ".join(f"{figure} {splits[figure]:.2f}" for figure in FIGURES),
        f"{len(scores)} metrics on {frame.size} pairs from kept features: {scoring.seconds:.1f} s",
    ]
    report(f"Rooms: {frame.shape[1]} targets, {truth.budgets[0]} labels each, 200 probes", rows, notes)


if __name__ == "__main__":
    main()
