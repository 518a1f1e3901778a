"""Graphs of the bundled zoo on 200 rooms: cold, warm from the store, and five layers of each model.

Baseline: the targets the project set itself on 2 cores (cold 20 s, warm 1 s, five layers 90 s, 2.5 GB).

    python benchmarks/zoo_graphs.py [--quick]
"""

import argparse
import tempfile
from pathlib import Path

from report import headline, measure, peak_memory_gb, report

import depara_core as depara

TARGETS = {"output, cold": 20.0, "output, warm": 1.0, "five layers, cold": 90.0}
LAYERS = 5


def spread(layers: tuple[str, ...], count: int) -> list[str]:
    """Take `count` layers evenly from input to output, the output among them."""
    picked = {round(step * (len(layers) - 1) / (count - 1)) for step in range(count)}
    return [layers[place] for place in sorted(picked)]


def main() -> None:
    """Time each of the claims in a store of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three models and 40 rooms")
    quick = parser.parse_args().quick
    zoo = [spec for spec in depara.list_models("rooms") if spec.bundled][: 3 if quick else None]
    with measure() as rendering:
        probes = depara.load_probes("rooms", count=40 if quick else 200)
    rows = []

    def step(name: str, layers: str | list[str], store: Path) -> None:
        with measure() as watch:
            graphs = depara.build_graphs(zoo, probes, layers=layers, store=store)
        row = {"step": name, "graphs": len(graphs), "seconds": watch.seconds, "target s": TARGETS[name]}
        rows.append(row | {"peak GB so far": peak_memory_gb()})

    with tempfile.TemporaryDirectory() as folder:
        step("output, cold", "output", Path(folder, "a"))
        step("output, warm", "output", Path(folder, "a"))
        step("five layers, cold", spread(zoo[0].layers, LAYERS), Path(folder, "b"))
    title = f"Graphs of {len(zoo)} bundled encoders on {len(probes)} rooms"
    times = {row["step"]: row["seconds"] for row in rows}
    report(title, rows, [f"Rendering the rooms took {rendering.seconds:.2f} s. Memory target: 2.5 GB."])
    what = f"{len(zoo)} bundled networks, {len(probes)} rooms, output"
    headline(f"{what}, cold", f"{times['output, cold']:.1f} s", f"{TARGETS['output, cold']:.0f} s")
    warm = times["output, warm"]
    headline(f"{what}, from the store", f"{warm:.2f} s, {times['output, cold'] / warm:.0f} times faster", "50 times")
    five = f"{times['five layers, cold']:.1f} s, {peak_memory_gb():.2f} GB at the peak"
    headline(f"{what[:-8]}, five layers of each, cold", five, "90 s, 2.5 GB")


if __name__ == "__main__":
    main()
