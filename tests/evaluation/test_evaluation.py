"""Ranking measures by hand, against every order that ties allow, against scipy and scikit-learn, and by invariances."""

from itertools import chain, permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr, weightedtau
from sklearn.metrics import average_precision_score

from depara_core.errors import OptionError
from depara_core.evaluation import (
    MEASURES,
    area_under_pr,
    precision_at_k,
    precision_recall,
    recall_at_k,
    regret_at_k,
    spearman,
    weighted_kendall,
)

TRUTH = np.array([0.9, 0.7, 0.5, 0.3, 0.1])
ONE_SWAP = np.array([4.0, 5.0, 1.0, 3.0, 2.0])  # order of the sources: 1, 0, 3, 4, 2


def table(values, sources="abcdefgh", targets="xyz"):
    values = np.asarray(values, dtype=float).reshape(len(values), -1)
    return pd.DataFrame(values, index=list(sources[: len(values)]), columns=list(targets[: values.shape[1]]))


def orders(values):
    """Every order, best first, that agrees with the values; all are equally likely when ties are broken at random."""
    groups = [np.flatnonzero(values == value).tolist() for value in sorted(set(values), reverse=True)]
    return [list(chain(*parts)) for parts in product(*(permutations(group) for group in groups))]


def slow(figure, scores, truth, k, relevant):
    """The mean of a figure's plain definition over all orders of the scores and all sets of the truly best."""
    found = []
    for order, best in product(orders(scores), orders(truth)):
        hit = np.isin(order, best[:relevant])
        if figure == "regret":
            found.append(max(truth) - max(truth[order[:k]]))
        elif figure == "AP":
            found.append(sum(hit[: place + 1].mean() for place in np.flatnonzero(hit)) / relevant)
        else:
            found.append(hit[:k].sum() / {"precision": k, "recall": relevant}[figure])
    return np.mean(found)


def test_figures_of_one_swap_by_hand():
    assert precision_at_k(ONE_SWAP, TRUTH, k=1, relevant=1) == 0
    assert precision_at_k(ONE_SWAP, TRUTH, k=2, relevant=2) == 1
    assert precision_at_k(ONE_SWAP, TRUTH, k=3, relevant=3) == pytest.approx(2 / 3)
    assert recall_at_k(ONE_SWAP, TRUTH, k=1, relevant=2) == pytest.approx(1 / 2)
    assert regret_at_k(ONE_SWAP, TRUTH) == pytest.approx(0.2)
    assert regret_at_k(ONE_SWAP, TRUTH, k=2) == 0
    assert area_under_pr(ONE_SWAP, TRUTH, relevant=3) == pytest.approx((1 + 1 + 3 / 5) / 3)
    assert spearman(ONE_SWAP, TRUTH) == pytest.approx(1 - 6 * (1 + 1 + 4 + 1 + 1) / (5 * 24))


def test_a_weighted_exchange_by_hand():
    """Three sources, the last two exchanged: weights 1 + 1/2, 1 + 1/3 agree and 1/2 + 1/3 does not."""
    assert weighted_kendall([3, 1, 2], [3, 2, 1]) == pytest.approx((3 / 2 + 4 / 3 - 5 / 6) / (3 / 2 + 4 / 3 + 5 / 6))
    first_two = weighted_kendall([2, 3, 1], [3, 2, 1])
    assert first_two == pytest.approx((-3 / 2 + 4 / 3 + 5 / 6) / (3 / 2 + 4 / 3 + 5 / 6))


def test_a_tie_by_hand():
    """Scores tie three sources on two places: each is chosen with probability 2/3."""
    scores, truth = [1, 1, 1, 0], [9.0, 6.0, 3.0, 0.0]
    assert precision_at_k(scores, truth, k=2, relevant=1) == pytest.approx(1 / 3)
    assert recall_at_k(scores, truth, k=2, relevant=1) == pytest.approx(2 / 3)
    assert regret_at_k(scores, truth, k=2) == pytest.approx(1 / 3 * 3)  # the best is missed on one draw of three
    assert regret_at_k(scores, truth, k=1) == pytest.approx((0 + 3 + 6) / 3)


ties = st.integers(0, 2)


@settings(max_examples=25)
@given(st.data())
def test_ties_are_the_mean_over_all_orders(data):
    count = data.draw(st.integers(2, 5))
    scores, truth = (np.array(data.draw(st.lists(ties, min_size=count, max_size=count)), float) for _ in range(2))
    k, relevant = data.draw(st.integers(1, count)), data.draw(st.integers(1, count))
    assert precision_at_k(scores, truth, k, relevant) == pytest.approx(slow("precision", scores, truth, k, relevant))
    assert recall_at_k(scores, truth, k, relevant) == pytest.approx(slow("recall", scores, truth, k, relevant))
    assert regret_at_k(scores, truth, k) == pytest.approx(slow("regret", scores, truth, k, relevant), abs=1e-12)
    assert area_under_pr(scores, truth, relevant) == pytest.approx(slow("AP", scores, truth, k, relevant))
    curve = precision_recall(scores, truth, relevant)
    assert curve["precision"][k - 1] == pytest.approx(slow("precision", scores, truth, k, relevant))
    assert curve["recall"][k - 1] == pytest.approx(slow("recall", scores, truth, k, relevant))


@settings(max_examples=25)
@given(st.data())
def test_correlations_agree_with_scipy(data):
    count = data.draw(st.integers(3, 7))
    scores, truth = (np.array(data.draw(st.lists(ties, min_size=count, max_size=count)), float) for _ in range(2))
    constant = len(set(scores)) == 1 or len(set(truth)) == 1
    assert spearman(scores, truth) == pytest.approx(0 if constant else spearmanr(scores, truth).statistic, abs=1e-12)
    places = np.mean([np.argsort(order) for order in orders(truth)], axis=0)
    assert places == pytest.approx(rankdata(-truth) - 1)
    weights = np.mean([1 / (1 + np.argsort(order)) for order in orders(truth)], axis=0)
    expected = 0 if constant else weightedtau(truth, scores, rank=False, weigher=lambda i: weights[i]).statistic
    assert weighted_kendall(scores, truth) == pytest.approx(expected, abs=1e-12)


def test_weighted_kendall_weighs_by_the_rank_of_the_truth():
    scores, truth = np.random.default_rng(0).normal(size=(2, 12))
    by_truth, by_score = (weightedtau(a, b, rank=None).statistic for a, b in ((truth, scores), (scores, truth)))
    assert abs(by_truth - by_score) > 0.01
    assert weighted_kendall(scores, truth) == pytest.approx(by_truth)


def test_a_tie_in_the_truth_is_the_mean_of_weightedtau_over_its_orders():
    scores, truth = np.random.default_rng(1).normal(size=6), np.array([2.0, 2, 1, 1, 1, 0])
    expected = np.mean([weightedtau(truth, scores, rank=np.argsort(order)).statistic for order in orders(truth)])
    assert weighted_kendall(scores, truth) == pytest.approx(expected)


@pytest.mark.parametrize("relevant", [1, 4, 9])
def test_area_under_pr_is_scikit_learns_average_precision(relevant):
    scores, truth = np.random.default_rng(2).normal(size=(2, 30))
    labels = truth >= np.sort(truth)[-relevant]
    assert area_under_pr(scores, truth, relevant) == pytest.approx(average_precision_score(labels, scores))


SCALARS = {
    "precision": lambda scores, truth: precision_at_k(scores, truth, 3, 2),
    "recall": lambda scores, truth: recall_at_k(scores, truth, 3, 2),
    "regret": lambda scores, truth: regret_at_k(scores, truth, 2),
    "AP": lambda scores, truth: area_under_pr(scores, truth, 2),
    "spearman": spearman,
    "kendall": weighted_kendall,
}


@pytest.mark.parametrize("name", SCALARS)
@settings(max_examples=10)
@given(data=st.data())
def test_only_the_order_matters_and_not_the_place_in_the_table(name, data):
    figure, count = SCALARS[name], data.draw(st.integers(3, 6))
    scores, truth = (
        np.array(data.draw(st.lists(st.integers(-3, 3), min_size=count, max_size=count)), float) for _ in range(2)
    )
    value = figure(scores, truth)
    assert figure(np.exp(scores) - 5, truth) == pytest.approx(value, abs=1e-12)
    if name != "regret":
        assert figure(scores, truth**3 + 1) == pytest.approx(value, abs=1e-12)
    order = data.draw(st.permutations(range(count)))
    assert figure(scores[order], truth[order]) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", SCALARS)
@pytest.mark.parametrize("truth", [[5.0, 3, 2, 1, 0.5], [2.0, 2, 2, 1, 1]], ids=["ordered", "tied"])
def test_a_constant_score_is_exactly_a_random_order(name, truth):
    chance = np.mean([SCALARS[name](np.array(order), truth) for order in permutations(range(5))])
    assert SCALARS[name](np.full(5, 7.0), truth) == pytest.approx(chance, abs=1e-12)


def test_large_ties_stay_exact():
    """The best of 3000 is among 40 drawn with probability 40 / 3000: binomials would overflow."""
    truth = np.zeros(3000)
    truth[17] = 1
    assert regret_at_k(np.zeros(3000), truth, k=40) == pytest.approx(1 - 40 / 3000)


def test_targets_are_averaged_each_over_its_own_candidates():
    truth = table([[0.9, np.nan], [0.7, 1], [0.5, 2], [0.3, 3], [0.1, 4]])
    scores = table(np.stack([ONE_SWAP, [9, 1, 2, 3, 4]], axis=1))
    assert precision_at_k(scores, truth, k=1, relevant=1) == pytest.approx((0 + 1) / 2)
    assert spearman(scores, truth) == pytest.approx((spearman(ONE_SWAP, TRUTH) + 1) / 2)
    assert spearman(scores.to_numpy(), truth.to_numpy()) == spearman(scores, truth)


def test_tables_are_matched_by_name():
    truth = table(np.random.default_rng(0).normal(size=(5, 2)))
    scores = table(np.random.default_rng(1).normal(size=(7, 3)))
    expected = spearman(scores.loc[truth.index, truth.columns].to_numpy(), truth.to_numpy())
    assert spearman(scores.loc[list("gcabdfe"), list("yzx")], truth) == expected
    assert spearman(scores["y"].sample(frac=1, random_state=0), truth["y"]) == spearman(scores[["y"]], truth[["y"]])
    assert spearman(scores["y"].rename("score"), truth["y"].rename(None)) == spearman(scores["y"], truth["y"])


def test_a_model_is_no_source_for_itself():
    truth, scores = table([[9, 1], [1, 9], [2, 2], [3, 3]], targets="ab"), table([[9, 1], [1, 9], [3, 3], [2, 2]])
    scores.columns = ["a", "b"]
    assert precision_at_k(scores, truth, k=1, relevant=1) == 0  # with itself among the sources it were 1
    scores.loc["a", "a"], truth.loc["b", "b"] = np.nan, np.inf
    assert precision_at_k(scores, truth, k=1, relevant=1) == 0


def test_the_curve_of_unequal_targets():
    """Three candidates and two: the second stays at its end."""
    truth, scores = table([[3, 3], [2, 1], [1, np.nan]]), table([[3, 1], [1, 2], [2, 0]])
    curve = precision_recall(scores, truth, relevant=1)
    assert curve.columns.tolist() == ["k", "recall", "precision"]
    assert curve["k"].tolist() == [1, 2, 3]
    assert curve["recall"].tolist() == [0.5, 1, 1]
    np.testing.assert_allclose(curve["precision"], [0.5, (1 / 2 + 1 / 2) / 2, (1 / 3 + 1 / 2) / 2])


def test_the_curve_takes_more_relevant_sources_than_there_are():
    curve = precision_recall(ONE_SWAP, TRUTH, relevant=9)
    assert curve["precision"].tolist() == [1] * 5
    assert curve["recall"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])


def test_figures_say_how_to_read_them():
    assert list(MEASURES) == ["P@1", "P@5", "R@5", "AP", "Spearman", "weighted Kendall", "regret@1", "regret@5"]
    assert [name for name, figure in MEASURES.items() if not figure.higher_is_better] == ["regret@1", "regret@5"]
    assert all(figure.reading.endswith(".") for figure in MEASURES.values())


@pytest.mark.parametrize(
    "scores, truth, message",
    [
        ([1, 2, 3], [1, 2], r"without names must have one shape, \(S,\) or \(S, T\), got \(3,\) and \(2,\)"),
        (np.ones((2, 2, 2)), np.ones((2, 2, 2)), "must have one shape"),
        (table([1, 2]), [1, 2], "both tables with names or both arrays, got DataFrame and list"),
        (["a", "b"], [1, 2], "The scores must be a table of numbers: could not convert"),
        (table([1, 2, 3]), table([1, 2, 3]).astype(str) + "?", "The truth must be a table of numbers"),
        ([1, np.nan], [1, 2], "Scores are NaN where truth is measured: 1 for 0. Score every candidate"),
        ([1, np.inf], [1, 2], "Scores must be finite, got infinity for 1 for 0"),
        ([1, 2], [1, -np.inf], "Truth must be finite, got infinity for 1 for 0"),
        ([1, 2], [1, np.nan], "Target 0 has 1 candidate sources, expected at least 2"),
        ([], [], "Target 0 has 0 candidate sources"),
        (np.ones((3, 0)), np.ones((3, 0)), "The truth holds no target"),
        (table([[1, 2], [3, 4]], "xy", "xy"), table([[1, 2], [3, 4]], "xy", "xy"), "Target 'x' has 1 candidate"),
        (table([1, 2], "ab"), table([1, 2], "cd"), "no source in common: scores hold a, b; truth holds c, d"),
        (table([1, 2], targets="x"), table([1, 2], targets="y"), "no target in common: scores hold x; truth holds y"),
        (table([1], "a"), table([1, 2, 3], "abc"), "Measured in truth but missing in scores: b for x, c for x"),
        (table([1], "a"), table(range(8)), r"missing in scores: b for x, .*, f for x and 2 more\. Score them"),
        (table([1, 2], "aa"), table([1, 2], "ab"), "The sources of scores repeat a: name each once"),
        (table([1, 2]), table([[1, 2], [1, 2]], targets="xx"), "The targets of truth repeat x"),
    ],
)
def test_tables_that_do_not_fit(scores, truth, message):
    with pytest.raises(OptionError, match=message):
        spearman(scores, truth)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: precision_at_k(ONE_SWAP, TRUTH, k=0), "k must be at least 1, got 0"),
        (lambda: recall_at_k(ONE_SWAP, TRUTH, k=6), "k = 6 is more than the 5 candidates of target 0"),
        (lambda: precision_at_k(ONE_SWAP, TRUTH, relevant=6), "relevant = 6 is more than the 5 candidates"),
        (lambda: area_under_pr(ONE_SWAP, TRUTH, relevant=0), "relevant must be at least 1"),
        (lambda: regret_at_k(table([[1, 2], [3, 4]]), table([[1, 2], [3, 4]]), k=3), "2 candidates of target 'x'"),
        (lambda: precision_recall(ONE_SWAP, TRUTH, relevant=0), "relevant must be at least 1, got 0"),
    ],
)
def test_numbers_beyond_the_candidates(call, message):
    with pytest.raises(OptionError, match=message):
        call()
