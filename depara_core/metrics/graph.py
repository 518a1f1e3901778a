"""S, s_V and s_E of deep attribution graphs, as metrics beside the others."""

from depara_core.graphs import AttributionGraph
from depara_core.metrics.metric import Metric
from depara_core.similarity import similarity

LAMBDA = 1.0  # of `depara`: the paper's for layers with 10 % of the target's data


def nodes(a: AttributionGraph, b: AttributionGraph) -> float:
    """Return s_V, the mean cosine of every probe's two attribution maps, in [-1, 1] (DEPARA, Eq. 5, first term)."""
    return similarity(a, b).node


def edges(a: AttributionGraph, b: AttributionGraph) -> float:
    """Return s_E, Spearman's correlation of the two graphs' edges, in [-1, 1] (DEPARA, Eq. 5, second term)."""
    return similarity(a, b).edge


def depara(a: AttributionGraph, b: AttributionGraph) -> float:
    """Return S = s_V + lambda s_E with lambda = 1, in [-2, 2] (DEPARA, Eq. 5)."""
    return similarity(a, b).total(LAMBDA)


NODES = Metric(
    name="nodes",
    title="Attribution maps alone",
    takes=("graph", "graph"),
    paper="Song et al., NeurIPS 2019",
    note="s_V, from -1 to 1. A probe without attribution counts as 0.",
    symmetric=True,
    isometric=False,
    compute=nodes,
)

EDGES = Metric(
    name="edges",
    title="DEPARA edges alone",
    takes=("graph", "graph"),
    paper="Song et al., CVPR 2020",
    note="s_E, from -1 to 1. Graphs whose edges are all equal give 0.",
    symmetric=True,
    isometric=False,
    compute=edges,
)

DEPARA = Metric(
    name="depara",
    title="DEPARA",
    takes=("graph", "graph"),
    paper="Song et al., CVPR 2020",
    note="S = s_V + lambda s_E with lambda = 1, from -2 to 2.",
    symmetric=True,
    isometric=False,
    compute=depara,
)
