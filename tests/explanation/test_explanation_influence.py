"""Leaving probes out against doing it, intervals against resampling, contrasts against two scores; and the words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import graph, random_graph
from scipy.stats import spearmanr

import depara_core as depara
from depara_core.explanation import (
    Contrast,
    RankingInfluence,
    contrast_interval,
    contrast_sentence,
    influence,
    interval,
    sentence,
)
from depara_core.graphs import subgraph
from depara_core.grids import common_grid
from depara_core.selection import resample

seeds = st.integers(0, 2**31)


def without(a, b, dropped):
    """Compare two graphs without some of their probes; the remaining edges are ranked anew."""
    left = np.setdiff1d(np.arange(len(a)), dropped)
    return depara.similarity(subgraph(a, left), subgraph(b, left))


def contrast(a, b, c, lam):
    """S(a, b) - S(a, c), all three on one grid."""
    grid = common_grid([a, b, c])
    return Contrast(depara.explain(a, b, lam, grid=grid), depara.explain(a, c, lam, grid=grid))


def opposite(one):
    """The graph with every map's sign and the order of all edges reversed."""
    return graph(-one.maps, -one.edges, model="planted/opposite")


@settings(max_examples=20)
@given(seed=seeds, count=st.integers(4, 14), ties=st.booleans())
def test_leaving_one_out_is_comparing_without_it(seed, count, ties):
    a, b = (random_graph(s, count, ties=ties) for s in (seed, seed + 1))
    found = influence(a, b, 2)
    for i in range(count):
        score = without(a, b, [i])
        assert found.node[i] == pytest.approx(score.node, abs=1e-6)
        assert found.edge[i] == pytest.approx(2 * score.edge, abs=1e-9)
    np.testing.assert_allclose(found.change, found.without - depara.similarity(a, b).total(2), atol=1e-12)


def test_without_some_probes_by_its_definition():
    a, b = random_graph(0), random_graph(1)
    left = np.array([1, 2, 5, 6, 7, 9, 10, 11])
    i, j = (left[side] for side in np.triu_indices(8, k=1))
    score = without(a, b, [0, 3, 4, 8, 8])
    assert score.edge == pytest.approx(spearmanr(a.edges[i, j], b.edges[i, j]).statistic)
    assert score.node == pytest.approx((a.nodes * b.nodes).sum(axis=1)[left].mean(), abs=1e-6)


def test_leaving_one_out_with_the_ranks_of_the_full_sample():
    a, b = random_graph(0), random_graph(1)
    i, j = np.triu_indices(12, k=1)
    found = influence(a, b, 1, exact=False).edge
    for probe in range(12):
        kept = (i != probe) & (j != probe)
        assert found[probe] == pytest.approx(np.corrcoef(a.ranks[kept], b.ranks[kept])[0, 1])


def test_edges_without_a_ranking_stay_undefined_as_zero():
    flat = graph(random_graph(0).maps, np.ones((12, 12)))
    for exact in (True, False):
        assert (influence(flat, random_graph(1), 1, exact=exact).edge == 0).all()
    one_pair = np.eye(5)
    one_pair[0, 1] = one_pair[1, 0] = 0.5  # without probe 0 or 1 all edges are equal
    two = graph(random_graph(2, 5).maps, one_pair)
    np.testing.assert_allclose(influence(two, two, 1).edge, [0, 0, 1, 1, 1], atol=1e-12)


def test_the_probe_that_decides_the_ranking():
    target, near = random_graph(0), random_graph(1)
    maps = near.maps.copy()
    maps[3] = 10 * target.maps[3]  # this probe alone makes the second source win
    rival = graph(maps, near.edges, model="planted/rival")
    edge = near.maps.copy()
    edge[5] = 0.1 * target.maps[5] + edge[5]
    found = RankingInfluence(tuple(influence(one, target, 1) for one in (graph(edge, near.edges), rival)))
    assert found.winner == 1
    assert found.flips.tolist() == [3]
    assert found.winners[3] == 0
    np.testing.assert_allclose(found.without[:, 1], influence(rival, target, 1).without, atol=1e-12)
    assert not RankingInfluence((influence(rival, target, 1, exact=False),)).flips.size


def test_intervals_are_those_of_the_ranking():
    target, source = random_graph(0, 30), random_graph(1, 30)
    found = interval(target, source, 2, seed=4)
    samples = resample(depara.similarity_matrix([source], [target]), target.model, seed=4)
    low, high = np.percentile(samples.node + 2 * samples.edge, (2.5, 97.5))
    score = depara.similarity(target, source)
    assert (found.total.low, found.total.high) == pytest.approx((low, high))
    assert found.total.value == pytest.approx(score.total(2))
    assert (found.node.value, found.edge.value) == pytest.approx((score.node, 2 * score.edge))
    for part in (found.node, found.edge, found.total):
        assert part.low <= part.value <= part.high
    assert interval(target, source, 2, samples=samples) == found  # resampled once, for every lambda


@settings(max_examples=20)
@given(seed=seeds, lam=st.floats(0, 20), ties=st.booleans())
def test_a_contrast_splits_the_difference(seed, lam, ties):
    a, b = random_graph(seed, ties=ties), random_graph(seed + 1, ties=ties)
    c = random_graph(seed + 2, shape=(3, 2, 2), ties=ties)
    found = contrast(a, b, c, lam)
    scores = depara.similarity_matrix([b, c], [a]).total(lam)
    assert found.total == pytest.approx(scores[0, 0] - scores[1, 0], abs=1e-6)
    assert found.to_frame()["share"].sum() == pytest.approx(found.total, abs=1e-6)
    assert found.probe_node.sum() == pytest.approx(found.node, abs=1e-6)
    assert found.probe_edge.sum() == pytest.approx(found.edge, abs=1e-6)
    assert sum(found.pixel(i).sum() for i in range(12)) == pytest.approx(found.node, abs=1e-6)


def test_a_contrast_in_words():
    a, b, c = random_graph(0, model="m/t"), random_graph(1, model="m/b"), random_graph(2, model="m/c")
    near = graph(a.maps + 0.1 * b.maps, a.edges, model="m/near")
    sure = str(contrast_sentence(contrast(a, near, c, 1), intervals=contrast_interval(a, near, c, 1)))
    assert sure.startswith("For m/t · output, m/near · output scores higher than m/c · output by ")
    assert "cannot tell" not in sure
    twins = contrast(a, b, graph(b.maps, b.edges, model="m/twin"), 1)
    assert str(contrast_sentence(twins)) == (
        "m/b · output and m/twin · output score the same for m/t · output, in nodes and in edges."
    )
    other = contrast_interval(a, b, c, 0.1)
    unsure = str(contrast_sentence(contrast(a, b, c, 0.1), intervals=other))
    assert ("cannot tell" in unsure) == (other.total.low <= 0 <= other.total.high)


def test_identical_and_opposite_ends_have_their_own_words():
    a = random_graph(0)
    same = sentence(depara.explain(a, graph(a.maps, a.edges, model="planted/b"), 1))
    assert str(same).startswith(
        "S = 2.00: 50 % of it comes from edges, 50 % from nodes. On these images the two are ide"
    )
    assert [span.role for span in same.spans[:5]] == ["total", "plain", "edge", "plain", "node"]
    against = str(sentence(depara.explain(a, opposite(a), 1)))
    assert against.startswith("S = −2.00: nodes give −1.00, edges −1.00. On these images the two are exact opposites")


def test_silence_has_its_own_words():
    a, b = random_graph(0), random_graph(1)
    dark = graph(np.zeros((12, 3, 4, 4)), b.edges)
    said = str(sentence(depara.explain(a, dark, 1)))
    assert "12 of 12 images have no attribution in one of the two: 0 in nodes." in said
    assert "only edges are left" in said
    maps, edges = b.maps.copy(), b.edges.copy()
    maps[2] = edges[4] = edges[:, 4] = 0
    said = str(sentence(depara.explain(a, graph(maps, edges), 1)))
    assert "1 of 12 images has no attribution" in said
    assert "1 of 12 images has no feature in one of the two." in said


def test_half_of_the_score_and_what_pulls_it_down():
    maps = np.eye(4).reshape(4, 1, 2, 2)
    other = maps.copy()
    other[3] *= -1
    why = depara.explain(graph(maps, np.ones((4, 4))), graph(other, np.ones((4, 4))), 1)  # shares 1/4, 1/4, 1/4, -1/4
    said = str(sentence(why))
    assert said == (
        "S = 0.50: 0 % of it comes from edges, 100 % from nodes. They look at largely the same pixels (s_V = 0.50). "
        "Which pairs of images they find alike is hardly related (s_E = 0.00). Half of S rests on 1 of 4 images. "
        "1 image has a negative share, −0.25."
    )


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda a, b: influence(a, b, 1, grid=(3, 8, 8)), r"cannot be compared on the grid \(3, 8, 8\)"),
        (lambda a, b: influence(random_graph(0, 2), random_graph(1, 2), 1), "at least 3 probes, got 2"),
        (lambda a, b: interval(a, b, 1, resamples=0), "resamples must be at least 1, got 0"),
        (lambda a, b: contrast(a, b, random_graph(2, probes="q" * 64), 1), "only over the same probes"),
        (lambda a, b: Contrast(depara.explain(a, b, 1), depara.explain(a, b, 1, grid=(3, 2, 2))), "on one grid"),
    ],
)
def test_what_cannot_be_asked(call, message):
    with pytest.raises(depara.OptionError, match=message):
        call(random_graph(0), random_graph(1))
