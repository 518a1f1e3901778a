"""Sketches against the slow sum they stand for, against exact cosines, and the error they tell against the true one."""

import numpy as np
import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st

import depara_core as depara
from depara_core.attribution.options import resolve_options
from depara_core.extraction import extract as extraction
from depara_core.extraction import sketch as sketch
from depara_core.extraction.collector import Rooms
from depara_core.extraction.extract import extract
from depara_core.extraction.geometry import cosines, gram_matrix
from depara_core.extraction.sketch import Sketch, edge_error, halves

CPU = torch.device("cpu")
LAYERS = ("bn2", "head_in", "output")  # of 256, 256 and 5 numbers


def features(count, length, seed=0):
    """Features as networks make them: all at least 0, alike, and of very different size."""
    rng = np.random.default_rng(seed)
    shared = rng.gamma(0.5, size=length) * (1 + np.arange(length) // 50 % 7)
    return (shared * rng.gamma(1.0, size=(count, length))).astype(np.float32)


def error(kept, exact, center=False):
    grams = np.stack([gram_matrix(kept[:, half]) for half in halves(0)])
    upper = np.triu_indices(len(kept), k=1)
    apart = cosines(grams.sum(axis=0), center=center)[0] - cosines(exact, center=center)[0]
    return edge_error(grams, center=center), float(np.sqrt(np.mean(apart[upper].astype(float) ** 2)))


@given(length=st.integers(1, 60), half=st.integers(1, 12), seed=st.integers(0, 99))
def test_folding_is_the_sum_it_stands_for(length, half, seed):
    x = np.random.default_rng(seed).normal(size=(3, length)).astype(np.float32)
    made = Sketch(length, 2 * half, CPU)
    slow = np.zeros((3, 2 * half))
    for which in (0, 1):
        for j in range(length):
            place = (j % half + made.shifts[which][j // half]) % half
            slow[:, 2 * place + which] += float(made.signs[which, j]) * x[:, j]
    np.testing.assert_allclose(made.fold(torch.from_numpy(x)).numpy(), slow, atol=1e-5)
    assert set(np.unique(made.signs)) <= {-1.0, 1.0}


def test_inner_products_are_right_in_the_mean_with_the_variance_of_the_theorem(monkeypatch):
    x = torch.from_numpy(features(2, 700))
    found = []
    for seed in range(400):
        monkeypatch.setattr(sketch, "SEED", seed)
        folded = Sketch(700, 64, CPU).fold(x).double()
        found.append([float(folded[0, half] @ folded[1, half]) for half in halves(0)])
    found = np.array(found)
    a, b = x.double()
    deviation = float(torch.linalg.norm(a) * torch.linalg.norm(b)) * np.sqrt(2 / 64)
    assert found.sum(axis=1).mean() / 2 == pytest.approx(float(a @ b), abs=4 * deviation / np.sqrt(400))
    assert 0.2 * deviation < (found.sum(axis=1) / 2).std() < 1.15 * deviation
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.2  # the two sketches err apart from each other


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("width", [64, 1024])
def test_the_error_that_is_told_is_the_true_one(width, center):
    x = features(40, 20_000)
    kept = Sketch(20_000, width, CPU).fold(torch.from_numpy(x)).numpy()
    told, true = error(kept, gram_matrix(x), center)
    assert told == pytest.approx(true, rel=0.35)
    assert true < 2 / np.sqrt(width)


def test_one_probe_has_no_edge_to_be_wrong_about():
    assert edge_error(np.ones((2, 1, 1)), center=False) == 0


def run(layers=LAYERS, **more):
    net = tiny.shared_relu()
    found = dict(extract(net, tiny.spec(net), tiny.probes(), layers, resolve_options(), device="cpu", **more))
    return {layer: found[layer] for layer in layers}


def test_only_what_is_longer_is_folded_and_nodes_are_untouched():
    exact, folded, wide = run(), run(sketch=64), run(sketch=256)
    for layer in LAYERS:
        assert np.array_equal(folded[layer].nodes, exact[layer].nodes)
        assert np.array_equal(wide[layer].edges, exact[layer].edges)
        assert exact[layer].edge_error == wide[layer].edge_error == 0
    assert np.array_equal(folded["output"].edges, exact["output"].edges)
    assert folded["output"].edge_error == 0
    apart = np.abs(folded["bn2"].edges - exact["bn2"].edges).max()
    assert 0 < apart < 6 * folded["bn2"].edge_error


@pytest.mark.parametrize("most", [63, 20, 7])  # numbers of a feature that fit: the sketch of 64 comes in parts
def test_the_parts_of_a_sketch_and_the_device_they_lie_on_do_not_matter(most, monkeypatch):
    whole = run(sketch=64)
    monkeypatch.setattr(extraction, "DISK_BYTES", 4 * 6 * most)
    parts = run(sketch=64, batch_size=2, memory_budget=1)
    rooms = Rooms(CPU, batch=2**20, features=4 * 6 * most, spill=0, nodes=2**20)
    monkeypatch.setattr(extraction, "_rooms", lambda place, budget: rooms)
    for other in (parts, run(sketch=64, batch_size=4)):
        for layer in LAYERS:
            np.testing.assert_allclose(other[layer].edges, whole[layer].edges, atol=1e-5)
            assert other[layer].edge_error == pytest.approx(whole[layer].edge_error, rel=1e-3)


def test_a_graph_tells_its_error_and_is_kept_apart(tmp_path):
    def built(**more):
        graphs = depara.build_graphs(
            tiny.spec(tiny.shared_relu()), tiny.probes(), layers=["bn2"], store=tmp_path, device="cpu", **more
        )
        return graphs[0]

    exact, folded = built(), built(sketch=64)
    assert (exact.edge_error, built().digest) == (0, exact.digest)
    assert folded.digest != exact.digest
    assert folded.versions["features sketched to"] == "64"
    assert "features sketched to" not in exact.versions
    again = built(sketch=64)
    assert (again.digest, again.edge_error) == (folded.digest, folded.edge_error)
    assert 0 < folded.edge_error < 0.5
    assert built(sketch=32).edge_error > folded.edge_error
    assert depara.similarity(exact, folded).node == pytest.approx(1)


@pytest.mark.parametrize("width", [0, 7, -2, True])
def test_what_cannot_be_a_width(width, tmp_path):
    with pytest.raises(depara.OptionError, match=r"even whole number, such as 8192.*came"):
        depara.build_graphs(tiny.spec(tiny.shared_relu()), tiny.probes(), sketch=width, store=tmp_path)
