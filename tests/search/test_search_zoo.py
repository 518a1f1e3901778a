"""A zoo on disk: what it finds, what it refuses, and what it survives."""

import dataclasses
import shutil
import threading

import numpy as np
import pandas as pd
import pytest
from planted import graph, random_graph

import depara_core as depara
from depara_core.search import vectors

pytest.importorskip("lancedb")
COUNT, GRID = 12, (3, 4, 4)


@pytest.fixture(scope="module")
def probes():
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
    return depara.ProbeSet.from_arrays(images)


@pytest.fixture(scope="module")
def members(probes):
    """Thirty graphs in five families, each a mixture of its family's graph and its own."""
    bases = [random_graph(seed, COUNT) for seed in range(5)]
    found = []
    for number in range(30):
        base, own = bases[number % 5], random_graph(100 + number, COUNT)
        maps, edges = base.maps + 0.6 * own.maps, base.edges + 0.6 * own.edges
        found.append(graph(maps, edges, model=f"source{number % 2}/m{number}", probes=probes.digest))
    return found


@pytest.fixture
def zoo(probes, members, tmp_path):
    made = depara.Zoo.create(tmp_path / "zoo", probes, grid=GRID, width=64)
    assert made.add(members, licence="CC0") == 30
    return made


@pytest.mark.parametrize("lam", [0.0, 1.0, 10.0])
def test_the_first_ten_are_those_of_the_exact_order(zoo, members, lam):
    for asked in members[:5]:
        truth = pd.Series({one.model: depara.similarity(asked, one, grid=GRID).total(lam) for one in members})
        found = zoo.search(asked, lam, k=10)
        assert list(found.columns[:4]) == ["model", "layer", "score", "estimate"]
        assert found["model"].tolist() == truth.sort_values(ascending=False).index[:10].tolist()
        np.testing.assert_allclose(found["score"], truth[found["model"]], atol=1e-6)
        assert found["model"][0] == asked.model
        assert (np.abs(found["score"] - found["estimate"]) <= 5 * found["error"] + 1e-3 * (1 + lam)).all()


def test_an_index_answers_as_comparing_one_by_one_does(probes, members, tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "INDEXED_FROM", 20)
    indexed = depara.Zoo.create(tmp_path / "indexed", probes, grid=GRID, width=64)
    indexed.add(members[:28])
    indexed.add(members[28:])  # outside the index, until it takes them in
    monkeypatch.undo()
    plain = depara.Zoo.create(tmp_path / "plain", probes, grid=GRID, width=64)
    plain.add(members)
    for lam in (0.0, 1.0, 10.0):
        for where in (None, "source = 'source1'"):
            told = [zoo.search(members[29], lam, k=5, where=where) for zoo in (indexed, plain)]
            assert told[0]["model"].tolist() == told[1]["model"].tolist()
    assert indexed._entries._table.table.index_stats(vectors.INDEX).num_indexed_rows == 28


def test_a_graph_need_not_be_in_the_zoo(zoo, members):
    maps = members[0].maps + 0.2 * random_graph(7, COUNT).maps
    outside = graph(maps, members[0].edges, model="mine/new", probes=members[0].probes)
    assert zoo.search(outside, 1.0, k=1)["model"].tolist() == [members[0].model]
    assert len(zoo) == 30


def test_labels_alone_can_be_asked_for(zoo, members, probes):
    labelled = dataclasses.replace(probes, labels=tuple(str(i % 3) for i in range(COUNT)))
    target = depara.target_from_labels(labelled)
    truth = pd.Series({one.model: depara.similarity(target, one, grid=GRID).edge for one in members})
    found = zoo.search(target, 2.0, k=5)
    assert found["model"].tolist() == truth.sort_values(ascending=False).index[:5].tolist()
    assert set(found["node"]) == {0.0}


def test_filters_and_removal_leave_the_rest(zoo, members):
    half = zoo.search(members[0], k=30, where="source = 'source1' AND licence = 'CC0'")
    assert sorted(half["model"]) == sorted(one.model for one in members if one.model.startswith("source1"))
    assert zoo.remove(members[0].model) == 1
    assert members[0].model not in zoo.search(members[0], k=30)["model"].tolist()
    assert len(zoo) == len(zoo.list()) == 29
    with pytest.raises(depara.OptionError, match="is not in the zoo"):
        zoo.remove(members[0].model)


def test_what_is_added_again_is_replaced(zoo, members):
    before = zoo.list().set_index("model")["digest"]
    changed = graph(random_graph(9, COUNT).maps, members[0].edges, model=members[0].model, probes=members[0].probes)
    assert zoo.add(changed) == 1
    after = zoo.list().set_index("model")["digest"]
    assert len(zoo) == 30
    assert after[changed.model] == changed.digest != before[changed.model]
    assert zoo.search(changed, k=1)["model"].tolist() == [changed.model]


def test_it_is_the_same_zoo_when_opened_again(zoo, members, probes):
    again = depara.Zoo(zoo.path)
    assert again.probes.digest == probes.digest
    assert (again.grid, again.options) == (GRID, depara.Options())
    pd.testing.assert_frame_equal(again.search(members[1]), zoo.search(members[1]))
    np.testing.assert_array_equal(again.graph(members[1].model).nodes, members[1].nodes)


def test_a_damaged_index_is_made_again_from_the_graphs(zoo, members):
    expected = zoo.search(members[2])
    for file in (zoo.path / "index").rglob("*"):
        if file.is_file():
            file.write_bytes(b"nonsense")
    with pytest.warns(UserWarning, match="damaged and made again"):
        mended = depara.Zoo(zoo.path)
    pd.testing.assert_frame_equal(mended.search(members[2]), expected)


def test_an_index_that_is_gone_or_behind_is_mended(zoo, members):
    expected = zoo.search(members[2])
    shutil.rmtree(zoo.path / "index")
    pd.testing.assert_frame_equal(depara.Zoo(zoo.path).search(members[2]), expected)
    lost = zoo.path / "graphs"
    files = sorted(lost.glob("??/*"))
    files[0].unlink()  # as if a removal had stopped before the index heard of it
    assert len(depara.Zoo(zoo.path)) == 29


def test_a_damaged_graph_is_told_and_passed_over(zoo, members):
    from depara_core.search.graph_files import entry_id

    entry = entry_id(members[0].model, "output")
    (zoo.path / "graphs" / entry[:2] / f"{entry}.safetensors").write_bytes(b"nonsense")
    with pytest.warns(UserWarning, match="is damaged: add it again"):
        found = zoo.search(members[0])
    assert members[0].model not in found["model"].tolist()


def test_two_writers_at_once_lose_nothing(zoo, members):
    fresh = [graph(one.maps, one.edges, model=f"late/{i}", probes=one.probes) for i, one in enumerate(members[:8])]
    failed = []

    def write(mine):
        try:
            other = depara.Zoo(zoo.path)
            for one in mine:
                other.add(one)
        except depara.DeparaError as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(fresh[side::2],)) for side in (0, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    assert len(zoo) == len(depara.Zoo(zoo.path)) == 38
    assert set(zoo.list()["model"]) == {one.model for one in [*members, *fresh]}


def test_other_probes_options_or_n_are_refused_and_said(zoo, members):
    strange = graph(members[0].maps, members[0].edges, probes="q" * 64)
    with pytest.raises(depara.OptionError, match=r"over 12 probes .* is over 12 \(qqqqqqqq\)"):
        zoo.search(strange)
    with pytest.raises(depara.OptionError, match=r"is over 9"):
        zoo.add(random_graph(0, 9))
    other = dataclasses.replace(members[0], options=depara.Options(center=True))
    with pytest.raises(depara.OptionError, match="center=True instead of False"):
        zoo.search(other)
    with pytest.raises(depara.OptionError, match="cannot be compared on the grid"):
        zoo.add(graph(np.ones((COUNT, 3, 2, 2)), members[0].edges, probes=members[0].probes))


@pytest.mark.parametrize(
    "given, message",
    [({"lam": -1}, "lambda"), ({"k": 0}, "k of 1 or more"), ({"where": "nonsense = 3"}, "cannot be read")],
)
def test_what_is_no_question_is_refused(zoo, members, given, message):
    with pytest.raises(depara.OptionError, match=message):
        zoo.search(members[0], **given)
    assert len(zoo) == 30


def test_no_zoo_and_a_second_one_are_refused(zoo, probes, tmp_path):
    with pytest.raises(depara.OptionError, match="There is no zoo in"):
        depara.Zoo(tmp_path / "nowhere")
    with pytest.raises(depara.OptionError, match="There is a zoo in"):
        depara.Zoo.create(zoo.path, probes)
    with pytest.raises(depara.OptionError, match="width from 16"):
        depara.Zoo.create(tmp_path / "thin", probes, width=3)


def test_export_and_map_hold_every_entry(zoo, tmp_path):
    table = pd.read_parquet(zoo.export(tmp_path / "zoo.parquet"))
    assert (len(table), len(table["vector"][0])) == (30, 128)
    assert len(pd.read_csv(zoo.export(tmp_path / "zoo.csv"))) == 30
    with pytest.raises(depara.OptionError, match=r"\.parquet or \.csv"):
        zoo.export(tmp_path / "zoo.txt")
    placed = zoo.map()
    family = placed["model"].str.extract(r"m(\d+)")[0].astype(int) % 5
    means = placed.groupby(family)[["x", "y"]].mean()
    within = np.linalg.norm(placed[["x", "y"]].to_numpy() - means.loc[family].to_numpy(), axis=1).mean()
    assert within < 0.5 * np.linalg.norm(placed[["x", "y"]], axis=1).mean()


def test_models_are_built_with_the_zoo_s_options(tmp_path):
    probes = depara.load_probes("rooms", count=4)
    zoo = depara.Zoo.create(tmp_path / "zoo", probes, width=32)
    specs = [depara.model("rooms/normal"), depara.model("rooms/edge_texture")]
    assert zoo.add(specs, store=tmp_path / "store") == 2
    listed = zoo.list()
    assert listed["licence"].tolist() == ["MIT", "MIT"]
    assert (listed["parameters"] > 100_000).all()
    found = zoo.search(specs[0], 1.0, k=2, store=tmp_path / "store")
    assert found["model"].tolist() == ["rooms/normal", "rooms/edge_texture"]
    assert found["score"][0] == pytest.approx(2.0, abs=1e-5)
