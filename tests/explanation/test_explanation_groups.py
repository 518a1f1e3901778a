"""Groups of probes, pixels and pairs: every split adds up, and what was planted is found and said."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import graph, random_graph

import depara_core as depara
from depara_core import explanation
from depara_core.explanation import (
    PAIR_KINDS,
    group_contributions,
    pairs_between,
    pixel_contributions,
    resample_masks,
    sentence,
)
from depara_core.pairs import pair_table

seeds = st.integers(0, 2**31)


def halved(count=6):
    """Two networks whose maps agree on the left half of every image and are opposite on the right, and their masks."""
    maps = np.random.default_rng(0).normal(size=(count, 3, 4, 8))
    maps[..., :4] *= 2
    mirrored = maps * np.where(np.arange(8) < 4, 1, -1)
    edges = random_graph(3, count).edges
    masks = np.broadcast_to((np.arange(8) >= 4).astype(np.uint8), (count, 4, 8))
    return graph(maps, edges), graph(mirrored, edges, model="planted/b"), masks


def silence(one):
    """The same graph, the first probe without attribution and feature."""
    maps, edges = one.maps.copy(), one.edges.copy()
    maps[0] = edges[0] = edges[:, 0] = 0
    return graph(maps, edges)


@settings(max_examples=25)
@given(seed=seeds, lam=st.floats(0, 20), ties=st.booleans(), silent=st.booleans(), small=st.booleans())
def test_every_grouping_sums_to_the_score(seed, lam, ties, silent, small):
    a, b = random_graph(seed, ties=ties), random_graph(seed + 1, shape=(1, 2, 3) if small else (3, 4, 4), ties=ties)
    a = silence(a) if silent else a
    score, why = depara.similarity(a, b), depara.explain(a, b, lam)
    rng = np.random.default_rng(seed)
    groups = group_contributions(why, [f"g{n}" for n in rng.integers(0, 4, 12)])
    assert groups.node.sum() == pytest.approx(score.node, abs=1e-6)
    assert np.triu(groups.edge).sum() == pytest.approx(lam * score.edge, abs=1e-6)
    assert groups.contribution.sum() == pytest.approx(score.total(lam), abs=1e-6)
    assert (groups.probes.sum(), np.triu(groups.pairs).sum()) == (12, 66)
    pixels = pixel_contributions(why, rng.integers(0, 3, (12, *why.grid[1:])), ["x", "y", "z"])
    assert pixels.node.sum() == pytest.approx(score.node, abs=1e-6)
    assert pixels.area.sum() == pytest.approx(1)
    np.testing.assert_allclose(pixels.probe.sum(axis=1), why.probe_node, atol=1e-6)
    kinds = {kind: why.pairs(66, kind)["share"].sum() for kind in PAIR_KINDS}
    assert kinds["agree"] + kinds["differ"] == pytest.approx(lam * score.edge, abs=1e-6)
    assert sum(kinds[kind] for kind in PAIR_KINDS[2:]) == pytest.approx(lam * score.edge, abs=1e-6)
    assert (why.node_similarity, why.edge_similarity, why.edge_total) == pytest.approx(
        (score.node, score.edge, lam * score.edge), abs=1e-6
    )
    assert why.to_frame()["share"].is_monotonic_decreasing
    assert sum(map(len, (span.text for span in sentence(why, groups=groups, pixels=pixels).spans))) > 0


def test_group_shares_by_their_definition():
    why = depara.explain(random_graph(0), random_graph(1), 2)
    labels = list("aababcccbaac")
    groups = group_contributions(why, labels)
    assert groups.names == ("a", "b", "c")
    for g, one in enumerate("abc"):
        assert groups.contribution[g] == pytest.approx(sum(why.probe[i] for i in range(12) if labels[i] == one))
        for h, other in enumerate("abc"):
            pairs = [(i, j) for i in range(12) for j in range(i) if {labels[i], labels[j]} == {one, other}]
            assert groups.pairs[g, h] == len(pairs)
            assert groups.edge[g, h] == pytest.approx(sum(2 * why.edge[pair] for pair in pairs))
    assert list(groups.to_frame().columns) == ["group", "probes", "node", "edge", "share", "mean"]


def test_the_cells_of_the_table_add_up_to_the_score():
    a, b, labels = random_graph(0, 7), random_graph(1, 7), list("xyxzzyx")
    why = depara.explain(a, b, 2.0)
    found = group_contributions(why, labels)
    cells = found.cells()
    assert len(cells) == 6
    assert cells["share"].sum() == pytest.approx(why.total)
    assert (cells["share"].diff().dropna() <= 0).all()
    within = cells[(cells["one"] == "z") & (cells["other"] == "z")]["share"].item()
    place = found.names.index("z")
    assert within == pytest.approx(found.edge[place, place] + found.node[place])


@pytest.mark.parametrize("ties", [False, True])
def test_pairs_by_a_sort_of_all_of_them(ties):
    a, b = random_graph(4, ties=ties), random_graph(5, ties=ties)
    why, table = depara.explain(a, b, 3), pair_table(a, b)
    np.testing.assert_allclose(why.ranks_a, table["rank_a"], atol=1e-12)
    np.testing.assert_allclose(why.ranks_b, table["rank_b"], atol=1e-12)
    table["share"] = 2 * why.edge[table["i"], table["j"]]
    high_a, high_b = table["rank_a"] > 0.5 + 1e-9, table["rank_b"] > 0.5 + 1e-9
    low_a, low_b = table["rank_a"] < 0.5 - 1e-9, table["rank_b"] < 0.5 - 1e-9
    kept = {
        "agree": table["share"] > 1e-12,
        "differ": table["share"] < -1e-12,
        "both alike": high_a & high_b,
        "both unlike": low_a & low_b,
        "only A alike": high_a & low_b,
        "only B alike": low_a & high_b,
    }
    for kind, chosen in kept.items():
        expected = table[chosen].sort_values("share", key=lambda s: -s.abs()).head(5)
        found = why.pairs(5, kind)
        assert list(found.columns) == ["i", "j", "share", "rank_a", "rank_b"]
        np.testing.assert_allclose(found["share"], expected["share"], atol=1e-12)
        listed = found.merge(table[chosen], on=["i", "j"], suffixes=("", "_table"))
        assert len(listed) == len(found)
        np.testing.assert_allclose(listed["rank_a"], listed["rank_a_table"], atol=1e-12)
    box = why.pairs_within((0.195, 0.605), (0.495, 1), 66)
    assert len(box) == (table["rank_a"].between(0.195, 0.605) & table["rank_b"].between(0.495, 1)).sum()
    assert box["share"].abs().is_monotonic_decreasing


def test_pairs_have_an_order_without_lambda_and_none_without_ranks():
    a, b = random_graph(0), random_graph(1)
    without, with_lam = (depara.explain(a, b, lam).pairs(4) for lam in (0, 1))
    pd.testing.assert_frame_equal(without[["i", "j"]], with_lam[["i", "j"]])
    assert (without["share"] == 0).all()
    flat = depara.explain(a, graph(b.maps, np.ones((12, 12))), 1)
    assert len(flat.pairs(4)) == 0
    assert (flat.ranks_b == 0.5).all()


def test_clusters_that_both_graphs_hold():
    rng = np.random.default_rng(0)
    truth = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2])
    graphs = []
    for _ in range(2):
        points = np.eye(3)[truth] + 0.1 * rng.normal(size=(9, 3))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        graphs.append(graph(rng.normal(size=(9, 1, 2, 2)), points @ points.T))
    names = explanation.cluster_probes(*graphs, 3)
    assert names == tuple(f"cluster {[3, 1, 2][t]}" for t in truth)
    assert set(explanation.cluster_probes(*graphs, 1)) == {"cluster 1"}
    with pytest.raises(depara.OptionError, match=r"k=10 clusters were asked for\. Expected 1 to 9"):
        explanation.cluster_probes(*graphs, 10)


def test_agreement_on_the_left_half_only_is_what_shares_and_sentence_say():
    a, b, masks = halved()
    why = depara.explain(a, b, 1)
    pixels = pixel_contributions(why, masks, ["left", "right"])
    left = np.square(a.maps[..., :4].astype(float)).sum(axis=(1, 2, 3)) / 6  # of a unit vector
    np.testing.assert_allclose(pixels.probe, np.stack([left, left - 1 / 6], axis=1), atol=1e-6)
    np.testing.assert_allclose(pixels.area, [0.5, 0.5])
    frame = pixels.to_frame().set_index("group")
    assert frame.loc["left", "density"] == pytest.approx(2 * left.sum(), abs=1e-6)
    said = str(sentence(why, pixels=pixels))
    good, bad = f"{left.sum():.2f}", f"{1 - left.sum():.2f}"
    assert f"most: on “left” they agree ({good} of s_V on 50 % of the pixels)" in said
    assert f"least: on “right” they differ (−{bad} of s_V on 50 % of the pixels)" in said


def test_masks_are_resampled_by_majority_and_by_the_nearest():
    masks = np.array([[[1, 1, 2, 0], [1, 0, 2, 0]]], dtype=np.uint8)
    assert resample_masks(masks, (1, 2)).tolist() == [[[1, 0]]]  # a draw of 2 and 0 goes to 0
    assert resample_masks(masks, (2, 4)).tolist() == masks.tolist()
    assert resample_masks(masks, (4, 8))[0, ::2, ::2].tolist() == masks[0].tolist()
    assert resample_masks(masks, (4, 8))[0, 1::2, 1::2].tolist() == masks[0].tolist()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda why: group_contributions(why, ["a"]), "one label for each of 12 probes, got 1"),
        (lambda why: why.pairs(3, "odd"), "kind of pairs 'odd' is unknown. Expected one of: agree, differ"),
        (lambda why: why.pairs(0), "top=0 was given. Expected 1 or more"),
        (
            lambda why: pixel_contributions(why, np.zeros((12, 2, 2), int), ["a"]),
            r"Expected masks \(12, 4, 4\).*resample_masks",
        ),
        (lambda why: pixel_contributions(why, np.ones((12, 4, 4), int), ["a"]), "numbers from 1 to 1. Expected 0 to 0"),
        (lambda why: resample_masks(np.zeros((1, 2, 2), int), (0, 2)), "height and a width of 1 or more"),
    ],
)
def test_what_cannot_be_split(call, message):
    with pytest.raises(depara.OptionError, match=message):
        call(depara.explain(random_graph(0), random_graph(1), 1))


@pytest.mark.parametrize("lam", [0.0, 1.0, 3.0])
def test_the_pairs_behind_a_cell_of_groups_add_up_to_it(lam):
    why = depara.explain(random_graph(1), random_graph(2), lam)
    labels = ["a", "b", "b", "c"] * 3
    groups = group_contributions(why, labels)
    for row, one in enumerate(groups.names):
        for column, other in enumerate(groups.names):
            found = pairs_between(why, labels, (one, other), top=66)
            assert len(found) == groups.pairs[row, column]
            assert found["share"].sum() == pytest.approx(groups.edge[row, column], abs=1e-12)
            assert {frozenset((labels[i], labels[j])) for i, j in zip(found["i"], found["j"], strict=True)} == {
                frozenset((one, other))
            }
            assert found["share"].abs().is_monotonic_decreasing
    everything = why.pairs_within((0, 1), (0, 1), top=66).set_index(["i", "j"])
    listed = pairs_between(why, labels, ("c", "b"), top=4).set_index(["i", "j"])
    pd.testing.assert_frame_equal(listed, everything.loc[listed.index])
    assert len(listed) == 4


def test_a_group_of_one_probe_has_no_pairs_and_an_unknown_one_is_refused():
    why = depara.explain(random_graph(1, 4), random_graph(2, 4), 1.0)
    assert pairs_between(why, list("abbb"), ("a", "a"), top=3).empty
    with pytest.raises(depara.OptionError, match=r"no group 'z'\. Expected one of: a, b"):
        pairs_between(why, list("abbb"), ("a", "z"), top=3)
    with pytest.raises(depara.OptionError, match="for each of 4 probes, got 3 labels"):
        pairs_between(why, list("abb"), ("a", "b"), top=3)
