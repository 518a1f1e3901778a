"""Metrics with labels by hand, and against loops, brute force, scipy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import spearmanr
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from depara_core.metrics.gbc import gbc
from depara_core.metrics.hscore import hscore, hscore_shrunk, shrinkage
from depara_core.metrics.knn import knn
from depara_core.metrics.leep import leep
from depara_core.metrics.logme import logme
from depara_core.metrics.matrices import centred, left_singular
from depara_core.metrics.nce import nce
from depara_core.metrics.parc import parc
from depara_core.metrics.transrate import transrate


def planted(seed, count=40, columns=5, number=3):
    """Features whose first columns lean to the class, and the labels; each class has at least two members."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % number)
    x = rng.normal(size=(count, columns)) @ rng.normal(size=(columns, columns))
    return x + rng.normal(size=(number, columns))[labels], labels


seeds = st.integers(0, 2**31)
SHAPES = [(40, 5), (12, 30), (12, 12)]


def log_evidence(y, gram, alpha, beta):
    """log N(y; 0, I / beta + x x' / alpha): the evidence with the weights integrated out, by its plain density."""
    covariance = np.eye(len(y)) / beta + gram / alpha
    return -(np.linalg.slogdet(2 * np.pi * covariance)[1] + y @ np.linalg.solve(covariance, y)) / 2


def brute_force_logme(x, columns):
    """Maximise the evidence of each column over log alpha and log beta from several starts."""
    best = []
    for y in columns.T:
        runs = [
            minimize(lambda p, y=y: -log_evidence(y, x @ x.T, *np.exp(p)), start, method="Nelder-Mead", tol=1e-8)
            for start in ([0, 0], [3, 1])
        ]
        best.append(-min(run.fun for run in runs) / len(x))
    return np.mean(best)


@pytest.mark.parametrize("count, columns", [(40, 5), (12, 30)])
@pytest.mark.parametrize("seed", range(2))
def test_logme_is_the_highest_evidence(seed, count, columns):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, columns))
    y = 0.5 * x[:, :2] + rng.normal(size=(count, 2)) + 1
    assert logme(x, y) == pytest.approx(brute_force_logme(x, y), abs=1e-4)


def test_logme_of_classes_is_that_of_their_indicators():
    x, labels = planted(0)
    assert logme(x, labels) == pytest.approx(brute_force_logme(x, np.eye(3)[labels]), abs=1e-4)
    assert logme(x, labels) == pytest.approx(logme(x, np.eye(3)[labels]), abs=1e-12)


def test_logme_averages_its_columns():
    x, _ = planted(1)
    y = np.random.default_rng(1).normal(size=(40, 3))
    assert logme(x, y) == pytest.approx(np.mean([logme(x, y[:, [k]]) for k in range(3)]), abs=1e-6)


def test_logme_does_not_see_empty_or_repeated_directions():
    x, labels = planted(2, count=12, columns=30)
    assert logme(np.pad(x, ((0, 0), (0, 100))), labels) == pytest.approx(logme(x, labels), abs=1e-9)
    twice = np.concatenate([x, x], axis=1) / np.sqrt(2)
    assert logme(twice, labels) == pytest.approx(logme(x, labels), abs=1e-9)


def test_logme_without_features_is_the_noise_alone():
    y = np.array([1.0, -1, 1, -1])
    # No features: y ~ N(0, 1 / beta), at its best with beta = 1, but for the guard of 1e-5 in the denominator.
    assert logme(np.zeros((4, 2)), y[:, None]) == pytest.approx(-(np.log(2 * np.pi) + 1) / 2, abs=1e-5)


def test_leep_by_hand():
    # Certain predictions: class 0 sees labels 0 0 1, class 1 sees 1. Mean log of 2/3, 2/3, 1/3, 1.
    certain = np.eye(2)[[0, 0, 0, 1]]
    labels = np.array([0, 0, 1, 1])
    assert leep(certain, labels) == pytest.approx(np.log([2 / 3, 2 / 3, 1 / 3, 1]).mean())
    unused = np.pad(certain, ((0, 0), (0, 1)))  # a source class that is never predicted
    assert leep(unused, labels) == pytest.approx(leep(certain, labels))


@settings(max_examples=20)
@given(seed=seeds)
def test_leep_by_loops(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(12) % 3)
    theta = rng.dirichlet(np.full(4, 0.3), size=12)
    total = 0.0
    for i in range(12):
        inner = 0.0
        for z in range(4):
            joint = sum(theta[j, z] for j in range(12) if labels[j] == labels[i]) / 12
            inner += joint / (theta[:, z].sum() / 12) * theta[i, z]
        total += np.log(inner)
    assert leep(theta, labels) == pytest.approx(total / 12, abs=1e-10)
    assert leep(theta, labels) <= 0


def test_nce_by_hand():
    # Source class 0 holds labels 0 0 1 1: one bit unknown. Source class 1 holds 1 1: nothing unknown.
    source, labels = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1, 1])
    assert nce(source, labels) == pytest.approx(-4 / 6 * np.log(2))
    assert nce(labels, labels) == 0


@settings(max_examples=20)
@given(seed=seeds)
def test_nce_by_counting(seed):
    rng = np.random.default_rng(seed)
    source, labels = (np.unique(rng.integers(0, k, 30), return_inverse=True)[1] for k in (4, 3))
    pairs, count = list(zip(source, labels, strict=True)), 0.0
    for pair in set(pairs):
        joint = pairs.count(pair) / 30
        count += joint * np.log(joint / ((source == pair[0]).sum() / 30))
    assert nce(source, labels) == pytest.approx(count, abs=1e-12)


def between_classes(x, labels):
    means = np.stack([x[labels == label].mean(axis=0) for label in labels])
    return np.cov(means, rowvar=False, ddof=0).reshape(x.shape[1], -1)


@pytest.mark.parametrize("seed", range(5))
def test_hscore_is_the_trace_of_two_covariances(seed):
    x, labels = planted(seed)
    within = np.cov(x, rowvar=False, ddof=0)
    assert hscore(x, labels) == pytest.approx(np.trace(np.linalg.inv(within) @ between_classes(x, labels)))
    assert 0 <= hscore(x, labels) <= 2


def test_hscore_by_hand():
    # One feature, classes at -1 and 1 with deviations of 1: half of the variance of 2 lies between them.
    x = np.array([[-2.0], [0], [0], [2]])
    assert hscore(x, np.array([0, 0, 1, 1])) == pytest.approx(0.5)
    assert hscore_shrunk(x, np.array([0, 0, 1, 1])) == pytest.approx(0.5)  # one feature has nothing to shrink to


def test_hscore_of_an_invertible_map_and_of_few_probes():
    x, labels = planted(0)
    maps = np.random.default_rng(1).normal(size=(5, 5))
    assert hscore(x @ maps - 3, labels) == pytest.approx(hscore(x, labels))
    wide, labels = planted(0, count=12, columns=30)
    assert hscore(wide, labels) == pytest.approx(2)  # K - 1, for any features
    assert 0 < hscore_shrunk(wide, labels) < 2


@pytest.mark.parametrize("count, columns", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_hscore_shrunk_with_scikit_learns_ledoit_wolf(seed, count, columns):
    x, labels = planted(seed, count, columns)
    model = LedoitWolf().fit(x)
    assert shrinkage(*left_singular(centred(x)), columns) == pytest.approx(model.shrinkage_, abs=1e-10)
    inverse = np.linalg.inv(model.covariance_)
    expected = np.trace(inverse @ between_classes(x, labels)) * (1 - model.shrinkage_)
    assert hscore_shrunk(x, labels) == pytest.approx(expected, rel=1e-9)


def test_a_round_covariance_needs_no_shrinkage():
    x = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    assert shrinkage(*left_singular(x), 2) == 0
    # Centres (1, 1) / 2 and (-1, -1) / 2 with variance 1/2 in both columns: between them 1/4 in each.
    assert hscore_shrunk(x, np.array([0, 1, 0, 1])) == pytest.approx(1)


@pytest.mark.parametrize("count, columns", SHAPES)
def test_transrate_by_determinants_of_the_covariances(count, columns):
    x, labels = planted(0, count, columns)
    z = x - x.mean(axis=0)

    def rate(rows):
        return np.linalg.slogdet(np.eye(columns) + rows.T @ rows / (len(rows) * 1e-4))[1] / 2

    expected = rate(z) - np.mean([rate(z[labels == label]) for label in range(3)])
    assert transrate(x, labels) == pytest.approx(expected, rel=1e-9)


def test_transrate_by_hand():
    # Centred -1, -1, 1, 1: the mean square is 1 in all and in each class, so every rate is log(1 + 10^4) / 2.
    x = np.array([[0.0], [0], [2], [2]])
    assert transrate(x, np.array([0, 0, 1, 1])) == pytest.approx(0)
    # Columns that mirror each other: together two directions, in each class one.
    y = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    expected = np.log1p(0.5e4) - np.log1p(1e4) / 2
    assert transrate(y, np.array([0, 0, 1, 1])) == pytest.approx(expected)


@settings(max_examples=20)
@given(seed=seeds)
def test_parc_is_rsa_with_labels(seed):
    x, labels = planted(seed)
    numbers = np.random.default_rng(seed).normal(size=(40, 4))
    upper = np.triu_indices(40, k=1)
    left = (1 - np.corrcoef(StandardScaler().fit_transform(x)))[upper]
    unlike = (labels[:, None] != labels)[upper]
    assert parc(x, labels) == pytest.approx(spearmanr(left, unlike).statistic, abs=1e-10)
    assert parc(x, numbers) == pytest.approx(spearmanr(left, (1 - np.corrcoef(numbers))[upper]).statistic, abs=1e-10)


def test_parc_of_a_single_number_is_undefined():
    x, _ = planted(0)
    assert parc(x, x[:, :1]) == 0


@pytest.mark.parametrize("seed", range(4))
def test_knn_agrees_with_scikit_learn(seed):
    x, labels = planted(seed, number=2)  # five votes for two classes: never a tie
    predicted = KNeighborsClassifier(n_neighbors=5).fit(x, labels).predict(None)  # None: each point without itself
    assert knn(x, labels) == pytest.approx((predicted == labels).mean())


def test_knn_ties_go_to_the_nearest():
    # From 0 the others lie at 1 2 3 4 5 with classes b c c b a: b and c have two votes, and b is nearest.
    x = np.array([[0.0], [1], [2], [3], [4], [5], [1000], [2000], [3000]])
    labels = np.array([1, 1, 2, 2, 1, 0, 3, 4, 5])
    with_b = knn(x, labels)
    labels[0] = 2
    assert with_b - knn(x, labels) == pytest.approx(2 / 9)  # probe 0 itself, and probe 1, whose nearest it is
    three = np.array([[0.0], [1], [3]])
    assert knn(three, np.array([0, 0, 1])) == pytest.approx(2 / 3)  # two neighbours each, always a tie
    assert knn(three, np.array([0, 1, 1])) == pytest.approx(1 / 3)


def slow_gbc(x, labels, components):
    x = PCA(components).fit_transform(x)
    total = 0.0
    for a in set(labels):
        for b in set(labels) - {a}:
            (m, v), (n, w) = (
                (x[labels == c].mean(axis=0), np.maximum(x[labels == c].var(axis=0), 1e-4)) for c in (a, b)
            )
            middle = (v + w) / 2
            distance = ((m - n) ** 2 / middle).sum() / 8 + 0.5 * np.log(middle / np.sqrt(v * w)).sum()
            total -= np.exp(-distance)
    return total


@pytest.mark.parametrize("count, columns, components", [(40, 5, 5), (12, 30, 11), (150, 90, 64)])
def test_gbc_by_loops(count, columns, components):
    x, labels = planted(0, count, columns)
    x *= 0.2  # so that the classes of many columns still overlap
    assert gbc(x, labels) == pytest.approx(slow_gbc(x, labels, components), rel=1e-6)


def test_gbc_by_hand():
    # Means -1 and 1, variances 1: B = 4 / 8, and both ordered pairs count.
    x = np.array([[-2.0], [0], [0], [2]])
    assert gbc(x, np.array([0, 0, 1, 1])) == pytest.approx(-2 * np.exp(-0.5))


def test_gbc_of_a_class_of_one_has_the_least_variance():
    # No class varies: both variances are the floor of 1e-4, and B = 0.02^2 / 1e-4 / 8.
    x = np.array([[0.0], [0.02], [0.02]])
    assert gbc(x, np.array([0, 1, 1])) == pytest.approx(-2 * np.exp(-0.5))
