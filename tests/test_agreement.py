"""Agreement with a reference: hand-made maps whose cosines are known."""

import numpy as np
import pytest
from planted import graph

import depara_core as depara
from depara_core.agreement import agreement
from depara_core.errors import OptionError

GRID = (1, 1, 2)
EDGES = np.eye(3)


def planted(name, *rows):
    """A graph of one map a probe, of two pixels."""
    return graph(np.array(rows, dtype=float).reshape(3, 1, 1, 2), EDGES, model=name)


REFERENCE = planted("m/r", (1, 0), (1, 0), (1, 0))
NEAR = planted("m/near", (1, 0), (1, 1), (1, 0))  # cosines 1, 0.707, 1
FAR = planted("m/far", (0, 1), (0, 1), (-1, 0))  # cosines 0, 0, -1


def test_cosines_and_means_are_those_of_the_maps():
    found = agreement([FAR, REFERENCE, NEAR], REFERENCE, GRID)
    assert found.of(FAR) == pytest.approx((0, 0, -1))
    assert found.of(NEAR) == pytest.approx((1, 0.5**0.5, 1))
    assert found.means == pytest.approx([depara.similarity(one, REFERENCE).node for one in found.graphs])
    assert not found.cosines.flags.writeable


def test_graphs_go_from_the_most_to_the_least_alike_after_the_reference():
    assert agreement([FAR, NEAR, REFERENCE], REFERENCE, GRID).ranked == (REFERENCE, NEAR, FAR)
    twin = planted("m/twin", (1, 0), (1, 0), (1, 0))
    assert agreement([twin, REFERENCE], REFERENCE, GRID).ranked == (REFERENCE, twin)


def test_probes_are_ordered_by_what_the_others_agree_on():
    found = agreement([REFERENCE, NEAR, FAR], REFERENCE, GRID)  # means over the others: 0.5, 0.354, 0
    assert found.probes() == (0, 1, 2)
    assert found.probes("most") == (0, 1, 2)
    assert found.probes("least") == (2, 1, 0)
    assert agreement([REFERENCE], REFERENCE, GRID).probes("least") == (0, 1, 2)
    with pytest.raises(OptionError, match="number, least, most"):
        found.probes("best")
