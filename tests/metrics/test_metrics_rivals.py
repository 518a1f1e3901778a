"""Procrustes, Jaccard, SFDA, PED, NCTI and ETran against hand cases and slow references in the features' own space."""

import numpy as np
import pytest
from scipy.linalg import eigh, orthogonal_procrustes
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from depara_core.metrics import METRICS, metric
from depara_core.metrics import etran as etran_file
from depara_core.metrics import ncti as ncti_file
from depara_core.metrics import ped as ped_file

COUNT, COLUMNS = 45, 7


def data(seed=0, signal=1.0, columns=COLUMNS):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(COUNT) % 3)
    x = 0.4 * rng.normal(size=(COUNT, columns)) @ np.diag(np.linspace(0.5, 1.5, columns))
    x[:, :3] += signal * np.eye(3)[labels]
    return x, labels


def test_procrustes_is_the_best_rotation_s_distance():
    x, y = (np.random.default_rng(seed).normal(size=(20, 4)) for seed in (0, 1))
    a, b = ((z - z.mean(axis=0)) / np.linalg.norm(z - z.mean(axis=0)) for z in (x, y))
    turn, _ = orthogonal_procrustes(b, a)
    assert metric("procrustes")(x, y) == pytest.approx(1 - np.linalg.norm(a - b @ turn) ** 2 / 2)
    assert metric("procrustes")(x, 3 * x[:, ::-1] + 1) == pytest.approx(1)


def test_jaccard_by_hand():
    """Five probes, so three neighbours: those on a circle, then two of them exchanged."""
    angles = np.array([0.0, 0.1, 0.3, 2.0, 2.3])
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert metric("jaccard")(x, x) == 1
    y = x[[0, 1, 3, 2, 4]]

    def sets(values):
        rows = unit(values - values.mean(axis=0))
        order = [np.argsort(-np.where(np.arange(5) == i, -9, rows @ rows[i]), kind="stable")[:3] for i in range(5)]
        return [set(one.tolist()) for one in order]

    expected = np.mean([len(a & b) / len(a | b) for a, b in zip(sets(x), sets(y), strict=True)])
    assert metric("jaccard")(x, y) == pytest.approx(expected)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def reference_discriminant(x, labels, shrinkage):
    """Fisher's discriminant as the released codes solve it: generalised eigenvectors in the features' own space."""
    prior = np.bincount(labels) / len(labels)
    means = np.stack([x[labels == one].mean(axis=0) for one in range(len(prior))])
    within = sum(p * np.cov(x[labels == one].T, bias=True) for one, p in enumerate(prior))
    if shrinkage is None:
        shrinkage = max(np.exp(-5 * np.linalg.eigvalsh(within)[-1]), 1e-10)
    within = (1 - shrinkage) * within + shrinkage * np.trace(within) / len(within) * np.eye(len(within))
    total = np.cov(x.T, bias=True)
    _, vectors = eigh(total - within, within)
    weights = means @ vectors @ vectors.T
    scores = x @ weights.T - np.diag(means @ weights.T) / 2 + np.log(prior)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True), means, shrinkage


def reference_sfda(x, labels):
    sure, means, shrinkage = reference_discriminant(x, labels, None)
    sure = np.exp(sure) / np.exp(sure).sum(axis=1, keepdims=True)
    mixed = x.copy()
    for i, own in enumerate(labels):
        others = np.delete(means, own, axis=0).mean(axis=0)
        mixed[i] = sure[i, own] * x[i] + (1 - sure[i, own]) * others
    again = reference_discriminant(mixed, labels, shrinkage)[0]
    return again[np.arange(len(x)), labels].mean()


@pytest.mark.parametrize("seed", range(3))
def test_sfda_is_the_paper_s_in_the_space_of_the_features(seed):
    x, labels = data(seed)
    assert metric("sfda")(x, labels) == pytest.approx(reference_sfda(x, labels), abs=1e-9)


def test_sfda_of_more_features_than_probes():
    x, labels = data(1, columns=80)
    assert metric("sfda")(x, labels) == pytest.approx(reference_sfda(x, labels), abs=1e-6)


def test_ped_pushes_overlapping_classes_apart_by_hand():
    """Two classes on a line: means -1 and 1, radius 0.6 * 3, so they overlap by 1.6 and move by 0.005 * 1.6 each."""
    z = np.array([[-4.0], [2.0], [-2.0], [4.0]])
    labels = np.array([0, 0, 1, 1])
    push = ped_file._push(*ped_file._balls(z, labels))
    np.testing.assert_allclose(push, [[-0.008], [0.008]])
    assert not ped_file._push(*ped_file._balls(np.array([[-9.0], [-9.0], [9.0], [9.0]]), labels)).any()


def test_ped_is_sfda_where_no_classes_overlap():
    x, labels = data(0, signal=9.0)
    assert metric("ped")(x, labels) == pytest.approx(metric("sfda")(x, labels))


def test_ped_moves_the_features_and_scores_them():
    x, labels = data(0, signal=0.2)
    z, scale = (x - x.mean(axis=0)) / x.std(axis=0), x.std(axis=0)
    first = None
    for _ in range(6):
        means = np.stack([z[labels == one].mean(axis=0) for one in range(3)])
        radius = [0.6 * np.sqrt(z[labels == one].var(axis=0).sum()) for one in range(3)]
        push = np.zeros_like(means)
        for a in range(3):
            for b in range(3):
                gap = np.linalg.norm(means[a] - means[b])
                if a != b and radius[a] + radius[b] > gap:
                    push[a] += 0.005 * (radius[a] + radius[b] - gap) * (means[a] - means[b]) / gap
        first = np.abs(push).sum() if first is None else first
        if np.abs(push).sum() <= 0.5 * first:
            break
        z = z + push[labels]
    assert metric("ped")(x, labels) == pytest.approx(reference_sfda(z * scale + x.mean(axis=0), labels), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_ncti_s_parts_are_those_of_the_released_code(seed):
    """sklearn's eigen solver shrinks the covariance of each class as the paper's code does."""
    x, labels = data(seed, signal=0.6)
    z = PCA(min(64, COLUMNS)).fit_transform(x)
    shrinkage = max(float(np.exp(-x.var(axis=0, ddof=1).sum())), 1e-10)
    sure = reference_discriminant(z, labels, shrinkage)[0]
    seli, ncc, vc = ncti_file.parts(x, labels)
    assert ncc == pytest.approx(sure[np.arange(COUNT), labels].mean())
    assert vc == pytest.approx(np.log(sum(np.linalg.norm(sure[labels == one], ord="nuc") for one in range(3))))
    assert metric("ncti")(x, labels) == pytest.approx(seli + ncc - vc)


def test_ncti_s_projections_are_scikit_learn_s_without_shrinkage():
    x, labels = data(0, signal=60.0)  # so large a variance that the shrinkage is 1e-10
    low = LinearDiscriminantAnalysis(solver="eigen").fit(x, labels).transform(x)
    low -= low.mean(axis=0)
    assert ncti_file.parts(x, labels)[0] == pytest.approx(np.linalg.norm(low, ord="nuc"), rel=1e-5)


def test_etran_by_hand():
    """Zeros have the energy log D; one class in ten is known by its share alone."""
    x = np.zeros((10, 4))
    labels = np.array([0] + [1] * 9)
    energy, sure = etran_file.parts(x, labels)
    assert energy == pytest.approx(np.log(4))
    assert sure == pytest.approx(0.1**2 + 0.9**2)
    y, known = data(2)
    found = reference_discriminant(y, known, None)[0][np.arange(COUNT), known].mean()
    assert metric("etran")(y, known) == pytest.approx(np.log(np.exp(y).sum(axis=1)).mean() + found)


@pytest.mark.parametrize("name", ["ncti", "etran"])
def test_parts_are_scaled_over_the_sources_where_many_are_scored(name):
    sources, labels = [data(0, signal)[0] for signal in (0.0, 0.5, 2.0)], data(0)[1]
    found = METRICS[name].pairs(sources, [labels, labels])
    assert found.shape == (3, 2)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    file = ncti_file if name == "ncti" else etran_file
    parts = np.array([file.parts(x, labels) for x in sources])
    scaled = (parts - parts.min(axis=0)) / np.ptp(parts, axis=0)
    np.testing.assert_allclose(found[:, 0], scaled @ ([1, 1, -1] if name == "ncti" else [1, 1]))
