"""The paper's equations end to end: two torchvision VGGs with fixed random weights against slow, plain NumPy."""

import numpy as np
import pytest
import torch
import torchvision
from planted import random_graph
from test_similarity import slow_edge_similarity, slow_node_similarity

import depara_core as depara

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LAYERS = ["features.5", "output"]


@pytest.fixture(scope="module")
def modules():
    found = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        module = torchvision.models.vgg11(weights=None, init_weights=False).eval()
        module.classifier = torch.nn.Identity()  # 120 of its 130 million weights
        found.append(module)
    return found


@pytest.fixture(scope="module")
def probes():
    # Noise: in flat regions max-pooling ties, and rounding then decides which pixel a gradient goes to.
    return depara.ProbeSet.from_arrays(np.random.default_rng(3).integers(0, 256, (5, 96, 96, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def graphs(modules, probes, tmp_path_factory):
    specs = [
        depara.model_from_module(
            module, name=f"vgg{i}", input_size=96, mean=MEAN, std=STD, layers=LAYERS, output="avgpool"
        )
        for i, module in enumerate(modules)
    ]
    return depara.build_graphs(specs, probes, layers=LAYERS, store=tmp_path_factory.mktemp("store"))


def feature(module, x, layer):
    """The layer by the model's own parts, with no hook."""
    if layer == "features.5":
        return module.features[:6](x)
    return module.avgpool(module.features(x))


def by_the_book(module, probes, layer):
    """Nodes (Eq. 3) and edges (Eq. 4), one image at a time."""
    nodes, features = [], []
    for image in probes.images:
        x = torch.tensor(((image / 255.0 - MEAN) / STD).transpose(2, 0, 1)[None], dtype=torch.float32)
        x.requires_grad_()
        value = feature(module, x, layer)
        (gradient,) = torch.autograd.grad(value.pow(2).sum().sqrt(), x)
        nodes.append((x * gradient).detach().numpy().ravel().astype(np.float64))
        features.append(value.detach().numpy().ravel().astype(np.float64))
    unit = np.stack([row / np.linalg.norm(row) for row in features])
    return np.stack([row / np.linalg.norm(row) for row in nodes]), unit @ unit.T


@pytest.mark.parametrize("layer", LAYERS)
def test_similarities_of_two_vggs_are_those_of_the_equations(modules, probes, graphs, layer):
    ours = [graph for graph in graphs if graph.layer == layer]
    references = [by_the_book(module, probes, layer) for module in modules]
    for graph, (nodes, edges) in zip(ours, references, strict=True):
        # one ReLU that rounding flips, in a batch or on another processor, moves a map by some 1e-4
        np.testing.assert_allclose((graph.nodes * nodes).sum(axis=1), 1, atol=3e-4)
        np.testing.assert_allclose(graph.edges, edges, atol=1e-5)
    plain = [type("Plain", (), {"nodes": n, "edges": e.round(9), "__len__": lambda g: 5})() for n, e in references]
    sim = depara.similarity(*ours)
    assert sim.node == pytest.approx(slow_node_similarity(*plain), abs=1e-4)
    assert sim.edge == pytest.approx(slow_edge_similarity(*plain), abs=1e-5)
    why = depara.explain(*ours, 0.5)
    assert why.probe.sum() == pytest.approx(sim.total(0.5), abs=1e-6)


def test_the_slow_reference_is_no_constant():
    assert slow_node_similarity(random_graph(0), random_graph(0)) == pytest.approx(1, abs=1e-6)
    assert slow_edge_similarity(random_graph(0), random_graph(1)) < 0.9
