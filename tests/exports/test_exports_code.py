"""The Python that is taken away runs: views are computed again, and a recipe trains what it should and nothing else."""

import runpy

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from planted import random_graph
from torch import nn

import depara_core as depara
from depara_core.exports import VIEWS, evaluation_python, python_of, transfer_recipe

ROOMS = [depara.model("rooms/normal"), depara.model("rooms/reshading")]
ENDS = [(spec, "output") for spec in ROOMS]
PROBES = {"probes": "rooms", "count": 4, "seed": 1}


@pytest.fixture(scope="module", autouse=True)
def store(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEPARA_STORE", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of three small images, one a class larger than it is wide."""
    place = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for label in "abc":
        (place / label).mkdir()
        for number in range(3):
            pixels = rng.integers(0, 256, (40 + 8 * number, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / label / f"{number}.png")
    return place


def execute(script):
    space = {"__name__": "taken"}
    exec(compile(script, "taken.py", "exec"), space)
    return space


def test_the_models_view_is_computed_again(capsys):
    probes = depara.load_probes("rooms", count=4, seed=1)
    graphs = depara.build_graphs(ROOMS, probes)
    options = {"preset": "paper", "method": None, "resolution": None}
    script = python_of("models", ENDS, target="rooms/normal", lam=0.3, **PROBES, digest=probes.digest, options=options)
    space = execute(script)
    assert space["ranking"].equals(depara.rank_sources(depara.similarity_matrix(graphs), "rooms/normal", 0.3))
    assert "other images" not in capsys.readouterr().out


def test_the_layers_view_is_computed_again():
    space = execute(python_of("layers", ENDS[::-1], lam=2.0, **PROBES))
    assert list(space["ranking"]["layer"]) == list(ROOMS[1].layers)
    layers = depara.build_graphs(ROOMS[1], space["probes"], layers="all")
    goal = depara.build_graphs(ROOMS[0], space["probes"])
    assert space["ranking"].equals(depara.rank_layers(depara.similarity_matrix(layers, goal), 2.0))


def test_the_graphs_view_is_computed_again():
    space = execute(python_of("graphs", ENDS, **PROBES, neighbours=1))
    assert space["graph_b"].number_of_nodes() == 4
    assert space["similarity"] == depara.similarity(space["a"], space["b"])
    assert "graph_b" not in execute(python_of("graphs", ENDS[:1], **PROBES))


def test_the_why_view_is_computed_again_and_other_images_are_noticed(capsys):
    space = execute(python_of("why", ENDS, lam=0.5, **PROBES, digest="0" * 64))
    assert space["contributions"].sum() == pytest.approx(depara.similarity(space["a"], space["b"]).total(0.5), abs=1e-6)
    assert "These are other images than the view's." in capsys.readouterr().out


def test_the_attributions_view_is_computed_again():
    space = execute(python_of("attributions", ENDS, **PROBES))
    graphs = depara.build_graphs(ROOMS, space["probes"])
    assert list(space["maps"]) == [graph.label for graph in graphs]
    assert space["cosines"][graphs[1].label].mean() == pytest.approx(depara.similarity(graphs[1], graphs[0]).node)
    np.testing.assert_allclose(space["cosines"][graphs[0].label], 1, atol=1e-6)
    layers = execute(python_of("attributions", [(ROOMS[0], "output"), (ROOMS[0], "stem")], **PROBES))
    assert sorted(layers["maps"]) == ["rooms/normal · output", "rooms/normal · stem"]
    assert layers["reference"].layer == "output"


def test_the_evaluation_is_done_again(monkeypatch, capsys):
    from types import SimpleNamespace

    names = [f"m/{letter}" for letter in "abcdefgh"]
    graphs = tuple(random_graph(seed, model=name) for seed, name in enumerate(names))
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(8, 8)), names, names).mask(np.eye(8, dtype=bool))
    asked = []
    benchmark = SimpleNamespace(transfer_table=SimpleNamespace(frame=lambda budget: asked.append(budget) or frame))
    monkeypatch.setitem(depara.BENCHMARKS, "planted", benchmark)

    def gather(one, **given):
        asked.append((one, given))
        return SimpleNamespace(graphs=graphs)

    monkeypatch.setattr(depara, "gather", gather)
    monkeypatch.setattr(depara, "score_pairs", lambda evidence: {"rsa": frame.fillna(0.0)})
    given = {"lam": 0.5, "budget": 250, "measure": "Spearman", "count": 4, "seed": 1}
    result = execute(evaluation_python("planted", digest="0" * 64, **given))["result"]
    assert asked == [(benchmark, {"count": 4, "seed": 1}), 250]
    own = depara.similarity_matrix(graphs).to_frame(0.5)
    expected = depara.assess({"rsa": frame.fillna(0.0), "depara": own}, frame).summary()
    pd.testing.assert_frame_equal(result.summary(), expected)
    assert "These are other images than the view's." in capsys.readouterr().out
    monkeypatch.setattr(depara, "load_probes", lambda place, count, seed: SimpleNamespace(digest="x"))
    execute(evaluation_python("planted", probes="/photos", digest="x", **given))
    assert asked[-2][1]["probes"].digest == "x"
    assert "These are other images" not in capsys.readouterr().out


def test_uploads_and_modules_have_a_place_to_be_put_in():
    mine = depara.model_from_module(nn.Sequential(nn.Conv2d(3, 2, 3)), name='"""odd\n', input_size=8)
    script = python_of("graphs", [(mine, "output")], probes="upload/0123", count=3)
    compile(script, "taken.py", "exec")
    assert "path/to/the/uploaded/images" in script
    assert f"model_from_module(module_called({mine.name!r}), name={mine.name!r}, input_size=8" in script
    with pytest.raises(NotImplementedError, match="Put the call here that makes"):
        execute(script.replace("depara.load_probes(", "dict(source="))


def test_wrong_views_are_refused():
    with pytest.raises(depara.OptionError, match=f"'tree' is unknown. Expected one of: {', '.join(VIEWS)}"):
        python_of("tree", ENDS)
    with pytest.raises(depara.OptionError, match="'why' needs 2 to 2 ends \\(model, layer\\); 1 came"):
        python_of("why", ENDS[:1])


def train(script, folder, place, *more):
    """Run a recipe for one step and return its model as loaded, and as saved."""
    file, out = place / "recipe.py", place / "tuned.pt"
    file.write_text(script)
    space = runpy.run_path(str(file), run_name="recipe")
    given = ["--steps", "1", "--workers", "0", "--batch", "6", "--rate", "0.1", "--out", str(out), *more]
    space["main"]([str(folder), *given])
    return space["build"](3)[0].state_dict(), torch.load(out, weights_only=True)


def moved(before, after):
    """Name the weights and statistics that a step changed; the classifier, new each time, and counters are left out."""
    assert before.keys() == after.keys()
    floats = [name for name, value in before.items() if value.is_floating_point()]
    return {name for name in floats if not torch.equal(before[name], after[name])}


def under(names, *parts):
    return {name for name in names if name.startswith(tuple(f"{part}." for part in parts))}


def test_a_rooms_model_is_frozen_up_to_the_layer_and_learns_after_it(folder, tmp_path, capsys):
    script = transfer_recipe(ROOMS[0], "block2", 3)
    before, after = train(script, folder, tmp_path)
    changed = moved(before, after)
    assert not under(changed, *(f"source.{layer}" for layer in ("stem", "down1", "block1", "down2", "block2")))
    late = {name for name in under(before, "source.block3", "source.output") if before[name].is_floating_point()}
    assert late <= changed  # weights, and the statistics of the later batch norms
    assert "validation accuracy" in capsys.readouterr().out


def test_a_torchvision_model_is_frozen_inside_a_block_with_its_statistics(folder, tmp_path):
    spec = depara.model("torchvision/resnet18@none")
    script = transfer_recipe(spec, "layer3.0", 3).replace("SIZE = 224", "SIZE = 32")
    assert "depara_core" not in script
    before, after = train(script, folder, tmp_path)
    changed = moved(before, after)
    assert not under(changed, "conv1", "bn1", "layer1", "layer2", "layer3.0")
    assert {"layer3.1.conv1.weight", "layer3.1.bn1.running_mean", "layer4.0.downsample.0.weight"} <= changed
    source = spec.open().module.state_dict()
    assert all(torch.equal(before[name], source[name]) for name in source if not name.startswith("fc."))
    assert after["fc.weight"].shape == (3, 512)


def test_cut_at_the_output_only_the_classifier_learns(folder, tmp_path):
    for spec in (ROOMS[0], depara.model("torchvision/squeezenet1_1@none")):
        script = transfer_recipe(spec, "output", 3).replace("SIZE = 224", "SIZE = 64")
        before, after = train(script, folder, tmp_path)
        assert all(name.startswith(("head.", "classifier.1.")) for name in moved(before, after))


def test_weights_before_a_parallel_branch_are_frozen_and_the_branch_is_not(folder, tmp_path):
    """What the layer's output depends on is frozen, whatever the order of the modules."""
    script = transfer_recipe(depara.model("torchvision/resnet18@none"), "layer2.0.conv2", 3)
    space = {"__name__": "taken"}
    exec(script.replace("SIZE = 224", "SIZE = 32"), space)
    model, head = space["build"](3)
    kept = space["freeze"](model, head)
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert under(frozen, "layer2") == {
        "layer2.0.conv1.weight",
        "layer2.0.bn1.weight",
        "layer2.0.bn1.bias",
        "layer2.0.conv2.weight",
    }
    assert model.get_submodule("layer2.0.bn1") in kept
    assert model.get_submodule("layer2.0.bn2") not in kept


def test_safetensors_are_written_and_a_module_of_ones_own_goes_through(folder, tmp_path):
    def make():
        torch.manual_seed(0)
        encoder = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3))
        return nn.Sequential(encoder, nn.Flatten(), nn.Linear(2 * 12 * 12, 7))

    mine = depara.model_from_module(make(), name="mine", input_size=16, layers=["0.1"], output="0")
    script = transfer_recipe(mine, "0.1", 3)
    assert "depara_core" not in script
    with pytest.raises(NotImplementedError, match="Put the call here that makes 'mine'"):
        execute(script)["build"](3)
    file, out = tmp_path / "recipe.py", tmp_path / "tuned.safetensors"
    file.write_text(script)
    space = runpy.run_path(str(file), run_name="recipe")
    space["main"].__globals__["source"] = make
    space["main"]([str(folder), "--epochs", "1", "--workers", "0", "--out", str(out)])
    from safetensors.torch import load_file

    before, after = make().state_dict(), load_file(out)
    assert torch.equal(after["source.0.0.weight"], before["0.0.weight"])
    assert torch.equal(after["source.0.1.running_mean"], before["0.1.running_mean"])
    assert not torch.equal(after["source.0.3.weight"], before["0.3.weight"])
    assert after["head.weight"].shape == (3, 2 * 12 * 12)


@pytest.mark.parametrize("classes", [1, True])
def test_a_recipe_needs_classes_to_tell_apart(classes):
    with pytest.raises(depara.OptionError, match="at least 2 classes to tell apart"):
        transfer_recipe(ROOMS[0], "output", classes)


def test_a_recipe_needs_a_layer_that_exists():
    for spec in (ROOMS[0], depara.model("torchvision/squeezenet1_1@none")):
        with pytest.raises(depara.ModelError, match="Layer 'nowhere' does not exist"):
            transfer_recipe(spec, "nowhere", 3)


def test_a_folder_that_does_not_fit_is_named(folder, tmp_path):
    main = execute(transfer_recipe(ROOMS[0], "output", 4))["main"]
    with pytest.raises(SystemExit, match=r"Expected 4 subfolders, one a class; .* holds 3"):
        main([str(folder)])


def test_names_in_a_recipe_are_data():
    mine = depara.model_from_module(nn.Conv2d(3, 2, 3), name='x"""\nimport os', input_size=8, layers=["output"])
    tree = compile(transfer_recipe(mine, "output", 2), "recipe.py", "exec")
    assert "os" not in tree.co_names
