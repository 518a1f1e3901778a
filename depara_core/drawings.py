"""A graph's probes drawn in the plane: which of them, where, and joined by which edges.

N drawn probes, E drawn edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from depara_core.graphs import AttributionGraph, strongest_edges
from depara_core.layouts import align, layout, place
from depara_core.pairs import disagreement, pair_ranks


@dataclass(frozen=True, eq=False)
class Drawing:
    """Some probes of a graph in the plane; everything but `probes` counts them from 0 in their drawn order."""

    probes: Int[np.ndarray, " N"]  # their indices in the graph
    positions: Float[np.ndarray, "N 2"]
    pairs: Int[np.ndarray, "E 2"]  # the strongest edges among them
    strength: Float[np.ndarray, " E"]  # cosine of each
    disagreement: Float[np.ndarray, " E"] | None  # of each, with the graph it is compared with

    def place(self, probe: int | None) -> int | None:
        """Return the place of a probe of the graph in the drawing, None when it is not drawn."""
        found = np.flatnonzero(self.probes == (-1 if probe is None else probe))
        return int(found[0]) if len(found) else None


def draw(
    graph: AttributionGraph,
    probes: Sequence[int] | Int[np.ndarray, " N"],
    *,
    kind: str = "spring",
    neighbours: int = 8,
    seed: int = 0,
    other: AttributionGraph | None = None,
    onto: Drawing | None = None,
    at: Float[np.ndarray, "N 2"] | None = None,
) -> Drawing:
    """Lay out the chosen probes with their strongest edges, compared with `other` and aligned `onto` its drawing.

    `at`: where they stand, instead of a layout of their own.
    """
    chosen = np.asarray(probes, dtype=int)
    positions = layout(graph, kind=kind, neighbours=neighbours, seed=seed, probes=chosen) if at is None else at
    cosines = graph.edges[np.ix_(chosen, chosen)]
    pairs = strongest_edges(cosines, neighbours)
    i, j = chosen[pairs].T
    return Drawing(
        chosen,
        positions if onto is None else align(onto.positions, positions),
        pairs,
        graph.edges[i, j],
        None if other is None else disagreement(graph, other)[i, j],
    )


def add(
    drawing: Drawing, graph: AttributionGraph, probes: Sequence[int] | Int[np.ndarray, " n"], *, neighbours: int = 8
) -> Drawing:
    """Return the drawing with more probes, everything drawn left where it is.

    A new probe stands in the middle of the `neighbours` (at least two) drawn ones most alike to it, and is joined to
    them; one that is drawn already is not drawn twice. The edges of a drawing compared with another are not compared.
    """
    more = np.array([i for i in dict.fromkeys(map(int, probes)) if drawing.place(i) is None], dtype=int)
    count = len(drawing.probes)
    cosines = graph.edges[np.ix_(more, drawing.probes)]
    near = np.argsort(-cosines, axis=1, kind="stable")[:, : max(neighbours, 2)]
    pairs = np.stack([near, np.broadcast_to(count + np.arange(len(more))[:, None], near.shape)], axis=-1).reshape(-1, 2)
    return Drawing(
        np.concatenate([drawing.probes, more]),
        np.concatenate([drawing.positions, drawing.positions[near].mean(axis=1)]),
        np.concatenate([drawing.pairs, pairs]),
        np.concatenate([drawing.strength, np.take_along_axis(cosines, near, axis=1).ravel()]),
        None,
    )


def draw_beside(
    graphs: Sequence[AttributionGraph], probes: Sequence[int], *, kind: str = "spring", neighbours: int = 8
) -> list[Drawing]:
    """Draw one graph, or two in one layout, each image at one place, both coloured by where they disagree.

    The joint layout follows the mean of both graphs' relative ranks of a pair, so that neither network's scale rules.
    """
    first, *rest = graphs
    if not rest:
        return [draw(first, probes, kind=kind, neighbours=neighbours)]
    (second,) = rest
    chosen = np.ix_(probes, probes)
    alike = (pair_ranks(first.edges[chosen]) + pair_ranks(second.edges[chosen])) / 2
    joint = place(alike, kind=kind, neighbours=neighbours)
    return [draw(a, probes, neighbours=neighbours, other=b, at=joint) for a, b in ((first, second), (second, first))]


def draw_aligned(graphs: Sequence[AttributionGraph], probes: Sequence[int], *, neighbours: int = 8) -> list[Drawing]:
    """Draw any number of graphs, all turned onto the first, so that they can be compared by eye."""
    first = draw(graphs[0], probes, neighbours=neighbours)
    return [first, *(draw(graph, probes, neighbours=neighbours, onto=first) for graph in graphs[1:])]


def nearest(graph: AttributionGraph, probe: int) -> Int[np.ndarray, " others"]:
    """Return all other probes, the most alike to `probe` first; ties by index."""
    order = np.argsort(-graph.edges[probe], kind="stable")
    return order[order != probe]


def choose_probes(
    graph: AttributionGraph, count: int, *, around: int | None = None, seed: int = 0
) -> Int[np.ndarray, " n"]:
    """Choose at most `count` probes to draw, in index order: `around` and the most alike to it, or a seeded sample."""
    if around is not None:
        return np.sort(np.append(nearest(graph, around)[: max(count - 1, 0)], around))
    return np.sort(np.random.default_rng(seed).choice(len(graph), min(count, len(graph)), replace=False))


def choose_shared(
    graphs: Sequence[AttributionGraph], count: int, probe: int, other: int | None = None, *, around: bool = False
) -> tuple[int, ...]:
    """Choose the probes to draw in several graphs, in index order.

    Parameters
    ----------
    graphs
        Over the same probes.
    count
        How many; a few more where `probe` and `other` are not among them.
    probe, other
        Drawn in any case, where they exist.
    around
        Those most alike to `probe` in any of the graphs, instead of a seeded sample of all.
    """
    if around:
        share, centre = -(-count // len(graphs)), min(probe, len(graphs[0]) - 1)
        found = [choose_probes(graph, share, around=centre) for graph in graphs]
    else:
        found = [choose_probes(graphs[0], count)]
    ends = {i for i in (probe, other) if i is not None and i < len(graphs[0])}
    return tuple(sorted(ends.union(*(map(int, indices) for indices in found))))
