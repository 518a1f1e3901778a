"""ModelGiF: fields by hand, a slow reference in numpy alone, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch
from torch import nn

import depara_core as depara
from depara_core.attribution.fields import peaks
from depara_core.benchmark.benchmarks import BENCHMARKS, gather


class Squares(nn.Module):
    """F_c(x) = the sum over a cell's colours of x^2, times c + 1: its gradient along the path is known exactly."""

    def forward(self, x):
        squares = (x**2).sum(dim=1, keepdim=True)
        return torch.cat([squares, 2 * squares], dim=1)


class Linear(nn.Module):
    def __init__(self, seed):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 3 * tiny.SIZE**2, generator=torch.Generator().manual_seed(seed)))

    def forward(self, x):
        return x.flatten(1) @ self.weight.T


def spec(module, name):
    digest = f"{sum(name.encode()):064d}"
    return tiny.spec(lambda: tiny.network(module.eval(), digest=digest), name=name)


def normalised(probes):
    return (probes.images.astype(np.float64) / 255 - 0.5).transpose(0, 3, 1, 2) / 0.5


def test_the_field_of_squares_by_hand(tmp_path):
    """O = 3 x_p^2 at the brightest cell p of each image, so GiF_k there is 6 x_p^2 * sum_{j<=k} w_j t_j, else 0."""
    probes = tiny.probes(4)
    (field,) = depara.build_fields(spec(Squares(), "squares"), probes, points=4, store=tmp_path, device="cpu")
    x = normalised(probes)
    energy = (x**2).sum(axis=1)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    so_far = np.cumsum(weights / 2 * (nodes + 1) / 2)
    expected = np.zeros((4, 4, 64))
    for i, cells in enumerate(energy.reshape(4, -1)):
        peak = cells.argmax()
        expected[i, :, peak] = 6 * so_far * cells[peak] / 3
    np.testing.assert_allclose(field.values, expected, atol=1e-5)
    assert so_far[-1] == pytest.approx(0.5)  # the whole path: x^2 from 0 to x


def test_a_linear_network_has_one_direction_along_the_whole_path(tmp_path):
    """Its gradient is the sum of its rows everywhere, so the field's cosine is that of x * rows, colour by colour."""
    probes, modules = tiny.probes(5), [Linear(0), Linear(1)]
    a, b = depara.build_fields([spec(m, f"linear{k}") for k, m in enumerate(modules)], probes, store=tmp_path)
    x = normalised(probes)
    maps = []
    for module in modules:
        rows = module.weight.detach().double().numpy().sum(axis=0).reshape(3, tiny.SIZE, tiny.SIZE)
        maps.append((x * rows).mean(axis=1).reshape(len(probes), -1))
    cosines = [u @ v / np.linalg.norm(u) / np.linalg.norm(v) for u, v in zip(*maps, strict=True)]
    assert depara.metric("modelgif")(a.values, b.values) == pytest.approx(np.mean(cosines), abs=1e-5)


def slow(a, b):
    """The released code's cosine distance, loop by loop, as a likeness."""
    found = []
    for one, other in zip(a, b, strict=True):
        for u, v in zip(one, other, strict=True):
            size = np.sqrt(sum(x * x for x in u)) * np.sqrt(sum(y * y for y in v))
            found.append(sum(x * y for x, y in zip(u, v, strict=True)) / size if size else 0.0)
    return 1 - np.mean([1 - one for one in found])


def test_the_score_is_that_of_a_slow_reference():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4, 3, 7))
    a[1, 2] = 0  # a point where one field is silent
    modelgif = depara.metric("modelgif")
    assert modelgif(a, b) == pytest.approx(slow(a, b))
    assert modelgif(a, 3 * a) == pytest.approx(11 / 12)
    assert modelgif(b, -b) == pytest.approx(-1)
    assert modelgif(np.array([[[1.0, 0]], [[1, 1]], [[0, 1]]]), np.array([[[1.0, 0]], [[1, 0]], [[1, 0]]])) == (
        pytest.approx((1 + np.sqrt(0.5) + 0) / 3)
    )


def test_a_real_network_s_field_is_the_sum_of_its_gradients_along_the_path(tmp_path):
    """Against autograd, image by image, of a network with an in-place ReLU that is used three times."""
    probes, net = tiny.probes(3), tiny.shared_relu(0)
    one = tiny.spec(lambda: tiny.shared_relu(0), name="shared")
    (field,) = depara.build_fields(one, probes, points=3, store=tmp_path, device="cpu")
    nodes, weights = np.polynomial.legendre.leggauss(3)
    for i, image in enumerate(normalised(probes)):
        x, total = torch.tensor(image[None], dtype=torch.float32), 0
        for k, (node, weight) in enumerate(zip(nodes, weights, strict=True)):
            leaf = (x * (node + 1) / 2).float().requires_grad_()
            (slope,) = torch.autograd.grad(net.module(leaf.clone()).sum(), leaf)
            total = total + weight / 2 * slope
            expected = (x * total).mean(dim=1).flatten()
            np.testing.assert_allclose(field.values[i, k], expected, rtol=1e-3, atol=1e-5)
    assert depara.build_fields(one, probes, points=3, store=tmp_path)[0].values.tobytes() == field.values.tobytes()


def test_peaks_of_maps_tokens_and_numbers():
    maps = torch.tensor([[[[1.0, 3], [2, 0]], [[5, 5], [1, 1]]]])
    assert peaks(maps).tolist() == [[[[0, 1], [0, 0]], [[1, 0], [0, 0]]]]
    tokens = torch.tensor([[[1.0, 9], [4, 2], [0, 3]]])  # three tokens of two channels
    assert peaks(tokens).tolist() == [[[0, 1], [1, 0], [0, 0]]]
    assert peaks(torch.zeros(2, 3)).tolist() == [[1, 1, 1]] * 2


def test_fields_of_other_points_or_none_are_refused(tmp_path):
    a, b = np.ones((3, 4, 9)), np.ones((3, 5, 9))
    with pytest.raises(depara.OptionError, match=r"same probes, points and cells.*\(3, 4, 9\).*\(3, 5, 9\)"):
        depara.metric("modelgif")(a, b)
    with pytest.raises(depara.OptionError, match="should be a gradient field"):
        depara.metric("modelgif")(np.ones((3, 4)), np.ones((3, 4)))
    failed, one = {}, spec(Linear(0), "linear")
    with pytest.raises(depara.ModelError, match="reads 8 pixels a side"):
        depara.build_fields(one, tiny.probes(3), side=9, store=tmp_path)
    assert depara.build_fields(one, tiny.probes(3), side=9, store=tmp_path, on_error=failed.__setitem__) == []
    assert list(failed) == ["test/linear"]


def test_a_benchmark_scores_it_where_fields_are_asked_for(tmp_path):
    one = replace(BENCHMARKS["rooms"], labels=None)
    models = [depara.model(f"rooms/{name}") for name in ("normal", "reshading", "denoising")]
    evidence = gather(one, count=4, models=models, fields=True, store=str(tmp_path), device="cpu")
    frame = depara.score_pairs(evidence, ["modelgif"], store=str(tmp_path))["modelgif"]
    assert np.allclose(np.diag(frame), 1, atol=1e-5)
    a, b = (evidence.fields[spec.id] for spec in models[:2])
    assert frame.iloc[0, 1] == pytest.approx(depara.metric("modelgif")(a, b), abs=1e-6)
