"""One comparison, one grid: a pair has one score, whatever it is looked at beside."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from planted import random_graph

import depara_core as depara
from depara_core import explanation
from depara_core.agreement import agreement
from depara_core.attribution.options import Options
from depara_core.comparison import Comparison, planned_grid
from depara_core.selection import rank_layers, rank_sources

SIZES = {"a": 16, "b": 12, "c": 8}  # pixels


@pytest.fixture
def mixed():
    probes = tiny.probes(7)
    specs = tuple(tiny.spec(None, name=name, size=size) for name, size in SIZES.items())
    graphs = tuple(
        random_graph(seed, count=7, shape=(3, spec.input_size, spec.input_size), model=spec.id, probes=probes.digest)
        for seed, spec in enumerate(specs)
    )
    return Comparison(probes, specs, graphs, planned_grid(specs, Options()))


def test_the_grid_follows_from_what_is_asked_for(mixed):
    assert mixed.grid == (3, 8, 8)
    assert planned_grid(mixed.specs[:2], Options()) == (3, 12, 12)
    assert planned_grid(mixed.specs, Options(resolution=4)) == (3, 4, 4)
    assert planned_grid(mixed.specs, Options(channels="mean")) == (1, 8, 8)
    with pytest.raises(depara.OptionError, match="No models to compare"):
        planned_grid([], Options())


def test_a_pair_has_one_score_wherever_it_is_seen(mixed):
    a, b, c = mixed.graphs
    grid, lam = mixed.grid, 2.0
    score = mixed.matrix.total(lam)[0, 1]
    own = depara.similarity(a, b).total(lam)
    assert abs(own - score) > 1e-3, "on the pair's own grid it is another one"
    assert depara.similarity(a, b, grid=grid).total(lam) == pytest.approx(score, abs=1e-6)
    assert depara.similarity_matrix([a], [b], grid=grid).total(lam)[0, 0] == pytest.approx(score, abs=1e-6)
    assert depara.explain(a, b, lam, grid=grid).total == pytest.approx(score, abs=1e-6)
    assert explanation.influence(a, b, lam, grid=grid).total == pytest.approx(score, abs=1e-6)
    assert explanation.interval(b, a, lam, grid=grid).total.value == pytest.approx(score, abs=1e-6)
    ranked = rank_sources(mixed.matrix, "test/b", lam).set_index("source")
    assert ranked.loc["test/a", "score"] == pytest.approx(score, abs=1e-6)
    layers = rank_layers(depara.similarity_matrix([a], [b], grid=grid), lam)
    assert layers["score"].tolist() == pytest.approx([score], abs=1e-6)
    assert agreement([a], b, grid).means[0] == pytest.approx(mixed.matrix.node[0, 1], abs=1e-6)
    split = explanation.Contrast(*(depara.explain(b, one, lam, grid=grid) for one in (a, c)))
    assert split.better.total == pytest.approx(score, abs=1e-6)


def test_a_finer_grid_than_a_map_is_refused(mixed):
    with pytest.raises(depara.OptionError, match=r"cannot be compared on the grid \(3, 16, 16\)"):
        replace(mixed, grid=(3, 16, 16))


def test_the_default_pair_is_the_target_and_its_best_source(mixed):
    scores = np.where(np.eye(3, dtype=bool), -np.inf, mixed.matrix.total(0.5))
    for place, target in enumerate(mixed.models):
        best = mixed.models[int(scores[:, place].argmax())]
        assert mixed.default_pair(0.5, "test/gone", target) == (best, target)
    assert mixed.default_pair(0.5, "test/gone")[1] == "test/a"
    alone = replace(mixed, specs=mixed.specs[:1], graphs=mixed.graphs[:1])
    assert alone.default_pair(1.0) == ("test/a", "test/a")


def test_models_of_several_layers_are_paired_by_their_last(mixed):
    early = tuple(replace(graph, layer="conv") for graph in reversed(mixed.graphs))  # other maps under each name
    renamed = tuple(replace(graph, model=last.model) for graph, last in zip(early, mixed.graphs, strict=True))
    layered = replace(mixed, graphs=tuple(graph for pair in zip(renamed, mixed.graphs, strict=True) for graph in pair))
    for target in mixed.models:
        assert layered.default_pair(0.5, target) == mixed.default_pair(0.5, target)


def test_graphs_are_found_by_model_and_layer(mixed):
    assert mixed.graph("test/b") is mixed.graphs[1]
    assert mixed.graph("test/b", "conv") is None
    assert mixed.of("test/gone") == ()
