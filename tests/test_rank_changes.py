"""What another lambda does to a ranking, by hand."""

import pandas as pd
import pytest

from depara_core.errors import OptionError
from depara_core.figures import theme
from depara_core.figures.slopes import slopes
from depara_core.rank_changes import rank_changes


def ranked(*rows):
    return pd.DataFrame(rows, columns=["source", "node", "edge"])


SOURCES = ranked(("a", 0.9, 0.9), ("b", 0.5, 0.1), ("c", 0.1, 0.3), ("d", 0.0, 0.0))


def test_two_that_swap_are_named_with_their_places():
    found = rank_changes(SOURCES, 1.0, 10.0)  # b: 0.6 and 1.5; c: 0.4 and 3.1
    assert found.sources == ("a", "b", "c", "d")
    assert found.moves == (("b", 2, 3), ("c", 3, 2))
    assert found.steady == 1
    assert found.sentence() == "From λ = 1 to λ = 10: 2 and 3 swap (b, c); the first stays."


def test_nothing_changes_at_the_same_lambda():
    found = rank_changes(SOURCES, 1.0, 1.0)
    assert (found.moves, found.steady) == ((), 4)
    assert "is the same" in found.sentence()


def test_a_longer_way_is_told_by_where_it_goes():
    found = rank_changes(ranked(("a", 0.9, 0.0), ("b", 0.8, 0.1), ("c", 0.0, 0.6)), 0.0, 10.0)
    assert found.after == (3, 2, 1)  # a and c swap around b
    turned = rank_changes(ranked(("a", 0.9, 0.0), ("b", 0.5, 0.1), ("c", 0.2, 0.2)), 0.0, 100.0)
    assert turned.sentence().startswith("From λ = 0 to λ = 100: 1 and 3 swap (a, c)")
    cycle = rank_changes(ranked(("a", 0.9, 0.0), ("b", 0.5, 0.2), ("c", 0.4, 0.1)), 0.0, 100.0)
    assert cycle.sentence() == "From λ = 0 to λ = 100: a falls from 1 to 3; b rises from 2 to 1; c rises from 3 to 2."


def test_what_moves_is_coloured():
    figure = slopes(rank_changes(SOURCES, 1.0, 10.0))
    lines = {trace.y: trace.line.color for trace in figure.data}
    paint = theme.LIGHT
    assert lines == {(1, 1): paint.line, (2, 3): paint.total, (3, 2): paint.total, (4, 4): paint.line}
    assert list(figure.layout.xaxis.ticktext) == ["λ = 1", "λ = 10"]


def test_a_missing_column_is_named():
    with pytest.raises(OptionError, match="edge is missing"):
        rank_changes(SOURCES[["source", "node"]], 1.0, 2.0)
