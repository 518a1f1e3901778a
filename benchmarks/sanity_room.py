"""The sanity room: which scores see noise in weights, permuted layers, shuffled labels, longer training, another start?

A network of the layer study stands beside itself, changed step by step; the order is known by design. Prints the share
of pairs of steps that every score puts in that order (1: seen; 0.5: it does not change) and, with --write, keeps the
scores as assets/benchmark/sanity-room.csv, which the page Evaluate shows. Baseline: 0.5, a score that looks at nothing.

    python benchmarks/sanity_room.py [--train] [--write] [--folder FOLDER]
"""

import argparse
from pathlib import Path

from report import headline, report

from depara_core.benchmark.sanity_room import cases, score_room, seen, shown_rows, table_path
from depara_core.training.fashion_data import FOLDER
from depara_core.training.sanity_networks import train_networks


def main() -> None:
    """Train what is asked for, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true", help="train the three networks again")
    parser.add_argument("--write", action="store_true", help="keep the scores as the committed table")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of Fashion-MNIST's four files")
    given = parser.parse_args()
    if given.train:
        train_networks(given.folder, progress=lambda done, total, name: print(f"{done + 1} of {total}: {name}"))
    scores = score_room()
    if given.write:
        scores.to_csv(table_path(), index=False, float_format="%.6g", lineterminator="\n")
    found = seen(scores)
    notes = [f"{case.title}: {case.expected}." for case in cases().values()]
    report("Which scores see it", shown_rows(scores), notes)
    headline("scores that see all cases of the sanity room", f"{int((found == 1).all(axis=1).sum())} of {len(found)}")


if __name__ == "__main__":
    main()
