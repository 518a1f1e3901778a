"""Intervals by the bootstrap's definition, chance by counting orders, and a planted case for every verdict."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from depara_core.errors import OptionError
from depara_core.evaluation import MEASURES, evaluate, precision_at_k, regret_at_k, spearman, weighted_kendall

SOURCES = [f"s{number}" for number in range(12)]
TARGETS = [f"t{number}" for number in range(10)]


def noisy(truth, size, seed):
    return truth + size * np.random.default_rng(seed).normal(size=truth.shape)


@pytest.fixture(scope="module")
def truth():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(12, 10)), index=SOURCES, columns=TARGETS)


@pytest.fixture(scope="module")
def scores(truth):
    half = noisy(truth, 0.3, 3)
    half[["t2", "t7"]] = np.nan
    return {
        "good": noisy(truth, 0.1, 1),
        "bad": noisy(truth, 10, 2),
        "half": half,
        "one": truth[["t4"]].reindex(columns=TARGETS),
        "also good": noisy(truth, 0.1, 4),
    }


@pytest.fixture(scope="module")
def evaluation(scores, truth):
    return evaluate(scores, truth, relevant=4)


def test_every_target_has_the_figures_of_its_own(evaluation, scores, truth):
    frame = evaluation.per_target
    assert list(frame.columns) == ["metric", "target", *MEASURES]
    row = frame[(frame["metric"] == "bad") & (frame["target"] == "t3")].iloc[0]
    one, measured = scores["bad"][["t3"]], truth[["t3"]]
    assert row["P@5"] == pytest.approx(precision_at_k(one, measured, 5, 4))
    assert row["regret@1"] == pytest.approx(regret_at_k(one, measured))
    assert row["Spearman"] == pytest.approx(spearman(one, measured))
    assert row["weighted Kendall"] == pytest.approx(weighted_kendall(one, measured))


def test_undefined_targets_are_named_and_left_out(evaluation, scores, truth):
    assert evaluation.undefined == {"half": ("t2", "t7"), "one": tuple(name for name in TARGETS if name != "t4")}
    assert evaluation.per_target["metric"].value_counts().to_dict() == {
        "good": 10,
        "bad": 10,
        "also good": 10,
        "half": 8,
        "one": 1,
    }
    rest = truth.drop(columns=["t2", "t7"])
    assert evaluation.summary().loc[("half", "P@5"), "mean"] == pytest.approx(
        precision_at_k(scores["half"], rest, 5, 4)
    )
    assert evaluation.compare("half", "good", "P@1").targets == 8


def test_intervals_are_percentiles_of_means_over_drawn_targets(evaluation):
    summary = evaluation.summary()
    assert summary.index.names == ["metric", "measure"]
    assert list(summary.columns) == ["mean", "low", "high"]
    frame = evaluation.per_target
    drawn = np.random.default_rng(0).multinomial(10, np.full(10, 0.1), size=2000)
    for name in ("good", "bad"):
        values = frame[frame["metric"] == name]["Spearman"].to_numpy()
        means = [np.repeat(values, counts).mean() for counts in drawn]
        expected = [values.mean(), *np.percentile(means, [2.5, 97.5])]
        np.testing.assert_allclose(summary.loc[(name, "Spearman")], expected)
    one = summary.loc["one"]
    assert (one["low"] == one["high"]).all()


def test_the_seed_decides(scores, truth):
    one, two, other = (evaluate(scores, truth, resamples=50, seed=seed) for seed in (0, 0, 1))
    assert one.summary().equals(two.summary())
    assert not one.summary().equals(other.summary())
    assert one.p_random("bad", "Spearman") == two.p_random("bad", "Spearman")


def test_random_is_the_mean_over_all_orders_and_the_oracle_is_perfect():
    truth = pd.DataFrame({"t": [5.0, 3, 2, 1, 0.5]}, index=list("abcde"))
    every = {str(order): pd.DataFrame({"t": order}, index=list("abcde")) for order in permutations(range(5))}
    evaluation = evaluate(every, truth, relevant=2, resamples=1)
    means = evaluation.per_target[list(MEASURES)].mean()
    assert evaluation.random == pytest.approx(means.to_dict(), abs=1e-12)
    assert evaluation.random["P@1"] == pytest.approx(2 / 5)
    assert evaluation.oracle == {
        "P@1": 1,
        "P@5": 0.4,
        "R@5": 1,
        "AP": 1,
        "Spearman": 1,
        "weighted Kendall": pytest.approx(1),
        "regret@1": 0,
        "regret@5": 0,
    }


def test_chance_is_what_counting_orders_says():
    """One target of five sources: 2 of 5 orders begin with a relevant one, 1 of 5 with the best, 1 of 120 is right."""
    truth = pd.DataFrame({"t": [5.0, 3, 2, 1, 0.5]}, index=list("abcde"))
    tied = pd.DataFrame({"t": [1.0, 1, 0, 0, 0]}, index=list("abcde"))
    evaluation = evaluate({"truth": truth, "reversed": -truth, "constant": 0 * truth, "tied": tied}, truth, relevant=2)
    assert evaluation.p_random("truth", "P@1") == pytest.approx(2 / 5, abs=0.03)
    assert evaluation.p_random("truth", "regret@1") == pytest.approx(1 / 5, abs=0.03)
    assert evaluation.p_random("truth", "Spearman") == pytest.approx(1 / 120, abs=0.01)
    assert evaluation.p_random("tied", "P@1") == pytest.approx(1 / 10, abs=0.03)
    for figure in ("Spearman", "regret@1", "P@5"):
        assert evaluation.p_random("reversed", figure) == 1
        assert evaluation.p_random("constant", figure) == 1


def test_a_good_score_leaves_chance_behind(evaluation):
    assert evaluation.p_random("good", "Spearman") == 1 / 2001
    assert evaluation.p_random("good", "regret@1") == 1 / 2001
    assert evaluation.p_random("bad", "Spearman") > 0.01
    assert evaluation.p_random("one", "Spearman") == 1 / 2001


def test_verdict_yes(evaluation):
    answer = evaluation.compare("good", "bad", "Spearman")
    assert answer.verdict == "yes"
    assert 0 < answer.low <= answer.difference <= answer.high
    assert answer.sentence.startswith("good is better than bad by Spearman: a difference of +")
    assert answer.sentence.endswith("over 10 targets.")


def test_verdict_no(evaluation):
    answer, mirror = evaluation.compare("bad", "good", "Spearman"), evaluation.compare("good", "bad", "Spearman")
    assert answer.verdict == "no"
    assert (answer.low, answer.high) == pytest.approx((-mirror.high, -mirror.low))
    assert answer.sentence.startswith("bad is worse than good by Spearman: a difference of −")


def test_regret_is_better_when_lower(evaluation):
    answer = evaluation.compare("good", "bad", "regret@1")
    assert answer.verdict == "yes"
    assert answer.high < 0
    assert answer.sentence.endswith("over 10 targets (lower is better).")
    assert evaluation.compare("bad", "good", "regret@1").verdict == "no"


def test_verdict_cannot_tell(evaluation):
    answer = evaluation.compare("good", "also good", "Spearman")
    assert answer.verdict == "cannot tell"
    assert answer.low <= 0 <= answer.high
    assert answer.sentence.startswith("Cannot tell whether good is better than also good by Spearman: a difference of")
    same = evaluation.compare("good", "good", "AP")
    assert (same.difference, same.low, same.high, same.verdict) == (0, 0, 0, "cannot tell")


@pytest.mark.parametrize("count, verdict", [(1, "cannot tell"), (5, "cannot tell"), (6, "yes")])
def test_few_targets_cannot_tell(truth, count, verdict):
    few = truth[TARGETS[:count]]
    answer = evaluate({"truth": few, "reversed": -few}, few).compare("truth", "reversed", "Spearman")
    assert answer.low == answer.high == answer.difference == pytest.approx(2)
    assert answer.verdict == verdict
    assert ("At least 6 targets are needed." in answer.sentence) == (verdict == "cannot tell")
    assert f"over {count} target{'s' if count > 1 else ''}" in answer.sentence


def test_a_comparison_is_the_bootstrap_of_paired_differences(evaluation):
    wide = evaluation.per_target.pivot(index="target", columns="metric", values="AP").loc[TARGETS]
    difference = (wide["half"] - wide["bad"]).dropna().to_numpy()
    drawn = np.random.default_rng(0).multinomial(8, np.full(8, 1 / 8), size=2000)
    means = [np.repeat(difference, counts).mean() for counts in drawn]
    answer = evaluation.compare("half", "bad", "AP")
    assert (answer.low, answer.high) == pytest.approx(np.percentile(means, [2.5, 97.5]).tolist())
    assert answer.difference == pytest.approx(difference.mean())


def test_rounding_is_no_difference(truth):
    """Sums in another order differ in the last digit; that is not a better metric."""
    evaluation = evaluate({"a": truth, "b": -truth}, truth)
    assert evaluation.compare("a", "b", "AP").verdict == "yes"
    values = evaluation._values["a"]
    nearly = replace(evaluation, _values={"a": values, "b": np.nextafter(values, -np.inf)})
    assert nearly.compare("a", "b", "AP").verdict == "cannot tell"


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda s, t: evaluate({}, t), "No metric to evaluate"),
        (lambda s, t: evaluate(s, t, resamples=0), "resamples must be at least 1, got 0"),
        (lambda s, t: evaluate(s, t, relevant=13), "relevant = 13 is more than the 12 candidates of target 't0'"),
        (lambda s, t: evaluate(s, t.head(4), relevant=2), "The k of P@5 = 5 is more than the 4 candidates"),
        (lambda s, t: evaluate({"m": t * np.nan}, t), "Metric 'm' is defined for no target"),
        (lambda s, t: evaluate({"m": t.mask(t > 2)}, t), "Metric 'm': Scores are NaN where truth is measured"),
        (lambda s, t: evaluate({"m": t.tail(9)}, t), "Metric 'm': Measured in truth but missing in scores: s0 for t0"),
        (lambda s, t: evaluate(s, t.head(1)), "^Target 't0' has 1 candidate sources"),
        (lambda s, t: evaluate(s, t).compare("good", "x", "AP"), "Metric 'x' does not exist. Expected one of: good"),
        (lambda s, t: evaluate(s, t).p_random("good", "ap"), "Measure 'ap' does not exist. Expected one of: P@1, P@5"),
        (
            lambda s, t: evaluate({**s, "t2": t[["t2"]].reindex(columns=TARGETS)}, t).compare("t2", "one", "AP"),
            "t2 and one",
        ),
    ],
)
def test_questions_without_an_answer(call, message, scores, truth):
    with pytest.raises(OptionError, match=message):
        call(scores, truth)
