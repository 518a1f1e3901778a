"""What points promise: estimates without bias, the variance of the formula, and the order of a query's products."""

import numpy as np
import pytest
from planted import graph, random_graph

import depara_core as depara
from depara_core.search.points import estimates, point, query, sketch

GRID = (3, 4, 4)
DRAWS = 600
WIDTH = 65


@pytest.fixture(scope="module")
def pair():
    """Two related graphs of 12 probes."""
    a, other = random_graph(0), random_graph(1)
    return a, graph(a.maps + 0.8 * other.maps, a.edges + 0.7 * other.edges)


@pytest.fixture(scope="module")
def drawn(pair):
    """Their points under many projections: (DRAWS, 2 W) each."""
    return [np.stack([point(one, GRID, width=WIDTH, seed=seed) for seed in range(DRAWS)]) for one in pair]


def difference_terms(pair):
    """|x - y|^2 and sum_i (x_i - y_i)^4 of nodes and of ranks, from the vectors themselves."""
    vectors = [(one.nodes.ravel() / np.sqrt(len(one)), one.ranks) for one in pair]
    return [(((x - y) ** 2).sum(), ((x - y) ** 4).sum()) for x, y in zip(*vectors, strict=True)]


@pytest.mark.parametrize("lam", [0.0, 0.3, 1.0, 10.0])
def test_the_estimate_has_mean_s_and_the_variance_of_the_formula(pair, drawn, lam):
    exact = depara.similarity(*pair).total(lam)
    (nodes, nodes4), (edges, edges4) = difference_terms(pair)
    variance = ((nodes**2 - nodes4) + lam**2 * (edges**2 - edges4)) / (2 * (WIDTH - 1))
    found = np.array([estimates(x, y[None], lam).total[0] for x, y in zip(*drawn, strict=True)])
    assert found.mean() == pytest.approx(exact, abs=4 * np.sqrt(variance / DRAWS))
    assert found.var() == pytest.approx(variance, rel=0.3)  # 600 draws tell a variance to about 6 %
    plain = [query(x, lam) @ y + x[WIDTH - 1] + lam * x[-1] for x, y in zip(*drawn, strict=True)]
    np.testing.assert_allclose(plain, found, atol=1e-5 * (1 + lam))


def test_the_standard_error_told_is_that_of_the_estimates(drawn):
    told = [estimates(x, y[None], 1.0) for x, y in zip(*drawn, strict=True)]
    spread = np.std([one.total[0] for one in told])
    assert np.sqrt(np.mean([one.error[0] ** 2 for one in told])) == pytest.approx(spread, rel=0.3)


def test_equal_graphs_are_estimated_without_error():
    one = point(random_graph(3), GRID, width=16, seed=0)
    told = estimates(one, one[None], 2.0)
    assert told.total[0] == pytest.approx(3.0, abs=1e-6)
    assert told.error[0] == pytest.approx(0.0, abs=1e-6)


def test_a_graph_with_silent_probes_keeps_its_own_norm():
    full = random_graph(4)
    maps = full.maps.copy()
    maps[:6] = 0
    silent = graph(maps, full.edges)
    one = point(silent, GRID, width=32, seed=0)
    assert estimates(one, one[None], 0.0).total[0] == pytest.approx(0.5, abs=1e-6)


def test_blocks_do_not_change_a_sketch():
    values = np.random.default_rng(0).normal(size=1000)
    whole, square = sketch([values], 50, (3, 0))
    parts, _ = sketch(np.split(values, [1, 400, 950]), 50, (3, 0))
    np.testing.assert_allclose(whole, parts, atol=1e-12)
    assert square == pytest.approx(values @ values)


def test_a_sketch_is_the_same_for_ever():
    """Points on disk outlive the libraries that made them: these places and signs may never change."""
    found, _ = sketch([np.array([1.0, 2.0, 4.0, 8.0])], 7, (0, 1))
    assert found.tolist() == SKETCH


SKETCH = [1.0, 0.0, 0.0, -8.0, -4.0, 0.0, -2.0]
