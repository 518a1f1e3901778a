"""Layouts: hand-computed pictures, invariances of the alignment, ranks against scipy, and the degenerate graphs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from depara_core.attribution.options import Options
from depara_core.drawings import add, choose_probes, draw, draw_beside, nearest
from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph
from depara_core.layouts import LAYOUTS, align, closest, fit, layout
from depara_core.pairs import disagreement, pair_ranks, pair_table, pairs_within


def graph_of(edges):
    count = len(edges)
    whole = np.zeros(count, dtype=bool)
    nodes = np.ones((count, 1), dtype=np.float32)
    edges = np.asarray(edges, dtype=np.float32)
    return AttributionGraph("m", "output", nodes, edges, (1, 1, 1), "probes", Options(), "weights", whole, whole)


def random_graph(count, seed, dimensions=5):
    features = np.random.default_rng(seed).normal(size=(count, dimensions))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return graph_of(features @ features.T)


def two_groups():
    """Probes 0-3 alike, 4-7 alike, the groups unlike."""
    edges = np.full((8, 8), 0.1)
    edges[:4, :4] = edges[4:, 4:] = 0.9
    np.fill_diagonal(edges, 1)
    return graph_of(edges)


def distances(points):
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("count", [1, 2, 3, 40])
@pytest.mark.parametrize("same", [False, True])
def test_every_layout_is_finite_centred_and_of_unit_radius(kind, count, same):
    graph = graph_of(np.ones((count, count))) if same else random_graph(count, seed=count)
    points = layout(graph, kind=kind)
    assert points.shape == (count, 2)
    assert points.mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert np.linalg.norm(points, axis=1).max() == pytest.approx(0 if count == 1 else 1)


@pytest.mark.parametrize("kind", LAYOUTS)
def test_the_same_seed_draws_the_same_picture(kind):
    graph = random_graph(30, seed=0)
    np.testing.assert_array_equal(layout(graph, kind=kind, seed=3), layout(graph, kind=kind, seed=3))


def test_another_seed_starts_elsewhere():
    graph = random_graph(30, seed=0)
    assert not np.allclose(layout(graph, seed=3), layout(graph, seed=4))


@pytest.mark.parametrize("kind", LAYOUTS)
def test_alike_probes_lie_closer_than_unlike_ones(kind):
    # three neighbours each: without the spanning tree the groups would be two separate components
    far = distances(layout(two_groups(), kind=kind, neighbours=3))
    within = np.r_[far[:4, :4][np.triu_indices(4, 1)], far[4:, 4:][np.triu_indices(4, 1)]]
    assert within.mean() < far[:4, 4:].min()


@pytest.mark.parametrize("kind", LAYOUTS)
def test_the_closest_copies_still_stand_apart_from_the_rest(kind):
    edges = np.full((5, 5), 0.2)
    edges[:2, :2] = 1  # the first two are one image twice
    np.fill_diagonal(edges, 1)
    far = distances(layout(graph_of(edges), kind=kind, neighbours=4))
    assert far[0, 1] == far[np.triu_indices(5, 1)].min()


def test_chosen_probes_are_laid_out_as_their_own_graph():
    graph = random_graph(20, seed=1)
    chosen = [7, 2, 11, 5]
    alone = graph_of(graph.edges[np.ix_(chosen, chosen)])
    np.testing.assert_array_equal(layout(graph, probes=chosen), layout(alone))


def test_a_probe_added_to_a_drawing_moves_nothing_and_stands_among_its_nearest():
    graph = two_groups()
    before = draw(graph, [0, 1, 4, 5], neighbours=1)
    after = add(before, graph, [6, 0, 6], neighbours=2)  # 0 is drawn already
    assert after.probes.tolist() == [0, 1, 4, 5, 6]
    np.testing.assert_array_equal(after.positions[:4], before.positions)
    np.testing.assert_allclose(after.positions[4], (before.positions[2] + before.positions[3]) / 2)
    assert after.pairs[len(before.pairs) :].tolist() == [[2, 4], [3, 4]]
    assert after.strength[len(before.pairs) :] == pytest.approx([0.9, 0.9])
    assert after.place(6) == 4


def test_adding_what_is_drawn_changes_nothing():
    graph = two_groups()
    before = draw(graph, [0, 1, 4])
    for probes in ([], [4]):
        after = add(before, graph, probes)
        np.testing.assert_array_equal(after.positions, before.positions)
        np.testing.assert_array_equal(after.pairs, before.pairs)


def test_drawings_fit_the_unit_square_together():
    one, other = fit(np.array([[-1.0, 0], [1, 1]]), np.array([[3.0, 0]]), margin=0.1)
    # x spans -1 .. 3, so 4 units are 0.8 of the square, centred at (1, 0.5)
    np.testing.assert_allclose(one, [[0.1, 0.4], [0.5, 0.6]])
    np.testing.assert_allclose(other, [[0.9, 0.4]])
    np.testing.assert_allclose(fit(np.zeros((2, 2)))[0], 0.5)


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("count", [12, 30, 60])
def test_probes_stand_apart(kind, count):
    assert closest(layout(random_graph(count, seed=count), kind=kind)) > 0.55 / np.sqrt(count)


def test_the_room_between_points_by_hand():
    assert closest(np.array([[0.0, 0], [3, 1], [1, 4]])) == 3
    assert closest(np.zeros((1, 2))) == np.inf


def test_two_graphs_are_drawn_at_the_same_places_with_their_own_edges():
    graphs = [random_graph(20, seed) for seed in (0, 1)]
    one, other = draw_beside(graphs, list(range(12)), neighbours=2)
    np.testing.assert_array_equal(one.positions, other.positions)
    assert one.pairs.tolist() != other.pairs.tolist()
    swapped, _ = draw_beside(graphs[::-1], list(range(12)), neighbours=2)
    np.testing.assert_allclose(swapped.positions, one.positions)


def test_an_unknown_layout_names_the_valid_ones():
    with pytest.raises(OptionError, match=r"'circles' does not exist.*spring, kamada_kawai, spectral"):
        layout(random_graph(4, seed=0), kind="circles")


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(2, 30),
    angle=st.floats(0, 6.3),
    scale=st.floats(0.01, 100),
    mirror=st.booleans(),
)
def test_a_moved_copy_is_aligned_exactly(seed, count, angle, scale, mirror):
    rng = np.random.default_rng(seed)
    reference, shift = rng.normal(size=(count, 2)), rng.normal(size=2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirror:
        turn[:, 0] *= -1
    np.testing.assert_allclose(align(reference, scale * reference @ turn + shift), reference, atol=1e-9)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 20))
def test_alignment_keeps_shape_takes_the_size_and_beats_every_other_turn(seed, count):
    rng = np.random.default_rng(seed)
    reference, points = rng.normal(size=(2, count, 2))
    moved = align(reference, points)
    ratio = distances(moved)[~np.eye(count, dtype=bool)] / distances(points)[~np.eye(count, dtype=bool)]
    np.testing.assert_allclose(ratio, ratio[0])  # one scale for all distances: aspect kept
    centre = reference.mean(axis=0)
    assert np.linalg.norm(moved - moved.mean(axis=0)) == pytest.approx(np.linalg.norm(reference - centre))
    for angle in np.linspace(0, 2 * np.pi, 24):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for mirror in (1, -1):
            other = (moved - centre) @ turn * [1, mirror] + centre
            assert np.linalg.norm(moved - reference) <= np.linalg.norm(other - reference) + 1e-9


def test_alignment_by_hand():
    square = np.array([[0.0, 0], [2, 0], [2, 1], [0, 1]])
    turned = np.array([[0.0, 0], [0, 4], [-2, 4], [-2, 0]])  # a quarter turn, twice the size
    np.testing.assert_allclose(align(square, turned), square, atol=1e-12)


def test_points_in_one_place_go_to_the_centre():
    np.testing.assert_allclose(align(np.array([[0.0, 0], [2, 4]]), np.ones((2, 2))), [[1, 2], [1, 2]])


def test_layouts_of_different_probes_cannot_be_aligned():
    with pytest.raises(OptionError, match=r"\(3, 2\) and \(4, 2\)"):
        align(np.zeros((3, 2)), np.zeros((4, 2)))


def test_ranks_and_disagreement_by_hand():
    a = graph_of([[1, 0.1, 0.5], [0.1, 1, 0.9], [0.5, 0.9, 1]])  # pairs 01, 02, 12: ranks 0, 1/2, 1
    b = graph_of([[1, 0.7, 0.7], [0.7, 1, 0.2], [0.7, 0.2, 1]])  # a tie: ranks 3/4, 3/4, 0
    np.testing.assert_allclose(pair_ranks(a.edges), [[0, 0, 0.5], [0, 0, 1], [0.5, 1, 0]])
    np.testing.assert_allclose(pair_ranks(b.edges), [[0, 0.75, 0.75], [0.75, 0, 0], [0.75, 0, 0]])
    np.testing.assert_allclose(disagreement(a, b), [[0, -0.75, -0.25], [-0.75, 0, 1], [-0.25, 1, 0]])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(3, 25))
def test_ranks_give_the_spearman_and_disagreement_is_antisymmetric(seed, count):
    a, b = random_graph(count, seed), random_graph(count, seed + 1)
    upper = np.triu_indices(count, 1)
    if count > 3:
        pearson = np.corrcoef(pair_ranks(a.edges)[upper], pair_ranks(b.edges)[upper])[0, 1]
        assert pearson == pytest.approx(spearmanr(a.edges[upper], b.edges[upper]).statistic, abs=1e-9)
    np.testing.assert_array_equal(disagreement(a, b), -disagreement(b, a))
    np.testing.assert_array_equal(disagreement(a, b), disagreement(a, b).T)
    assert np.abs(disagreement(a, b)).max() <= 1
    assert not disagreement(a, a).any()


def test_ranks_do_not_see_a_monotone_change_of_the_cosines():
    edges = random_graph(12, seed=4).edges.astype(float)
    np.testing.assert_array_equal(pair_ranks(edges), pair_ranks(edges**3))


def test_one_pair_alone_stands_in_the_middle_like_equal_ones():
    assert pair_ranks(np.ones((1, 1))).tolist() == [[0]]
    assert pair_ranks(np.ones((2, 2))).tolist() == [[0, 0.5], [0.5, 0]]
    assert pair_ranks(np.ones((4, 4))).sum() == 6


def test_graphs_over_different_probes_do_not_compare():
    with pytest.raises(OptionError, match=r"m · output has 3 .*m · output has 4 "):
        disagreement(random_graph(3, 0), random_graph(4, 0))


def test_a_drawing_counts_its_probes_from_zero_and_reads_the_whole_graph():
    a, b = random_graph(12, seed=0), random_graph(12, seed=1)
    chosen = [9, 3, 7, 1, 0]
    first = draw(a, chosen, neighbours=2, other=b)
    second = draw(b, chosen, neighbours=2, other=a, onto=first)
    np.testing.assert_array_equal(first.positions, layout(a, neighbours=2, probes=chosen))
    np.testing.assert_array_equal(second.positions, align(first.positions, layout(b, neighbours=2, probes=chosen)))
    for (i, j), strength, difference in zip(first.pairs, first.strength, first.disagreement, strict=True):
        assert strength == a.edges[chosen[i], chosen[j]]
        assert difference == disagreement(a, b)[chosen[i], chosen[j]]
    assert [first.place(p) for p in (9, 0, 2, None)] == [0, 4, None, None]


def test_the_same_graph_twice_is_drawn_twice_the_same():
    graph = random_graph(15, seed=2)
    first = draw(graph, range(15), seed=0, other=graph)
    second = draw(graph, range(15), seed=0, other=graph, onto=first)
    np.testing.assert_allclose(second.positions, first.positions, atol=1e-12)
    assert not first.disagreement.any()


def test_probes_around_one_are_the_most_alike_and_include_it():
    edges = np.array([[0.0, 0.9, 0.1, 0.8], [0.9, 1, 0, 0], [0.1, 0, 1, 0], [0.8, 0, 0, 1]])
    # probe 0 has no feature (cosine 0 to itself) and is drawn all the same
    np.testing.assert_array_equal(choose_probes(graph_of(edges), 3, around=0), [0, 1, 3])
    np.testing.assert_array_equal(nearest(graph_of(edges), 0), [1, 3, 2])


@settings(max_examples=25)
@given(count=st.integers(1, 40), wanted=st.integers(1, 50), seed=st.integers(0, 1000))
def test_a_sample_is_seeded_sorted_and_without_repeats(count, wanted, seed):
    graph = random_graph(count, seed=0)
    chosen = choose_probes(graph, wanted, seed=seed)
    assert len(chosen) == min(count, wanted)
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, choose_probes(graph, wanted, seed=seed))


def test_the_pair_table_lists_each_pair_once():
    a, b = random_graph(9, seed=5), random_graph(9, seed=6)
    table = pair_table(a, b)
    assert list(zip(table.i, table.j, strict=True)) == [(i, j) for i in range(9) for j in range(i + 1, 9)]
    row = table.iloc[11]
    i, j = int(row.i), int(row.j)
    assert (row.cosine_a, row.cosine_b) == (a.edges[i, j], b.edges[i, j])
    assert (row.rank_a, row.rank_b) == (pair_ranks(a.edges)[i, j], pair_ranks(b.edges)[i, j])
    assert row.difference == disagreement(a, b)[i, j]
    assert np.corrcoef(table.rank_a, table.rank_b)[0, 1] == pytest.approx(a.ranks @ b.ranks)


def test_pairs_within_a_box_are_those_with_both_ranks_in_it_most_disputed_first():
    table = pair_table(random_graph(9, seed=7), random_graph(9, seed=8))
    found = pairs_within(table, (0.2, 0.6), (0.5, 1))
    inside = [row.Index for row in table.itertuples() if 0.2 <= row.rank_a <= 0.6 and 0.5 <= row.rank_b <= 1]
    assert 0 < len(inside) < len(table)
    assert sorted(found.index) == inside
    for kept in (found, pairs_within(table)):
        assert kept["difference"].abs().is_monotonic_decreasing
    assert len(pairs_within(table)) == len(table)
    ends = table["rank_a"].iloc[4], table["rank_b"].iloc[4]
    assert pairs_within(table, *((end, end) for end in ends)).index.tolist() == [4]


def test_one_probe_has_no_pairs():
    assert len(pair_table(random_graph(1, 0), random_graph(1, 1))) == 0
