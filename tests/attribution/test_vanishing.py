"""Objectives that no image changes are no attribution, and are said to be none."""

import re

import numpy as np
import pytest
import tiny
import torch
from torch import nn
from torch.nn import functional as F

import depara_core as depara
from depara_core.attribution.vanishing import gradient_is_noise, is_suspect
from depara_core.errors import OptionError
from depara_core.pipeline.graphs import build_graphs
from depara_core.probes import ProbeSet


def network(head):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 16), head)


class Unit(nn.Module):
    def forward(self, x):
        return 3 * F.normalize(x, dim=1)


def spec(module, **options):
    return depara.model_from_module(module, **{"name": "mine", "input_size": tiny.SIZE} | options)


CASES = {
    "norm 3": (Unit(), "l2_norm", "norm of the feature is 3 for every image.*Take objective='mean', or an earlier"),
    "layer norm": (nn.LayerNorm(16, eps=0), "l2_norm", "norm of the feature is 4"),
    "softmax": (nn.Softmax(dim=1), "mean", "mean of the feature is 0.0625.*objective='l2_norm'"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("method", ["input_x_gradient", "integrated_gradients", "guided_backprop"])
def test_rounding_noise_is_no_attribution(case, method, tmp_path):
    head, objective, message = CASES[case]
    graphs = build_graphs(
        spec(network(head)), tiny.probes(), layers=["3", "output"], objective=objective, method=method, store=tmp_path
    )
    before, last = graphs
    assert last.no_attribution.all()
    assert not last.nodes.any()
    assert not last.no_feature.any()
    assert not before.no_attribution.any()
    assert before.note == ""
    assert re.search(message, last.note)
    again = build_graphs(spec(network(head)), tiny.probes(), objective=objective, method=method, store=tmp_path)
    assert again[0].note == last.note, "the store keeps what was said"


@pytest.mark.parametrize("head, objective", [(Unit(), "mean"), (nn.Softmax(dim=1), "l2_norm"), (nn.ReLU(), "l2_norm")])
def test_other_objectives_of_the_same_layers_are_attributions(head, objective, tmp_path):
    (graph,) = build_graphs(spec(network(head)), tiny.probes(), objective=objective, store=tmp_path)
    assert graph.note == ""
    assert not graph.no_attribution.any()
    assert not gradient_is_noise(tiny.network(network(head)), "output", torch.rand(1, 3, 8, 8), objective)


def test_equal_images_prove_nothing(tmp_path):
    images = ProbeSet.from_arrays(np.repeat(tiny.probes(1).images, 3, axis=0))
    (graph,) = build_graphs(spec(network(nn.ReLU())), images, store=tmp_path)
    assert not graph.no_attribution.any()


@pytest.mark.parametrize("least, most, suspect", [(1, 1, True), (1, 1.01, False), (0, 0, False), (-2, -2, True)])
def test_suspects(least, most, suspect):
    assert is_suspect(least, most) == suspect


def test_two_models_of_one_name_are_refused_at_once(tmp_path):
    one, two = spec(network(nn.ReLU())), spec(network(nn.Tanh()))
    with pytest.raises(OptionError, match="Two models are named 'mine'"):
        build_graphs([one, two], tiny.probes(), store=tmp_path)
    assert len(build_graphs([one, one], tiny.probes(), store=tmp_path)) == 2
