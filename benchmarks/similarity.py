"""All pairs of M graphs as two Gram matrices, against one comparison after another.

Baseline: for each of the M^2 pairs, mean cosine of the node rows by NumPy and scipy.stats.spearmanr of the edges, as
the released code of DEPARA compares models; a sample of the pairs is timed, drawn at random, and its mean is taken for
all. The graphs are random, with 3 x 64 x 64 maps as the bundled zoo's.

    python benchmarks/similarity.py [--quick]
"""

import argparse

import numpy as np
import torch
from report import headline, measure, report
from scipy.stats import spearmanr

import depara_core as depara

SHAPE = (3, 64, 64)
PAIRS = 60  # timed one by one


def random_graph(seed: int, probes: int) -> depara.AttributionGraph:
    """Make a graph of Gaussian attributions and of the cosines of Gaussian features."""
    rng = np.random.default_rng(seed)
    nodes = rng.standard_normal((probes, int(np.prod(SHAPE))), dtype=np.float32)
    features = rng.standard_normal((probes, 1024), dtype=np.float32)
    nodes /= np.linalg.norm(nodes, axis=1, keepdims=True)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    none = np.zeros(probes, dtype=bool)
    return depara.AttributionGraph(
        model=f"random/{seed}",
        layer="output",
        nodes=nodes,
        edges=features @ features.T,
        shape=SHAPE,
        probes="random",
        options=depara.Options(),
        weights="random",
        no_attribution=none,
        no_feature=none,
    )


def pair_by_pair(a: depara.AttributionGraph, b: depara.AttributionGraph) -> tuple[float, float]:
    """Return s_V and s_E of one pair by itself."""
    upper = np.triu_indices(len(a), k=1)
    node = float((a.nodes * b.nodes).sum(axis=1).mean())
    return node, float(spearmanr(a.edges[upper], b.edges[upper]).statistic)


def timed(graphs: list[depara.AttributionGraph], device: str) -> tuple[float, depara.SimilarityMatrix]:
    """Return the seconds of all pairs on a device, ranking included, and the matrix."""
    depara.similarity_matrix(graphs[:2], device=device)  # a device wakes up
    for graph in graphs:
        graph.__dict__.pop("ranks", None)
    with measure() as watch:
        matrix = depara.similarity_matrix(graphs, device=device)
    return watch.seconds, matrix


def main() -> None:
    """Time both ways on the same graphs and check that they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fourth of the graphs and probes")
    quick = parser.parse_args().quick
    cases = ((80, 100, 100.0), (10, 500, 15.0)) if quick else ((320, 200, 100.0), (20, 1000, 15.0))
    rows = []
    for count, probes, target in cases:
        graphs = [random_graph(seed, probes) for seed in range(count)]
        i, j = pairs = np.random.default_rng(0).integers(0, count, (2, PAIRS))
        with measure() as loop:
            found = np.array([pair_by_pair(graphs[a], graphs[b]) for a, b in pairs.T])
        pairwise = loop.seconds / PAIRS * count**2
        for device in ["cpu"] + ["cuda"] * torch.cuda.is_available():
            took, matrix = timed(graphs, device)
            gap = max(np.abs(matrix.node[i, j] - found[:, 0]).max(), np.abs(matrix.edge[i, j] - found[:, 1]).max())
            row = {"graphs": count, "probes": probes, "device": device, "Gram s": took, "pairwise s": pairwise}
            rows.append(row | {"times faster": pairwise / took, "target": target, "largest difference": float(gap)})
        del graphs, matrix
    report(
        "Similarity of all pairs",
        rows,
        [f"Baseline: one pair after another, numpy cosines and scipy's spearmanr; {PAIRS} random pairs were timed."],
    )
    for row in rows:
        where = "" if row["device"] == "cpu" else f", {row['device']}"
        what = f"all pairs of {row['graphs']} graphs over {row['probes']:,} probes{where}, against pair by pair"
        headline(what, f"{row['times faster']:.0f} times faster", f"{row['target']:.0f} times")


if __name__ == "__main__":
    main()
