"""Training of the zoo: pools that agree with the world, runs that resume to the bit, and a gate that shuts."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate
from typer.testing import CliRunner

from depara_core import rooms
from depara_core.cli import app
from depara_core.errors import Cancelled, ModelError, OptionError
from depara_core.files import side_by_side
from depara_core.rooms import GROUPS, IMAGE_TARGETS, TASKS
from depara_core.training import HeldOutScore, Recipe, report, train_zoo, trainer, zoo
from depara_core.training.cards import half_precision, rounded
from depara_core.training.scene_pool import ScenePool, build_pool, soften
from depara_core.zoo.rooms import card, weights_path
from depara_core.zoo.rooms_network import Solver
from depara_core.zoo.rooms_weights import load_solver

CPU = torch.device("cpu")
COUNT, SEED = 24, 77
POOLS = ((zoo.TRAINING_SEED, COUNT), (zoo.HELD_OUT_SEED, 8))


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A work folder with the small pools that every test here uses."""
    folder = tmp_path_factory.mktemp("work")
    build_pool(folder, COUNT, SEED, workers=1)
    for seed, count in POOLS:
        build_pool(folder, count, seed, workers=1)
    return folder


@pytest.fixture(scope="module")
def pool(work):
    return ScenePool(work / f"pool-{SEED}-{COUNT}", COUNT, SEED)


def train_small(tasks, work, out, **options):
    return train_zoo(
        tasks,
        **({"steps": 3, "batch": 4, "scenes": COUNT, "held_out": 8, "workers": 1} | options),
        work=work,
        out=out,
        device="cpu",
    )


def test_a_pool_holds_the_labels_of_its_pictures(pool):
    scenes = rooms.sample_scenes(COUNT, SEED)
    images = (pool.images(slice(None)) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
    expected = rooms.label_scenes(scenes, images)
    for task in TASKS.values():
        came = pool.labels(task, slice(None))
        assert came.dtype == (torch.int64 if task.is_class else torch.float32)
        if task.name in IMAGE_TARGETS:
            assert torch.equal(came, pool.images(slice(None)))
        else:
            torch.testing.assert_close(came, expected[task.name], rtol=2e-3, atol=2e-3)


def test_a_pool_is_rendered_once(work, monkeypatch):
    monkeypatch.setattr("depara_core.training.scene_pool._fill", lambda *_: pytest.fail("rendered again"))
    build_pool(work, COUNT, SEED, workers=1)


def test_training_pictures_are_as_sharp_as_shrunk_probes():
    sharp, probes = rooms.render(6, 1, 64), rooms.render(6, 1, 128)
    large = torch.from_numpy(probes).permute(0, 3, 1, 2).float()
    seen = interpolate(large, size=(64, 64), mode="bilinear", antialias=True, align_corners=False)
    soft = soften(torch.from_numpy(sharp)).permute(0, 3, 1, 2).float()
    raw = torch.from_numpy(sharp).permute(0, 3, 1, 2).float()

    def energy(x):
        return float(x.diff(dim=-1).square().mean() + x.diff(dim=-2).square().mean())

    assert abs(energy(soft) / energy(seen) - 1) < 0.15
    assert (soft - seen).square().mean() < (raw - seen).square().mean()


def test_softening_keeps_flat_pictures_flat():
    flat = torch.full((1, 8, 8, 3), 93, dtype=torch.uint8)
    assert torch.equal(soften(flat), flat)


@pytest.mark.parametrize("name", ["denoising", "class_object"])
def test_a_resumed_run_equals_an_unbroken_one(name, pool, tmp_path, monkeypatch):
    task, recipe = TASKS[name], Recipe(steps=3, batch=4, save_every=2)
    whole = trainer.train_task(task, pool, recipe, tmp_path / "a", CPU)

    def interrupt(solver, optimizer, task, pool, usable, recipe, step, device):
        if step == 2:
            raise Cancelled("now")
        return unbroken(solver, optimizer, task, pool, usable, recipe, step, device)

    unbroken = trainer._step
    monkeypatch.setattr(trainer, "_step", interrupt)
    with pytest.raises(Cancelled):
        trainer.train_task(task, pool, recipe, tmp_path / "b", CPU)
    monkeypatch.setattr(trainer, "_step", unbroken)
    assert torch.load(tmp_path / "b" / f"{name}.pt", weights_only=True)["step"] == 2
    resumed = trainer.train_task(task, pool, recipe, tmp_path / "b", CPU)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_a_checkpoint_of_another_recipe_is_not_used(pool, tmp_path):
    task = TASKS["curvature"]
    trainer.train_task(task, pool, Recipe(steps=3, batch=4, save_every=2), tmp_path, CPU)
    fresh = trainer.train_task(task, pool, Recipe(steps=3, batch=4, save_every=9, seed=1), tmp_path / "new", CPU)
    again = trainer.train_task(task, pool, Recipe(steps=3, batch=4, save_every=9, seed=1), tmp_path, CPU)
    assert all(torch.equal(a, b) for a, b in zip(fresh.parameters(), again.parameters(), strict=True))


def test_fifty_steps_already_beat_the_constant(pool, tmp_path):
    told = []
    recipe = Recipe(steps=50, batch=8, warmup=5)
    solver = trainer.train_task(TASKS["reshading"], pool, recipe, tmp_path, CPU, lambda *news: told.append(news))
    assert [done for done, _ in told] == [50]
    assert trainer.score_solver(solver, TASKS["reshading"], pool, pool, CPU).skill > 0.25


def test_the_learning_rate_warms_up_and_falls_to_nothing():
    recipe = Recipe(steps=100, warmup=10, rate=1.0)
    rates = [trainer.learning_rate(recipe, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(rates[9], abs=0.03)
    assert rates[-1] < 1e-3
    assert all(a >= b for a, b in pairwise(rates[9:]))


def test_the_best_constant_scores_zero_and_the_truth_one(pool):
    """Solvers that answer with the constant, and with the label itself."""

    class Oracle(Solver):
        def __init__(self, task, answer):
            super().__init__(task)
            self.answer = answer

        def forward(self, x):
            return self.answer(len(x))

    for name in ("depth_zbuffer", "room_layout", "class_scene", "segment_semantic"):
        task = TASKS[name]
        label = pool.labels(task, slice(None))
        solver = Solver(task)
        trainer._standardise(solver, task, pool)
        mean, std = solver.decoder.get_buffer("mean"), solver.decoder.get_buffer("std")
        if task.is_class:
            truth = torch.nn.functional.one_hot(label, task.channels).movedim(-1, 1).float()
            constant = truth.mean(0, keepdim=True)
        else:
            truth = (label - mean) / std
            constant = truth.mean(0, keepdim=True)
        for answer, skill in ((truth, 1.0), (constant.expand_as(truth), 0.0)):
            oracle = Oracle(task, lambda count, answer=answer: answer[:count])
            oracle.decoder = solver.decoder
            score = trainer.score_solver(oracle, task, pool, pool, CPU)
            assert score.skill == pytest.approx(skill, abs=1e-5)


def test_halved_weights_load_as_they_were_scored(tmp_path):
    solver = rounded(Solver(TASKS["normal"]))
    stored = half_precision(solver)
    assert stored["encoder.block2.conv1.weight"].dtype == torch.float16
    assert stored["encoder.block2.norm1.running_var"].dtype == torch.float32
    for name, value in stored.items():
        assert torch.equal(value.float(), solver.state_dict()[name])


def test_the_gate_rejects_loudly_and_keeps_nothing(work, tmp_path):
    with pytest.raises(ModelError, match=r"Not learned.*vanishing_point.*REJECTED"):
        train_small(["vanishing_point"], work, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_diverged_task_is_rejected_and_the_others_go_on(work, tmp_path, monkeypatch):
    taken = trainer._step

    def step(solver, optimizer, task, *rest):
        loss = taken(solver, optimizer, task, *rest)
        if task.name != "normal":
            return loss
        for parameter in solver.parameters():
            parameter.data.fill_(float("nan"))
        return float("nan")

    monkeypatch.setattr(trainer, "_step", step)
    monkeypatch.setattr(zoo, "GATE", -1e9)
    with pytest.raises(ModelError, match="normal: skill nan"):
        train_small(["normal", "class_scene"], work, tmp_path)
    assert weights_path("class_scene", tmp_path).exists()
    assert not weights_path("normal", tmp_path).exists()


def test_what_was_trained_is_written_with_its_card_and_skipped_the_next_time(work, tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "GATE", -1e9)
    told = []
    (outcome,) = train_small(["class_scene"], work, tmp_path, progress=lambda *news: told.append(news))
    assert told[-1][:2] == (3, 3)
    written = card("class_scene", tmp_path)
    assert written["skill"] == pytest.approx(outcome.score.skill, abs=1e-4)
    assert written["scenes"] == {"training": COUNT, "held_out": 8}
    assert written["command"].startswith("depara rooms train class_scene --steps 3 --batch 4 --seed 0")
    assert isinstance(load_solver("class_scene", tmp_path), Solver)
    stamp = weights_path("class_scene", tmp_path).stat().st_mtime_ns
    (again,) = train_small(["class_scene"], work, tmp_path)
    assert again.score is None
    assert report(again) == "class_scene: trained already"
    assert weights_path("class_scene", tmp_path).stat().st_mtime_ns == stamp
    (longer,) = train_small(["class_scene"], work, tmp_path, steps=4)
    assert longer.score is not None
    assert card("class_scene", tmp_path)["steps"] == 4


def test_an_unreadable_card_means_train_again(work, tmp_path):
    weights_path("normal", tmp_path).write_bytes(b"")
    (tmp_path / "normal.json").write_text("{")
    assert not zoo.is_trained("normal", Recipe(), tmp_path)


def test_a_cancelled_run_stops(work, tmp_path, monkeypatch):
    def stop(done, total, message):
        raise Cancelled("enough")

    monkeypatch.setattr(zoo, "GATE", -1e9)
    with pytest.raises(Cancelled):
        train_small(["class_scene", "normal"], work, tmp_path, progress=stop)
    assert weights_path("normal", tmp_path).exists()  # finished before the news of it was told
    assert not weights_path("class_scene", tmp_path).exists()


def test_the_groups_take_turns():
    order = zoo.alternate(TASKS)
    assert sorted(order) == sorted(TASKS)
    assert {TASKS[name].group for name in order[:4]} == set(GROUPS)


@pytest.mark.parametrize(
    "options", [{"steps": 0}, {"batch": 1}, {"workers": 0}, {"seed": -1}, {"scenes": 1}, {"held_out": 0}]
)
def test_wrong_numbers_are_told(options, work, tmp_path):
    with pytest.raises(OptionError, match="Expected"):
        train_small(["normal"], work, tmp_path, **options)


def test_unknown_tasks_and_devices_are_told(tmp_path):
    with pytest.raises(OptionError, match=r"'depth'.*depth_zbuffer"):
        train_zoo(["depth"], out=tmp_path)
    with pytest.raises(OptionError, match=r"device.*'tpu'"):
        train_zoo(["normal"], out=tmp_path, device="tpu")


def test_the_command_of_every_card_is_one_the_command_line_takes(monkeypatch):
    asked = {}
    monkeypatch.setattr(
        "depara_core.training.train_zoo", lambda tasks, **options: asked.update(options, tasks=tasks) or []
    )
    for task in TASKS:
        known = card(task)
        program, *arguments = known["command"].split()
        assert program == "depara"
        assert CliRunner().invoke(app, arguments).exit_code == 0
        assert asked["tasks"] == [task]
        assert (asked["steps"], asked["batch"], asked["seed"]) == (known["steps"], known["batch"], known["seed"])
        assert {"training": asked["scenes"], "held_out": asked["held_out"]} == known["scenes"]


def test_workers_side_by_side_make_the_same_weights(work, tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "GATE", -1e9)
    tasks = ["class_scene", "room_layout"]
    train_small(tasks, work, tmp_path / "one")
    pools = [ScenePool(work / f"pool-{seed}-{count}", count, seed) for seed, count in POOLS]
    recipe = Recipe(steps=3, batch=4)
    jobs = [(name, *pools, recipe, work, tmp_path / "two", "cpu") for name in tasks]
    told = []
    outcomes = list(side_by_side(zoo.train_one, jobs, 2, tell=lambda *news: told.append(news)))
    scores = {outcome.task: outcome.score for outcome in outcomes}
    for name in tasks:
        known = card(name, tmp_path / "one")
        assert scores[name].error == pytest.approx(known["held_out"], rel=1e-3)


def test_skill_is_the_share_of_the_constants_error_that_is_gone():
    assert HeldOutScore("x", 0.25, 1.0).skill == 0.75
    assert np.isnan(HeldOutScore("x", float("nan"), 1.0).skill)
