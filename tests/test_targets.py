"""Targets without a network: likeness of labels by hand, names matched, and what every consumer makes of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted import graph, random_graph

import depara_core as depara
from depara_core import target_files
from depara_core.bootstrap import resample_probes
from depara_core.comparison import Comparison
from depara_core.explanation import interval, sentence
from depara_core.exports import GRAPH_FORMATS, comparison_report, maps_file, network_file, provenance
from depara_core.figures.tiles import full_strength
from depara_core.graphs import subgraph
from depara_core.target_files import classes_in, read_target, targets_in

COUNT = 12


def probes(labels=None, count=COUNT):
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return depara.ProbeSet.from_arrays(images, [f"a/{i}.png" for i in range(count)], labels)


def told(labels="aaaabbbbcccc"):
    some = probes(list(labels))
    return some, depara.target_from_labels(some)


def sources(some, count=3):
    return [random_graph(seed, len(some), model=f"planted/{seed}", probes=some.digest) for seed in range(count)]


def test_classes_are_alike_or_not():
    some = probes(list("aab"), 3)
    target = depara.target_from_labels(some)
    assert target.edges.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert (target.edges_only, target.nodes.shape, target.model, target.layer) == (
        True,
        (3, 0),
        "labels/classes",
        "output",
    )
    assert target.no_attribution.all()
    assert not target.no_feature.any()


def test_columns_are_likened_as_gower_does():
    some = probes(None, 3)
    table = pd.DataFrame({"name": ["a/2.png", "a/0.png", "a/1.png"], "kind": ["x", "x", "y"], "size": [10.0, 0.0, 4.0]})
    edges = depara.target_from_labels(some, table).edges
    assert edges[0, 1] == pytest.approx((0 + 1 - 4 / 10) / 2)
    assert edges[0, 2] == pytest.approx((1 + 0) / 2)
    assert edges[1, 2] == pytest.approx((0 + 1 - 6 / 10) / 2)
    assert list(table.columns) == ["name", "kind", "size"]


def test_boxes_and_masks_are_counted(tmp_path):
    some = probes(None, 3)
    file = tmp_path / "boxes.csv"
    file.write_text("image;class\n0.png;cat\n0.png;cat\n0.png;dog\n1.png;dog\n2.png;cat\n")
    boxes = depara.target_from_labels(some, file)
    assert boxes.model == "labels/boxes"
    assert boxes.edges[0, 1] == pytest.approx(1 / np.sqrt(5))
    assert boxes.edges[1, 2] == 0
    masks = np.array([[[0, 0, 1]], [[1, 1, 1]], [[0, 0, 0]]])
    assert depara.target_from_labels(some, masks).edges[0, 1] == pytest.approx(1 / np.sqrt(5))


def test_an_embedding_is_matched_by_name_not_by_place():
    some = probes()
    values = np.random.default_rng(1).normal(size=(COUNT, 5))
    order = np.random.default_rng(2).permutation(COUNT)
    target = depara.target_from_features(values[order], [some.names[i] for i in order], some)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    np.testing.assert_allclose(target.edges, unit @ unit.T, atol=1e-6)
    short = [f"{i}.png" for i in range(COUNT)]
    assert depara.target_from_features(values, short, some).digest == target.digest
    assert depara.target_from_features(values * 1e200, short, some).digest == target.digest


def test_files_of_embeddings(tmp_path):
    some = probes()
    values = np.random.default_rng(1).normal(size=(COUNT + 1, 5))
    np.savez(tmp_path / "clip.npz", features=values, names=[*some.names, "another.png"])
    target = read_target(tmp_path / "clip.npz", some)
    assert target.model == "features/clip"
    assert target.digest == depara.target_from_features(values[:-1], some.names, some).digest
    np.savez(tmp_path / "bad.npz", values=values)
    with pytest.raises(depara.OptionError, match=r"bad\.npz is no \.npz of an embedding.*'features'"):
        read_target(tmp_path / "bad.npz", some)
    np.save(tmp_path / "array.npy", values)
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    with pytest.raises(depara.OptionError, match=r"array\.npz is no \.npz of plain arrays"):
        read_target(tmp_path / "array.npz", some)


def test_a_file_of_pickles_is_not_opened(tmp_path):
    """An array of objects would run what it holds when it is read."""

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    np.savez(tmp_path / "trap.npz", features=np.array([Trap()], dtype=object), names=["a/0.png"])
    with pytest.raises(depara.OptionError, match=r"no \.npz of plain arrays"):
        read_target(tmp_path / "trap.npz", probes())
    assert not (tmp_path / "sprung").exists()


def test_a_file_that_unpacks_beyond_the_bound_is_not_unpacked(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "bomb.npz", features=np.zeros((1000, 1000)), names=["a"])
    monkeypatch.setattr(target_files, "MOST_BYTES", 2**20)
    with pytest.raises(depara.OptionError, match="at most 1 MiB in bomb"):
        read_target(tmp_path / "bomb.npz", probes())
    (tmp_path / "wide.csv").write_text(",".join(["name", *map(str, range(101))]) + "\n")
    with pytest.raises(depara.OptionError, match="at most 100 columns; 101 came"):
        targets_in(tmp_path / "wide.csv")


def test_masks_and_vectors_of_labels_in_files(tmp_path):
    some = probes(list("aab"), 3)
    masks = np.array([[[0, 0, 1]], [[0, 0, 0]], [[1, 1, 1]], [[0, 1, 1]]])
    np.savez(tmp_path / "seen.npz", masks=masks, names=["a/0.png", "a/2.png", "a/1.png", "other.png"])
    target = read_target(tmp_path / "seen.npz", some)
    assert (target.model, targets_in(tmp_path / "seen.npz")) == ("labels/seen", ("labels/seen",))
    assert target.digest == depara.target_from_labels(some, masks[[0, 2, 1]]).digest
    np.savez(tmp_path / "text.npz", features=[[1.0, 0.0], [0.6, 0.8], [9, 9]], names=["a", "b", "c"])
    target = read_target(tmp_path / "text.npz", some)
    assert targets_in(tmp_path / "text.npz") == ("features/text",)
    np.testing.assert_allclose(target.edges, [[1, 1, 0.6], [1, 1, 0.6], [0.6, 0.6, 1]], atol=1e-6)


def test_one_column_of_a_table_and_rows_of_other_images(tmp_path):
    some = probes(None, 3)
    file = tmp_path / "birds.csv"
    file.write_text(
        'image,colour,size,text\n2.png,red,10,"[1, 0]"\n0.png,<b>,0,"[0.6 0.8]"\n1.png,red,5,"[0,1]"\n9.png,x,3,[]\n'
    )
    names = ("labels/birds", "labels/birds: colour", "labels/birds: size", "labels/birds: text")
    assert targets_in(file) == names
    by = {name: read_target(file, some, target=name) for name in names}
    assert [target.model for target in by.values()] == list(names)
    assert by["labels/birds: colour"].edges.tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert by["labels/birds: size"].edges[0].tolist() == pytest.approx([1, 0.5, 0])
    assert by["labels/birds: text"].edges[0].tolist() == pytest.approx([1, 0.9, 0.8])
    mean = np.mean([by[name].edges for name in names[1:]], axis=0)
    np.testing.assert_allclose(by["labels/birds"].edges, mean, atol=1e-6)
    assert classes_in(file, some, target="labels/birds: colour") == ("<b>", "red", "red")
    assert classes_in(file, some, target="labels/birds: size") is None
    assert classes_in(file, some, target="labels/birds: text") is None
    assert classes_in(file, some) is None
    assert targets_in(file, name="mine.csv")[1] == "labels/mine: colour"
    with pytest.raises(depara.OptionError, match="tells of no target 'labels/birds: song'"):
        read_target(file, some, target="labels/birds: song")
    file.write_text("image,text\n" + "".join(f'{i}.png,"[{i}, {"x" * (i > 1)}]"\n' for i in range(3)))
    with pytest.raises(depara.OptionError, match="'text' holds no vectors"):
        read_target(file, some)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a/0.png", "a/1.png", "b.png"], r"no probe is named 'b\.png'; nothing is given for 'a/2\.png'"),
        (["a/0.png", "a/1.png", "a/1.png"], r"named twice: 'a/1\.png'"),
        (["a/0.png"], "3, 4.*1 names"),
    ],
)
def test_names_that_do_not_match_are_refused(names, message):
    with pytest.raises(depara.OptionError, match=message):
        depara.target_from_features(np.eye(3, 4), names, probes(None, 3))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": ["a/0.png", "a/1.png", "a/2.png"], "kind": ["x", None, "y"]}, r"no value for 'a/1\.png'"),
        ({"name": ["a/0.png", "a/1.png", "a/2.png"], "kind": ["x", "x", "x"]}, "equally alike"),
        ({"name": ["a/0.png", "a/1.png", "a/2.png"]}, "no column"),
        ({"name": ["a/0.png", "a/1.png"], "kind": ["x", "y"]}, r"nothing is given for 'a/2\.png'"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(table, message):
    with pytest.raises(depara.OptionError, match=message):
        depara.target_from_labels(probes(None, 3), pd.DataFrame(table))


def test_no_labels_one_class_and_no_numbers_are_refused():
    with pytest.raises(depara.OptionError, match="have no labels"):
        depara.target_from_labels(probes())
    with pytest.raises(depara.OptionError, match="equally alike"):
        depara.target_from_labels(probes(["a"] * COUNT))
    with pytest.raises(depara.OptionError, match=r"'a/0\.png'.* is not finite"):
        depara.target_from_features(np.full((COUNT, 2), np.nan), probes().names, probes())


def test_s_is_the_edges_alone_whoever_computes_it():
    some, target = told()
    rows = sources(some)
    matrix = depara.similarity_matrix([*rows, target], [target, rows[0]])
    for place, source in enumerate(rows):
        pair = depara.similarity(source, target)
        why = depara.explain(source, target, 2.0)
        assert pair.node == 0
        assert pair.total(2.0) == pytest.approx(2 * pair.edge)
        assert matrix.node[place, 0] == 0
        assert matrix.edge[place, 0] == pytest.approx(pair.edge)
        assert why.probe_node.tolist() == [0] * COUNT
        assert why.probe_edge.sum() == pytest.approx(2 * pair.edge)
        assert not why.pixel(0).any()
        assert "only edges are left" in str(sentence(why))
        assert interval(source, target, 2.0).node.high == 0
    np.testing.assert_allclose(matrix.node[0, 1], 1, atol=1e-6)  # the others keep their nodes
    assert matrix.edge[3, 0] == pytest.approx(1)


def test_ranking_follows_the_edges():
    some, target = told()
    good = graph(np.random.default_rng(5).normal(size=(COUNT, 3, 4, 4)), target.edges * 0.5 + 0.1 * np.eye(COUNT))
    rows = [*sources(some), replace(good, probes=some.digest, model="planted/good")]
    table = depara.rank_sources(depara.similarity_matrix(rows, [target]), "labels/classes", 1.0, resamples=20)
    assert table["source"][0] == "planted/good"
    assert (table["node"] == 0).all()
    np.testing.assert_allclose(table["score"], table["edge"])
    samples = resample_probes(rows, target, (3, 4, 4), resamples=5, seed=0)
    assert not samples.node.any()


def test_two_graphs_of_edges_alone_compare():
    some, target = told()
    other = depara.target_from_labels(probes(list("aabbaabbcccc")), name="others")
    assert depara.similarity(target, other).node == 0
    assert depara.similarity_matrix([target, other]).edge[0, 1] == pytest.approx(depara.similarity(target, other).edge)
    assert len(depara.task_tree(depara.similarity_matrix([target, other, *sources(some, 1)]), 1.0)) == 2


def test_exports_and_origin_hold_a_target_of_labels():
    some, target = told()
    rows = sources(some)
    origin = provenance([target, *rows], probes=some)
    assert origin["models"][0] == {
        "model": "labels/classes",
        "layers": ["output"],
        "weights": target.weights,
        "view": "common",
    }
    assert origin["options"] == provenance(rows)["options"]
    for form in GRAPH_FORMATS:
        assert b"labels/classes" in network_file(target, form)
    assert depara.to_networkx(target).number_of_edges() > 0
    assert maps_file([target, rows[0]], some, origin)
    report = comparison_report(depara.similarity_matrix(rows, [target]), target.label, 1.0, probes=some)
    assert "labels/classes" in report
    assert full_strength([target], [0, 1]) >= 0


def test_it_stands_in_a_comparison_and_in_parts():
    some, target = told()
    rows = sources(some)
    whole = Comparison(some, (), (*rows, target), (3, 4, 4))
    assert whole.matrix.grid == (3, 4, 4)
    assert whole.best_source("labels/classes", 1.0).startswith("planted/")
    part = subgraph(target, np.array([0, 1, 5, 9]))
    assert part.edges_only
    assert len(part) == 4
