"""Does the score tell the truth on a zoo that no choice was made on? Printed from the committed tables.

The second zoo has other scenes, other initial weights and other measurements (seed 1). To make it again:

    depara rooms train --seed 1 --out ZOO          # with the steps that its cards tell
    depara rooms transfer --seed 1 --zoo ZOO --name rooms-seed1
    depara rooms decoders --seed 1 --zoo ZOO --name rooms-seed1
    python benchmarks/held_out.py --zoo ZOO        # computes its scores and writes them beside the table

Without --zoo nothing is computed but statistics.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
from report import report

from depara_core.benchmark.benchmarks import BENCHMARKS, gather
from depara_core.benchmark.scoring import CONTROLS, HELD_OUT, assess, held_out, score_pairs
from depara_core.benchmark.transfer_table import table_path
from depara_core.files import write_whole
from depara_core.zoo import rooms

RIVAL = "rsa"
MEASURES = ("P@1", "P@5", "Spearman")
COUNT = 200
SEED = 1  # of the probes: other rooms than the ones that choices were made on


def write_scores(zoo: Path) -> None:
    """Score all pairs of another zoo and write them as a table."""
    specs = [rooms.spec(name, zoo) for name in rooms.TASKS]
    frames = score_pairs(gather(BENCHMARKS["rooms"], count=COUNT, seed=SEED, models=specs))
    rows = [
        frame.rename_axis("source")
        .reset_index()
        .melt("source", var_name="target", value_name="score")
        .assign(metric=name)
        for name, frame in frames.items()
    ]
    table = pd.concat(rows)[["metric", "source", "target", "score"]]
    table = table[table["source"] != table["target"]]
    path = table_path(f"{HELD_OUT}-scores")
    write_whole(path, table.to_csv(index=False, float_format="%.6g"))
    about = {"probes": {"count": COUNT, "seed": SEED}, "command": "python benchmarks/held_out.py --zoo ..."}
    about |= {"weights": {name: rooms.card(name, zoo)["sha256"] for name in rooms.TASKS}}
    write_whole(path.with_suffix(".json"), json.dumps(about, indent=2) + "\n")


def main() -> None:
    """Print every metric's figures on the second zoo, and whether each is better than RSA there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", type=Path, help="folder of the second zoo's weights: compute its scores anew")
    zoo = parser.parse_args().zoo
    if zoo is not None:
        write_scores(zoo)
    scores, truth = held_out()
    found = assess(scores, truth.frame())
    table = found.summary()["mean"].unstack()[list(MEASURES)].sort_values("P@5", ascending=False)
    rows = []
    for name, values in table.iterrows():
        row: dict[str, object] = {"metric": str(name)} | {measure: float(values[measure]) for measure in MEASURES}
        for measure in MEASURES if name not in (RIVAL, *CONTROLS) else ():
            one = found.compare(str(name), RIVAL, measure)
            row[f"{measure} - {RIVAL}"] = f"{one.difference:+.2f} [{one.low:+.2f}, {one.high:+.2f}] {one.verdict}"
        rows.append(row | {f"{measure} - {RIVAL}": row.get(f"{measure} - {RIVAL}", "") for measure in MEASURES})
    chance = ", ".join(f"{measure} {found.random[measure]:.2f}" for measure in MEASURES)
    report(
        f"The zoo of seed 1: {truth.frame().shape[1]} targets, {truth.budgets[0]} labels each",
        rows,
        [f"A random order reaches {chance}. Differences to {RIVAL}: 95 % intervals, paired over targets."],
    )


if __name__ == "__main__":
    main()
