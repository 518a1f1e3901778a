"""The layer study: networks that can be cut anywhere, frozen parts that stay, a table that resumes."""

import json
import shutil
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from typer.testing import CliRunner

import depara_core as depara
from depara_core import rooms
from depara_core.cli import app
from depara_core.errors import Cancelled, ModelError, OptionError, StoreError
from depara_core.rooms import FORM_CLASSES, RICH_FACTORS, object_views, render_scenes
from depara_core.training import layer_scores, layer_study, layer_views
from depara_core.training.layer_networks import (
    accuracy,
    apply,
    constant_accuracy,
    fresh,
    learn,
    loss,
    pixels,
    recoloured,
)
from depara_core.training.layer_study import BUDGETS, SCRATCH, Budget, Plan, labelled, measure_cut, student
from depara_core.training.scene_pool import soften
from depara_core.training.trainer import Recipe
from depara_core.zoo import rooms as zoo
from depara_core.zoo.rooms_study import CUTS, STUDY_NETWORKS, STUDY_SOURCES, STUDY_TARGET
from depara_core.zoo.rooms_vgg import Vgg
from depara_core.zoo.rooms_weights import load_vgg

SMALL = Recipe(steps=2, batch=4, warmup=1)
PLAN = Plan(12, 12, 6, Recipe(steps=2, batch=4, rate=1e-3, warmup=1), (Budget(0.5, SMALL), Budget(0.25, SMALL)), 1)


@pytest.fixture(scope="module", autouse=True)
def small_blocks():
    """Render blocks of 32 scenes, so that a set of a dozen views is one or two of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layer_views, "BLOCK", 32)
        yield


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A work folder that all tests render into."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def measured(work, tmp_path_factory):
    """A small study, measured once: the folders of its networks and of its table."""
    out = tmp_path_factory.mktemp("study")
    record(work, out)
    return out


def record(work, out, **options):
    plan = options.pop("plan", PLAN)
    return layer_study.record_layers(workers=1, plan=plan, zoo=out / "zoo", folder=out / "truth", work=work, **options)


@pytest.fixture
def study(measured, tmp_path):
    """A copy of the small study that a test may spoil."""
    shutil.copytree(measured, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture(scope="module")
def pictures(work):
    return layer_views.load_views("real", 10, layer_views.FRESH_SEED, work, 1, None)


def test_views_are_the_worlds_pictures_and_are_rendered_once(work, monkeypatch):
    views = layer_views.load_views("bare", 20, 5, work, 1, None)
    scenes = object_views(5, 0, 64)
    with torch.inference_mode():
        expected = soften(render_scenes(rooms.DOMAINS["bare"](scenes[:20]), 64))
    assert torch.equal(views.images.permute(0, 2, 3, 1), expected)
    assert torch.equal(views.form, rooms.form_class(scenes)[:20])
    assert torch.equal(views.rich, rooms.rich_factors(scenes)[:20])
    monkeypatch.setattr(layer_views, "_render", lambda *_: pytest.fail("rendered again"))
    assert len(layer_views.load_views("bare", 7, 5, work, 1, None)) == 7


def test_the_network_has_twelve_convolutions_two_linear_layers_and_every_layer_is_a_tap():
    module = Vgg(8)
    kinds = [type(part) for part in module.modules()]
    assert kinds.count(nn.Conv2d) == 12
    assert kinds.count(nn.Linear) == 2
    assert not any(getattr(part, "inplace", False) for part in module.modules())
    assert (*(f"conv{number}" for number in range(1, 13)), "output") == CUTS
    assert 300_000 < sum(value.numel() for value in module.parameters()) < 500_000
    calls = []
    for name, part in module.named_modules():
        part.register_forward_hook(lambda _module, _inputs, output, name=name: calls.append((name, output)))
    module.eval()(torch.zeros(2, 3, 64, 64))
    assert len(calls) == len({name for name, _ in calls}) == len(list(module.modules()))
    outputs = dict(calls)
    assert outputs["conv1"].shape == (2, 16, 64, 64)
    assert outputs["conv12"].shape == (2, 64, 4, 4)
    assert outputs["output"].shape == (2, 128)
    assert all(outputs[layer].min() >= 0 for layer in CUTS)


@pytest.mark.parametrize("k", [0, 1, 5, 12, 13])
def test_a_cached_prefix_and_the_rest_equal_the_whole(k, pictures):
    module = fresh(8, 3).eval()
    prefix, rest = module.split(k)
    assert len(prefix) + len(rest) == len(list(module.children()))
    held = apply(prefix, pictures.images) if k else pictures.images
    torch.testing.assert_close(apply(rest, held), apply(module, pictures.images))
    if k:
        torch.testing.assert_close(held, read_layer(module, CUTS[k - 1], pictures.images))


def read_layer(module, layer, images):
    kept = []
    with module.get_submodule(layer).register_forward_hook(lambda *call: kept.append(call[2])):
        apply(module, images)
    return torch.cat(kept)


@pytest.mark.parametrize("k", [1, 6, 13])
def test_frozen_layers_keep_weights_and_batch_statistics(k, pictures):
    base = fresh(8, 1)
    learn(base, pictures.images, pictures.form, replace(SMALL, steps=3))
    module = student(base, 0)
    prefix, rest = module.split(k)
    learn(rest, apply(prefix, pictures.images), pictures.form, SMALL)
    before, after = base.split(k)
    held = prefix.state_dict()
    assert all(torch.equal(value, held[name]) for name, value in before.state_dict().items())
    learned = dict(rest.named_parameters())
    assert not any(torch.equal(value, learned[name]) for name, value in after.named_parameters())
    assert not prefix.training


def test_a_student_takes_all_but_the_classifier():
    base = fresh(16, 1)
    taken = student(base, 0)
    assert taken.head.out_features == len(FORM_CLASSES)
    assert torch.equal(taken.output[0].weight, base.output[0].weight)
    scratch = student(None, 0)
    assert torch.equal(scratch.head.weight, taken.head.weight)
    assert not torch.equal(scratch.output[0].weight, base.output[0].weight)


def test_learning_repeats_and_its_draws_come_from_its_seed(pictures):
    one, two, other = (
        learn(fresh(8, 0), pictures.images, pictures.form, replace(SMALL, seed=seed)).state_dict() for seed in (0, 0, 1)
    )
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    assert not torch.equal(one["conv1.0.weight"], other["conv1.0.weight"])


def test_a_fresh_network_leaves_the_random_stream_alone():
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    fresh(8, 0)
    torch.testing.assert_close(torch.rand(2), expected)


def test_the_rich_loss_is_the_cross_entropy_of_128_classes():
    """The logit of a product class is the sum of its factors' logits."""
    generator = torch.Generator().manual_seed(0)
    output = torch.randn(5, sum(RICH_FACTORS), generator=generator)
    labels = torch.stack([torch.randint(count, (5,), generator=generator) for count in RICH_FACTORS], dim=1)
    style, shape, pattern = output.split(RICH_FACTORS, dim=1)
    logits = (style[:, :, None, None] + shape[:, None, :, None] + pattern[:, None, None, :]).flatten(1)
    flat = (labels[:, 0] * RICH_FACTORS[1] + labels[:, 1]) * RICH_FACTORS[2] + labels[:, 2]
    torch.testing.assert_close(loss(output, labels), cross_entropy(logits, flat))
    torch.testing.assert_close(loss(output[:, :8], labels[:, 0]), cross_entropy(output[:, :8], labels[:, 0]))
    identity = nn.Identity()
    assert accuracy(identity, output, labels) == pytest.approx(float((logits.argmax(1) == flat).float().mean()))


def test_the_best_constant_is_the_commonest_class():
    labels = torch.tensor([2, 2, 1, 0])
    assert constant_accuracy(labels, torch.tensor([2, 1, 2, 2])) == 0.75
    assert constant_accuracy(torch.tensor([[0, 1], [0, 1], [1, 1]]), torch.tensor([[0, 1], [1, 1]])) == 0.5


def test_recoloured_pictures_repeat_and_stay_in_range(pictures):
    batch = pixels(pictures.images)
    one, two = (recoloured(batch, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(one, two)
    assert one.shape == batch.shape
    assert one.abs().max() <= 1
    assert not torch.equal(one, recoloured(batch, torch.Generator().manual_seed(5)))


def test_a_smaller_budgets_pictures_are_among_the_larger_ones():
    small, large = labelled(100, 5, 1), labelled(100, 20, 1)
    assert torch.equal(small, large[:5])
    assert len(large.unique()) == 20
    assert not torch.equal(small, labelled(100, 5, 2))


def test_the_table_has_every_cut_at_every_budget(measured):
    table = layer_study.read_layer_table(measured / "truth")
    assert len(table) == 2 * (1 + 2 * len(CUTS))
    assert set(table["source"]) == {SCRATCH, *(f"rooms/{name}" for name in STUDY_SOURCES)}
    assert (table.loc[table["source"] == SCRATCH, "k"] == 0).all()
    for _, part in table[table["source"] != SCRATCH].groupby(["source", "budget"]):
        assert part["k"].tolist() == list(range(1, 14))
        assert part["layer"].tolist() == list(CUTS)
    about = json.loads((measured / "truth" / "rooms-layers.json").read_text())
    assert about["command"] == "depara rooms layers --seed 0"
    assert about["weights"] == {name: zoo.card(name, measured / "zoo")["sha256"] for name in STUDY_NETWORKS}
    scratch = table[(table["source"] == SCRATCH) & (table["budget"] == 0.5)]["accuracy"]
    assert about["scratch"]["0.5"]["mean"] == pytest.approx(scratch.mean())


def test_a_measured_cut_can_be_measured_again(measured, work):
    table = layer_study.read_layer_table(measured / "truth")
    for source, k in ((SCRATCH, 0), ("rooms/dnn_rich", 4)):
        rows = measure_cut(source, k, PLAN, 0, measured / "zoo", work)
        part = table[(table["source"] == source) & (table["k"] == k)]
        expected = dict(zip(part["budget"], part["accuracy"], strict=True))
        assert {row["budget"]: row["accuracy"] for row in rows} == expected


def test_an_interrupted_study_goes_on_and_ends_the_same(study, work, monkeypatch):
    path = study / "truth" / "rooms-layers.csv"
    whole = path.read_text()
    table = pd.read_csv(path, keep_default_na=False)
    table[table["k"] < 11].to_csv(path, index=False)
    asked = []
    monkeypatch.setattr(layer_study, "measure_cut", lambda *job: asked.append(job[:2]) or measure_cut(*job))
    monkeypatch.setattr(layer_study, "_train", lambda *_: pytest.fail("trained again"))

    def stop(done, total, message):
        if "Cut" in message and done == 24:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        record(work, study, progress=stop)
    assert len(pd.read_csv(path)) == 2 * 24
    record(work, study)
    assert sorted(asked) == sorted({(f"rooms/{name}", k) for name in STUDY_SOURCES for k in (11, 12, 13)})
    assert path.read_text() == whole


def test_a_complete_study_is_kept_and_renders_nothing(study, tmp_path):
    path = study / "truth" / "rooms-layers.csv"
    before = path.read_text()
    assert record(tmp_path / "nothing", study) == path
    assert path.read_text() == before
    assert not (tmp_path / "nothing").exists()


def test_another_plan_begins_anew_and_notes_stay(study, work, monkeypatch):
    notes = study / "truth" / "rooms-layers.json"
    notes.write_text(json.dumps(json.loads(notes.read_text()) | {"tried": ["a wider network"]}))
    asked = []
    monkeypatch.setattr(layer_study, "measure_cut", lambda *job: asked.append(job[:2]) or rows_of(job))
    record(work, study, plan=replace(PLAN, budgets=(Budget(0.4, SMALL),)))
    assert len(asked) == 27
    assert json.loads(notes.read_text())["tried"] == ["a wider network"]


def rows_of(job):
    return [dict(zip(layer_study.COLUMNS, (job[0], "none", job[1], 0.4, 0, 0.5), strict=True))]


def test_force_trains_again(study, work, monkeypatch):
    asked = []
    monkeypatch.setattr(layer_study, "_train", lambda name, *_: asked.append(name) or name)
    monkeypatch.setattr(layer_study, "measure_cut", lambda *job: rows_of(job))
    record(work, study, force=True)
    assert asked == list(STUDY_NETWORKS)


@pytest.mark.parametrize("plan", [replace(PLAN, seeds=0), replace(PLAN, target_pictures=4)])
def test_plans_without_pictures_are_told(plan, work, tmp_path):
    with pytest.raises(OptionError, match="at least 2 pictures"):
        record(work, tmp_path, plan=plan)


def test_a_table_that_is_not_there_or_not_one_is_told(tmp_path):
    with pytest.raises(StoreError, match="depara rooms layers"):
        layer_study.read_layer_table(tmp_path)
    (tmp_path / "rooms-layers.csv").write_text("source,k\nx,1\n")
    with pytest.raises(StoreError, match="layer, budget, seed, accuracy"):
        layer_study.read_layer_table(tmp_path)


def test_negative_transfer_is_less_than_scratch_at_the_same_budget(tmp_path):
    lines = ["source,layer,k,budget,seed,accuracy", "scratch,none,0,0.1,0,0.4", "scratch,none,0,0.1,1,0.6"]
    lines += ["scratch,none,0,0.01,0,0.2", "a,conv1,1,0.1,0,0.45", "a,conv1,1,0.01,0,0.45"]
    (tmp_path / "rooms-layers.csv").write_text("\n".join(lines))
    table = layer_study.read_layer_table(tmp_path).set_index(["source", "budget"])
    assert table.loc[("a", 0.1), "scratch"] == pytest.approx(0.5)
    assert bool(table.loc[("a", 0.1), "negative"])
    assert not bool(table.loc[("a", 0.01), "negative"])


def test_the_committed_networks_are_listed_and_sound():
    listed = {spec.id: spec for spec in depara.list_models()}
    for name, known in STUDY_NETWORKS.items():
        spec = listed[f"rooms/{name}"]
        assert (spec.layers, spec.group, spec.bundled) == (CUTS, "layers", False)
        assert depara.model(f"rooms/{name}") == spec
        card = zoo.card(name, zoo.study_folder())
        assert card["skill"] > 0.5
        assert zoo.weights_path(name, zoo.study_folder()).stat().st_size < 1_200_000
        network = spec.open()
        assert network.module.head.out_features == known.outputs
        assert network.tap("output")[0] is network.module.output
        assert card["parameters"] == sum(value.numel() for value in network.module.parameters())
    assert len({listed[f"rooms/{name}"].open().digest for name in STUDY_NETWORKS}) == 3


def test_damaged_or_unknown_networks_are_told(tmp_path):
    for suffix in (".safetensors", ".json"):
        shutil.copy(zoo.weights_path(STUDY_TARGET, zoo.study_folder()).with_suffix(suffix), tmp_path)
    assert isinstance(load_vgg(STUDY_TARGET, tmp_path), Vgg)
    path = zoo.weights_path(STUDY_TARGET, tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(ModelError, match=r"damaged.*depara rooms layers"):
        load_vgg(STUDY_TARGET, tmp_path)
    with pytest.raises(ModelError, match="dnn_rich"):
        load_vgg("dnn_poor", tmp_path)


def test_the_committed_table_belongs_to_the_committed_networks():
    table = layer_study.read_layer_table()
    path = zoo.assets_folder() / "benchmark" / "rooms-layers.json"
    about = json.loads(path.read_text())
    assert about["weights"] == {name: zoo.card(name, zoo.study_folder())["sha256"] for name in STUDY_NETWORKS}
    assert not table.duplicated(["source", "k", "budget", "seed"]).any()
    assert (table.groupby(["source", "k"]).size() == len(BUDGETS) * about["plan"]["seeds"]).all()
    assert set(zip(table["k"], table["layer"], strict=True)) <= set(enumerate(("none", *CUTS)))
    assert table["accuracy"].between(1 / 16, 1).all()


@pytest.fixture(scope="module")
def drawn():
    """The 24 labelled pictures of the 1 % budget and 60 of the 2,000 test pictures, with their classes."""
    plan = Plan()
    chosen = labelled(plan.target_pictures, round(BUDGETS[1].share * plan.target_pictures), 0)
    return draw(layer_views.SEEDS[STUDY_TARGET], chosen.tolist()), draw(layer_views.FRESH_SEED, range(60))


def draw(seed, rows):
    """Render only some of the real object views of `seed`."""
    parts, found, start = [], 0, 0
    while found <= max(rows):
        parts.append(object_views(seed, start, start + 512))
        found, start = found + len(parts[-1]), start + 512
    index = torch.tensor(list(rows))
    columns = {field.name: [getattr(part, field.name) for part in parts] for field in fields(rooms.Scenes)}
    scenes = rooms.Scenes(**{name: torch.cat(values)[index] for name, values in columns.items()})
    with torch.inference_mode():
        images = torch.cat([soften(render_scenes(scenes[at : at + 32], 64)) for at in range(0, len(index), 32)])
    return images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last), rooms.form_class(scenes)


@pytest.mark.parametrize(("source", "k"), [("dnn_rich", 12), ("dnn_source", 13)])
def test_cells_of_the_committed_table_are_measured_again(source, k, drawn):
    """The 1 % budget from the committed weights, tested on 60 of the 2,000 pictures: within three standard errors."""
    (images, labels), (seen, truth) = drawn
    base = load_vgg(source)
    prefix, rest = student(base, 0).split(k)
    learn(rest, apply(prefix, images), labels, replace(BUDGETS[1].recipe, seed=0))
    came = accuracy(rest, apply(prefix, seen), truth)
    table = layer_study.read_layer_table()
    row = table[(table["source"] == f"rooms/{source}") & (table["k"] == k) & (table["budget"] == 0.01)].iloc[0]
    assert row["seed"] == 0
    assert came == pytest.approx(row["accuracy"], abs=3 * np.sqrt(row["accuracy"] * (1 - row["accuracy"]) / len(seen)))


def plant(folder, cells):
    """Write a table of one repetition: accuracies by (source, k), the same at both budgets."""
    rows = [
        (source, CUTS[k - 1] if k else "none", k, share, 0, value)
        for (source, k), value in cells.items()
        for share in layer_scores.LAMBDAS
    ]
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows, columns=list(layer_study.COLUMNS)).to_csv(folder / "rooms-layers.csv", index=False)
    return folder


def test_scores_stand_beside_the_measured_accuracy_and_cuts_may_be_missing(work, tmp_path):
    probes = layer_scores.target_probes(6, work=work)
    assert probes.images.shape == (6, 64, 64, 3)
    assert set(probes.labels) <= set(FORM_CLASSES)
    rich, source = (f"rooms/{name}" for name in ("dnn_rich", "dnn_source"))
    known = {(SCRATCH, 0): 0.4, (rich, 3): 0.5, (rich, 9): 0.6, (rich, 13): 0.3, (source, 13): 0.2}
    scores = layer_scores.score_layers(probes, folder=plant(tmp_path / "truth", known), store=tmp_path / "store")
    assert len(scores) == 2 * 4
    np.testing.assert_allclose(scores["score"], scores["node"] + scores["lam"] * scores["edge"])
    for row in scores.to_dict("records"):
        assert row["accuracy"] == known[row["source"], row["k"]]
        assert row["layer"] == CUTS[row["k"] - 1]
        assert row["low"] <= row["score"] <= row["high"]
        assert (row["scratch"], row["spread"], row["negative"]) == (0.4, 0, row["accuracy"] < 0.4)
    agreement = layer_scores.layer_agreement(scores).set_index(["source", "budget"])
    assert agreement.loc[rich, "layers"].tolist() == [3, 3]
    assert agreement.loc[rich, "measured"].tolist() == ["conv9", "conv9"]
    alone = agreement.loc[(source, 0.1)]
    assert (alone["layers"], alone["depara"], alone["deeper"], alone["regret"]) == (1, 0, 0, 0)


def test_nothing_measured_yet_is_an_empty_table(tmp_path):
    table = layer_study.read_layer_table(plant(tmp_path, {("rooms/dnn_rich", 13): 0.5}))
    assert table["scratch"].isna().all()
    assert not table["negative"].any()
    empty = layer_scores.layer_agreement(pd.DataFrame(columns=["source", "budget", "lam"]))
    assert empty.empty
    assert tuple(empty.columns) == layer_scores.AGREEMENT


def test_agreement_by_hand():
    scores = pd.DataFrame(
        {
            "source": "a",
            "layer": ["conv1", "conv2", "conv3"],
            "k": [1, 2, 3],
            "budget": 0.1,
            "lam": 1.0,
            "node": [0.3, 0.3, 0.3],
            "edge": [0.1, 0.4, 0.2],
            "score": [0.4, 0.7, 0.5],
            "accuracy": [0.5, 0.6, 0.9],
        }
    )
    (row,) = layer_scores.layer_agreement(scores).to_dict("records")
    assert row["depara"] == pytest.approx(0.5)
    assert row["edge"] == pytest.approx(0.5)
    assert row["node"] == 0  # constant: it orders nothing
    assert (row["deeper"], row["shallower"]) == (pytest.approx(1), pytest.approx(-1))
    assert (row["measured"], row["predicted"]) == ("conv3", "conv2")
    assert row["regret"] == pytest.approx(0.3)


def test_the_command_line_passes_on_and_prints(monkeypatch, measured, tmp_path):
    asked = {}
    monkeypatch.setattr(
        layer_study, "record_layers", lambda **given: asked.update(given) or tmp_path / "rooms-layers.csv"
    )
    arguments = ["rooms", "layers", "--seed", "0", "--workers", "1", "--out", str(measured / "truth"), "--json"]
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 0
    assert (asked["seed"], asked["workers"], asked["force"]) == (0, 1, False)
    rows = json.loads(answer.stdout)["accuracy"]
    assert len(rows) == 1 + 2 * len(CUTS)
    assert {"source", "layer", "k", "50%", "25%"} <= set(rows[0])
