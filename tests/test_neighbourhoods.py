"""Neighbours kept, lost and gained, by hand and against a slow count."""

import numpy as np
import pytest
from planted import random_graph
from test_layouts import graph_of

from depara_core.errors import OptionError
from depara_core.neighbourhoods import neighbourhoods


def test_by_hand():
    a = graph_of([[1, 0.9, 0.5, 0.1], [0.9, 1, 0.4, 0.2], [0.5, 0.4, 1, 0.3], [0.1, 0.2, 0.3, 1]])
    b = graph_of([[1, 0.1, 0.5, 0.9], [0.1, 1, 0.4, 0.2], [0.5, 0.4, 1, 0.3], [0.9, 0.2, 0.3, 1]])
    found = neighbourhoods(a, b, 2)
    assert (found.kept(0), found.lost(0), found.gained(0)) == ((2,), (1,), (3,))
    assert found.shared.tolist() == [1, 1, 2, 1]
    assert found.overlap == pytest.approx(5 / 8)
    assert found.chance == pytest.approx(2 / 3)
    assert found.most_changed(3) == (0, 1, 3)


def test_a_graph_with_itself_loses_nothing_and_parts_add_up():
    a, b = random_graph(0, count=25), random_graph(1, count=25)
    same = neighbourhoods(a, a)
    assert same.size == 6
    assert same.overlap == 1
    found = neighbourhoods(a, b)
    for probe in range(25):
        others = [i for i in np.argsort(-a.edges[probe], kind="stable") if i != probe][: found.size]
        assert sorted((*found.kept(probe), *found.lost(probe))) == sorted(others)
        assert len(found.gained(probe)) == len(found.lost(probe)) == found.size - found.shared[probe]


def test_chance_is_what_unrelated_orders_share():
    overlaps = [neighbourhoods(random_graph(s, count=40), random_graph(s + 50, count=40)).overlap for s in range(20)]
    expected = neighbourhoods(random_graph(0, count=40), random_graph(1, count=40)).chance
    assert np.mean(overlaps) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("size", [0, 6])
def test_a_size_beyond_the_others_is_refused(size):
    with pytest.raises(OptionError, match="1 to 5 neighbours"):
        neighbourhoods(random_graph(0, count=6), random_graph(1, count=6), size)
