"""Shares add up exactly, and a planted difference is found where it was planted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import graph, random_graph

import depara_core as depara


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), lam=st.floats(0, 20), ties=st.booleans())
def test_shares_sum_to_the_score(seed, lam, ties):
    a, b = random_graph(seed, ties=ties), random_graph(seed + 1, ties=ties)
    score, why = depara.similarity(a, b), depara.explain(a, b, lam)
    assert why.probe_node.sum() == pytest.approx(score.node, abs=1e-6)
    assert why.probe_edge.sum() == pytest.approx(lam * score.edge, abs=1e-6)
    assert why.edge.sum() == pytest.approx(lam * score.edge, abs=1e-6)
    assert why.probe.sum() == pytest.approx(score.total(lam), abs=1e-6)
    assert why.total == pytest.approx(score.total(lam), abs=1e-6)
    np.testing.assert_allclose(why.edge.sum(axis=1), why.probe_edge, atol=1e-12)
    np.testing.assert_array_equal(why.edge, why.edge.T)
    for i in range(len(a)):
        assert why.pixel(i).sum() == pytest.approx(why.probe_node[i], abs=1e-6)


def test_agreement_on_the_left_half_only():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(6, 3, 4, 8))
    mirrored = maps.copy()
    mirrored[..., 4:] *= -1
    why = depara.explain(graph(maps, np.eye(6)), graph(mirrored, np.eye(6)), lam=1)
    for i in range(6):
        assert (why.pixel(i)[:, :4] > 0).all()
        assert (why.pixel(i)[:, 4:] < 0).all()


def test_one_pair_seen_otherwise_is_the_pair_that_pulls_down():
    a = random_graph(0, count=10)
    edges = a.edges.copy()
    strongest = divmod(int(np.where(np.eye(10), -2, edges).argmax()), 10)
    edges[strongest] = edges[strongest[::-1]] = -1
    why = depara.explain(a, graph(a.maps, edges), lam=1)
    assert set(divmod(int(why.edge.argmin()), 10)) == set(strongest)


def test_pixels_are_those_of_the_common_grid():
    why = depara.explain(random_graph(0, shape=(3, 8, 8)), random_graph(1, shape=(1, 4, 4)), lam=1)
    assert why.grid == (1, 4, 4)
    assert why.pixel(0).shape == (4, 4)


@pytest.mark.parametrize("probe", [-1, 12])
def test_a_probe_that_does_not_exist(probe):
    with pytest.raises(depara.OptionError, match=f"Probe {probe} does not exist: expected 0 to 11"):
        depara.explain(random_graph(0), random_graph(1), 1).pixel(probe)


def test_graphs_over_different_probes():
    with pytest.raises(depara.OptionError, match="only over the same probes"):
        depara.explain(random_graph(0), random_graph(1, probes="q" * 64), 1)
