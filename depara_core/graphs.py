"""The deep attribution graph: probe images as nodes, feature similarities as edges."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import networkx as nx
import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from scipy.stats import rankdata

from depara_core import notebook
from depara_core.attribution.options import Options
from depara_core.errors import OptionError
from depara_core.formatting import interval, score, short_name

MOST_RANKED = 2000  # probes: a graph of more does not hold its ranks, 8 bytes a pair of probes


@dataclass(frozen=True, eq=False)
class AttributionGraph:
    """One layer of one model over N probes (DEPARA, section 3.2): a fully connected, undirected graph.

    Node i is the unit attribution vector of probe i, edge (i, j) the cosine of the features of probes i and j. A probe
    without attribution or without feature keeps a row of zeros, so that its cosine to everything is 0, and is flagged.

    Attributes
    ----------
    model
        The model's id.
    layer
        The layer's name.
    nodes
        (N, P) float32, rows of Euclidean norm 1 or all 0 (Eq. 3).
    edges
        (N, N) float32, symmetric, in [-1, 1], 1 on the diagonal (Eq. 4).
    shape
        (channels, height, width) of one node's map; their product is P. (0, 0, 0): a graph of edges alone.
    probes
        `ProbeSet.digest`: graphs are compared over the same probes only.
    options
        How the graph was computed.
    weights
        Digest of the network: its identity in the store.
    no_attribution, no_feature
        (N,) bool: the probes without one.
    versions
        Library versions, device and numerics that the graph was computed with.
    note
        Why no probe has an attribution, and what to take instead; mostly empty.
    parameters
        Numbers that the network's weights hold; None where that is not known.
    taken
        Which tensor the feature is, where the layer's module yields several, such as "logits of ImageClassifierOutput".
    feature
        Shape of the feature of one probe, such as (512, 7, 7); () where that is not known.
    """

    model: str
    layer: str
    nodes: Float32[np.ndarray, "N P"]
    edges: Float32[np.ndarray, "N N"]
    shape: tuple[int, int, int]
    probes: str
    options: Options
    weights: str
    no_attribution: Bool[np.ndarray, " N"]
    no_feature: Bool[np.ndarray, " N"]
    versions: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    parameters: int | None = None
    taken: str = ""
    feature: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        count, length = self.nodes.shape
        if self.edges.shape != (count, count) or int(np.prod(self.shape)) != length:
            raise OptionError(
                f"A graph of {count} nodes needs edges ({count}, {count}) and maps of {length} numbers; "
                f"got edges {self.edges.shape} and maps {self.shape}."
            )
        for name in ("nodes", "edges", "no_attribution", "no_feature"):
            view = getattr(self, name).view()
            view.setflags(write=False)
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.nodes)

    def _repr_html_(self) -> str:
        count = len(self)
        size = "none: a graph of edges alone" if self.edges_only else " × ".join(map(str, self.shape))
        facts = [("probes", str(count)), ("maps (channels × height × width)", size)]
        if count > 1:
            cosines = self.edges[np.triu_indices(count, k=1)]
            facts.append(("edges", f"{interval(cosines.min(), cosines.max())}, mean {score(cosines.mean())}"))
        silent = [("attribution", self.no_attribution), ("feature", self.no_feature)]
        facts += [(f"without {what}", str(int(flags.sum()))) for what, flags in silent if flags.any()]
        return notebook.facts(
            f"Attribution graph of {self.label}", [*facts, *([("note", self.note)] if self.note else [])]
        )

    @property
    def edges_only(self) -> bool:
        """Whether it has no nodes at all, as a target made of labels: s_V with it is 0, and S = lam * s_E."""
        return not all(self.shape)

    @property
    def label(self) -> str:
        """The model and the layer, for people."""
        return f"{self.model} · {self.layer}"

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the numbers of the graph: equal digests, equal graphs."""
        numbers = hashlib.sha256(repr(self.shape).encode())
        for array in (self.nodes, self.edges):
            numbers.update(np.ascontiguousarray(array).data)
        return numbers.hexdigest()

    @property
    def maps(self) -> Float32[np.ndarray, "N C H W"]:
        """The nodes as attribution maps, each of Euclidean norm 1."""
        return self.nodes.reshape(len(self), *self.shape)

    @cached_property
    def _held_ranks(self) -> Float[np.ndarray, " E"]:
        return self._made_ranks()

    def _made_ranks(self) -> Float[np.ndarray, " E"]:
        ranks = standard_ranks(self.edges[np.triu_indices(len(self), k=1)])
        ranks.setflags(write=False)
        return ranks

    @property
    def ranks(self) -> Float[np.ndarray, " E"]:
        """Standard ranks of the E = N(N-1)/2 edges i < j, row by row; see `standard_ranks`.

        They are held with the graph, unless there are so many that they would fill the memory: then they are made anew.
        """
        return self._made_ranks() if len(self) > MOST_RANKED else self._held_ranks


def doubled_ranks(values: Float[np.ndarray, " E"]) -> Int[np.ndarray, " E"]:
    """Return twice the average ranks, 2 to 2E: whole numbers, also where values are equal."""
    return np.rint(2 * rankdata(values)).astype(np.int32)


def standard_ranks(values: Float[np.ndarray, " E"]) -> Float[np.ndarray, " E"]:
    """Return average ranks, shifted and scaled to mean 0 and norm 1.

    The inner product of two such vectors is Spearman's correlation; constant values have no ranking and give zeros.
    """
    ranks = rankdata(values)
    ranks -= ranks.mean() if len(ranks) else 0.0
    norm = np.linalg.norm(ranks)
    return ranks / norm if norm > 0 else ranks


def relative_ranks(standard: Float[np.ndarray, " E"]) -> Float[np.ndarray, " E"]:
    """Turn standard ranks into relative ones, from 0 (the lowest) to 1; ties share their mean, constant ones have 0.5.

    Standardising divided by a norm that is not kept. The lowest rank is known from its ties, and gives it back.
    """
    lowest = standard.min(initial=0.0)
    if lowest == 0:
        return np.full(len(standard), 0.5)
    count, ties = len(standard), np.count_nonzero(standard == lowest)
    doubled = np.rint(standard / lowest * (ties - count)) + count + 1  # twice the average rank is a whole number
    return (doubled / 2 - 1) / (count - 1)


def distinct_names(*graphs: AttributionGraph) -> tuple[str, ...]:
    """Name graphs as short as they stay apart: without the source, the layer only where it is not the output."""
    shorts = [short_name(g.model) + ("" if g.layer == "output" else f" · {g.layer}") for g in graphs]
    labels = [g.label for g in graphs]
    return tuple(labels if len(set(shorts)) < len(set(labels)) else shorts)


def subgraph(graph: AttributionGraph, indices: Int[np.ndarray, " n"]) -> AttributionGraph:
    """Return the graph over some of its probes; `probes` names the subset, so that only equal subsets compare."""
    chosen = np.asarray(indices)
    named = hashlib.sha256(f"{graph.probes}:{chosen.tolist()}".encode()).hexdigest()
    return replace(
        graph,
        nodes=graph.nodes[chosen],
        edges=graph.edges[np.ix_(chosen, chosen)],
        probes=named,
        no_attribution=graph.no_attribution[chosen],
        no_feature=graph.no_feature[chosen],
    )


def strongest_edges(edges: Float[np.ndarray, "N N"], neighbours: int) -> Int[np.ndarray, "E 2"]:
    """Return the pairs (i, j), i < j, in which one probe is among the other's `neighbours` strongest; ties by index."""
    count = len(edges)
    if neighbours < 1:
        raise OptionError(f"neighbours={neighbours} was given. Expected 1 or more strongest neighbours for each probe.")
    others = np.where(np.eye(count, dtype=bool), -np.inf, edges)
    nearest = np.argsort(-others, axis=1, kind="stable")[:, : min(neighbours, count - 1)]
    pairs = np.stack([np.repeat(np.arange(count), nearest.shape[1]), nearest.ravel()], axis=1)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def to_networkx(graph: AttributionGraph, neighbours: int | None = 8) -> nx.Graph:
    """Return a graph for networkx, its N probes numbered from 0.

    Parameters
    ----------
    graph
        The graph.
    neighbours
        Each probe is joined to so many others, those with the highest cosines, ties by index; None: to all.

    Returns
    -------
    networkx.Graph
        Edges bear `weight`, the cosine; nodes bear `no_attribution` and `no_feature`; the graph bears `model`, `layer`,
        `probes` and `weights`.

    Raises
    ------
    OptionError
        For fewer than 1 neighbour.
    """
    result = nx.Graph(model=graph.model, layer=graph.layer, probes=graph.probes, weights=graph.weights)
    result.add_nodes_from(
        (i, {"no_attribution": bool(a), "no_feature": bool(f)})
        for i, (a, f) in enumerate(zip(graph.no_attribution, graph.no_feature, strict=True))
    )
    pairs = strongest_edges(graph.edges, len(graph) if neighbours is None else neighbours)
    result.add_weighted_edges_from((int(i), int(j), float(graph.edges[i, j])) for i, j in pairs)
    return result
