"""The layer study on photographs, on planted files: reading, parts, renditions, and a tiny study from end to end."""

import gzip
import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from depara_core.benchmark import layer_table
from depara_core.cli import app
from depara_core.errors import ModelError, OptionError, ProbeError
from depara_core.probes import load_probes
from depara_core.training import fashion_data
from depara_core.training.fashion_data import Photographs, as_inputs, drawn, load_parts, read_fashion, turned
from depara_core.training.fashion_scores import keep_photographs, record_scores
from depara_core.training.fashion_study import FashionPlan, labelled, record_fashion, student
from depara_core.training.trainer import Recipe
from depara_core.zoo import fashion
from depara_core.zoo.fashion import CUTS, FASHION_NETWORKS
from depara_core.zoo.fashion_network import fresh

COUNT = 150
PLAN = FashionPlan(
    learned=20,
    tests=10,
    probes=6,
    labelled=20,
    network=Recipe(steps=2, batch=8),
    repetitions=1,
    students={10: Recipe(steps=1, batch=5)},
)


def write_idx(path, values):
    head = bytes((0, 0, 8, values.ndim)) + np.array(values.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(head + values.tobytes()))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Pictures whose first pixel numbers them, so that parts can be told apart."""
    folder, rng = tmp_path_factory.mktemp("fashion"), np.random.default_rng(0)
    for number, name in enumerate(fashion_data.FILES):
        images = rng.integers(0, 256, (COUNT // 2, 28, 28)).astype(np.uint8)
        images[:, 0, 0] = np.arange(COUNT // 2) + number * COUNT // 2
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", (np.arange(COUNT // 2) % 10).astype(np.uint8))
    return folder


def test_files_are_read_as_the_package_writes_them(photographs):
    images, labels = read_fashion(photographs)
    assert images.shape == (COUNT, 28, 28)
    assert labels[:12].tolist() == [*range(10), 0, 1]
    assert images[:, 0, 0].tolist() == list(range(COUNT))


def test_an_absent_package_says_how_to_get_it(tmp_path):
    with pytest.raises(ProbeError, match="apt install dataset-fashion-mnist"):
        read_fashion(tmp_path)


@pytest.mark.parametrize("content", [b"no gzip", b"\0\0\x08\x03 short", b"x" * 100], ids=["plain", "short", "other"])
def test_a_damaged_file_is_named(tmp_path, content):
    content = content if content == b"no gzip" else gzip.compress(content)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(ProbeError, match=r"train-images.* (damaged|cannot be read)"):
        read_fashion(tmp_path)


def test_no_photograph_is_in_two_parts(photographs):
    parts = load_parts(0, 20, 10, 6, photographs)
    numbers = [int(number) for part in vars(parts).values() for number in part.images[:, 0, 0]]
    assert len(numbers) == len(set(numbers)) == 2 * 20 + 10 + 6 + 20 + 10
    assert parts.target.labels.max() == 4
    again, other = load_parts(0, 20, 10, 6, photographs), load_parts(1, 20, 10, 6, photographs)
    assert torch.equal(again.tests.images, parts.tests.images)
    assert not torch.equal(other.tests.images, parts.tests.images)


def test_more_than_there_is_is_refused(photographs):
    with pytest.raises(OptionError, match=r"together at most 76 .* need 90"):
        load_parts(0, 30, 20, 10, photographs)


def test_turned_pictures_and_drawings(photographs):
    parts = load_parts(0, 20, 10, 6, photographs)
    four = turned(parts.rich)
    assert len(four) == 80
    assert torch.equal(four.images[20], torch.rot90(parts.rich.images[0], 1, (0, 1)))
    assert int(four.labels[60]) == int(parts.rich.labels[0]) * 4 + 3
    step = torch.zeros(1, 28, 28, dtype=torch.uint8)
    step[:, :, 14:] = 255
    lines = drawn(step)[0]
    assert set(lines[5].tolist()) == {0, 255}
    assert (lines[:, 13:15] == 0).all()
    assert (lines[:, :12] == 255).all()
    assert as_inputs(torch.zeros(1, 28, 28, dtype=torch.uint8)).abs().max() == 0  # black is 0


def test_the_network_is_cut_where_it_is_said():
    module = fresh(5, 0)
    x = torch.randn(4, 3, 28, 28)
    module.eval()
    for k in range(len(CUTS) + 1):
        first, rest = module.split(k)
        torch.testing.assert_close(rest(first(x)), module(x))
    assert sum(value.numel() for value in module.parameters()) < 72_000


def test_labels_are_balanced_and_fewer_are_among_more():
    labels = torch.arange(100) % 5
    many, few = labelled(labels, 50, 3), labelled(labels, 10, 3)
    assert torch.bincount(labels[few]).tolist() == [2] * 5
    assert set(few.tolist()) <= set(many.tolist())
    assert not torch.equal(labelled(labels, 10, 4), few)


def test_students_start_alike_at_every_cut():
    assert torch.equal(student(None, 1).head.weight, student(None, 1).head.weight)
    base = fresh(20, 5)
    taken = student(base, 1)
    assert torch.equal(taken.conv1[0].weight, base.conv1[0].weight)
    assert taken.head.out_features == 5


@pytest.fixture(scope="module")
def studied(photographs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    record_fashion((1,), plan=PLAN, photographs=photographs, zoo=folder / "zoo", folder=folder)
    record_scores((1,), plan=PLAN, photographs=photographs, zoo=folder / "zoo", folder=folder)
    return folder


def test_a_study_measures_every_cut_and_goes_on_where_it_stopped(studied, photographs):
    table = layer_table.read_layer_study(studied)
    assert len(table) == 2 * len(CUTS) + 1
    seen = []
    more = FashionPlan(**(vars(PLAN) | {"repetitions": 2}))
    record_fashion(
        (1,),
        plan=more,
        photographs=photographs,
        zoo=studied / "zoo",
        folder=studied,
        progress=lambda *a: seen.append(a),
    )
    grown = layer_table.read_layer_study(studied)
    assert len(grown) == 2 * len(table)
    assert seen[-1][:2] == (23, 23)
    kept = grown[grown["repetition"] == 0].reset_index(drop=True)
    assert kept["accuracy"].tolist() == table["accuracy"].tolist()
    for name in FASHION_NETWORKS:
        assert json.loads((studied / "zoo" / "seed1" / f"{name}.json").read_text())["seed"] == 1


def test_every_cut_has_every_score(studied):
    scores = layer_table.read_layer_scores(studied)
    assert np.isfinite(scores["score"]).all()
    per_cut = scores.groupby(["source", "k"]).size()
    assert len(per_cut) == 2 * len(CUTS)
    assert per_cut.nunique() == 1
    assert {"S", "nodes", "edges", "label edges", "rsa", "cka", "directed", "local_directed", "logme"} <= set(
        scores["predictor"]
    )


def test_the_command_shows_the_study(studied):
    result = CliRunner().invoke(app, ["layers", "study", "--out", str(studied), "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["seeds"] == [1]
    assert {"shallower", "deeper", "middle", "S"} <= {row["predictor"] for row in document["predictors"]}
    shown = CliRunner().invoke(app, ["layers", "study", "--out", str(studied)])
    assert "best after layer" in shown.stdout


def test_the_command_without_the_package_says_how_to_get_it(tmp_path):
    asked = ["layers", "study", "--measure", "--photographs", str(tmp_path), "--out", str(tmp_path)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 1
    assert "apt install dataset-fashion-mnist" in result.output
    assert CliRunner().invoke(app, ["layers", "study", "--seeds", "one"]).exit_code == 1


def test_ways_and_seeds_are_checked(photographs):
    with pytest.raises(OptionError, match="'anew' or 'fine-tuned'"):
        record_fashion((1,), way="frozen", plan=PLAN, photographs=photographs)


def test_networks_that_are_not_measured_yet_are_told_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(fashion, "assets_folder", lambda: tmp_path)
    with pytest.raises(ModelError, match="None is measured yet: depara layers study --measure"):
        fashion.spec("dnn_rich@seed1")


def test_photographs_are_kept_as_they_are(tmp_path):
    part = Photographs(torch.arange(2 * 28 * 28).reshape(2, 28, 28).to(torch.uint8), torch.tensor([0, 3]))
    keep_photographs(part, tmp_path / "some.npz")
    read = load_probes(tmp_path / "some.npz")
    assert read.labels == ("T-shirt", "shirt")
    assert (read.images == part.images.numpy()[..., None]).all()
