"""Rankings by hand, error bars against a slow bootstrap, tree and map against the distances they stand for."""

import numpy as np
import pandas as pd
import pytest
from planted import graph, random_graph
from scipy.cluster.hierarchy import cophenet, leaves_list, linkage
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr

import depara_core as depara
from depara_core.selection import best_choice, find, ranked_pairs, resample
from depara_core.task_tree import closest_pair, first_fork


def mixture(reference, seed, share, **names):
    """A graph that takes `share` of its maps and features from a reference and the rest from chance."""
    other = random_graph(seed, len(reference), reference.shape)
    maps = share * reference.maps + (1 - share) * other.maps
    return graph(maps, share * reference.edges + (1 - share) * other.edges, **names)


@pytest.fixture(scope="module")
def matrix():
    target = random_graph(0, count=40, model="m/target")
    shares = {"m/far": 0.1, "m/near": 0.8, "m/mid": 0.5}
    return depara.similarity_matrix(
        [target, *(mixture(target, seed, share, model=name) for seed, (name, share) in enumerate(shares.items(), 1))]
    )


def test_pairs_come_by_their_score_and_none_is_of_one_graph(matrix):
    pairs = ranked_pairs(matrix, 2)
    assert len(pairs) == 4 * 3
    assert (pairs["S"].diff().dropna() <= 0).all()
    np.testing.assert_allclose(pairs["S"], pairs["s_V"] + 2 * pairs["s_E"])
    table = matrix.to_frame(2)
    assert all(table.loc[row.source, row.target] == row.S for row in pairs.itertuples())
    assert set(pairs.iloc[0][["source", "target"]]) == {"m/near", "m/target"}


def test_sources_come_in_the_order_of_their_score(matrix):
    ranking = depara.rank_sources(matrix, "m/target", 1)
    assert list(ranking["source"]) == ["m/near", "m/mid", "m/far"]
    assert list(ranking["rank"]) == [1, 2, 3]
    assert list(ranking.columns[:5]) == ["source", "score", "low", "high", "rank"]
    np.testing.assert_allclose(ranking["score"], ranking["node"] + ranking["edge"])
    np.testing.assert_allclose(ranking["score"], matrix.to_frame(1).loc[ranking["source"], "m/target"])
    assert (ranking["low"] <= ranking["score"]).all()
    assert (ranking["score"] <= ranking["high"]).all()
    assert ranking["first"].sum() == pytest.approx(1)


def test_lambda_weighs_the_edges(matrix):
    nodes_only = depara.rank_sources(matrix, "m/target", 0)
    np.testing.assert_allclose(nodes_only["score"], nodes_only["node"])


def test_equal_scores_share_the_better_rank():
    target, twin = random_graph(0, model="m/target"), random_graph(1)
    copies = [graph(twin.maps, twin.edges, model=f"m/{name}") for name in "ab"]
    ranking = depara.rank_sources(depara.similarity_matrix(copies, [target]), "m/target", 1)
    assert list(ranking["rank"]) == [1, 1]


def test_the_same_seed_gives_the_same_interval(matrix):
    one, two, other = (depara.rank_sources(matrix, "m/target", 1, seed=seed) for seed in (0, 0, 1))
    assert one.equals(two)
    assert not one.equals(other)


def test_resamples_agree_with_drawing_probes_and_ranking_again(matrix):
    """A slow bootstrap: draw probes, keep the pairs of different probes, rank them anew."""
    target, source = matrix.columns[0], matrix.rows[2]
    upper = np.triu_indices(40, k=1)
    rng = np.random.default_rng(1)
    slow = []
    for _ in range(300):
        drawn = rng.integers(0, 40, 40)
        i, j = drawn[upper[0]], drawn[upper[1]]
        apart = i != j
        slow.append(spearmanr(target.edges[i, j][apart], source.edges[i, j][apart]).statistic)
    fast = resample(matrix, "m/target", resamples=1000).edge[:, 2]
    assert fast.mean() == pytest.approx(np.mean(slow), abs=0.01)
    assert fast.std() == pytest.approx(np.std(slow), rel=0.2)


def test_one_resample_by_its_definition(matrix):
    samples = resample(matrix, "m/target", resamples=5, seed=3)
    weights = np.random.default_rng(3).multinomial(40, np.full(40, 1 / 40), size=5)
    upper = np.triu_indices(40, k=1)
    target, source = matrix.columns[0], matrix.rows[1]
    cosines = (target.nodes * source.nodes).sum(axis=1)
    for w, node, edge in zip(weights, samples.node[:, 1], samples.edge[:, 1], strict=True):
        pair = w[upper[0]] * w[upper[1]]
        covariance = np.cov(np.stack([target.ranks, source.ranks]), aweights=pair, ddof=0)
        assert edge == pytest.approx(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]), abs=1e-4)
        assert node == pytest.approx(np.average(cosines, weights=w), abs=1e-6)


def test_three_probes_constant_edges_and_silence_are_defined():
    silent = [graph(np.zeros((3, 1, 2, 2)), np.ones((3, 3)), model=f"m/{name}") for name in "ab"]
    ranking = depara.rank_sources(depara.similarity_matrix(silent), "m/a", 1)
    assert ranking[["score", "low", "high"]].to_numpy().tolist() == [[0, 0, 0]]


def test_layers_in_their_order_with_one_best():
    target = random_graph(0, count=30, model="m/target")
    layers = [mixture(target, s, share, model="m/s", layer=f"l{s}") for s, share in ((1, 0.1), (2, 0.9), (3, 0.4))]
    ranking = depara.rank_layers(depara.similarity_matrix(layers, [target]), 1)
    assert list(ranking.columns) == ["layer", "node", "edge", "score", "low", "high", "best"]
    assert list(ranking["layer"]) == ["l1", "l2", "l3"]
    assert list(ranking["best"]) == [False, True, False]


def test_layers_need_one_target(matrix):
    with pytest.raises(depara.OptionError, match="expected a matrix with 1 column, got 4"):
        depara.rank_layers(matrix, 1)


def test_no_source_but_the_target():
    with pytest.raises(depara.OptionError, match="No source is left"):
        depara.rank_sources(depara.similarity_matrix([random_graph(0)]), "planted/a", 1)


def test_names_are_found_in_every_spelling(matrix):
    assert [find(matrix.rows, name) for name in ("m/near", "near", "m/near · output")] == [2, 2, 2]
    with pytest.raises(depara.OptionError, match=r"'nowhere' does not name one graph. Expected one of: m/target"):
        find(matrix.rows, "nowhere")


def test_the_tree_joins_the_nearest_first(matrix):
    tree = depara.task_tree(matrix, 1)
    assert sorted(leaves_list(tree)) == [0, 1, 2, 3]
    assert set(tree[0, :2].astype(int)) == {0, 2}
    assert tree[0, 2] == pytest.approx(1 - matrix.total(1)[0, 2] / 2)
    assert squareform(cophenet(tree))[0, 1] >= tree[0, 2]
    assert depara.task_tree(depara.similarity_matrix([random_graph(0)]), 1).shape == (0, 4)


def test_the_first_fork_parts_the_models_at_the_root():
    tree = linkage([[0.0], [9.0], [1.0], [10.5], [0.4]], method="average")  # 0, 2, 4 near 0; 1, 3 near 10
    few, many = first_fork(tree)
    assert (sorted(few), sorted(many)) == ([1, 3], [0, 2, 4])
    order = [int(leaf) for leaf in leaves_list(tree)]
    assert order in (few + many, many + few)
    assert set(closest_pair(tree)) == {0, 4}


def test_the_closest_pair_has_the_highest_score(matrix):
    one, other = closest_pair(depara.task_tree(matrix, 1))
    total = matrix.total(1)
    assert total[one, other] == total[~np.eye(4, dtype=bool)].max()


def test_two_models_part_at_the_only_fork():
    tree = linkage([[0.0], [1.0]], method="average")
    assert sorted(first_fork(tree)) == [[0], [1]]
    for view in (first_fork, closest_pair):
        with pytest.raises(depara.OptionError, match="at least two graphs"):
            view(np.empty((0, 4)))


def test_the_map_keeps_distances_where_two_dimensions_are_enough():
    graphs = [random_graph(seed, model=f"m/{seed}") for seed in range(3)]
    matrix = depara.similarity_matrix(graphs)
    total = matrix.total(2)
    squared = np.add.outer(np.diag(total), np.diag(total)) - 2 * total
    points = depara.model_map(matrix, 2)
    np.testing.assert_allclose(squareform(pdist(points)) ** 2, squared, atol=1e-6)
    assert depara.model_map(depara.similarity_matrix(graphs[:1]), 2).tolist() == [[0, 0]]


def test_tree_and_map_need_a_square_matrix(matrix):
    oblong = depara.similarity_matrix(matrix.rows, matrix.rows[:1])
    for view in (depara.task_tree, depara.model_map):
        with pytest.raises(depara.OptionError, match="same graphs in rows and columns"):
            view(oblong, 1)


@pytest.mark.parametrize(
    "low, said",
    [
        (0.85, "Its interval overlaps that of <m/b>: 12 images leave it open; it comes first in 70 % of the"),
        (0.15, "Its interval overlaps that of <m/b> and 1 more: 12 images leave it open"),
        (0.95, "Its interval overlaps no other: 12 images are enough to tell."),
    ],
)
def test_the_best_source_is_told_from_those_whose_intervals_it_does_not_reach(low, said):
    ranked = pd.DataFrame(
        {
            "source": ["m/a", "m/b", "m/c"],
            "score": [1.0, 0.8, 0.1],
            "low": [low, 0.7, 0.0],
            "high": [1.1, 0.9, 0.2],
            "first": [0.7, 0.3, 0.0],
        }
    )
    best = best_choice(ranked)
    assert (best.name, best.score, best.low, best.high, best.candidates) == ("m/a", 1.0, low, 1.1, 3)
    assert best.certainty(12, "<{}>".format).startswith(said)
    assert best_choice(ranked[:1]).certainty(12) == "It is the only source."
    assert best_choice(ranked[:1]).certainty(3).startswith("It is the only source. 3 images make 3 pairs: too few")
    assert best.certainty(3).startswith("3 images make 3 pairs: too few to tell anything")


def test_the_best_layer_is_the_one_that_is_marked():
    ranked = pd.DataFrame(
        {
            "layer": ["x", "y", "z"],
            "score": [0.2, 1.0, 0.6],
            "low": [0.1, 0.6, 0.5],
            "high": [0.3, 1.1, 0.7],
            "best": [False, True, False],
        }
    )
    assert best_choice(ranked).name == "y"
    assert best_choice(ranked).rivals == ("z",)
    assert best_choice(ranked).first is None
