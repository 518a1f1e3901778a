"""Graphs made by hand or at random, for the tests of everything that takes graphs."""

import numpy as np

from depara_core.attribution.options import Options
from depara_core.graphs import AttributionGraph


def unit_rows(values):
    values = np.asarray(values, dtype=np.float64)
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    return np.divide(values, norms, out=np.zeros_like(values), where=norms > 0).astype(np.float32)


def graph(maps, edges, model="planted/a", layer="output", probes="p" * 64):
    """An AttributionGraph of attribution maps (N, C, H, W), not yet unit, and edges (N, N)."""
    maps = np.asarray(maps, dtype=np.float32)
    nodes = unit_rows(maps.reshape(len(maps), -1))
    return AttributionGraph(
        model=model,
        layer=layer,
        nodes=nodes,
        edges=np.asarray(edges, dtype=np.float32),
        shape=maps.shape[1:],
        probes=probes,
        options=Options(),
        weights="w" * 64,
        no_attribution=~nodes.any(axis=1),
        no_feature=~np.asarray(edges).any(axis=1),
    )


def random_graph(seed, count=12, shape=(3, 4, 4), features=6, ties=False, **names):
    """A graph with Gaussian maps and the cosines of Gaussian features; `ties` rounds the cosines to tenths."""
    rng = np.random.default_rng(seed)
    points = unit_rows(rng.normal(size=(count, features)))
    edges = points @ points.T
    return graph(rng.normal(size=(count, *shape)), edges.round(1) if ties else edges, **names)


def silenced(whole, probes):
    """The same graph, but some of its probes have no attribution."""
    maps = whole.maps.copy()
    maps[probes] = 0
    return graph(maps, whole.edges, model=whole.model, layer=whole.layer, probes=whole.probes)
