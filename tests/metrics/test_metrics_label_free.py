"""Label-free metrics by hand, against slow versions in plain NumPy, scipy and scikit-learn, and their invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh
from scipy.stats import spearmanr
from sklearn.metrics.pairwise import laplacian_kernel
from sklearn.preprocessing import StandardScaler

from depara_core.metrics.cca import pwcca, svcca
from depara_core.metrics.cka import cka, cka_rbf
from depara_core.metrics.dds import dds_cosine, dds_laplacian, dds_pearson, u_centred
from depara_core.metrics.matrices import (
    centred,
    left_singular,
    rbf_kernel,
    row_correlations,
    squared_distances,
    standardised,
)
from depara_core.metrics.rsa import rsa


def pair(seed, count=15, columns=(4, 6)):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, columns[0]))
    return x, x @ rng.normal(size=columns) + rng.normal(size=(count, columns[1]))


seeds = st.integers(0, 2**31)


def test_rsa_by_hand():
    # Rows rise, fall and form a tent: correlations -1, 0 and 0. The second model swaps the last two probes.
    x = np.array([[1.0, 2, 3], [3, 2, 1], [1, 2, 1]])
    assert rsa(x, x) == pytest.approx(1)
    assert rsa(x, x[[0, 2, 1]]) == pytest.approx(-0.5)  # ranks 1 2.5 2.5 against 2.5 1 2.5


@settings(max_examples=20)
@given(seed=seeds)
def test_rsa_is_the_rank_correlation_of_two_dissimilarities(seed):
    x, y = pair(seed)
    upper = np.triu_indices(len(x), k=1)
    expected = spearmanr((1 - np.corrcoef(x))[upper], (1 - np.corrcoef(y))[upper]).statistic
    assert rsa(x, y) == pytest.approx(expected, abs=1e-12)


def test_rsa_counts_a_flat_probe_as_unlike_all():
    x, y = pair(0)
    x[3] = 0.7  # no variation over the columns: its correlations are 0, whatever the value
    flat = x.copy()
    flat[3] = 0
    assert rsa(x, y) == rsa(flat, y)


def test_rsa_keeps_ties_between_equal_probes():
    """Rounding must not rank correlations that are equal."""
    x = np.repeat(np.random.default_rng(0).normal(size=(4, 50)), 5, axis=0)
    correlations = row_correlations(x)
    assert len(np.unique(correlations[np.triu_indices(20, k=1)])) == 4 * 3 / 2 + 1
    assert rsa(x, 3 * x + 1) == pytest.approx(1, abs=1e-12)


def test_cka_by_hand():
    # Centred, (-1, -1, 2) and (-2, 1, 1): inner product 3, squared norms 6. Of one feature CKA is the squared cosine.
    x, y = np.array([[0.0], [0], [3]]), np.array([[0.0], [3], [3]])
    assert cka(x, y) == pytest.approx(0.25)
    assert cka(x, x) == pytest.approx(1)


def slow_hsic(k, kk):
    """tr(K H L H) / (N-1)^2 with the centring matrix written out."""
    h = np.eye(len(k)) - 1 / len(k)
    return np.trace(k @ h @ kk @ h) / (len(k) - 1) ** 2


@settings(max_examples=20)
@given(seed=seeds)
def test_cka_agrees_with_its_definition_and_its_form_in_features(seed):
    x, y = pair(seed)
    k, kk = x @ x.T, y @ y.T
    assert cka(x, y) == pytest.approx(slow_hsic(k, kk) / np.sqrt(slow_hsic(k, k) * slow_hsic(kk, kk)), abs=1e-12)
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    norms = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    assert cka(x, y) == pytest.approx(np.linalg.norm(b.T @ a) ** 2 / norms, abs=1e-12)


@settings(max_examples=20)
@given(seed=seeds)
def test_rbf_cka_agrees_with_its_definition(seed):
    x, y = pair(seed)

    def kernel(z):
        distances = np.array([[np.sqrt(((a - b) ** 2).sum()) for a in z] for b in z])
        sigma = 0.5 * np.median(distances)
        return np.exp(-(distances**2) / (2 * sigma**2))

    k, kk = kernel(x), kernel(y)
    expected = slow_hsic(k, kk) / np.sqrt(slow_hsic(k, k) * slow_hsic(kk, kk))
    assert cka_rbf(x, y) == pytest.approx(expected, abs=1e-10)
    assert cka_rbf(x, x) == pytest.approx(1)


def test_distances_and_kernel_of_mostly_equal_rows():
    x = np.array([[1.0, 2.0]] * 5 + [[4.0, 6.0]])
    np.testing.assert_array_equal(squared_distances(x)[0], [0, 0, 0, 0, 0, pytest.approx(25)])
    np.testing.assert_array_equal(rbf_kernel(x, 0.5)[5], [0, 0, 0, 0, 0, 1])  # the median distance is 0


def slow_cca(x, y):
    """Canonical correlations and variates of x from the generalised eigenproblem of the covariances."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    across = x.T @ y @ np.linalg.inv(y.T @ y) @ y.T @ x
    squares, weights = eigh(across, x.T @ x)
    number = min(x.shape[1], y.shape[1])
    variates = x @ weights[:, ::-1][:, :number]
    return np.sqrt(squares[::-1][:number].clip(0, 1)), variates / np.linalg.norm(variates, axis=0)


@settings(max_examples=20)
@given(seed=seeds, columns=st.sampled_from([(3, 4), (4, 2), (1, 3)]))
def test_svcca_and_pwcca_agree_with_the_eigenproblem(seed, columns):
    x, y = pair(seed, 30, columns)
    x, y = (np.linalg.qr(z - z.mean(axis=0))[0] for z in (x, y))  # every direction holds as much: all are kept
    x = x * np.linspace(1, 2, columns[0])
    correlations, variates = slow_cca(x, y)
    assert svcca(x, y) == pytest.approx(correlations.mean(), abs=1e-8)
    weights = [sum(abs(h @ column) for column in x.T) for h in variates.T]
    assert pwcca(x, y) == pytest.approx(np.average(correlations, weights=weights), abs=1e-8)


def test_cca_by_hand():
    # Three centred patterns at right angles. The models share the first: correlations 1 and 0, weights 3 and 1.
    a, b, c = np.array([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 2
    x, y = np.stack([3 * a, b], axis=1), np.stack([a, c], axis=1)
    assert svcca(x, y) == pytest.approx(1 / 2)
    assert pwcca(x, y) == pytest.approx(3 / 4)
    assert svcca(a[:, None], (a + np.sqrt(3) * b)[:, None]) == pytest.approx(1 / 2)


def test_svcca_drops_what_holds_less_than_one_percent():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 3))
    shared, one, other = np.linalg.qr(points - points.mean(axis=0))[0].T
    x = np.stack([shared, 0.05 * one], axis=1)
    y = np.stack([shared, 0.05 * other], axis=1)
    assert svcca(x, y) == pytest.approx(1)  # 0.25 % of the variance is noise
    loud = np.array([1, 10])
    assert svcca(x * loud, y * loud) == pytest.approx(0.5)


@settings(max_examples=20)
@given(seed=seeds)
def test_cca_does_not_see_invertible_maps(seed):
    x, y = pair(seed, 40, (3, 3))
    rng = np.random.default_rng(seed)
    turns = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2)]
    maps = turns[0] @ np.diag([1.0, 1.4, 0.8]) @ turns[1]
    flat_x, flat_y = (np.linalg.qr(z - z.mean(axis=0))[0] for z in (x, y))
    assert svcca(flat_x @ maps + 5, flat_y) == pytest.approx(svcca(flat_x, flat_y), abs=1e-8)
    assert pwcca(x, flat_y @ maps) == pytest.approx(pwcca(x, flat_y), abs=1e-8)


def test_cca_of_more_features_than_probes_still_tells_pairs_apart():
    rng = np.random.default_rng(0)
    fading = 0.6 ** np.arange(80)
    x, other = (rng.normal(size=(40, 80)) * fading for _ in range(2))
    for score in (svcca, pwcca):
        assert score(x, x) == pytest.approx(1)
        assert score(x, other) < 0.7


def slow_unbiased_hsic(k, kk):
    """Song et al., JMLR 2012: tr(KL) + 1'K1 1'L1 / ((n-1)(n-2)) - 2 1'KL1 / (n-2), zero diagonals, over n(n-3)."""
    n = len(k)
    k, kk = k * (1 - np.eye(n)), kk * (1 - np.eye(n))
    cross = k.sum() * kk.sum() / ((n - 1) * (n - 2)) - 2 * (k @ kk).sum() / (n - 2)
    return (np.trace(k @ kk) + cross) / (n * (n - 3))


def cosine_distances(z):
    return np.array([[1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a in z] for b in z])


@pytest.mark.parametrize(
    "score, compare",
    [
        (dds_cosine, cosine_distances),
        (dds_pearson, lambda z: 1 - np.corrcoef(z)),
        (dds_laplacian, laplacian_kernel),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_dds_is_unbiased_alignment_of_standardised_features(score, compare, seed):
    x, y = pair(seed)
    x[:, 1] *= 50
    k, kk = (compare(StandardScaler().fit_transform(z)) for z in (x, y))
    norms = np.sqrt(slow_unbiased_hsic(k, k) * slow_unbiased_hsic(kk, kk))
    assert score(x, y) == pytest.approx(slow_unbiased_hsic(k, kk) / norms, abs=1e-10)
    assert score(x, x) == pytest.approx(1)


@pytest.mark.parametrize("score", [dds_cosine, dds_pearson, dds_laplacian])
def test_dds_does_not_see_the_scale_of_single_columns(score):
    x, y = pair(2)
    assert score(x * [1, 10, 0.1, 3] - 4, y) == pytest.approx(score(x, y), abs=1e-10)
    assert score(x[:3], y[:3]) == 0  # nothing is left of three probes


def test_u_centring_by_hand():
    # Four probes on a square: neighbours at 1, opposite ones at 2. Each row's mean over n - 2 is 2, all in all 8/3.
    square = np.array([[0.0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]])
    result = u_centred(square + 7 * np.eye(4))
    assert result[0].tolist() == pytest.approx([0, -1 / 3, 2 / 3, -1 / 3])
    np.testing.assert_allclose(result.sum(axis=0), 0, atol=1e-12)


def test_centring_and_standardising_constant_columns():
    x = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]])
    assert (centred(x)[:, 0] == 0).all()
    np.testing.assert_allclose(standardised(x)[:, 1], StandardScaler().fit_transform(x)[:, 1])
    assert (standardised(x)[:, 0] == 0).all()


@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (6, 6)])
def test_singular_directions(shape):
    x = np.random.default_rng(0).normal(size=shape)
    x[:, -1] = x[:, 0]  # one direction fewer than columns
    vectors, squares = left_singular(x)
    _, scale, _ = np.linalg.svd(x)
    rank = min(shape[0], shape[1] - 1)
    assert len(squares) == rank
    np.testing.assert_allclose(squares, scale[:rank] ** 2)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(rank), atol=1e-10)
    np.testing.assert_allclose(vectors @ vectors.T @ x, x, atol=1e-10)
