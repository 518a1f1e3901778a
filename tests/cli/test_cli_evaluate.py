"""`depara evaluate` and `depara rooms transfer`, on planted scores and losses."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import depara_core as depara
from depara_core.cli import app, evaluation


@pytest.fixture
def planted(monkeypatch):
    """Plant scores: DEPARA knows the truth, its rivals know nothing."""
    truth = depara.load_transfer_table("rooms").frame()
    rng = np.random.default_rng(0)
    noise = {
        name: pd.DataFrame(rng.random(truth.shape), truth.index, truth.columns) for name in ("rsa", "depara_directed")
    }
    asked = {}

    def gather(world, **options):
        asked.update(options, world=world.name)

    monkeypatch.setattr(evaluation, "gather", gather)
    monkeypatch.setattr(evaluation, "score_pairs", lambda evidence, **options: {"depara": truth, **noise})
    return asked


def test_evaluate_says_who_finds_the_best_sources(planted, tmp_path):
    result = CliRunner().invoke(
        app, ["evaluate", "--json", "--count", "30", "--store", str(tmp_path), "--executor", "ray"]
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (planted["world"], planted["count"], planted["executor"]) == ("rooms", 30, "ray")
    assert (document["targets"], document["budget"]) == (20, 1000)
    best = document["metrics"][0]
    assert best["metric"] == "depara"
    assert best["figures"]["P@5"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert best["p_random"] < 0.001
    assert document["random"]["P@5"] == pytest.approx(5 / 19)
    assert 0.7 < document["ceiling"]["P@5"] <= 1
    verdicts = {(one["a"], one["measure"]): one["verdict"] for one in document["comparisons"]}
    assert verdicts[("depara", "P@5")] == "yes"


def test_evaluate_prints_a_line_a_metric_and_the_answers(planted, monkeypatch):
    planted_scores, truth = evaluation.score_pairs(None), depara.load_transfer_table("rooms").frame(250)
    monkeypatch.setattr(evaluation, "score_pairs", lambda evidence, **options: {**planted_scores, "depara": truth})
    result = CliRunner().invoke(app, ["evaluate", "--budget", "250"])
    assert result.exit_code == 0, result.output
    assert "250 labels a target" in result.stdout
    assert "1.00 [1.00, 1.00]" in result.stdout
    assert "static_mean (control)" in result.stdout
    assert "depara is better than rsa by P@5" in result.stdout
    assert "Ceiling" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--benchmark", "mars"], "benchmark 'mars' is unknown. Expected one of: rooms, taskonomy"),
        (["--world", "mars"], "benchmark 'mars' is unknown."),
        (["--budget", "7"], "has no budget 7. Expected one of: 1000, 250"),
    ],
)
def test_evaluate_refuses_what_was_not_measured(planted, arguments, message):
    result = CliRunner().invoke(app, ["evaluate", *arguments])
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())


def test_transfer_names_the_best_source_of_every_target(monkeypatch, tmp_path):
    given = {}

    def record_transfer(name, **options):
        given.update(options, name=name)
        return tmp_path / "rooms.csv"

    monkeypatch.setattr("depara_core.training.record_transfer", record_transfer)
    result = CliRunner().invoke(app, ["rooms", "transfer", "--seed", "0", "--json"])
    assert result.exit_code == 0, result.output
    rows = {row["target"]: row for row in json.loads(result.stdout)["targets"]}
    assert given["name"] == "rooms"
    assert rows["rooms/depth_euclidean"]["best source"] == "rooms/depth_zbuffer"
    assert rows["rooms/normal"]["own encoder"] == 1


def test_the_second_zoo_is_evaluated_from_its_committed_scores():
    for option in ("--benchmark", "--world"):
        result = CliRunner().invoke(app, ["evaluate", option, "rooms-seed1", "--json"])
        assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["benchmark"] == document["world"] == "rooms-seed1"
    assert document["probes"] == {"count": 200, "seed": 1}
    figures = {row["metric"]: row["figures"]["Spearman"]["mean"] for row in document["metrics"]}
    assert figures["depara"] > figures["static_mean"]
    assert {row["metric"] for row in document["kinds"]} == set(figures)
    assert {"pixel", "vector", "class"} <= set(document["kinds"][0])


def test_s_of_the_second_zoo_follows_lambda():
    def nodes_alone(lam):
        result = CliRunner().invoke(app, ["evaluate", "--benchmark", "rooms-seed1", "--lam", lam, "--json"])
        rows = {row["metric"]: row["figures"] for row in json.loads(result.stdout)["metrics"]}
        return rows["depara"] == rows["nodes"]

    assert nodes_alone("0")
    assert not nodes_alone("1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--benchmark", "rooms-seed9"], "The benchmark 'rooms-seed9' is unknown"),
        (["--benchmark", "rooms-seed1", "--count", "50"], "weights of rooms-seed1 are not bundled"),
        (["--benchmark", "rooms-seed1", "--seed", "0"], "weights of rooms-seed1 are not bundled"),
        (["--readout", "guess"], "The read-out 'guess' is unknown"),
    ],
)
def test_what_cannot_be_evaluated_is_said(options, message):
    result = CliRunner().invoke(app, ["evaluate", *options])
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())


def test_your_own_results_may_be_for_networks(tmp_path):
    sources = ("reshading", "denoising", "autoencoding", "curvature", "keypoints2d")
    lines = [f"rooms/{name},rooms/normal,{90 - 5 * place}" for place, name in enumerate(sources)]
    table = tmp_path / "mine.csv"
    table.write_text("\n".join(["model,target,value", *lines]) + "\n")
    options = ["--benchmark", str(table), "--count", "8", "--json", "--device", "cpu"]
    result = CliRunner().invoke(app, ["evaluate", *options, "--store", str(tmp_path / "store")])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["networks"], document["sources"]) == (["rooms/normal"], 5)
    assert {row["metric"] for row in document["metrics"]} == {
        *("depara", "rsa", "dds_cosine", "cka", "local_directed", "static_size")
    }
    assert "compared on the bundled rooms" in " ".join(result.stderr.split())


def test_images_of_your_own_go_with_a_table_of_your_own():
    result = CliRunner().invoke(app, ["evaluate", "--probes", "pictures"])
    assert result.exit_code == 1
    assert "--probes goes with a .csv of your own" in " ".join(result.stderr.split())
