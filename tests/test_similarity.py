"""Node and edge similarity against hand-computed cases, a slow plain-NumPy version, scipy, and their invariances."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import graph, random_graph
from scipy.stats import spearmanr

import depara_core as depara
from depara_core.errors import Cancelled
from depara_core.grids import node_vectors
from depara_core.similarity import similarity_matrix


def slow_node_similarity(a, b):
    """DEPARA, Eq. 5, first term, one probe after the other in float64."""
    total = 0.0
    for v, w in zip(a.nodes.astype(np.float64), b.nodes.astype(np.float64), strict=True):
        norms = np.sqrt(sum(v**2)) * np.sqrt(sum(w**2))
        total += sum(v * w) / norms if norms > 0 else 0.0
    return total / len(a)


def slow_edge_similarity(a, b):
    """Spearman by its definition: Pearson's correlation of ranks counted one by one, ties sharing their average."""
    x, y = ([g.edges[i, j] for i in range(len(g)) for j in range(i + 1, len(g))] for g in (a, b))
    ranks = [[sum(u < t for u in v) + (sum(u == t for u in v) + 1) / 2 for t in v] for v in (x, y)]
    return float(np.corrcoef(ranks)[0, 1])


def test_by_hand():
    # Probe 0: equal maps, cosine 1. Probe 1: orthogonal, 0. Probe 2: opposite, -1. Probe 3: (1, 1) and (1, 0), 0.7071.
    a = graph(np.reshape([[1, 0], [1, 0], [1, 0], [1, 1]], (4, 1, 1, 2)), np.eye(4))
    b = graph(np.reshape([[2, 0], [0, 3], [-1, 0], [1, 0]], (4, 1, 1, 2)), np.eye(4))
    assert depara.similarity(a, b).node == pytest.approx(np.sqrt(0.5) / 4)


def test_edges_by_hand():
    def with_edges(e01, e02, e12):
        return graph(np.ones((3, 1, 1, 2)), [[1, e01, e02], [e01, 1, e12], [e02, e12, 1]])

    # Ranks 1 2 3 against 1 3 2: 1 - 6 * (0 + 1 + 1) / (3 * 8) = 0.5; the values themselves do not matter.
    assert depara.similarity(with_edges(-0.9, 0.1, 0.2), with_edges(0.1, 0.99, 0.5)).edge == pytest.approx(0.5)
    assert depara.similarity(with_edges(1, 2, 3), with_edges(3, 2, 1)).edge == pytest.approx(-1)
    # A tie: ranks 1.5 1.5 3 against 1 2 3.
    assert depara.similarity(with_edges(0, 0, 1), with_edges(0, 1, 2)).edge == pytest.approx(np.sqrt(3) / 2)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), count=st.integers(3, 9), ties=st.booleans())
def test_agrees_with_the_slow_version(seed, count, ties):
    a = random_graph(seed, count, ties=ties)
    b = random_graph(seed + 1, count, ties=ties)
    result = depara.similarity(a, b)
    assert result.node == pytest.approx(slow_node_similarity(a, b), abs=1e-6)
    assert -1 <= result.node <= 1
    if a.ranks.any() and b.ranks.any():
        assert result.edge == pytest.approx(slow_edge_similarity(a, b), abs=1e-9)
    assert result.total(2.5) == pytest.approx(result.node + 2.5 * result.edge)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31))
def test_scale_and_order_of_probes_do_not_matter(seed):
    a, b = random_graph(seed), random_graph(seed + 1)
    order = np.random.default_rng(seed).permutation(len(a))

    def moved(g):
        return graph(7 * g.maps[order], 0.5 * g.edges[np.ix_(order, order)] + 0.1)

    before, after = depara.similarity(a, b), depara.similarity(moved(a), moved(b))
    assert after.node == pytest.approx(before.node, abs=1e-6)
    assert after.edge == pytest.approx(before.edge, abs=1e-4)  # the shift can make or break a float32 tie


def test_a_graph_is_like_itself_and_symmetric():
    a, b = random_graph(3), random_graph(4)
    assert depara.similarity(a, a).total(1) == pytest.approx(2, abs=1e-6)
    assert depara.similarity(a, b) == depara.similarity(b, a)


def test_silent_probes_and_constant_edges_count_as_zero():
    maps = np.random.default_rng(0).normal(size=(4, 1, 2, 2))
    maps[2] = 0
    silent = graph(maps, np.ones((4, 4)))
    result = depara.similarity(silent, silent)
    assert (result.node, result.edge, result.undefined) == (pytest.approx(0.75), 0, 1)


@pytest.mark.parametrize("count", [7, 60])
def test_the_matrix_is_every_pair(count):
    rows = [random_graph(seed, count, model=f"m/{seed}") for seed in range(4)]
    columns = [random_graph(seed, count, model=f"m/{seed}") for seed in range(3, 6)]
    matrix = depara.similarity_matrix(rows, columns)
    for r, a in enumerate(rows):
        for c, b in enumerate(columns):
            pair = depara.similarity(a, b)
            assert matrix.node[r, c] == pytest.approx(pair.node, abs=1e-6)
            assert matrix.edge[r, c] == pytest.approx(pair.edge, abs=1e-9)
    frame = matrix.to_frame(0.5)
    assert frame.loc["m/1", "m/4"] == pytest.approx(matrix.total(0.5)[1, 1])


def test_a_square_matrix_is_symmetric_with_itself_on_the_diagonal():
    matrix = depara.similarity_matrix([random_graph(seed, model=f"m/{seed}") for seed in range(3)])
    np.testing.assert_allclose(matrix.node, matrix.node.T, atol=1e-7)
    np.testing.assert_allclose(np.diag(matrix.total(1)), 2, atol=1e-6)


def test_layers_of_one_model_are_told_apart_by_label():
    rows = [random_graph(seed, model="m/x", layer=f"l{seed}") for seed in range(2)]
    assert list(depara.similarity_matrix(rows).to_frame(1).index) == ["m/x · l0", "m/x · l1"]


def test_different_grids_meet_on_the_smaller_one():
    fine = random_graph(0, shape=(3, 6, 8))
    coarse = graph(fine.maps.reshape(12, 3, 3, 2, 4, 2).mean(axis=(3, 5)), fine.edges)
    result = depara.similarity(fine, coarse)
    assert result.grid == (3, 3, 4)
    assert result.node == pytest.approx(1, abs=1e-6)
    grey = graph(coarse.maps.mean(axis=1, keepdims=True), fine.edges)
    assert depara.similarity(coarse, grey).grid == (1, 3, 4)
    assert depara.similarity(coarse, grey).node == pytest.approx(1, abs=1e-6)


def test_area_average_on_sides_that_do_not_divide():
    # Three pixels onto two cells: each cell takes one and a half.
    planted = graph(np.reshape([[3.0, 6.0, 9.0]], (1, 1, 1, 3)), [[1.0]])
    expected = np.array([3 * 2 / 3 + 6 / 3, 9 * 2 / 3 + 6 / 3])
    np.testing.assert_allclose(node_vectors(planted, (1, 1, 2))[0], expected / np.linalg.norm(expected), rtol=1e-6)


@pytest.mark.parametrize(
    "rows, message",
    [
        ([random_graph(0), random_graph(1, count=11)], "only over the same probes: planted/a · output has 12"),
        ([random_graph(0), random_graph(1, probes="q" * 64)], "Build both with one set"),
        ([], "No graphs to compare"),
    ],
)
def test_bad_input(rows, message):
    with pytest.raises(depara.OptionError, match=message):
        depara.similarity_matrix(rows)


def test_a_device_that_is_not_there():
    with pytest.raises(depara.OptionError, match="'toaster' is not available"):
        depara.similarity_matrix([random_graph(0)], device="toaster")


def test_spearman_of_scipy_on_many_edges():
    a, b = random_graph(0, count=80), random_graph(1, count=80)
    upper = np.triu_indices(80, k=1)
    assert depara.similarity(a, b).edge == pytest.approx(spearmanr(a.edges[upper], b.edges[upper]).statistic)


@pytest.mark.parametrize("own", [True, False])
def test_many_probes_are_compared_in_blocks_without_holding_their_ranks(monkeypatch, own):
    graphs = [random_graph(seed, count=12, model=f"m{seed}") for seed in range(4)]
    constant = replace(graphs[0], model="constant", edges=np.ones((12, 12), np.float32))
    rows, columns = [*graphs, constant], None if own else graphs[1:]
    whole = similarity_matrix(rows, columns)
    fresh = [replace(graph) for graph in rows]
    module = import_module("depara_core.similarity")  # the package has a function of that name
    monkeypatch.setattr(module, "MOST_RANKED", 2)
    monkeypatch.setattr("depara_core.graphs.MOST_RANKED", 2)
    monkeypatch.setattr(module, "EDGES_AT_ONCE", 7)
    monkeypatch.setattr(module, "RANKS_IN_MEMORY", 0)
    seen = []
    blocks = similarity_matrix(fresh, None if own else fresh[1:4], progress=lambda *told: seen.append(told))
    np.testing.assert_allclose(blocks.edge, whole.edge, atol=1e-14)
    np.testing.assert_array_equal(blocks.node, whole.node)
    assert all("_held_ranks" not in vars(graph) for graph in fresh)
    np.testing.assert_array_equal(fresh[0].ranks, graphs[0].ranks)
    assert [done for done, _, _ in seen] == list(range(seen[-1][1]))


def test_comparing_can_be_cancelled():
    graphs = [random_graph(seed, count=5, model=f"m{seed}") for seed in range(2)]

    def stop(done, total, message):
        raise Cancelled(message)

    with pytest.raises(Cancelled):
        similarity_matrix(graphs, progress=stop)
