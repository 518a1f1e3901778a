"""The directed score against ridge regressions written out, and what makes it directed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge

from depara_core.errors import OptionError
from depara_core.metrics import directed as directed_module
from depara_core.metrics import metric
from depara_core.metrics.directed import PENALTIES, directed


def pair(seed, count=40, noise=0.5):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4))
    return x, np.tanh(x @ rng.normal(size=(4, 6))) + noise * rng.normal(size=(count, 6)) + 2


def kernels(x, kernel):
    if kernel == "linear":
        z = x - x.mean(axis=0)
        return z @ z.T
    squares = ((x[:, None] - x) ** 2).sum(axis=2)
    return np.exp(-squares / (2 * np.median(squares)))


def slow_directed(x, y, kernel, folds=5, seed=0):
    """Fold by fold with the centring, the hat matrix and scikit-learn's ridge written out, in the target's features."""
    gram, count = kernels(x, kernel), len(x)
    missed = total = 0.0
    for test in np.array_split(np.random.default_rng(seed).permutation(count), folds):
        train = np.setdiff1d(np.arange(count), test)
        weights = np.zeros(count)
        weights[train] = 1 / len(train)
        centring = np.eye(count) - weights[None, :]
        k = centring @ gram @ centring.T
        inside, mean = k[np.ix_(train, train)], y[train].mean(axis=0)
        errors = []
        for penalty in PENALTIES * np.linalg.eigvalsh(inside).clip(0).mean():
            hat = inside @ np.linalg.inv(inside + penalty * np.eye(len(train))) + 1 / len(train)
            left = y[train] - mean - (hat - 1 / len(train)) @ (y[train] - mean)
            errors.append((np.sum(left**2) / len(train) / (1 - np.trace(hat) / len(train)) ** 2, penalty))
        model = KernelRidge(alpha=min(errors)[1], kernel="precomputed").fit(inside, y[train] - mean)
        missed += ((y[test] - mean - model.predict(k[np.ix_(test, train)])) ** 2).sum()
        total += ((y[test] - mean) ** 2).sum()
    return 1 - missed / total


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_ridge_regressions_written_out(kernel, seed):
    x, y = pair(seed)
    assert directed(x, y, kernel=kernel) == pytest.approx(slow_directed(x, y, kernel), abs=1e-8)


def test_folds_and_seed_are_options():
    x, y = pair(0, count=23)
    assert directed(x, y, folds=3, seed=7) == pytest.approx(slow_directed(x, y, "rbf", 3, 7), abs=1e-8)
    assert directed(x, y) == directed(x, y, kernel="rbf", folds=5, seed=0) == metric("directed")(x, y)
    assert directed(x, y, seed=1) != directed(x, y)


def test_the_default_folds_are_leave_one_out_for_few_probes():
    x, y = pair(1, count=4)
    assert directed(x, y) == pytest.approx(max(-1, slow_directed(x, y, "rbf", folds=4)), abs=1e-8)


def test_the_rich_explains_the_poor_and_not_the_other_way():
    x = np.random.default_rng(0).normal(size=(100, 6))
    poor = x[:, :1]
    assert directed(x, poor, kernel="linear") > 0.999
    assert directed(poor, x, kernel="linear") == pytest.approx(1 / 6, abs=0.1)
    assert directed(x, poor) > directed(poor, x) + 0.3


def test_a_linear_target_is_explained_whole_and_noise_not_at_all():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100, 5))
    assert directed(x, x @ rng.normal(size=(5, 9)), kernel="linear") > 0.999
    assert directed(x, x) > 0.9
    assert -0.2 < directed(x, rng.normal(size=(100, 9))) < 0.1


def test_the_rbf_kernel_sees_what_is_not_linear():
    x = np.random.default_rng(2).uniform(-2, 2, size=(120, 1))
    assert directed(x, x**2, kernel="linear") < 0.1
    assert directed(x, x**2) > 0.95


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_scale_and_place_do_not_matter(kernel):
    x, y = pair(3)
    assert directed(5 * x - 2, 0.1 * y + 9, kernel=kernel) == pytest.approx(directed(x, y, kernel=kernel), abs=1e-8)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**31), count=st.integers(3, 8), folds=st.integers(2, 9))
def test_is_bounded_for_any_few_probes(seed, count, folds):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_t(1, size=(count, 2)), rng.standard_t(1, size=(count, 3))
    assert -1 <= directed(x, y, folds=folds) <= 1
    assert -1 <= directed(x, y, kernel="linear", folds=folds) <= 1


def test_is_cut_below_minus_one(monkeypatch):
    monkeypatch.setattr(directed_module, "_held_out", lambda *_: (5.0, 1.0))
    assert directed(*pair(0)) == -1


def test_constant_sides_give_zero():
    x, y = pair(0)
    flat = np.full((40, 3), 0.1)
    for kernel in ("rbf", "linear"):
        assert directed(flat, y, kernel=kernel) == 0
        assert directed(x, flat, kernel=kernel) == 0


@pytest.mark.parametrize(
    "options, message",
    [
        ({"kernel": "cubic"}, "The kernel 'cubic' is unknown. Expected one of: rbf, linear"),
        ({"folds": 1}, "folds should be 2 or more; 1 came"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(OptionError, match=message):
        directed(*pair(0), **options)
