"""A zoo of many graphs, searched: recall of the exact order, latency, size and build time of the index.

The vectors are simulated from real ones: the graphs of every layer of the bundled networks and of torchvision's with
random weights, over the same probes, span a space in which each simulated graph is a mixture of two real ones and of
noise in that space, with a residual of its own in a direction that no other shares, whose projection is Gaussian. So S
of any two is known exactly from the Gram matrix of the real ones, and the points are distributed as real ones are.

    python benchmarks/zoo_search.py [--points 50000] [--probes 100]
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from report import headline, measure, report

import depara_core as depara
from depara_core.search.points import estimates, point, query
from depara_core.search.vectors import TEXTS, PointTable, vectors_of

RANDOM = ("squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v3_small", "mnasnet0_5", "resnet18")
GRID, WIDTH = (3, 64, 64), 512
LAMS = (0.1, 1.0, 10.0)
QUERIES, K, CANDIDATES = 40, 10, (200, 1000)
RESIDUAL = 0.2  # share of a graph's squared norm that it shares with no other
BLOCK = 20_000


def real_graphs(count: int) -> list[depara.AttributionGraph]:
    """Build every layer of the bundled networks, and the blocks of networks with random weights."""
    probes = depara.load_probes("rooms", count=count)
    bundled = [spec for spec in depara.list_models("rooms") if spec.bundled]
    graphs = depara.build_graphs(bundled, probes, layers="all")
    for name in RANDOM:
        spec = depara.model(f"torchvision/{name}@none")
        graphs += depara.build_graphs(spec, probes, layers=spec.resolve_layers("blocks")[-4:])
    return graphs


class Simulation:
    """Graphs in the span of real ones, with residuals: their points, and their exact s_V and s_E with each other."""

    def __init__(self, graphs: list[depara.AttributionGraph], count: int, width: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        matrix = depara.similarity_matrix(graphs, grid=GRID)
        projected = np.stack([point(graph, GRID, width=width, seed=0) for graph in graphs])
        self.width, self.count = width, count
        first, second = rng.integers(0, len(graphs), (2, count))
        share = rng.uniform(0.5, 1.0, count)
        self.parts = []
        for gram, place in ((matrix.node, slice(0, width - 1)), (matrix.edge, slice(width, 2 * width - 1))):
            weights = rng.standard_normal((count, len(graphs)), dtype=np.float32) * np.float32(0.3 / len(graphs) ** 0.5)
            weights[np.arange(count), first] += share.astype(np.float32)
            weights[np.arange(count), second] += (1 - share).astype(np.float32)
            norms = np.sqrt(np.concatenate([
                np.vecdot(weights[i : i + BLOCK] @ gram.astype(np.float32), weights[i : i + BLOCK])
                for i in range(0, count, BLOCK)
            ]))  # fmt: skip
            weights *= (np.sqrt(1 - RESIDUAL) / norms)[:, None].astype(np.float32)
            self.parts.append((weights, gram, projected[:, place]))

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield all points, always the same ones."""
        rng = np.random.default_rng(1)
        for start in range(0, self.count, BLOCK):
            rows = slice(start, min(start + BLOCK, self.count))
            yield rows, self.points(rows, rng)

    def points(self, rows: slice, rng: np.random.Generator) -> np.ndarray:
        """Project some graphs: their mixtures, and a Gaussian for what each shares with no other."""
        halves = []
        for weights, _, projected in self.parts:
            chosen = weights[rows]
            own = rng.standard_normal((len(chosen), projected.shape[1]), dtype=np.float32)
            moved = chosen @ projected + own * np.float32(np.sqrt(RESIDUAL / projected.shape[1]))
            halves += [moved, (1 - np.vecdot(moved, moved))[:, None] / 2]
        return np.hstack(halves).astype(np.float32)

    def exact(self, row: int, lam: float) -> np.ndarray:
        """Return S of one graph with all, its own residual included."""
        total = np.zeros(self.count)
        for (weights, gram, _), weight in zip(self.parts, (1.0, lam), strict=True):
            scores = weights @ (gram @ weights[row]).astype(np.float32)
            scores[row] += RESIDUAL
            total += weight * scores
        return total


def fill(simulation: Simulation, folder: Path) -> tuple[PointTable, float, float]:
    """Write the points and index them; return the seconds of both."""
    table = PointTable(folder, 2 * simulation.width)
    with measure() as written:
        for rows, points in simulation.blocks():
            names = [str(i) for i in range(rows.start, rows.stop)]
            columns = {name: names if name == "id" else [""] * len(names) for name in TEXTS}
            table.append(columns | {"parameters": [0] * len(names)}, points)
    with measure() as built:
        table.optimise()
    return table, written.seconds, built.seconds


def ask(table: PointTable, simulation: Simulation, lam: float) -> list[dict[str, object]]:
    """Search for graphs drawn at random; compare with the exact order before and after scoring the candidates.

    Beside each recall stands that of comparing all points one by one: what the projection loses, not the index.
    """
    asked = np.random.default_rng(2).integers(0, simulation.count, QUERIES)
    own = np.stack([vectors_of(table.rows(f"id = '{i}'", vectors=True))[0] for i in asked])
    queries = np.stack([query(mine, lam) for mine in own])
    everything = np.hstack([queries @ points.T for _, points in simulation.blocks()])
    for one in queries:  # the files are in memory once they were read
        table.nearest(one, CANDIDATES[-1])
    rows = []
    for count in CANDIDATES:
        times, processor, recalls = [], [], []
        for place, (row, mine) in enumerate(zip(asked, own, strict=True)):
            start, began = time.perf_counter(), time.process_time()
            found, points = table.nearest(queries[place], count)
            told = estimates(mine, points, lam).total
            times.append(time.perf_counter() - start)
            processor.append(time.process_time() - began)
            exact, all_ = simulation.exact(row, lam), everything[place]
            ids, others = np.array([int(one) for one in found]), np.argpartition(-all_, count)[:count]
            recalls.append([*recall(exact, ids, told), *recall(exact, others, all_[others])])
        before, after, before_all, after_all = np.mean(recalls, axis=0).tolist()
        took = {"median ms": 1000 * float(np.median(times)), "processor ms": 1000 * float(np.median(processor))}
        about = {"points": simulation.count, "lambda": lam, "candidates": count}
        rows.append(about | took | {"estimates": before, "scored": after, "all": before_all, "all, scored": after_all})
    return rows


def recall(exact: np.ndarray, ids: np.ndarray, told: np.ndarray) -> tuple[float, float]:
    """Return which share of the exact first K is among the first K of some candidates, by estimate and once scored."""
    best = set(np.argpartition(-exact, K)[:K].tolist())
    return tuple(len(best & set(ids[np.argsort(-order)[:K]].tolist())) / K for order in (told, exact[ids]))


def errors_by_width(graphs: list[depara.AttributionGraph]) -> list[dict[str, object]]:
    """Compare the estimates of all pairs of real graphs with their exact S at lambda 1, at several widths."""
    exact = depara.similarity_matrix(graphs, grid=GRID).total(1.0)
    rows, others = [], ~np.eye(len(graphs), dtype=bool)
    for width in (64, 128, 256, 512, 1024):
        points = np.stack([point(graph, GRID, width=width, seed=0) for graph in graphs])
        told = np.stack([estimates(mine, points, 1.0).total for mine in points])
        gap = np.sqrt(((told - exact)[others] ** 2).mean())
        near = np.sqrt(((told - exact)[others & (exact > 1.5)] ** 2).mean())
        rows.append(
            {"width": width, "bytes a model": 4 * width, "error of S": float(gap), "where S > 1.5": float(near)}
        )
    return rows


def main() -> None:
    """Simulate, index, ask, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=50_000)
    parser.add_argument("--probes", type=int, default=100)
    told = parser.parse_args()
    graphs = real_graphs(told.probes)
    report("Width of a point", errors_by_width(graphs), [f"All pairs of {len(graphs)} real graphs, lambda 1."])
    simulation = Simulation(graphs, told.points, WIDTH)
    folder = Path(tempfile.mkdtemp(prefix="depara-zoo-"))
    try:
        table, written, built = fill(simulation, folder)
        rows = [row for lam in LAMS for row in ask(table, simulation, lam)]
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9
        index = sum(file.stat().st_size for file in folder.rglob("_indices/**/*") if file.is_file()) / 1e9
        notes = [
            f"Simulated from {len(graphs)} real graphs over {told.probes} probes.",
            f"{QUERIES} queries. Recall of the exact first {K}: by estimates, once the candidates are scored;",
            "the same of all points, compared one by one.",
            f"Written in {written:.0f} s, indexed in {built:.0f} s; {size:.2f} GB on disk, {index:.2f} GB of it index.",
        ]
        report("Search", rows, notes)
    finally:
        shutil.rmtree(folder)
    for row in rows:
        what = f"a zoo of {row['points']:,} simulated points, lambda {row['lambda']:g}, {row['candidates']} candidates"
        got = f"recall@{K} {row['estimates']:.2f} by estimates, {row['scored']:.2f} scored, {row['median ms']:.0f} ms"
        headline(what, got, "0.95, 0.99, 10 ms")


if __name__ == "__main__":
    main()
