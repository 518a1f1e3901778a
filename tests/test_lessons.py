"""The tour's arithmetic: it adds up to the similarities of the graphs over the chosen probes, also on paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import graph, random_graph

import depara_core as depara
from depara_core import tour
from depara_core.figures import tour_steps as pictures
from depara_core.graphs import subgraph
from depara_core.similarity import Similarity

quick = settings(max_examples=40)
seeds = st.integers(0, 10_000)


def of_cosines(values, model):
    """A graph of four probes with the six given cosines and one map for all."""
    edges = np.eye(4)
    edges[np.triu_indices(4, 1)] = values
    return graph(np.ones((4, 1, 2, 2)), np.maximum(edges, edges.T), model=model)


@quick
@given(seeds, st.permutations(range(9)), st.integers(3, 8), st.booleans())
def test_the_tables_add_up_to_both_similarities(seed, order, count, ties):
    a, b = random_graph(seed, count=9, ties=ties), random_graph(seed + 1, count=9, ties=ties)
    six = order[:count]
    truth = depara.similarity(subgraph(a, np.array(six)), subgraph(b, np.array(six)))
    nodes, edges = tour.node_table(a, b, six), tour.edge_table(a, b, six)
    assert list(nodes["probe"]) == six
    assert nodes["cosine"].mean() == truth.node
    assert len(edges) == count * (count - 1) // 2
    assert tour.edge_sum(edges).score == pytest.approx(truth.edge, abs=1e-12)
    assert (edges["product"] * 4 == (edges["product"] * 4).round()).all()


def test_a_table_by_hand_with_a_tie():
    a, b = of_cosines([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "m/a"), of_cosines([0.2, 0.2, 0.1, 0.5, 0.6, 0.4], "m/b")
    table = tour.edge_table(a, b, range(4))
    assert list(zip(table["i"], table["j"], strict=True)) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert list(table["rank_a"]) == [1, 2, 3, 4, 5, 6]
    assert list(table["rank_b"]) == [2.5, 2.5, 1, 5, 6, 4]
    assert list(table["product"]) == [2.5, 1.5, 1.25, 0.75, 3.75, 1.25]
    total = tour.edge_sum(table)
    assert (total.middle, total.products, total.spread_a, total.spread_b) == (3.5, 11, 17.5, 17)
    assert total.score == pytest.approx(11 / np.sqrt(17.5 * 17))


def test_without_ties_six_images_have_the_divisor_280():
    a = random_graph(0)
    total = tour.edge_sum(tour.edge_table(a, a, range(6)))
    assert (total.middle, total.products, total.divisor, total.score) == (8, 280, 280, 1)


def test_constant_edges_have_no_order_and_score_0():
    table = tour.edge_table(of_cosines([0.5] * 6, "m/a"), random_graph(1, count=4), range(4))
    assert tour.edge_sum(table).score == 0


@pytest.mark.parametrize("probes", [[0], [0, 0, 1], [0, 12], [-1, 2]])
def test_probes_must_exist_and_differ(probes):
    with pytest.raises(depara.OptionError, match=r"two or more different probes from 0 to 11; got \["):
        tour.node_table(random_graph(0), random_graph(1), probes)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=12), st.integers(1, 4))
def test_rounded_numbers_add_up_and_stay_within_one_unit(values, digits):
    values = np.array(values)
    shown = tour.adding_up(values, digits)
    assert [float(f"{value:.{digits}f}") for value in shown] == pytest.approx(shown.tolist(), abs=1e-12)
    units = [round(value * 10**digits) for value in shown]
    assert sum(units) == round(float((values * 10.0**digits).sum()))
    assert np.abs(shown - values).max() < 10.0**-digits + 1e-12


def test_thirds_are_rounded_so_that_they_make_one():
    assert tour.adding_up(np.full(3, 1 / 3), 2).tolist() == [0.34, 0.33, 0.33]


def lines(first, second):
    return [Similarity(node, edge, (1, 1, 1), 0) for node, edge in (first, second)]


@pytest.mark.parametrize(
    "first, second, at",
    [
        ((0.5, 0.2), (0.3, 0.6), 0.5),
        ((0.3, 0.6), (0.5, 0.2), 0.5),
        ((0.5, 0.6), (0.3, 0.2), None),  # ahead from the start, and gaining
        ((0.5, 0.2), (0.5, 0.6), None),  # equal at 0 only
        ((0.5, 0.2), (0.3, 0.2), None),  # parallel
        ((0.5, 0.2), (0.5, 0.2), None),
    ],
)
def test_where_two_sources_change_places(first, second, at):
    one, two = lines(first, second)
    found = tour.crossing(one, two)
    assert found == (at if at is None else pytest.approx(at))
    if found is not None:
        assert one.total(found) == pytest.approx(two.total(found))
        assert (one.total(found / 2) - two.total(found / 2)) * (one.total(found * 2) - two.total(found * 2)) < 0


def test_a_spread_is_even_and_never_longer_than_what_there_is():
    assert tour.spread(11, 6) == (0, 2, 4, 6, 8, 10)
    assert tour.spread(3, 6) == (0, 1, 2)


def test_strips_mark_the_chosen_pair_in_both_networks():
    table = tour.edge_table(random_graph(0), random_graph(1), range(6))
    drawn = pictures.cosine_strips(table, 4, names=("a<b>", "c"))
    for trace, side in zip(drawn.data, "ab", strict=True):
        assert list(trace.x) == table[f"cosine_{side}"].tolist()
        assert int(np.argmax(trace.marker.size)) == 4
    assert [note.text for note in drawn.layout.annotations] == [
        f"rank {table[f'rank_{side}'].iloc[4]:.3g} of 15" for side in "ab"
    ]
    assert "a&lt;b&gt;" in drawn.layout.yaxis.ticktext[0]
    with pytest.raises(depara.OptionError, match="from 0 to 14; got 15"):
        pictures.cosine_strips(table, 15, names=("a", "b"))


def test_lines_are_the_scores_and_the_crossing_is_written():
    one, two = lines((0.5, 0.2), (0.3, 0.6))
    drawn = pictures.lambda_lines([("a", one), ("b", two)], 1.0, crossing=0.5)
    for trace, source in zip(drawn.data[::2], (one, two), strict=True):
        np.testing.assert_allclose(trace.y, [source.total(lam) for lam in trace.x])
    assert drawn.layout.annotations[0].text.endswith("λ = 0.5")
    assert not pictures.lambda_lines([("a", one)], 1.0).layout.annotations
    with pytest.raises(depara.OptionError, match="got none"):
        pictures.lambda_lines([], 1.0)


def test_shares_are_those_of_the_explanation():
    why = depara.explain(random_graph(0, count=6), random_graph(1, count=6), 2.0)
    node, edge, total = pictures.probe_contributions(why, dark=True).data
    np.testing.assert_allclose(np.add(node.y, edge.y), total.y)
    assert np.sum(total.y) == pytest.approx(why.total)
