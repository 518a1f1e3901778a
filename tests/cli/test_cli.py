import json
import os
import re
import shlex
import socket
import sys
import threading
import time
import warnings
from pathlib import Path

import fake_ray
import networkx as nx
import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import depara_core as depara
from depara_core.cli import app, serve
from depara_core.cli.building import choose_models
from depara_core.cli.work import split_layers
from depara_core.jobs import Job
from depara_core.pipeline import builder as pipeline
from depara_core.rooms import TASKS
from depara_core.store import Store
from depara_core.training import HeldOutScore, TrainingOutcome

SMALL = "torchvision/squeezenet1_1@none"
OTHER = "torchvision/shufflenet_v2_x0_5@none"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of five small images, of which the commands take four."""
    folder = tmp_path_factory.mktemp("photos")
    for place, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)):
        Image.fromarray(pixels).save(folder / f"{place}.png")
    return folder


@pytest.fixture
def run(store, photos):
    def call(*arguments, work=False, store=store):
        given = ("--probes", str(photos), "--count", "4", "--seed", "3", "--device", "cpu", "--store", str(store))
        more = given if work else ()
        return CliRunner().invoke(app, [*arguments, *more])

    return call


@pytest.fixture(scope="module")
def graphs(store, photos):
    """The same graphs through the library, in the same store."""
    specs = [depara.model(SMALL), depara.model(OTHER)]
    return depara.build_graphs(specs, depara.load_probes(photos, count=4, seed=3), device="cpu", store=store)


def document(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_models_lists_what_the_library_lists(run):
    rows = document(run("models", "--json"))
    assert [row["id"] for row in rows] == [spec.id for spec in depara.list_models()]


def test_models_of_one_source_as_a_table(run):
    result = run("models", "--source", "torchvision")
    assert result.exit_code == 0
    assert "torchvision/resnet18" in result.stdout
    assert "rooms/" not in result.stdout


def test_models_names_layers_when_asked(run):
    rows = document(run("models", "--source", "rooms", "--layers", "--json"))
    assert {row["id"] for row in rows} >= {f"rooms/{task}" for task in TASKS}
    assert all(row["layers"][-1] == "output" for row in rows)


def test_models_are_searched(run, monkeypatch):
    import depara_core as depara
    from depara_core.zoo.catalogue import Entry

    asked = []
    found = [Entry(f"timm/vit_{i}", "timm", "vit", 224, "A model.") for i in range(50)]
    monkeypatch.setattr(depara, "search_models", lambda words, source: asked.append((words, source)) or found)
    result = run("models", "search", "vit", "dinov2", "--source", "timm", "--json")
    assert len(document(result)) == 50
    assert asked == [(["vit", "dinov2"], "timm")]
    assert "10 more: add a word" in run("models", "search", "vit").stdout
    assert "'find' came" in run("models", "find", "vit").stderr
    monkeypatch.setattr(depara, "count_parameters", lambda name: int(name.rpartition("_")[2]) + 1000)
    counted = document(run("models", "search", "vit", "--parameters", "--json"))
    assert [row.get("parameters") for row in counted] == [*range(1000, 1040), *[None] * 10]
    assert "1007" in run("models", "search", "vit", "--parameters").stdout


def test_an_unknown_source_is_an_error_that_names_the_choices(run):
    result = run("models", "--source", "nowhere", "--json")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "'nowhere'" in result.stderr
    assert "torchvision" in result.stderr


def test_graphs_are_the_library_s(run, graphs):
    answer = document(run("graphs", SMALL, OTHER, "--json", work=True))
    assert [row["digest"] for row in answer["graphs"]] == [graph.digest for graph in graphs]
    assert answer["probes"]["count"] == 4
    assert answer["probes"]["digest"] == graphs[0].probes
    assert answer["options"]["objective"] == "l2_norm"
    assert answer["failed"] == []


def test_graphs_takes_options_beside_the_preset(run):
    answer = document(run("graphs", SMALL, "--preset", "released_models", "--no-center", "--json", work=True))
    assert answer["options"]["channels"] == "mean"
    assert answer["options"]["center"] is False


@pytest.mark.parametrize(("form", "read"), [("graphml", nx.read_graphml), ("gexf", nx.read_gexf)])
def test_graphs_writes_files_that_networkx_reads(run, graphs, tmp_path, form, read):
    out = tmp_path / "new" / "folder"
    answer = document(run("graphs", SMALL, "--out", str(out), "--format", form, "--json", work=True))
    written = read(answer["graphs"][0]["file"])
    assert written.number_of_nodes() == 4
    assert written.number_of_edges() == 6
    assert written["0"]["1"]["weight"] == pytest.approx(float(graphs[0].edges[0, 1]), abs=1e-6)


def test_a_failing_model_is_reported_and_the_rest_goes_on(run):
    result = run("graphs", OTHER, SMALL, "--layers", "features.3", "--json", work=True)
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert [row["model"] for row in answer["graphs"]] == [SMALL]
    assert [row["model"] for row in answer["failed"]] == [OTHER]
    assert "features.3" in result.stderr


def test_memory_and_precision_change_no_number(run, graphs):
    small = ("--memory", "1kB", "--precision", "fast", "--json")
    answer = document(run("rank", OTHER, "--target", SMALL, *small, work=True))
    score = depara.similarity_matrix(graphs[1:], graphs[:1]).total(1.0)[0, 0]
    assert answer["ranking"][0]["score"] == pytest.approx(score, abs=1e-3)
    for option, value, told in (
        ("--memory", "much", "--memory: expected a size"),
        ("--precision", "half", "'half'"),
    ):
        result = run("graphs", SMALL, option, value, work=True)
        assert result.exit_code == 1
        assert told in result.stderr


def test_rank_is_the_library_s_ranking(run, graphs):
    answer = document(run("rank", OTHER, SMALL, "--target", SMALL, "--lam", "0.5", "--json", work=True))
    matrix = depara.similarity_matrix(graphs[1:], graphs[:1])
    expected = depara.rank_sources(matrix, SMALL, 0.5).to_dict("records")
    assert answer["ranking"] == [pytest.approx(row) for row in expected]
    assert (answer["target"], answer["lam"]) == (SMALL, 0.5)


def test_rank_shows_networks_their_own_crop(run):
    given = ("rank", SMALL, "--target", OTHER, "--json")
    own, asked = document(run(*given, "--view", "own", work=True)), document(run(*given, work=True))
    assert [row["source"] for row in own["ranking"]] == [f"{SMALL}?view=own"]
    assert own["ranking"][0]["score"] != asked["ranking"][0]["score"]
    named = document(run("rank", f"{SMALL}?view=own", "--target", f"{OTHER}?view=own", "--json", work=True))
    assert named["ranking"] == own["ranking"]
    assert "Expected one of: common, own" in run(*given, "--view", "mine", work=True).stderr
    bundled = run("rank", "rooms/normal", "--target", OTHER, "--view", "own", work=True)
    assert "rooms/normal has no crop and interpolation of its own that is known: it sees the whole" in bundled.stderr


def test_rank_prints_a_table_for_people(run):
    result = run("rank", OTHER, "--target", SMALL, work=True)
    assert result.exit_code == 0
    assert OTHER in result.stdout
    assert "4 probes" in result.stdout


def test_the_readme_s_two_lines_compare_three_networks_on_a_folder(run, photos, store):
    pytest.importorskip("timm")
    text = (Path(__file__).parents[2] / "README.md").read_text()
    search, rank = re.search(r"Or in two lines:\n\n```sh\n(.*?)```", text, re.DOTALL).group(1).strip().splitlines()
    found = run(*shlex.split(search)[1:], "--json")
    assert "timm/resnet50.a1_in1k" in [entry["id"] for entry in json.loads(found.stdout)]
    words = shlex.split(rank)[1:]
    named = [word for word in words if word.startswith("timm/")]
    assert all(depara.model(name).id == name for name in named)
    assert len(named) == 3
    small = dict(zip(named, (f"timm/test_{name}@none" for name in ("vit", "resnet", "convnext")), strict=True))
    given = [str(photos) if word == "photos" else small.get(word, word) for word in words]
    answer = document(run(*given, "--device", "cpu", "--store", str(store), "--json"))
    assert answer["target"] == "timm/test_vit@none"
    assert {row["source"] for row in answer["ranking"]} == {"timm/test_resnet@none", "timm/test_convnext@none"}


def test_rank_without_a_source_says_what_to_do(run):
    result = run("rank", SMALL, "--target", SMALL, work=True)
    assert result.exit_code == 1
    assert "at least one" in result.stderr


def test_layers_marks_one_as_best(run):
    answer = document(run("layers", SMALL, OTHER, "--layers", "features.3,output", "--json", work=True))
    assert [row["layer"] for row in answer["layers"]] == ["features.3", "output"]
    assert [row["feature"] for row in answer["layers"]] == [[128, 55, 55], [512, 13, 13]]
    best = [row["score"] for row in answer["layers"] if row["best"]]
    assert best == [max(row["score"] for row in answer["layers"])]


def test_layers_are_listed_with_their_depth_and_size(run):
    every = document(run("layers", "list", "rooms/normal", "--json"))
    assert [row["layer"] for row in every] == list(depara.model("rooms/normal").layers)
    assert [row["depth"] for row in every] == list(range(1, len(every) + 1))
    assert every[-1]["feature"] == [16, 8, 8]
    found = document(run("layers", "list", "rooms/normal", every[1]["layer"].upper(), "--json"))
    assert found == every[1:2]
    assert f"2 of {len(every)}" in run("layers", "list", "rooms/normal").stdout
    assert "No layer has all these words" in run("layers", "list", "rooms/normal", "nothing").stdout


def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(run, tmp_path, monkeypatch):
    store, begun, real_wait, real_extract = Store(tmp_path), [], Job.wait, pipeline.extract

    def extract(network, spec, *given, **more):
        begun.append(spec.id)
        if len(begun) == 2:
            interrupted.wait(10)  # Ctrl-C comes while the second model is computed
        return real_extract(network, spec, *given, **more)

    def wait(job, timeout_s=None):
        if len(begun) == 2 and not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt
        return real_wait(job, timeout_s)

    interrupted = threading.Event()
    monkeypatch.setattr(Job, "wait", wait)
    monkeypatch.setattr(pipeline, "extract", extract)
    command = ("graphs", SMALL, OTHER, "--json")
    stopped = run(*command, work=True, store=tmp_path)
    assert stopped.exit_code == 130
    assert stopped.stdout == ""
    assert "What is finished is kept" in stopped.stderr
    assert "The same command goes on" in stopped.stderr
    assert store.status().artefacts == 1
    answer = document(run(*command, work=True, store=tmp_path))
    assert len(answer["graphs"]) == 2
    assert begun == [SMALL, OTHER, OTHER]


def test_a_second_ctrl_c_does_not_wait(run, tmp_path, monkeypatch):
    going, left = threading.Event(), []

    def extract(*_, **__):
        going.set()
        time.sleep(1)
        yield from ()

    def wait(job, timeout_s=None):
        going.wait(10)
        raise KeyboardInterrupt

    def leave(code):
        left.append(code)
        raise SystemExit(code)

    monkeypatch.setattr(pipeline, "extract", extract)
    monkeypatch.setattr(Job, "wait", wait)
    monkeypatch.setattr(os, "_exit", leave)
    assert run("graphs", SMALL, work=True, store=tmp_path).exit_code == 130
    assert left == [130]


def test_ctrl_c_outside_of_a_job_is_no_traceback(run, monkeypatch):
    def interrupted(source):
        raise KeyboardInterrupt

    monkeypatch.setattr(depara, "list_models", interrupted)
    result = run("models")
    assert result.exit_code == 130
    assert "Interrupted" in result.stderr


def test_a_store_in_trouble_is_told_in_plain_words_and_the_command_succeeds(photos, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    given = ("--probes", str(photos), "--count", "4", "--device", "cpu", "--store", str(blocked))
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        result = CliRunner().invoke(app, ["graphs", SMALL, OTHER, "--json", *given])
    assert len(document(result)["graphs"]) == 2
    assert result.stderr.count("Warning: Results are not kept for the next time.") == 1
    assert "RuntimeWarning" not in result.stderr


def test_an_unknown_model_is_an_error_without_a_traceback(run):
    result = run("rank", "--target", "torchvision/resnet_18", work=True)
    assert result.exit_code == 1
    assert "torchvision/resnet18" in result.stderr
    assert "Traceback" not in result.output


def test_the_rest_goes_on_without_a_model_that_is_none(run, tmp_path):
    """A checkpoint that is cut off, one of another architecture, an id that there is not: told, and left out."""
    torch.save({"a": torch.zeros(3)}, tmp_path / "other.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "other.pth").read_bytes()[:100])
    bad = {
        f"file/{tmp_path}/cut.pth?arch=torchvision/resnet18": "cut.pth cannot be read: it is damaged",
        f"file/{tmp_path}/other.pth?arch=torchvision/resnet18": "other.pth fits 0% of torchvision/resnet18",
        "timm/resnet5O": "timm has no model 'resnet5O'. Did you mean",
    }
    for command in (("graphs",), ("rank", "--target", OTHER), ("curves",)):
        result = run(*command, SMALL, *bad, "--json", work=True)
        assert result.exit_code == 1
        told = json.loads(result.stdout)
        assert [one["model"] for one in told["failed"]] == list(bad)
        for reason in bad.values():
            assert reason in result.stderr
        assert SMALL in result.stdout
    alone = run("graphs", next(iter(bad)), work=True)
    assert alone.exit_code == 1
    assert "cut.pth cannot be read" in alone.stderr


def test_unreadable_probes_are_an_error(run, tmp_path):
    result = run("graphs", SMALL, "--probes", str(tmp_path / "nothing"))
    assert result.exit_code == 1
    assert "nothing" in result.stderr


def test_misuse_exits_with_2(run):
    assert run("rank").exit_code == 2
    assert run("graphs", "--count", "many").exit_code == 2


def test_patterns_choose_models_without_repeats():
    ids = [spec.id for spec in choose_models(["rooms/depth_*", "rooms/depth_zbuffer"])]
    assert sorted(ids) == ["rooms/depth_euclidean", "rooms/depth_zbuffer"]
    with pytest.raises(depara.OptionError, match="'nothing/\\*'"):
        choose_models(["nothing/*"])
    assert [spec.id for spec in choose_models([])] == [spec.id for spec in depara.list_models() if spec.bundled]


@pytest.mark.parametrize(
    ("text", "layers"), [("all", "all"), ("output", "output"), ("a, b", ["a", "b"]), ("a,", "a"), ("", [])]
)
def test_layers_are_read_as_words_or_lists(text, layers):
    assert split_layers(text) == layers


def test_app_starts_streamlit_on_localhost_and_says_where(run, monkeypatch):
    started = []
    monkeypatch.setattr(sys, "argv", ["depara"])
    monkeypatch.chdir(".")
    monkeypatch.setattr(serve.runpy, "run_module", lambda name, **more: started.append((name, *sys.argv, Path.cwd())))
    answer = document(run("app", "--port", "8765", "--json"))
    name, _, verb, script, *flags, folder = started[0]
    assert (name, verb, script) == ("streamlit", "run", str(serve.app_script()))
    assert flags[flags.index("--server.port") + 1] == answer["address"].rpartition(":")[2]
    assert flags[flags.index("--server.address") + 1] == "localhost"
    assert folder == serve.app_script().parent


def test_app_without_streamlit_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr(serve.importlib.util, "find_spec", lambda name: None)
    result = run("app")
    assert result.exit_code == 1
    assert "pip install 'depara-explorer[app]'" in " ".join(result.stderr.split())


def test_the_next_free_port_is_taken():
    with socket.create_server((serve.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert serve.first_free(port) > port


def test_the_store_is_counted_verified_and_cleared(run, graphs, store):
    state = document(run("store", "status", "--store", str(store), "--json"))
    assert state["path"] == str(store)
    assert state["artefacts"] >= 2
    assert 0 < state["bytes"] <= state["limit"]
    assert document(run("store", "verify", "--store", str(store), "--json"))["damaged"] == []


def test_the_store_s_bound_is_chosen_and_kept(run, tmp_path, monkeypatch):
    status = ("store", "status", "--store", str(tmp_path), "--json")
    assert document(run(*status, "--store-limit", "1.5GB"))["limit"] == 1_500_000_000
    monkeypatch.setenv("DEPARA_STORE_LIMIT", "3GB")
    assert document(run(*status))["limit"] == 3_000_000_000
    monkeypatch.delenv("DEPARA_STORE_LIMIT")
    assert 2e9 <= document(run(*status))["limit"] <= 100e9
    result = run(*status, "--store-limit", "plenty")
    assert result.exit_code == 1
    assert "such as 40GB" in result.stderr


def test_a_damaged_artefact_is_named_and_cleared(run, tmp_path):
    Store(tmp_path).put("abcd", {"numbers": np.arange(4.0)}, {})
    file = next(tmp_path.rglob("abcd*"))
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    result = run("store", "verify", "--store", str(tmp_path), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["damaged"] == ["abcd"]
    assert document(run("store", "clear", "--store", str(tmp_path), "--json"))["removed"] == 1
    assert "0 artefacts" in run("store", "status", "--store", str(tmp_path)).stdout


def test_training_hands_its_options_on_and_tells_what_came_of_each_task(run, monkeypatch, tmp_path):
    given = {}

    def train_zoo(tasks, **options):
        given.update(options, tasks=tasks)
        return [TrainingOutcome("normal", HeldOutScore("loss", 0.25, 1.0)), TrainingOutcome("curvature", None)]

    monkeypatch.setattr("depara_core.training.train_zoo", train_zoo)
    rows = document(run("rooms", "train", "normal", "curvature", "--steps", "7", "--out", str(tmp_path), "--json"))
    assert (given["tasks"], given["steps"], given["out"]) == (["normal", "curvature"], 7, tmp_path)
    assert [row["trained"] for row in rows] == [True, False]
    assert rows[0]["skill"] == 0.75


def test_an_unknown_task_is_an_error(run):
    result = run("rooms", "train", "juggling")
    assert result.exit_code == 1
    assert "juggling" in result.stderr


def test_rank_takes_targets_without_a_network(run, graphs, photos, tmp_path):
    probes = depara.load_probes(photos, count=4, seed=3)
    file = tmp_path / "kinds.csv"
    file.write_text("name,kind\n" + "".join(f"{name},{'ab'[i % 2]}\n" for i, name in enumerate(probes.names)))
    answer = document(run("rank", OTHER, SMALL, "--target", str(file), "--json", work=True))
    expected = depara.similarity_matrix(graphs, [depara.target_from_labels(probes, file)])
    assert answer["target"] == "labels/kinds"
    found = {row["source"]: row["score"] for row in answer["ranking"]}
    assert found == {graph.model: pytest.approx(edge) for graph, edge in zip(graphs, expected.edge[:, 0], strict=True)}
    embedding = tmp_path / "clip.npz"
    np.savez(embedding, features=np.random.default_rng(0).normal(size=(4, 3)), names=probes.names)
    assert "no nodes" in run("rank", OTHER, "--target", str(embedding), work=True).stdout
    result = run("rank", OTHER, "--target", "labels", work=True)
    assert result.exit_code == 1
    assert "have no labels" in result.stderr


def test_fit_prints_what_the_library_measures(run, photos, store, tmp_path):
    for place, file in enumerate(sorted(photos.glob("*.png"))[:4]):
        folder = tmp_path / "ab"[place % 2]
        folder.mkdir(exist_ok=True)
        (folder / file.name).write_bytes(file.read_bytes())
    given = ("--images", str(tmp_path), "--device", "cpu", "--store", str(store))
    answer = document(run("fit", SMALL, OTHER, *given, "--json"))
    table = depara.fit([depara.model(SMALL), depara.model(OTHER)], depara.load_probes(tmp_path), store=store)
    assert {row["model"]: row["accuracy"] for row in answer["models"]} == dict(
        zip(table["model"], table["accuracy"], strict=True)
    )
    assert "2 folds instead of 5" in answer["notes"][0]
    result = run("fit", SMALL, "--images", str(photos))
    assert (result.exit_code, "have no labels" in result.stderr) == (1, True)


def test_commands_over_many_models_run_on_a_cluster_and_the_others_say_that_they_do_not(
    run, photos, store, tmp_path, monkeypatch
):
    ray = fake_ray.plant(monkeypatch)
    for place, file in enumerate(sorted(photos.glob("*.png"))[:4]):
        folder = tmp_path / "photos" / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_bytes(file.read_bytes())
    given = ("--images", str(tmp_path / "photos"), "--device", "cpu", "--store", str(store), "--executor", "ray")
    own = tmp_path / "own.csv"
    values = zip((SMALL, OTHER, f"{SMALL}?view=own", "rooms/normal", "rooms/depth_zbuffer"), range(5), strict=True)
    own.write_text("model,target,value\n" + "".join(f"{name},photos,0.{digit}\n" for name, digit in values))
    for arguments, sent in (
        (("fit", SMALL, OTHER, *given), ["build_features"] * 2),
        (("choose", "--models", SMALL, "--models", OTHER, "--no-measure", *given), ["build_features"] * 2),
        (("evaluate", "--benchmark", str(own), *given[2:]), ["build_features"] * 5),
    ):
        ray.sent.clear()
        done = run(*arguments)
        assert done.exit_code == 0, done.output
        assert [name for name, _ in ray.sent] == sent, arguments
    ray.sent.clear()
    assert run("rank", OTHER, "--target", SMALL, "--executor", "ray", work=True).exit_code == 0
    assert [name for name, _ in ray.sent] == ["build_graphs"] * 2
    done = run("curves", SMALL, "--executor", "ray", work=True)
    assert (done.exit_code, "does not run on a cluster" in done.stderr) == (1, True)


def test_fit_fine_tunes_the_best(run, store, tmp_path):
    images = depara.load_probes("fashion", count=20).images
    for place, image in enumerate(images):
        folder = tmp_path / "ab"[place % 2]
        folder.mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / f"{place}.png")
    given = ("--images", str(tmp_path), "--device", "cpu", "--store", str(store), "--fine-tune", "1")
    answer = document(run("fit", "fashion/dnn_source@seed1", "fashion/dnn_rich@seed1", *given, "--json"))
    (tuned,) = answer["fine_tuned"]
    assert tuned["model"] == answer["models"][0]["model"]
    expected = depara.fine_tune(depara.model(tuned["model"]), depara.load_probes(tmp_path), store=store, device="cpu")
    assert expected.to_dict("records") == [tuned]


def test_sanity_tells_what_is_left_of_the_maps(run, store, photos):
    done = run("sanity", SMALL, "--steps", "2", "--target", OTHER, "--json", work=True)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    probes = depara.load_probes(photos, count=4, seed=3)
    wanted = depara.sanity_check(
        depara.model(SMALL), probes, steps=2, target=depara.model(OTHER), device="cpu", store=store
    )
    assert [row["node"] for row in found["stages"]] == pytest.approx(list(wanted.stages["node"]))
    assert [row["target"] for row in found["stages"]] == pytest.approx(list(wanted.stages["target"]))
    assert (found["passed"], found["sentence"]) == (wanted.passed, wanted.sentence)


def test_curves_are_those_of_the_library(run, store, photos):
    done = run("curves", SMALL, "rooms/nowhere", "--json", work=True)
    assert done.exit_code == 1
    done = run("curves", SMALL, "--steps", "3", "--json", work=True)
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["models"]
    probes = depara.load_probes(photos, count=4, seed=3)
    wanted = depara.perturbation_curves(depara.model(SMALL), probes, steps=3, device="cpu", store=store)
    assert {name: found[name] for name in wanted.areas()} == pytest.approx(wanted.areas())
    assert len(found["curves"]) == 4


def test_a_split_and_a_background_are_options(run, tmp_path):
    for split in ("train", "val"):
        for place in range(4):
            folder = tmp_path / "set" / split / f"class{place % 2}"
            folder.mkdir(parents=True, exist_ok=True)
            colour = (10 * place, 80, 90, 128 if split == "val" else 255)
            Image.new("RGBA", (16, 16), colour).save(folder / f"{place}.png")
    asked = ("graphs", SMALL, "--probes", str(tmp_path / "set"), "--device", "cpu", "--store", str(tmp_path / "store"))
    digests = {}
    for more in ((), ("--split", "val"), ("--split", "val", "--background", "black")):
        done = run(*asked, *more, "--json")
        assert done.exit_code == 0, done.output
        digests[more] = json.loads(done.stdout)["probes"]["count"], json.loads(done.stdout)["probes"]["digest"]
    assert [count for count, _ in digests.values()] == [8, 4, 4]
    assert len({digest for _, digest in digests.values()}) == 3
    labelled = ("--images", str(tmp_path / "set"), "--split", "test", "--store", str(tmp_path / "store"))
    for command in (asked, ("fit", SMALL, *labelled), ("choose", "--models", SMALL, *labelled)):
        done = run(*command, *(() if "--split" in command else ("--split", "test")))
        assert done.exit_code == 1
        assert "The splits are: train, val" in done.stderr


def test_choose_answers_from_labels_alone(run, photos, store, tmp_path):
    for place, file in enumerate(sorted(photos.glob("*.png"))[:4]):
        folder = tmp_path / "photos" / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_bytes(file.read_bytes())
    given = ("--images", str(tmp_path / "photos"), "--device", "cpu", "--store", str(store))
    both = ("--models", SMALL, "--models", OTHER)
    answer = document(run("choose", *both, *given, "--report", str(tmp_path / "choice.html"), "--json"))
    assert {row["model"] for row in answer["candidates"]} == {SMALL, OTHER}
    assert answer["target"] == "labels/classes"
    assert all(row["imagenet"] is None and row["gflops"] > 0 for row in answer["candidates"])
    assert answer["verdict"] in (tmp_path / "choice.html").read_text()
    table = run("choose", *both, *given)
    assert "cannot be told apart on these 4 images" in table.stdout
    again = document(run("choose", *both, *given, "--other-images", str(tmp_path / "photos"), "--json"))["stability"]
    assert [again[-1][name] for name in ("images", "kept", "spearman")] == [4, 1, pytest.approx(1)]
    assert again[-1]["part"].startswith("other images: ")
    assert "best kept" not in table.stdout
    assert "25 % of the images (4): best" in run("choose", *both, *given, "--stability").stdout
    names = sorted(str(file.relative_to(tmp_path / "photos")) for file in (tmp_path / "photos").rglob("*.png"))
    lines = [f"{name},{'xy'[place > 1]},{place}" for place, name in enumerate(names)]
    (tmp_path / "birds.csv").write_text("\n".join(["name,kind,size", *lines, "else.png,x,9"]) + "\n")
    for column, scored in (("kind", True), ("size", False)):
        more = ("--target", f"{tmp_path / 'birds.csv'}:{column}", "--no-measure", "--json")
        answer = document(run("choose", *both, *given, *more))
        assert ("logme" in answer["candidates"][0]) == scored
        assert answer["target"] == ("labels/classes" if scored else f"labels/birds: {column}")
    asked = ("--probes", str(tmp_path / "photos"), "--target", f"{tmp_path}/birds.csv:size")
    ranked = run("rank", SMALL, OTHER, *asked, *given[2:])
    assert "Sources for labels/birds: size" in ranked.stdout
    assert run("choose", *both, *given, "--target", f"{tmp_path}/birds.csv:song").exit_code == 1
    assert run("choose", "--models", "timm/no-such-*", *given).exit_code == 1
