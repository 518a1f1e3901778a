"""Faster numerics are taken only where they were measured to agree, and a result tells which it was made in."""

import numpy as np
import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st

import depara_core as depara
from depara_core.extraction import numerics
from depara_core.extraction.numerics import Numerics, choose_numerics, computing_in, least_cosine

CPU = torch.device("cpu")


def built(store, **more):
    return depara.build_graphs(tiny.spec(tiny.shared_relu()), tiny.probes(), store=store, device="cpu", **more)[0]


def test_the_least_cosine_of_all_rows_by_hand():
    a = {"x": torch.tensor([[1.0, 0.0], [3.0, 4.0]]), "y": torch.tensor([[0.0, 0.0]])}
    b = {"x": torch.tensor([[2.0, 0.0], [4.0, 3.0]]), "y": torch.tensor([[0.0, 0.0]])}
    assert least_cosine(a, b) == pytest.approx(24 / 25)
    assert least_cosine(a, a) == pytest.approx(1)
    assert least_cosine(a, b | {"y": torch.tensor([[0.0, 1.0]])}) == 0
    assert least_cosine(a, b | {"x": torch.tensor([[torch.nan, 0.0], [3.0, 4.0]])}) == 0


@given(scale=st.floats(0.01, 100), seed=st.integers(0, 100))
def test_scaling_a_row_does_not_change_its_agreement(scale, seed):
    rows = torch.from_numpy(np.random.default_rng(seed).normal(size=(2, 4, 5)))
    assert least_cosine({"a": rows[0]}, {"a": scale * rows[1]}) == pytest.approx(
        least_cosine({"a": rows[0]}, {"a": rows[1]})
    )


def test_the_first_that_agrees_is_chosen_and_else_float32(monkeypatch):
    monkeypatch.setitem(numerics.FASTER, "cpu", ("bfloat16", "tf32"))
    turned = {"float32": 0.0, "bfloat16": 0.2, "tf32": 0.05}

    def trial():
        angle = turned["bfloat16" if torch.is_autocast_enabled("cpu") else torch.backends.cuda.matmul.fp32_precision]
        return {"map": torch.tensor([[np.cos(angle), np.sin(angle)]])}

    turned |= {"ieee": 0.0}
    found = choose_numerics("fast", CPU, trial)
    assert (found.name, found.agreement) == ("tf32", pytest.approx(np.cos(0.05)))
    turned["bfloat16"] = 0.1
    found = choose_numerics("fast", CPU, trial)
    assert (found.name, found.agreement) == ("bfloat16", pytest.approx(np.cos(0.1)))
    turned |= {"bfloat16": 1.0, "tf32": 1.0}
    assert choose_numerics("fast", CPU, trial) == Numerics()
    assert choose_numerics("float32", CPU, trial) == Numerics()


def test_tf32_is_on_within_and_back_after():
    matmul = torch.backends.cuda.matmul
    before = matmul.fp32_precision
    with computing_in("tf32", CPU):
        assert matmul.fp32_precision == "tf32"
    assert matmul.fp32_precision == before


def test_a_processor_has_nothing_faster_and_the_result_is_the_same(tmp_path):
    exact, fast = built(tmp_path), built(tmp_path, precision="fast")
    assert fast.digest == exact.digest
    assert "numerics" not in fast.versions


def test_a_result_in_bfloat16_says_so_and_how_near_it_is(tmp_path, monkeypatch):
    exact = built(tmp_path)
    monkeypatch.setitem(numerics.FASTER, "cpu", ("bfloat16",))
    assert "numerics" not in built(tmp_path / "other", precision="float32").versions
    fast = built(tmp_path, precision="fast")
    assert fast.versions["numerics"] == "bfloat16"
    assert 0.99 <= float(fast.versions["agreement with float32"]) <= 1
    cosines = np.vecdot(fast.nodes, exact.nodes)
    assert cosines.min() == pytest.approx(float(fast.versions["agreement with float32"]), abs=1e-3)
    assert fast.digest != exact.digest
    assert built(tmp_path).digest == exact.digest  # kept apart in the store
    monkeypatch.setattr(numerics, "AGREEMENT", 1.01)
    assert built(tmp_path / "strict", precision="fast").digest == exact.digest


def test_an_unknown_precision(tmp_path):
    with pytest.raises(depara.OptionError, match=r"'double' is unknown\. Expected one of: float32, fast"):
        built(tmp_path, precision="double")
