"""One's own fine-tuning results as a benchmark: what is read, what is refused, and scores held against it."""

import fake_ray
import numpy as np
import pandas as pd
import pytest
import tiny
from PIL import Image

import depara_core as depara
from depara_core.choice import own_benchmark, own_scores
from depara_core.choice.own_benchmark import read_benchmark
from depara_core.choice.own_scores import COMPARED, SCORED, STATICS, assess_benchmark, score_benchmark
from depara_core.exports.own_benchmark import own_document, own_notes, own_rows

NAMES = [f"tiny{place}" for place in range(6)]


@pytest.fixture
def zoo(monkeypatch):
    def find(name):
        short = name.removeprefix("test/").removeprefix("x/")
        if short not in NAMES:
            raise depara.ModelError(f"There is no model {name!r}.")
        number = NAMES.index(short)

        def opened():
            network = tiny.shared_relu(number)
            return type(network)(network.module, network.taps, f"{number:064d}")

        return tiny.spec(opened, name=NAMES[number])

    monkeypatch.setattr(own_benchmark, "model", find)


@pytest.fixture
def table(tmp_path, zoo):
    """A table of two targets, whose folders of labelled images lie beside it."""
    rng = np.random.default_rng(0)
    for target in ("pets", "birds"):
        for place in range(12):
            folder = tmp_path / target / "ab"[place % 2]
            folder.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 200, (8, 8, 3), dtype=np.uint8) + 40 * (place % 2)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{place}.png")

    def write(rows):
        file = tmp_path / "mine.csv"
        file.write_text("model,target,value\n" + "".join(f"{one}\n" for one in rows))
        return file

    return write


def rows(target="pets", values=(0.9, 0.8, 0.7, 0.6, 0.5, 0.4)):
    return [f"test/{name},{target},{value}" for name, value in zip(NAMES, values, strict=True)]


def test_per_cent_becomes_shares_target_by_target(table):
    own = read_benchmark(table([*rows("pets", (91, 82, 73, 64, 55, 46)), *rows("birds")]))
    assert own.frame["pets"].tolist() == [0.91, 0.82, 0.73, 0.64, 0.55, 0.46]
    assert own.frame["birds"].tolist() == [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    assert own.notes == ("The values of 'pets' are read as per cent.",)


def test_whole_numbers_alone_are_per_cent_too(table):
    own = read_benchmark(table(rows("pets", (91, 82, 73, 64, 55, 46))))
    assert own.frame["pets"].tolist() == [0.91, 0.82, 0.73, 0.64, 0.55, 0.46]


def test_what_can_be_left_out_is_and_is_told(table):
    own = read_benchmark(table([*rows(), rows()[0], "test/nobody,pets,0.3", "test/tiny1,birds,"]))
    assert own.frame.shape == (6, 1)
    assert any("1 rows have no number" in note for note in own.notes)
    assert any("1 rows are there twice" in note for note in own.notes)
    assert any("'test/nobody' is left out" in note for note in own.notes)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["test/tiny0,pets,0.3"], r"two values of 'test/tiny0' for 'pets'"),
        (["test/tiny0,birds,0.9", "test/tiny1,birds,88"], r"'birds' mix per cent \(88\) and shares \(0\.9\)"),
    ],
)
def test_contradictions_are_refused(table, more, message):
    with pytest.raises(depara.OptionError, match=message):
        read_benchmark(table([*rows(), *more]))


def test_other_tables_are_refused(tmp_path, table):
    (tmp_path / "other.csv").write_text("network,accuracy\na,1\n")
    with pytest.raises(depara.OptionError, match="lacks model, target, value"):
        read_benchmark(tmp_path / "other.csv")
    with pytest.raises(depara.OptionError, match="names no model that exists"):
        read_benchmark(table(["test/nobody,pets,0.3"]))


def test_scores_are_held_against_the_values_beside_static_facts(table, tmp_path):
    own = read_benchmark(table([*rows(), *rows("birds")]))
    frames = score_benchmark(own, store=depara.Store(tmp_path / "store"), device="cpu")
    assert set(frames) == {"depara", *SCORED, "static_size"}  # no published accuracy is known of these
    for frame in frames.values():
        assert list(frame.index) == [f"test/{name}" for name in NAMES]
        assert list(frame.columns) == ["pets", "birds"]
    probes = depara.load_probes(tmp_path / "pets")
    features = depara.build_features(own.specs[:1], probes, store=tmp_path / "store", device="cpu")[0]
    labels = np.unique(probes.labels, return_inverse=True)[1]
    assert frames["logme"].loc["test/tiny0", "pets"] == pytest.approx(depara.metric("logme")(features.values, labels))
    found = assess_benchmark(own, {**frames, "truth": own.frame})
    assert found.relevant == 1
    summary = found.summary()["mean"]
    assert summary["truth", "Spearman"] == pytest.approx(1)
    assert summary["static_size", "Spearman"] == 0  # all have one size: a random order
    assert "static_mean" in set(summary.index.get_level_values("metric"))
    assert set(STATICS) >= {"static_size"}


def test_a_target_without_labels_says_what_to_do(table, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for place, file in enumerate(sorted((tmp_path / "pets").rglob("*.png"))):
        (flat / f"{place}.png").write_bytes(file.read_bytes())
    own = read_benchmark(table(rows("flat")))
    with pytest.raises(depara.OptionError, match="'flat' has no labels"):
        score_benchmark(own, store=depara.Store(tmp_path / "store"))


def test_a_model_that_fails_is_left_out_everywhere(table, tmp_path, monkeypatch):
    own = read_benchmark(table(rows()))
    build, told = own_scores.build_features, []

    def broken(spec, probes, **options):
        if spec.name == "tiny2":
            raise depara.ModelError("Expected whole weights.")
        return build(spec, probes, **options)

    monkeypatch.setattr(own_scores, "build_features", broken)
    frames = score_benchmark(own, store=depara.Store(tmp_path / "store"), device="cpu", warn=told.append)
    assert all("test/tiny2" not in frame.index for frame in frames.values())
    assert told == ["test/tiny2 was left out: Expected whole weights."]
    assert isinstance(assess_benchmark(own, frames).summary(), pd.DataFrame)


def test_targets_may_be_networks_beside_labels(table, tmp_path):
    """A network as target brings s_V in, its own row is no candidate, and scores that need labels are undefined."""
    own = read_benchmark(table([*rows(), *rows("test/tiny5"), *rows("test/tiny4")]))
    assert set(own.networks) == {"test/tiny4", "test/tiny5"}
    assert set(own.images) == {"pets"}
    probes, store = depara.load_probes(tmp_path / "birds"), depara.Store(tmp_path / "store")
    frames = score_benchmark(own, probes=probes, lam=0.5, store=store, device="cpu")
    assert set(frames) == {"depara", *SCORED, *COMPARED, "static_size"}
    assert frames["logme"]["test/tiny5"].isna().all()
    assert frames["cka"]["pets"].isna().all()
    graphs = depara.build_graphs(own.specs, probes, store=store, device="cpu")
    expected = depara.similarity_matrix(graphs, graphs[5:]).total(0.5)[:, 0]
    np.testing.assert_allclose(frames["depara"]["test/tiny5"], expected, atol=1e-6)
    one, goal = (depara.build_features(own.specs[place], probes, store=store)[0].values for place in (0, 5))
    assert frames["rsa"].loc["test/tiny0", "test/tiny5"] == pytest.approx(depara.metric("rsa")(one, goal))
    found = assess_benchmark(own, frames)
    assert found.undefined["logme"] == ("test/tiny5", "test/tiny4")
    document = own_document("mine.csv", own, frames, found, [])
    assert document["networks"] == ["test/tiny5", "test/tiny4"]
    assert {one["targets"] for one in document["comparisons"] if one["b"] == "logme"} == {1}
    assert {row["metric"] for row in own_rows(document)} >= {"depara", "cka", "static_mean"}
    assert "logme (test/tiny5, test/tiny4)" in own_notes(document)[1]


def test_a_cluster_fills_the_store_for_both_kinds_of_target(table, tmp_path, monkeypatch):
    own = read_benchmark(table([*rows(), *rows("test/tiny5")]))
    probes = depara.load_probes(tmp_path / "birds")
    alone = score_benchmark(own, probes=probes, store=depara.Store(tmp_path / "one"), device="cpu")
    ray, store = fake_ray.plant(monkeypatch), depara.Store(tmp_path / "ray")
    made = score_benchmark(own, probes=probes, store=store, device="cpu", executor="ray")
    names = [name for name, _ in ray.sent]
    assert (names.count("build_features"), names.count("build_graphs")) == (12, 6)
    for name, frame in alone.items():
        pd.testing.assert_frame_equal(made[name], frame)


def test_a_target_network_that_fails_leaves_the_other_targets(table, tmp_path, monkeypatch):
    own = read_benchmark(table([*rows(), *rows("test/tiny5")]))
    build, told = own_scores.build_graphs, []

    def broken(spec, probes, **options):
        if spec.name == "tiny5":
            raise depara.ModelError("Expected whole weights.")
        return build(spec, probes, **options)

    monkeypatch.setattr(own_scores, "build_graphs", broken)
    frames = score_benchmark(
        own, probes=depara.load_probes(tmp_path / "birds"), store=depara.Store(tmp_path / "store"), warn=told.append
    )
    assert list(frames["depara"].columns) == ["pets"]
    assert told == ["test/tiny5 was left out: Expected whole weights."]


def test_one_network_named_twice_as_a_target_is_refused(table):
    with pytest.raises(depara.OptionError, match="names one target network in two ways"):
        read_benchmark(table([*rows("test/tiny5"), *rows("x/tiny5")]))
