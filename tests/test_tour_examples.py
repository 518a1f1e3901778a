"""Examples that teach: the probes chosen contrast, and the measured order is the table's own."""

import numpy as np
import pandas as pd
import pytest
from planted import random_graph

from depara_core import tour
from depara_core.errors import OptionError


def test_the_chosen_six_disagree_more_than_any_other_try():
    a, b = random_graph(0, count=30), random_graph(1, count=30)
    chosen = tour.contrasting(a, b, tries=50)
    assert len(set(chosen)) == 6
    score = tour.edge_sum(tour.edge_table(a, b, chosen)).score
    rng = np.random.default_rng(0)
    others = [rng.choice(30, 6, replace=False).tolist() for _ in range(50)]
    assert score == pytest.approx(min(tour.edge_sum(tour.edge_table(a, b, six)).score for six in others))


def test_the_first_two_are_ranked_most_differently_and_the_rest_is_not_in_order():
    a, b = random_graph(0, count=30), random_graph(1, count=30)
    chosen = tour.contrasting(a, b)
    table = tour.edge_table(a, b, chosen)
    apart = (table["rank_a"] - table["rank_b"]).abs()
    assert apart[0] == apart.max()  # the pair of images 1 and 2
    assert table["rank_a"][0] != table["rank_b"][0]
    alike = [float(b.edges[chosen[0], probe]) for probe in chosen[2:]]
    assert alike == sorted(alike)  # the least alike first: the answer's order is the other way round


def test_all_are_taken_where_there_are_no_more():
    graph = random_graph(0, count=6)
    assert sorted(tour.contrasting(graph, random_graph(1, count=6))) == list(range(6))
    with pytest.raises(OptionError, match="three probes"):
        tour.contrasting(graph, graph, 2)


def test_measured_places_by_hand():
    truth = pd.DataFrame({"t": [0.1, 0.9, 0.5, 1.0]}, index=["a", "b", "c", "t"])
    ranked = pd.DataFrame({"source": ["c", "x", "b", "a"]})
    assert tour.measured_places(ranked, truth, "t") == (("c", "b", "a"), (2, 1, 3))
    assert tour.measured_places(ranked, truth, "u") is None
    assert tour.measured_places(ranked.head(2), truth, "t") is None
