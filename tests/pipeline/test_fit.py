"""Frozen transfer of candidates: tables, failures, notes and the store."""

import fake_ray
import numpy as np
import pytest
import tiny

import depara_core as depara
from depara_core.pipeline.fit import measure, same_pictures


def labelled(count=30, seed=0):
    """Images whose class is their brightness."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 2)
    images = rng.integers(0, 60, (count, 8, 8, 3)) + 150 * labels[:, None, None, None]
    return depara.ProbeSet.from_arrays(images.astype(np.uint8), labels=[f"class {one}" for one in labels])


def candidates():
    return [tiny.spec(tiny.shared_relu(seed), name=f"tiny{seed}") for seed in range(2)]


def test_fit_is_a_row_a_model_with_its_interval(tmp_path):
    table = depara.fit(candidates(), labelled(), folds=3, seed=1, store=tmp_path)
    assert list(table.columns) == ["model", "accuracy", "low", "high"]
    assert table["model"].tolist() == ["test/tiny0", "test/tiny1"]
    assert (table["low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["high"]).all()
    assert table["accuracy"].min() > 0.9
    assert table.attrs["notes"] == []
    again = depara.fit(candidates(), labelled(), folds=3, seed=1, store=tmp_path)
    assert again.equals(table)


def test_the_accuracy_is_the_share_of_images_that_are_right(tmp_path):
    found = measure(candidates(), labelled(), store=tmp_path)
    np.testing.assert_allclose(found.to_frame()["accuracy"], found.right.mean(axis=1))
    assert found.accuracies(resamples=7).shape == (7, 2)


def test_a_candidate_that_fails_is_handed_over_and_the_rest_goes_on(tmp_path):
    def broken():
        raise depara.ModelError("Expected whole weights.")

    failed = {}
    specs = [tiny.spec(broken, name="broken"), *candidates()]
    table = depara.fit(specs, labelled(), store=tmp_path, on_error=failed.__setitem__)
    assert table["model"].tolist() == ["test/tiny0", "test/tiny1"]
    assert list(failed) == ["test/broken"]
    with pytest.raises(depara.ModelError, match="whole weights"):
        depara.fit(specs, labelled(), store=tmp_path)


def test_images_without_labels_are_refused():
    with pytest.raises(depara.ProbeError, match=r"no labels.*folder a class"):
        depara.fit(candidates(), tiny.probes())


def test_equal_pictures_are_found_whatever_their_names():
    some = labelled(6)
    twice = depara.ProbeSet.from_arrays(np.concatenate([some.images, some.images[:2]]))
    assert same_pictures(twice).tolist() == [0, 1, 2, 3, 4, 5, 0, 1]


def test_features_come_from_a_cluster_and_heads_are_fitted_here(tmp_path, monkeypatch):
    ray, failed = fake_ray.plant(monkeypatch), {}
    specs = [tiny.spec(lambda: 1 / 0, name="broken"), *candidates()]
    told = {"folds": 3, "device": "cpu", "on_error": failed.__setitem__}
    table = depara.fit(specs, labelled(), store=tmp_path / "ray", executor="ray", **told)
    assert [model for _, model in ray.sent] == ["test/broken", "test/tiny0", "test/tiny1"]
    assert set(failed) == {"test/broken"}
    assert table.equals(depara.fit(candidates(), labelled(), folds=3, device="cpu", store=tmp_path / "one"))
