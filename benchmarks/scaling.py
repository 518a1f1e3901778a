"""How extraction grows with models, probes and layers: bundled encoders on rooms, nothing stored.

Baseline: a straight line through the smallest size of each series; the last column is how far above it a size lies.

    python benchmarks/scaling.py [--quick]
"""

import argparse
import statistics
import tempfile

from report import headline, measure, report
from zoo_graphs import spread

import depara_core as depara

TARGET = 1.1
REPEATS = 3


def seconds(models: int, probes: int, layers: int) -> float:
    """Return the median time to build these graphs into an empty store."""
    zoo = [spec for spec in depara.list_models("rooms") if spec.bundled][:models]
    images = depara.load_probes("rooms", count=probes)
    names = spread(zoo[0].layers, layers)
    times = []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder, measure() as watch:
            depara.build_graphs(zoo, images, layers=names, store=folder)
        times.append(watch.seconds)
    return statistics.median(times)


def main() -> None:
    """Measure three series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    base = 50 if parser.parse_args().quick else 100
    series = {
        "models": [(4, base, 2), (8, base, 2), (16, base, 2)],
        "probes": [(4, base, 2), (4, 2 * base, 2), (4, 4 * base, 2)],
        "layers": [(4, base, 2), (4, base, 4), (4, base, 7)],
    }
    seconds(1, base, 2)  # warm up
    rows = []
    for place, (name, sizes) in enumerate(series.items()):
        first = sizes[0]
        for size in sizes:
            took = seconds(*size)
            start = took if size == first else start
            times = size[place] / first[place]
            row = dict(zip(("models", "probes", "layers"), size, strict=True))
            rows.append({"series": name, **row, "seconds": took, "against a line": took / (times * start)})
    report("Growth of extraction", rows, [f"Target: no size more than {TARGET - 1:.0%} above the line."])
    worst = max(row["against a line"] for row in rows)
    headline("extraction of up to four times the models, probes or layers, against a line", f"{worst:.2f}", "1.10")


if __name__ == "__main__":
    main()
