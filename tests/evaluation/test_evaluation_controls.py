"""Static rankings, the symmetric oracle and the ceiling by hand; affinities against Saaty's consistent ratios."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from depara_core.errors import OptionError
from depara_core.evaluation import MEASURES, affinity, ceiling, spearman, static_mean, symmetrised
from depara_core.evaluation.affinity import priorities

NAN = np.nan
TRUTH = pd.DataFrame(  # ranks in [0, 1] by column: b 1 c 0.5 d 0; a 0 c 0.5 d 1; a 0.25 b 0.25 d 1 (c: its own)
    {"a": [NAN, 9.0, 5.0, 1.0], "b": [1.0, NAN, 2.0, 3.0], "c": [4.0, 4.0, 99.0, 7.0]}, index=list("abcd")
)


def test_the_static_ranking_is_the_mean_rank_elsewhere():
    found = static_mean(TRUTH)
    assert found.index.tolist() == list("abcd")
    assert found.loc["d"].tolist() == [(1 + 1) / 2, (0 + 1) / 2, (0 + 1) / 2]
    assert found.loc["b"].tolist() == [0.25, (1 + 0.25) / 2, 1]
    assert found.loc["c"].tolist() == [0.5, 0.5, 0.5]
    assert found.loc["a"].tolist() == [(0 + 0.25) / 2, 0.25, 0]


def test_the_static_ranking_does_not_look_at_its_target():
    """Whatever is measured on a target, its column stays the same to the last bit."""
    rng = np.random.default_rng(0)
    truth = pd.DataFrame(rng.normal(size=(9, 7)))
    truth.columns = list("stuvwxy")
    before = static_mean(truth)
    for target in truth:
        changed = truth.assign(**{target: rng.normal(size=9)})
        after = static_mean(changed)
        assert after[target].equals(before[target])
        assert not after.drop(columns=target).equals(before.drop(columns=target))


def test_a_source_measured_nowhere_else_is_in_the_middle():
    single = TRUTH[["b"]]
    assert static_mean(single)["b"].tolist() == [0.5] * 4
    assert spearman(static_mean(single), single) == 0


def test_the_symmetric_oracle_averages_both_directions():
    found = symmetrised(TRUTH)
    assert found.loc["b", "a"] == found.loc["a", "b"] == (1 + 0) / 2
    assert found.loc["c", "a"] == found.loc["a", "c"] == (0.5 + 0.25) / 2
    assert found.loc["c", "b"] == found.loc["b", "c"] == (0.5 + 0.25) / 2
    assert found.loc["d"].tolist() == [0, 1, 1]  # d is no target: one direction alone
    assert np.isnan(found.loc["c", "c"])


def test_the_ceiling_is_the_mean_over_ordered_pairs():
    rng = np.random.default_rng(0)
    splits = [pd.DataFrame(rng.normal(size=(8, 4)), columns=list("wxyz")) for _ in range(3)]
    found = ceiling(splits, relevant=3)
    pairs = [spearman(splits[i], splits[j]) for i, j in permutations(range(3), 2)]
    assert found.index.tolist() == list(MEASURES)
    assert found.loc["Spearman"].tolist() == pytest.approx([np.mean(pairs), min(pairs), max(pairs)])
    same = ceiling([splits[0], splits[0].iloc[::-1]], relevant=5)
    assert same["mean"].tolist() == pytest.approx([1, 1, 1, 1, 1, 1, 0, 0])


def test_two_sources_by_hand():
    """Three images of four are won: 3 to 1."""
    losses = np.array([[1.0, 2], [1, 2], [1, 2], [2, 1]])
    np.testing.assert_allclose(affinity(losses), [0.75, 0.25])


def test_three_sources_by_hand():
    """With three, the principal eigenvector is the geometric mean of each row of ratios.

    Wins of four images: a over b 3, a over c 3.5 (a tie), b over c 2; ratios 3, 7 and 1.
    """
    losses = np.array([[1.0, 2, 3], [1, 3, 2], [2, 1, 3], [1, 2, 1]])
    rows = np.array([3 * 7, 1 / 3 * 1, 1 / 7 * 1]) ** (1 / 3)
    np.testing.assert_allclose(affinity(losses), rows / rows.sum())


def test_consistent_wins_give_their_own_ratios():
    """Orders drawn by 1 : 2 : 4 without replacement win pairs by v_i / (v_i + v_j) (Plackett and Luce)."""
    worth = np.array([1, 2, 4])
    losses = []
    for order in permutations(range(3)):
        images = 210 * worth[order[0]] / 7 * worth[order[1]] / (7 - worth[order[0]])
        assert images == round(images)
        losses += [np.argsort(order)] * round(images)
    np.testing.assert_allclose(affinity(np.array(losses, dtype=float)), worth / 7)


def test_consistent_ratios_give_their_vector():
    worth = np.random.default_rng(0).uniform(0.01, 1, 20)
    np.testing.assert_allclose(priorities(worth[:, None] / worth), worth / worth.sum())


def test_priorities_are_an_eigenvector_of_the_largest_eigenvalue():
    ratios = np.exp(np.triu(np.random.default_rng(1).normal(size=(6, 6)), 1))
    ratios = np.triu(ratios) + np.tril(1 / ratios.T, -1)
    vector = priorities(ratios)
    scaled = ratios @ vector / vector
    np.testing.assert_allclose(scaled, scaled[0])
    assert scaled[0] >= 6 - 1e-9  # Saaty: at least S, and S only for consistent ratios
    assert (vector > 0).all()


def test_one_source_identical_sources_and_a_clear_winner():
    assert affinity(np.array([[3.0], [1]])).tolist() == [1]
    twins = affinity(np.repeat(np.random.default_rng(0).uniform(size=(5, 1)), 3, axis=1))
    np.testing.assert_allclose(twins, 1 / 3)
    np.testing.assert_allclose(affinity(np.array([[1.0, 2]])), [0.999, 0.001])


def test_only_the_order_of_losses_on_an_image_counts():
    losses = np.random.default_rng(0).uniform(size=(50, 6))
    scaled = np.exp(losses) * np.arange(1, 51)[:, None]
    np.testing.assert_allclose(affinity(scaled), affinity(losses))
    np.testing.assert_allclose(affinity(losses[:, ::-1]), affinity(losses)[::-1])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: affinity(np.ones((0, 3))), r"at least one image and one source, got the shape \(0, 3\)"),
        (lambda: affinity(np.array([[1.0, NAN, np.inf]])), r"must be finite, got .* in columns \[1, 2\]"),
        (lambda: ceiling([TRUTH]), "at least 2 splits of the measurement, got 1"),
        (lambda: ceiling([TRUTH, TRUTH.drop(index="d")]), "score for split 0: Measured in truth but missing in scores"),
        (lambda: ceiling([TRUTH, TRUTH], relevant=2), "The k of P@5 = 5 is more than the 3 candidates of target 'a'"),
        (lambda: static_mean(TRUTH.head(2)), "Target 'a' has 1 candidate sources"),
    ],
)
def test_controls_without_an_answer(call, message):
    with pytest.raises(OptionError, match=message):
        call()
