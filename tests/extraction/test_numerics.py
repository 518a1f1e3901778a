"""Faster numerics are taken only where they were measured to agree, and a result tells which it was made in."""

import threading
import time

import numpy as np
import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st

import depara_core as depara
from depara_core.extraction import numerics
from depara_core.extraction.numerics import Numerics, choose_numerics, computing_in, exact_float32, least_cosine

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

    def trial(count):
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


@pytest.fixture
def lack(monkeypatch):
    """Let a network run out of memory: the numerics named, for batches of more images than that."""
    monkeypatch.setitem(numerics.FASTER, "cpu", ("bfloat16",))
    most = {"float32": 99, "bfloat16": 99}

    class Hungry(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = tiny.shared_relu().module

        def forward(self, x):
            now = "bfloat16" if torch.is_autocast_enabled("cpu") else "float32"
            if len(x) > most[now]:
                raise torch.OutOfMemoryError("out of memory")
            return self.inner(x)

    def build(store):
        spec = tiny.spec(tiny.network(Hungry()))
        return depara.build_graphs(spec, tiny.probes(), store=store, device="cpu", precision="fast")[0]

    return most, build


@pytest.mark.parametrize(("fits", "tried"), [(4, 4), (3, 2), (1, 1)])
def test_fast_is_measured_on_as_many_probes_as_float32_has_memory_for(lack, tmp_path, monkeypatch, fits, tried):
    most, build = lack
    most["float32"], compared = fits, []
    monkeypatch.setattr(numerics, "TRIED", 4)
    monkeypatch.setattr(numerics, "least_cosine", lambda *outcomes: compared.append(outcomes) or 0.995)
    assert build(tmp_path).versions["agreement with float32"] == "0.9950"
    assert [{len(rows) for rows in outcome.values()} for outcome in compared[0]] == [{tried}, {tried}]


@pytest.mark.parametrize("fits", [3, 0])
def test_what_has_no_memory_to_be_measured_is_not_taken(lack, tmp_path, fits):
    most, build = lack
    most["bfloat16"] = fits  # fewer than the probes that float32 was tried on
    assert "numerics" not in build(tmp_path).versions


def test_float32_without_memory_for_one_image_is_told(lack, tmp_path):
    most, build = lack
    most["float32"] = 0
    with pytest.raises(depara.ModelError, match="no memory left on cpu, even for one image"):
        build(tmp_path)


def products():
    return torch.backends.cuda.matmul.fp32_precision


def test_who_leaves_does_not_put_back_what_another_thread_still_needs():
    before, inside, leave = products(), threading.Event(), threading.Event()

    def work():
        with computing_in("float32", CPU):
            inside.set()
            leave.wait()

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    with exact_float32():
        leave.set()
        thread.join()
        assert products() == "ieee"  # the first to enter has left
        assert not torch.backends.mha.get_fastpath_enabled()
    assert products() == before
    assert torch.backends.mha.get_fastpath_enabled()


def test_two_ways_at_once_wait_for_each_other():
    seen, before = [], products()

    def work(way, expected):
        for _ in range(200):
            with computing_in(way, CPU):
                seen.append((products() == expected, torch.backends.cudnn.conv.fp32_precision == expected))

    threads = [threading.Thread(target=work, args=way) for way in (("tf32", "tf32"), ("float32", "ieee")) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 800
    assert all(all(right) for right in seen)
    assert products() == before


def test_a_thread_may_ask_again_for_what_it_has_while_another_waits_but_not_for_another_way():
    def other():
        with computing_in("tf32", CPU):
            seen.append(products())

    seen, waiting = [], threading.Thread(target=other)
    with exact_float32():
        waiting.start()
        while not numerics._PRODUCTS.waiting:
            time.sleep(0.001)
        with exact_float32():
            assert products() == "ieee"
        assert products() == "ieee"
        with pytest.raises(RuntimeError, match="cannot turn to 'tf32'"), computing_in("tf32", CPU):
            pass
        assert not seen
    waiting.join()
    assert seen == ["tf32"]


def test_an_error_within_leaves_the_flags_as_they_were():
    before = products()
    with pytest.raises(ZeroDivisionError), computing_in("tf32", CPU):
        _ = 1 / 0
    assert products() == before
    with exact_float32():
        assert products() == "ieee"
