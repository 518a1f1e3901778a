"""Linear heads: equal to scikit-learn's, no leak between folds, and what cannot be done is said."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from depara_core.errors import OptionError
from depara_core.heads import INNER_FOLDS, ITERATIONS, PENALTIES, STRENGTHS, deal, hits, standardised_pair

COUNT = 60


def labelled(columns, signal, seed=0, count=COUNT):
    """Labels, and features that tell them where `signal` is more than 0."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 3)
    features = rng.normal(size=(count, columns))
    features[:, :3] += signal * np.eye(3)[labels]
    return labels.astype(str), features * rng.uniform(0.1, 10, columns)


@pytest.mark.parametrize("columns", [8, 200])
@pytest.mark.parametrize("head", ["ridge", "logistic"])
def test_heads_are_scikit_learn_s(columns, head):
    labels, features = labelled(columns, 1.5)
    folds = deal(labels, np.arange(COUNT), folds=4, seed=3)
    found = hits(features, folds, head=head)
    expected = np.zeros(COUNT, dtype=bool)
    for train, test in StratifiedKFold(4, shuffle=True, random_state=3).split(features, labels):
        known = StandardScaler().fit(features[train])
        model = (
            RidgeClassifierCV(alphas=PENALTIES)
            if head == "ridge"
            else GridSearchCV(LogisticRegression(max_iter=ITERATIONS), {"C": STRENGTHS}, cv=INNER_FOLDS)
        )
        model.fit(known.transform(features[train]), labels[train])
        expected[test] = model.predict(known.transform(features[test])) == labels[test]
    assert found.tolist() == expected.tolist()


def test_the_rotation_keeps_inner_products_and_sees_nothing_of_the_test():
    _, features = labelled(200, 0)
    train, test = features[:40], features[40:]
    known, asked = standardised_pair(train, test)
    scaler = make_pipeline(StandardScaler()).fit(train)
    np.testing.assert_allclose(known @ known.T, scaler.transform(train) @ scaler.transform(train).T, atol=1e-8)
    np.testing.assert_allclose(asked @ known.T, scaler.transform(test) @ scaler.transform(train).T, atol=1e-8)
    moved = standardised_pair(train, 100 + 7 * test)
    np.testing.assert_array_equal(moved[0], known)


def test_features_that_carry_the_label_win_and_noise_stays_at_chance():
    labels, good = labelled(12, 6.0)
    _, noise = labelled(400, 0.0, seed=1)
    folds = deal(labels, np.arange(COUNT), folds=5, seed=0)
    assert hits(good, folds).mean() > 0.9
    assert hits(noise, folds).mean() < 0.6  # a head that saw the test would be right on all of them


def test_a_picture_that_occurs_twice_stays_in_one_fold():
    """Otherwise noise would tell the label: the leak that this catches gives an accuracy near 1."""
    labels, noise = labelled(400, 0.0)
    twice, doubled = np.concatenate([labels, labels]), np.concatenate([noise, noise])
    leaking = deal(twice, np.arange(2 * COUNT), folds=5, seed=0)
    honest = deal(twice, np.tile(np.arange(COUNT), 2), folds=5, seed=0)
    assert hits(doubled, leaking).mean() > 0.7
    assert hits(doubled, honest).mean() < 0.6
    for train, test in honest:
        assert not set(train % COUNT) & set(test % COUNT)
    assert "60 images repeat another one" in honest.notes[-1]


def test_folds_are_the_same_for_a_seed_and_every_image_is_tested_once():
    labels, _ = labelled(4, 0)
    one, two, other = (deal(labels, np.arange(COUNT), folds=5, seed=seed).fold for seed in (0, 0, 1))
    assert one.tolist() == two.tolist() != other.tolist()
    assert np.bincount(one).tolist() == [12] * 5


def test_small_classes_lower_the_folds_or_are_left_out():
    labels = np.array(["a"] * 6 + ["b"] * 2 + ["c"])
    folds = deal(labels, np.arange(9), folds=5, seed=0)
    assert folds.kept.tolist() == list(range(8))
    assert len(list(folds)) == 2
    assert folds.notes == (
        "Left out, as a class with one picture cannot be trained and tested: c.",
        "2 folds instead of 5: the smallest class has 2 pictures.",
    )


@pytest.mark.parametrize("labels", [["a"] * 6, ["a", "a", "b", "c"], list("abcd")])
def test_fewer_than_two_classes_are_refused(labels):
    with pytest.raises(OptionError, match="at least two classes with two different pictures"):
        deal(np.array(labels), np.arange(len(labels)), folds=5, seed=0)


def test_constant_features_guess_the_largest_class():
    labels = np.array(["a"] * 20 + ["b"] * 10)
    folds = deal(labels, np.arange(30), folds=5, seed=0)
    for head in ("ridge", "logistic"):
        assert hits(np.ones((30, 4)), folds, head=head).mean() == pytest.approx(2 / 3)


def test_options_are_checked():
    labels, features = labelled(4, 0)
    with pytest.raises(OptionError, match="must be 2 or more"):
        deal(labels, np.arange(COUNT), folds=1, seed=0)
    with pytest.raises(OptionError, match=r"'tree' is unknown. Expected one of: ridge, logistic"):
        hits(features, deal(labels, np.arange(COUNT), folds=2, seed=0), head="tree")
