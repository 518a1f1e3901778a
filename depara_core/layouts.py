"""Where to draw the probes of a graph in the plane.

N probes. Layouts come from networkx, over the graph of each probe's strongest neighbours.
"""

from collections.abc import Callable, Sequence

import networkx as nx
import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import orthogonal_procrustes
from scipy.sparse.csgraph import minimum_spanning_tree, shortest_path

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph, strongest_edges

Layout = Callable[[nx.Graph, int], Float[np.ndarray, "N 2"]]

ROOM = 0.95  # side of the square kept free round each of N probes, times sqrt(N); the drawing's radius is 1
MOST_ROOM = 0.28  # of that side: a few probes need no more
CLOSEST = 0.05  # shortest drawn edge relative to the longest: equal images stay apart enough to be seen as two


def _spring(graph: nx.Graph, seed: int) -> Float[np.ndarray, "N 2"]:
    """Springs pull alike probes together (Fruchterman and Reingold 1991)."""
    return np.array(list(nx.spring_layout(graph, weight="similarity", seed=seed, iterations=100).values()))


def _kamada_kawai(graph: nx.Graph, seed: int) -> Float[np.ndarray, "N 2"]:
    """Distances in the plane follow path lengths in the graph (Kamada and Kawai 1989)."""
    lengths = shortest_path(nx.to_scipy_sparse_array(graph, weight="distance"), directed=False)
    paths = {i: dict(enumerate(row)) for i, row in enumerate(lengths.tolist())}
    start = nx.random_layout(graph, seed=seed)
    return np.array(list(nx.kamada_kawai_layout(graph, dist=paths, pos=start).values()))


def _spectral(graph: nx.Graph, seed: int) -> Float[np.ndarray, "N 2"]:
    """The two smoothest functions on the graph as coordinates (Hall 1970); no random start, `seed` is unused."""
    # networkx hands 500 nodes and more to ARPACK, whose start vector differs from call to call
    vectors = np.linalg.eigh(nx.laplacian_matrix(graph, weight="similarity").toarray())[1][:, 1:3]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return vectors * np.where(largest < 0, -1, 1)


LAYOUTS: dict[str, Layout] = {"spring": _spring, "kamada_kawai": _kamada_kawai, "spectral": _spectral}


def layout(
    graph: AttributionGraph,
    *,
    kind: str = "spring",
    neighbours: int = 8,
    seed: int = 0,
    probes: Sequence[int] | Int[np.ndarray, " N"] | None = None,
) -> Float[np.ndarray, "N 2"]:
    """Place the probes (all, or the chosen ones in their order) in the plane: centred, the farthest at distance 1."""
    chosen = np.arange(len(graph)) if probes is None else np.asarray(probes, dtype=int)
    return place(graph.edges[np.ix_(chosen, chosen)], kind=kind, neighbours=neighbours, seed=seed)


def place(
    edges: Float[np.ndarray, "N N"], *, kind: str = "spring", neighbours: int = 8, seed: int = 0
) -> Float[np.ndarray, "N 2"]:
    """Place N probes by how alike they are, -1 to 1: centred, the farthest at distance 1, squares round them apart."""
    if kind not in LAYOUTS:
        raise OptionError(f"Layout {kind!r} does not exist. Expected one of: {', '.join(LAYOUTS)}.")
    if len(edges) <= 2:
        points = np.array([[-1.0, 0.0], [1.0, 0.0]])[: len(edges)]
    else:
        points = LAYOUTS[kind](_skeleton(edges, neighbours), seed)
    return _unit(_apart(_unit(points), min(ROOM / np.sqrt(len(edges)), MOST_ROOM)))


def align(reference: Float[np.ndarray, "N 2"], points: Float[np.ndarray, "M 2"]) -> Float[np.ndarray, "N 2"]:
    """Turn, mirror, scale and shift `points` onto `reference` (orthogonal Procrustes, Schönemann 1966), aspect kept.

    A turned, mirrored, scaled and shifted copy of `reference` comes back as `reference`.
    """
    if reference.shape != points.shape:
        raise OptionError(
            f"Expected two layouts of the same probes. Layouts of shapes {reference.shape} and {points.shape} came."
        )
    target, moved = reference - reference.mean(axis=0), points - points.mean(axis=0)
    rotation, _ = orthogonal_procrustes(moved, target)
    # Equal size, not the least-squares scale: that one shrinks a drawing that agrees badly until its images overlap.
    scale = np.linalg.norm(target) / max(np.linalg.norm(moved), np.finfo(float).tiny)
    return scale * moved @ rotation + reference.mean(axis=0)


def fit(*positions: Float[np.ndarray, "_ 2"], margin: float = 0.05) -> list[Float[np.ndarray, "_ 2"]]:
    """Scale and shift drawings together into the unit square, aspect kept: what was aligned stays aligned."""
    points = np.concatenate(positions)
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(float((high - low).max()), np.finfo(float).tiny) / (1 - 2 * margin)
    return [(one - (low + high) / 2) / side + 0.5 for one in positions]


def closest(points: Float[np.ndarray, "N 2"]) -> float:
    """Return the side of the largest squares that can stand at all points without overlapping; infinite for one."""
    apart = np.abs(points[:, None] - points).max(axis=-1)
    np.fill_diagonal(apart, np.inf)
    return float(apart.min(initial=np.inf))


def _unit(points: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
    """Move the centre to 0 and the farthest point to distance 1."""
    points = points - points.mean(axis=0)
    return points / max(np.linalg.norm(points, axis=1).max(), np.finfo(float).tiny)


def _apart(points: Float[np.ndarray, "N 2"], gap: float) -> Float[np.ndarray, "N 2"]:
    """Push squares of side `gap` off each other, each pair along the axis on which it overlaps less."""
    order = np.sign(np.arange(len(points))[:, None] - np.arange(len(points)))  # which way points in one place part
    for _ in range(400 if len(points) <= 100 else 40):
        offset = points[:, None] - points
        overlap = gap - np.abs(offset)
        hidden = (overlap > 0).all(axis=-1)
        np.fill_diagonal(hidden, False)
        if not hidden.any():
            break
        sideways = overlap[..., 0] <= overlap[..., 1]
        for axis, along in ((0, sideways), (1, ~sideways)):
            way = np.where(offset[..., axis] == 0, order, np.sign(offset[..., axis]))
            points[:, axis] += 0.25 * np.where(hidden & along, way * overlap[..., axis], 0).sum(axis=1)
    return points


def _skeleton(edges: Float[np.ndarray, "N N"], neighbours: int) -> nx.Graph:
    """The strongest neighbours joined by the maximum spanning tree, so that no part of the drawing floats free."""
    cosines = np.clip(np.asarray(edges, dtype=float), -1, 1)
    chords = np.sqrt(2 - 2 * cosines)  # distance of two unit features
    longest = chords.max() or 1.0
    tree = minimum_spanning_tree(np.maximum(chords, CLOSEST * longest))
    pairs = np.unique(np.vstack([strongest_edges(cosines, neighbours), np.sort(np.argwhere(tree))]), axis=0)
    i, j = pairs.T
    distance = np.maximum(chords[i, j] / longest, CLOSEST)
    nearest = distance.min()
    graph = nx.Graph()
    graph.add_nodes_from(range(len(edges)))
    graph.add_edges_from(
        (int(a), int(b), {"distance": float(d), "similarity": float(nearest / d)})
        for a, b, d in zip(i, j, distance, strict=True)
    )
    return graph
