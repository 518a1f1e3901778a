import numpy as np
import pytest
import tiny
import torch
from scipy.stats import spearmanr
from torch import nn

from depara_core.attribution import methods
from depara_core.errors import ModelError, OptionError
from depara_core.pipeline.graphs import build_graphs
from depara_core.pipeline.perturbation import perturbation_curves
from depara_core.pipeline.sanity import _by_start, _shuffled, sanity_check
from depara_core.similarity import similarity


def model(name="a", seed=0):
    return tiny.spec(tiny.shared_relu(seed), name)


def test_weights_go_from_the_top_down_and_only_those_before_the_layer():
    net = tiny.shared_relu()
    names = [names for _, names in sorted(_by_start(net, "output", tiny.SIZE).items())]
    assert [group[0].rpartition(".")[0] for group in names] == ["conv1", "bn1", "conv2", "bn2", "head"]
    before = [group[0].rpartition(".")[0] for _, group in sorted(_by_start(net, "head_in", tiny.SIZE).items())]
    assert before == ["conv1", "bn1", "conv2", "bn2"]
    found = sanity_check(model(), tiny.probes(), steps=5, device="cpu", store=None)
    assert list(found.stages["from"]) == ["", "head", "bn2", "conv2", "bn1", "conv1"]
    sizes = np.cumsum([0, 256 * 5 + 5, 8, 4 * 4 * 9 + 4, 8, 3 * 4 * 9 + 4])
    np.testing.assert_allclose(found.stages["weights"], sizes / sizes[-1])


def test_parameters_of_parts_that_are_never_called_belong_to_the_module_around_them():
    torch.manual_seed(0)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.mix = nn.Conv2d(3, 8, 2, 2), nn.MultiheadAttention(8, 2, batch_first=True)
            self.place = nn.Parameter(torch.randn(1, 16, 8))

        def forward(self, x):
            x = self.embed(x).flatten(2).transpose(1, 2) + self.place
            return self.mix(x, x, x, need_weights=False)[0]

    found = _by_start(tiny.network(Block().eval()), "output", tiny.SIZE)
    assert list(dict(sorted(found.items())).values()) == [
        ["place"],
        ["embed.weight", "embed.bias"],
        ["mix.in_proj_weight", "mix.in_proj_bias", "mix.out_proj.weight", "mix.out_proj.bias"],
    ]


def test_shuffling_keeps_the_values_and_the_network_itself():
    net = tiny.shared_relu()
    before = {name: value.clone() for name, value in net.module.state_dict().items()}
    twin = _shuffled(net, ("conv1.weight", "head.bias"), 0)
    for name, value in twin.module.state_dict().items():
        assert torch.equal(net.module.state_dict()[name], before[name])
        assert torch.equal(value, before[name]) == (name not in ("conv1.weight", "head.bias"))
        assert torch.equal(value.flatten().sort().values, before[name].flatten().sort().values)
    assert twin.digest != net.digest
    again = _shuffled(net, ("conv1.weight", "head.bias", "bn2.weight"), 0)
    assert torch.equal(again.module.conv1.weight, twin.module.conv1.weight)
    assert not torch.equal(_shuffled(net, ("conv1.weight",), 1).module.conv1.weight, twin.module.conv1.weight)


def test_the_stages_are_graphs_of_networks_shuffled_by_hand(tmp_path):
    net, probes = tiny.shared_relu(), tiny.probes()
    target = model("b", 1)
    found = sanity_check(model(), probes, target=target, lam=2.0, steps=1, device="cpu", store=tmp_path)
    whole = _shuffled(net, tuple(name for name, _ in net.module.named_parameters()), 0)
    one, other, aim = build_graphs(
        [model(), tiny.spec(whole, "c"), target], probes, device="cpu", store=tmp_path / "other"
    )
    sim = similarity(one, other)
    last = found.stages.iloc[-1]
    assert last["node"] == pytest.approx(sim.node)
    assert last["edge"] == pytest.approx(sim.edge)
    assert last["score"] == pytest.approx(sim.total(2.0))
    assert last["target"] == pytest.approx(similarity(other, aim).total(2.0))
    assert found.stages["node"].iloc[0] == pytest.approx(1)
    assert found.stages["rank"].iloc[0] == pytest.approx(1)
    strengths = np.abs(one.nodes)
    ranks = [spearmanr(strengths[i], np.abs(other.nodes[i])).statistic for i in range(6)]
    assert last["rank"] == pytest.approx(np.mean(ranks))
    pairs = [spearmanr(strengths[i], strengths[j]).statistic for i in range(6) for j in range(6) if i != j]
    assert found.other_image == pytest.approx(np.mean(pairs))


def test_a_method_that_follows_the_weights_passes_and_one_that_does_not_fails(monkeypatch, tmp_path):
    """The image itself, whatever the network: what an edge detector is to Adebayo et al."""
    probes = tiny.probes()
    good = sanity_check(model(), probes, steps=2, device="cpu", store=tmp_path)
    assert good.passed
    assert "rest on what the network learnt" in good.sentence

    def image(x, gradient):
        return x + 0 * gradient

    from depara_core.attribution import gradients

    blind = methods.Method("image", "", "", {}, gradients._path_method(gradients._at_the_image, image))
    monkeypatch.setitem(methods.METHODS, "image", blind)
    bad = sanity_check(model(), probes, steps=2, method="image", device="cpu", store=tmp_path)
    assert not bad.passed
    np.testing.assert_allclose(bad.stages["node"], 1, atol=1e-6)
    np.testing.assert_allclose(bad.stages["rank"], 1, atol=1e-6)
    assert bad.stages["edge"].iloc[-1] < 1  # features follow the weights all the same
    assert "hardly change" in bad.sentence


def test_what_cannot_be_checked_is_told(tmp_path):
    given = {"device": "cpu", "store": tmp_path}
    with pytest.raises(OptionError, match=r"5 modules before layer 'output' hold weights; 6 steps"):
        sanity_check(model(), tiny.probes(), steps=6, **given)
    with pytest.raises(OptionError, match="steps as a whole number"):
        sanity_check(model(), tiny.probes(), steps=0, **given)
    few = tiny.spec(tiny.network(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 8))), "few")
    assert len(sanity_check(few, tiny.probes(), **given).stages) == 2
    assert len(sanity_check(model(), tiny.probes(), **given).stages) == 6
    none = tiny.spec(tiny.network(nn.Sequential(nn.Flatten())), "none")
    with pytest.raises(OptionError, match=r"0 modules before layer 'output' hold weights"):
        sanity_check(none, tiny.probes(), **given)
    with pytest.raises(ModelError, match="Layer 'nowhere' does not exist"):
        sanity_check(model(), tiny.probes(), layer="nowhere", **given)
    with pytest.raises(OptionError, match="steps as a whole number, 2 or more"):
        perturbation_curves(model(), tiny.probes(), steps=1, **given)


def test_curves_by_a_slow_loop(tmp_path):
    net, probes = tiny.shared_relu(), tiny.probes(7)
    found = perturbation_curves(model(), probes, steps=4, device="cpu", store=tmp_path)
    (graph,) = build_graphs(model(), probes, device="cpu", store=tmp_path)
    assert list(found.fractions) == [0, 0.25, 0.5, 0.75, 1]
    for i in range(7):
        x = (torch.tensor(probes.images[i]).permute(2, 0, 1).float() / 255 - 0.5) / 0.5
        order = np.argsort(-np.abs(graph.maps[i]).sum(0).ravel(), kind="stable")
        whole = net.module(x[None])[0]
        for step in range(5):
            first = torch.zeros(64, dtype=torch.bool)
            first[order[: 16 * step]] = True
            first = first.view(8, 8)
            for name, kept in (("deletion", ~first), ("insertion", first)):
                left = torch.cosine_similarity(net.module((x * kept)[None])[0], whole, dim=0)
                assert getattr(found, name)[i, step] == pytest.approx(left.item(), abs=1e-5)
    np.testing.assert_allclose(found.deletion[:, 0], 1)
    np.testing.assert_allclose(found.random_insertion[:, -1], 1)
    np.testing.assert_allclose(found.random_insertion[:, 0], found.deletion[:, -1])
    again = perturbation_curves(model(), probes, steps=4, device="cpu", store=tmp_path)
    np.testing.assert_array_equal(again.random_deletion, found.random_deletion)


@pytest.mark.filterwarnings("ignore")
def test_deletion_is_the_pixel_flipping_of_quantus(tmp_path):
    quantus = pytest.importorskip("quantus")
    net, probes = tiny.shared_relu(), tiny.probes(3)
    found = perturbation_curves(model(), probes, steps=4, device="cpu", store=tmp_path)
    (graph,) = build_graphs(model(), probes, device="cpu", store=tmp_path)

    class Left(nn.Module):
        """What is left of the feature of one image, as the score of a class."""

        def __init__(self, x):
            super().__init__()
            self.net, self.whole = net.module, net.module(x)

        def forward(self, x):
            return torch.cosine_similarity(self.net(x), self.whole, dim=1)[:, None]

    def black(arr, indices, **_):
        np.put_along_axis(arr, indices, 0, axis=1)
        return arr

    flipping = quantus.PixelFlipping(normalise=False, perturb_func=black, disable_warnings=True)
    for i in range(3):
        x = (torch.tensor(probes.images[i : i + 1]).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
        strength = np.abs(graph.maps[i : i + 1]).sum(axis=1, keepdims=True)
        given = {
            "x_batch": x.numpy(),
            "y_batch": np.zeros(1, int),
            "a_batch": strength,
            "device": "cpu",
            "softmax": False,
        }
        (scores,) = flipping(Left(x).eval(), **given)
        of_pixels = scores[3 * 16 - 1 :: 3 * 16]  # it takes a number at a time, and a pixel has three
        np.testing.assert_allclose(found.deletion[i, 1:], of_pixels, atol=1e-5)


def test_a_map_of_what_matters_beats_a_random_order(tmp_path):
    """F reads eight pixels only: without these nothing is left, and with them all is."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 8, bias=False))
    with torch.no_grad():
        module[1].weight.zero_()
        module[1].weight[:, 16:24] = torch.eye(8)  # the third row of red pixels
    found = perturbation_curves(
        tiny.spec(tiny.network(module), "row"), tiny.probes(), steps=8, device="cpu", store=tmp_path
    )
    np.testing.assert_allclose(found.deletion[:, 1:], 0, atol=1e-6)
    np.testing.assert_allclose(found.insertion[:, 1:], 1, atol=1e-6)
    areas = found.areas()
    assert areas["deletion"] == pytest.approx(1 / 16)
    assert areas["insertion"] == pytest.approx(15 / 16)
    assert areas["random_deletion"] > 0.3
    assert areas["random_insertion"] < 0.8
    assert list(found.to_frame().columns) == [
        "fraction",
        "deletion",
        "insertion",
        "random_deletion",
        "random_insertion",
    ]
