"""The graph: read-only, its ranks against scipy, its networkx form by hand."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from planted import graph, random_graph
from scipy.stats import spearmanr

import depara_core as depara

UPPER = np.triu_indices(12, k=1)


def test_arrays_are_read_only():
    planted = random_graph(0)
    for array in (planted.nodes, planted.edges, planted.maps, planted.ranks, planted.no_attribution):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(depara.OptionError, match=r"12 nodes needs .* maps of 48 numbers; got .* \(3, 4, 5\)"):
        replace(random_graph(0), shape=(3, 4, 5))


@pytest.mark.parametrize("ties", [False, True])
def test_inner_product_of_ranks_is_spearman(ties):
    a, b = random_graph(1, ties=ties), random_graph(2, ties=ties)
    assert a.ranks @ b.ranks == pytest.approx(spearmanr(a.edges[UPPER], b.edges[UPPER]).statistic, abs=1e-12)
    assert a.ranks @ a.ranks == pytest.approx(1)


def test_constant_edges_have_no_ranking():
    assert not graph(np.ones((4, 1, 2, 2)), np.ones((4, 4))).ranks.any()


def test_the_digest_follows_the_numbers():
    assert random_graph(0).digest == random_graph(0, model="another/name").digest
    assert random_graph(0).digest != random_graph(1).digest


def test_networkx_keeps_the_strongest_neighbours(tmp_path):
    edges = np.array([[1, 0.9, 0.1, 0.2], [0.9, 1, 0.3, 0.4], [0.1, 0.3, 1, 0.8], [0.2, 0.4, 0.8, 1]])
    planted = graph(np.ones((4, 1, 2, 2)), edges)
    drawn = depara.to_networkx(planted, neighbours=1)
    assert sorted(drawn.edges) == [(0, 1), (2, 3)]
    assert drawn.edges[0, 1]["weight"] == pytest.approx(0.9)
    assert depara.to_networkx(planted, neighbours=None).number_of_edges() == 6
    nx.write_graphml(drawn, tmp_path / "graph.graphml")
    assert nx.read_graphml(tmp_path / "graph.graphml").number_of_edges() == 2


def test_no_neighbours_is_refused():
    with pytest.raises(depara.OptionError, match="neighbours=0"):
        depara.to_networkx(random_graph(0), neighbours=0)
