"""Fine-tuning learns what can be learned, stops, goes on after a break with the same result, leaves models alone."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch

import depara_core as depara
from depara_core.metrics.codes import as_code
from depara_core.pipeline import fine_tuning, tuning_run
from depara_core.pipeline.fine_tuning import fine_tune
from depara_core.pipeline.pooling import pooled_cells


@pytest.fixture
def quick(monkeypatch):
    """Learn fast: these networks are small."""
    monkeypatch.setattr(tuning_run, "RATE", 1e-2)
    monkeypatch.setattr(tuning_run, "HEAD_RATE", 3e-2)


def striped(count=60, seed=0):
    """Images whose class is the direction of their stripes."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, 8, 8, 3))
    for place in range(count):
        if place % 2:
            images[place, ::2] += 160
        else:
            images[place, :, ::2] += 160
    labels = np.arange(count) % 2
    return depara.ProbeSet.from_arrays(images.astype(np.uint8), labels=[f"c{one}" for one in labels])


def test_it_learns_what_can_be_learned_and_leaves_the_network_alone(quick, tmp_path):
    network = tiny.shared_relu(0)
    spec, before = tiny.spec(network), {name: value.clone() for name, value in network.module.state_dict().items()}
    told = []
    table = fine_tune(spec, striped(), epochs=30, store=tmp_path, progress=lambda *step: told.append(step))
    row = table.iloc[0]
    assert row["model"] == spec.id
    assert row["accuracy"] == 1.0
    assert row["low"] <= row["accuracy"] <= row["high"]
    assert row["images"] == 12
    assert 1 <= row["epochs"] <= 30
    assert told[0] == (0, 30, "tiny: epoch 1 of at most 30")
    assert all(torch.equal(before[name], value) for name, value in network.module.state_dict().items())
    assert not network.module.training


def test_a_result_is_kept(tmp_path, monkeypatch):
    first = fine_tune(tiny.spec(tiny.shared_relu(0)), striped(), epochs=2, store=tmp_path)
    monkeypatch.setattr(fine_tuning, "TuningRun", lambda *_: pytest.fail("trained again"))
    assert fine_tune(tiny.spec(tiny.shared_relu(0)), striped(), epochs=2, store=tmp_path).equals(first)


def test_after_a_break_it_goes_on_with_the_same_result(tmp_path):
    spec, some = tiny.spec(tiny.shared_relu(1)), striped()
    whole = fine_tune(spec, some, epochs=5, store=tmp_path / "whole")

    def stop(done, total, message):
        if done == 3:
            raise depara.Cancelled("Stopped.")

    with pytest.raises(depara.Cancelled):
        fine_tune(spec, some, epochs=5, store=tmp_path / "broken", progress=stop)
    told = []
    again = fine_tune(spec, some, epochs=5, store=tmp_path / "broken", progress=lambda *step: told.append(step[0]))
    assert min(told) == 3
    assert again.equals(whole)


def test_training_and_validation_never_test(quick, tmp_path):
    """Labels dealt at random cannot be learned: a leak between the folds would show."""
    rng = np.random.default_rng(3)
    plain = np.full((100, 8, 8, 3), 100) + rng.integers(0, 50, (100, 8, 8, 3))
    some = depara.ProbeSet.from_arrays(plain.astype(np.uint8), labels=[str(one) for one in rng.integers(0, 2, 100)])
    reached = [
        fine_tune(tiny.spec(tiny.shared_relu(0)), some, epochs=8, seed=seed, store=tmp_path) for seed in range(3)
    ]
    assert np.mean([table["accuracy"].iloc[0] for table in reached]) < 0.75


def test_it_stops_where_nothing_gets_better(tmp_path, monkeypatch):
    monkeypatch.setattr(
        tuning_run.TuningRun, "_loss", lambda self, rows, *, training: self.module["head"].bias.sum() * 0 + 1
    )
    told = []
    table = fine_tune(
        tiny.spec(tiny.shared_relu(0)),
        striped(),
        epochs=20,
        store=tmp_path,
        progress=lambda *step: told.append(step[0]),
    )
    assert table["epochs"].iloc[0] == 1
    assert max(told) == fine_tuning.PATIENCE


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3, 3), (5, 3, 3, 7), (5, 10, 7), (5, 3, 7), (5, 4, 3, 2)])
def test_pooling_is_that_of_frozen_features(shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    expected = as_code(values).mean(axis=(2, 3))
    np.testing.assert_allclose(pooled_cells(torch.from_numpy(values)).numpy(), expected, atol=1e-6)


def test_bad_input_is_told(tmp_path):
    spec = tiny.spec(tiny.shared_relu(0))
    with pytest.raises(depara.OptionError, match="1 or more"):
        fine_tune(spec, striped(), epochs=0, store=tmp_path)
    with pytest.raises(depara.ProbeError, match="no labels"):
        fine_tune(spec, tiny.probes(12), store=tmp_path)
    two = replace(tiny.probes(4), labels=("a", "a", "b", "b"))
    with pytest.raises(depara.OptionError, match="three or more"):
        fine_tune(spec, two, store=tmp_path)

    def broken(_):
        raise depara.ModelError("Expected whole weights.")

    failed = {}
    table = fine_tune(
        [replace(spec, id="test/broken", _open=broken), spec], striped(), epochs=1, store=tmp_path,
        on_error=failed.__setitem__,
    )  # fmt: skip
    assert table["model"].tolist() == [spec.id]
    assert list(failed) == ["test/broken"]
