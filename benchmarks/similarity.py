"""All pairs of M graphs as two Gram matrices, against one comparison after another.

Baseline: for each of the M^2 pairs, mean cosine of the node rows by NumPy and scipy.stats.spearmanr of the edges, as
the released code of DEPARA compares models. The graphs are random, of the size of the bundled zoo's (200 probes,
3 x 64 x 64 maps).

    python benchmarks/similarity.py [--quick]
"""

import argparse

import numpy as np
from report import measure, report
from scipy.stats import spearmanr

import depara_core as depara

SHAPE = (3, 64, 64)


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


def pair_by_pair(graphs: list[depara.AttributionGraph]) -> tuple[np.ndarray, np.ndarray]:
    """Return s_V and s_E (M, M), each pair by itself."""
    upper = np.triu_indices(len(graphs[0]), k=1)
    node = np.array([[float((a.nodes * b.nodes).sum(axis=1).mean()) for b in graphs] for a in graphs])
    edge = np.array([[spearmanr(a.edges[upper], b.edges[upper]).statistic for b in graphs] for a in graphs])
    return node, edge


def main() -> None:
    """Time both ways on the same graphs and check that they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer graphs and probes")
    quick = parser.parse_args().quick
    rows, probes = [], 50 if quick else 200
    for count in (5, 10) if quick else (10, 20, 50):
        graphs = [random_graph(seed, probes) for seed in range(count)]
        with measure() as gram:
            matrix = depara.similarity_matrix(graphs)
        with measure() as loop:
            node, edge = pair_by_pair(graphs)
        gap = max(np.abs(matrix.node - node).max(), np.abs(matrix.edge - edge).max())
        row = {"graphs": count, "probes": probes, "Gram s": gram.seconds, "pairwise s": loop.seconds}
        rows.append(row | {"times faster": loop.seconds / gram.seconds, "largest difference": float(gap)})
    report("Similarity of all pairs", rows, ["Baseline: one pair after another, numpy cosines and scipy's spearmanr."])


if __name__ == "__main__":
    main()
