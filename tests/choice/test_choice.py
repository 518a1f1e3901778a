"""Candidates side by side: ranks, intervals, consensus, Pareto set, the verdict and its doubt."""

from dataclasses import replace

import fake_ray
import numpy as np
import pytest
import tiny

import depara_core as depara
from depara_core.choice import choice as choice_file
from depara_core.choice import measured, stability, verdict
from depara_core.choice.scores import LABELLED, Score, as_score, ranks, resamples_of
from depara_core.choice.stability import HALVES, _halves, _parts, _row
from depara_core.choice.verdict import indistinguishable
from depara_core.exports.choice import choice_report, shown_rows
from depara_core.figures.choice import cost_figure
from depara_core.pipeline import costs as costs_file
from depara_core.pipeline.costs import Costs, measure_costs, published_accuracy
from depara_core.targets import target_from_features

COUNT = 40


def labelled(count=COUNT, seed=0):
    """Images whose class is their brightness, a little."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 2)
    images = rng.integers(0, 200, (count, 8, 8, 3)) + 40 * labels[:, None, None, None]
    return depara.ProbeSet.from_arrays(images.astype(np.uint8), labels=[f"class {one}" for one in labels])


def candidates(count=3):
    return [tiny.spec(tiny.shared_relu(seed), name=f"tiny{seed}") for seed in range(count)]


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    return depara.choose(digests(candidates()), labelled(), store=tmp_path_factory.mktemp("store"), seed=3)


def test_what_was_not_measured_can_be_measured_later(chosen, tmp_path):
    told, specs = [], digests(candidates())
    bare = depara.choose(specs, labelled(), store=tmp_path, seed=3, measure=False)
    later = measured(bare, store=tmp_path, seed=3, progress=lambda *step: told.append(step))
    np.testing.assert_array_equal(later.transfer.right, chosen.transfer.right)
    assert later.scores is bare.scores
    assert [(done, total) for done, total, _ in told] == [(step, 6) for step in range(6)]
    assert told[0][2] == "tiny0: features"
    assert told[-1][2] == "test/tiny2: head"


def test_progress_counts_every_step_and_what_it_raises_stops(tmp_path):
    told = []
    depara.choose(digests(candidates(2)), labelled(), store=tmp_path, progress=lambda *step: told.append(step))
    total = 2 + 1 + len(LABELLED) + 2
    assert [(done, of) for done, of, _ in told] == [(step, total) for step in range(total)]
    assert [message for _, _, message in told[2:5]] == ["DEPARA", "LogME", "PARC"]

    def stop(done, total, message):
        if message == "PARC":
            raise depara.Cancelled("Stopped.")

    with pytest.raises(depara.Cancelled):
        depara.choose(digests(candidates(2)), labelled(), store=tmp_path, progress=stop)


def digests(specs):
    """Give every network an identity of its own, as the planted ones share theirs."""
    return [
        replace(spec, _open=lambda _, spec=spec, n=number: replace(spec._open(None), digest=f"{n:064d}"))
        for number, spec in enumerate(specs)
    ]


def test_the_table_has_a_row_a_candidate_best_first(chosen):
    table = chosen.table
    assert sorted(table["model"]) == ["test/tiny0", "test/tiny1", "test/tiny2"]
    assert table["accuracy"].is_monotonic_decreasing
    assert set(chosen.scores) == {"depara", *LABELLED}
    for name in chosen.scores:
        assert (table[f"{name}_rank_low"] <= table[f"{name}_rank"]).all()
        assert (table[f"{name}_rank"] <= table[f"{name}_rank_high"]).all()
    names = [f"{name}_rank" for name in chosen.scores]
    np.testing.assert_allclose(table["consensus"], table[names].mean(axis=1))
    assert table["imagenet"].isna().all()
    assert (table["input_size"] == 8).all()
    assert (table["parameters"] > 0).all()


def test_the_scores_are_the_library_s_own(chosen, tmp_path):
    specs, some = digests(candidates()), labelled()
    labels = np.unique(some.labels, return_inverse=True)[1]
    row = chosen.table.set_index("model")
    for features in depara.build_features(specs, some, store=tmp_path):
        values = features.values.astype(np.float64)
        assert row["knn"][features.model] == depara.metric("knn")(values, labels)
        assert row["logme"][features.model] == pytest.approx(depara.metric("logme")(values, labels))
        assert row["parc"][features.model] == pytest.approx(depara.metric("parc")(values, labels))
    graphs = depara.build_graphs(specs, some, store=tmp_path)
    edges = depara.similarity_matrix(graphs, [depara.target_from_labels(some)]).edge[:, 0]
    np.testing.assert_allclose(row.loc[[graph.model for graph in graphs], "depara"], edges, atol=1e-5)
    fitted = depara.fit(specs, some, seed=3, store=tmp_path).set_index("model")
    np.testing.assert_array_equal(row["accuracy"], fitted.loc[row.index, "accuracy"])


def test_a_network_as_target_brings_the_nodes_in(tmp_path):
    specs, some = digests(candidates()), labelled(12)
    found = depara.choose(specs[:2], some, target=specs[2], lam=0.5, measure=False, store=tmp_path)
    graphs = depara.build_graphs(specs, some, store=tmp_path)
    expected = depara.similarity_matrix(graphs[:2], graphs[2:]).total(0.5)[:, 0]
    np.testing.assert_allclose(found.scores["depara"].values, expected, atol=1e-6)
    assert found.transfer is None
    assert found.table["consensus"].is_monotonic_increasing
    assert "nothing was measured" in verdict(found)


def test_features_and_graphs_come_from_a_cluster(tmp_path, monkeypatch):
    aim, told = candidates()[0], {"measure": False, "device": "cpu"}
    alone = depara.choose(candidates(), labelled(), target=aim, store=tmp_path / "one", **told)
    ray = fake_ray.plant(monkeypatch)
    made = depara.choose(candidates(), labelled(), target=aim, store=tmp_path / "ray", executor="ray", **told)
    names = [name for name, _ in ray.sent]
    assert (names.count("build_features"), names.count("build_graphs")) == (3, 4)  # the target's graph too
    assert made.scores["depara"].values.tolist() == alone.scores["depara"].values.tolist()


def test_without_labels_only_what_needs_none(tmp_path):
    some = tiny.probes(12)
    bare = depara.choose(digests(candidates()), some, store=tmp_path)
    assert bare.scores == {}
    assert bare.quality is None
    assert not bare.pareto.any()
    assert "no score is given" in bare.notes[0]
    assert verdict(bare) == "Without labels or a target nothing tells these candidates apart but their costs."
    assert "consensus" not in bare.table
    clip = target_from_features(np.random.default_rng(0).normal(size=(12, 3)), some.names, some)
    told = depara.choose(digests(candidates()), some, target=clip, store=tmp_path)
    assert set(told.scores) == {"depara"}


@pytest.mark.parametrize(
    ("labels", "note"),
    [(["a"] * 12, "12 images in 1 classes"), ([str(i) for i in range(12)], "12 images in 12 classes")],
)
def test_labels_that_tell_nothing_are_not_used(labels, note, tmp_path):
    some = replace(tiny.probes(12), labels=tuple(labels))
    found = depara.choose(digests(candidates(1)), some, store=tmp_path)
    assert note in found.notes[0]
    assert found.scores == {}


def test_what_cannot_be_measured_is_said_and_the_scores_stay(tmp_path):
    some = replace(tiny.probes(12), labels=("a",) * 11 + ("b",))
    found = depara.choose(digests(candidates()), some, store=tmp_path)
    assert "No accuracy was measured" in found.notes[0]
    assert found.transfer is None
    assert "depara" in found.scores


def test_a_candidate_that_fails_is_left_out(tmp_path):
    def broken():
        raise depara.ModelError("Expected whole weights.")

    failed = {}
    specs = [tiny.spec(broken, name="broken"), *digests(candidates(2))]
    found = depara.choose(specs, labelled(), store=tmp_path, on_error=failed.__setitem__)
    assert len(found.specs) == 2
    assert list(failed) == ["test/broken"]
    with pytest.raises(depara.ModelError, match="No candidate could be computed"):
        depara.choose(specs[:1], labelled(), store=tmp_path, on_error=failed.__setitem__)
    with pytest.raises(depara.OptionError, match="nothing to choose from"):
        depara.choose([], labelled())


def test_ranks_share_the_better_place():
    assert ranks(np.array([[3.0, 1.0, 3.0, 2.0]])).tolist() == [[1, 4, 1, 3]]


def test_resamples_are_halves_class_by_class():
    labels = np.array([0] * 30 + [1] * 10)
    drawn = resamples_of(labels, count=4, seed=1)
    for rows in drawn:
        assert np.bincount(labels[rows]).tolist() == [15, 5]
        assert len(set(rows.tolist())) == 20
    assert len(resamples_of(np.arange(1000) % 2)[0]) == 128
    assert len({tuple(rows) for rows in drawn}) == 4


@pytest.mark.parametrize("size", [50, 20])
def test_resampled_scores_spread_as_those_of_fresh_images_do(size):
    """The mean of N numbers has the standard deviation s / sqrt(N); halves show it as it is, fifths scaled."""
    values = np.random.default_rng(0).normal(size=100)
    rng = np.random.default_rng(1)
    drawn = np.array([[values[rng.choice(100, size, replace=False)].mean()] for _ in range(4000)])
    score = as_score(np.array([values.mean()]), drawn, [size] * 4000, 100)
    assert score.samples.std() == pytest.approx(values.std() / 10, rel=0.05)
    assert score.samples.mean() == pytest.approx(values.mean())


def planted(quality, work, spread=0.01, **more):
    """A choice among candidates of known accuracy, decided by the consensus of one planted score."""
    specs = tuple(
        replace(spec, id=f"test/{name}") for name, spec in zip("abcd", candidates(len(quality)), strict=False)
    )
    noise = np.random.default_rng(0).normal(scale=spread, size=(200, len(quality)))
    values = np.array(quality, dtype=float)
    costs = {spec.id: Costs(10 * k, float(g), 1.0) for k, (spec, g) in enumerate(zip(specs, work, strict=True), 1)}
    scores = {"depara": Score(values, values + noise)}
    return choice_file.Choice(labelled(12), None, 1.0, specs, scores, None, costs, **more)


def test_the_pareto_set_by_hand():
    found = planted([0.9, 0.8, 0.7, 0.8], [4, 2, 3, 1])
    assert found.pareto.tolist() == [True, False, False, True]


def test_equals_are_those_whose_difference_may_be_nothing():
    samples = np.random.default_rng(0).normal(loc=[0.9, 0.895, 0.5], scale=0.01, size=(500, 3))
    assert indistinguishable(Score(np.array([0.9, 0.895, 0.5]), samples), 0) == [0, 1]


def test_the_verdict_names_equals_and_the_cheapest_of_them():
    said = verdict(planted([0.9, 0.8995, 0.2], [4, 1.5, 3], spread=0.05))
    assert "2 candidates cannot be told apart on these 12 images: test/a, test/b" in said
    assert "the cheapest of them is test/b (1.50 GFLOPs)" in said
    assert "By size alone it would be test/c" in said
    sure = verdict(planted([0.9, 0.5, 0.2], [4, 1.5, 3], spread=1e-6))
    assert "These 12 images are enough to tell it from every other candidate." in sure


def test_the_verdict_says_what_dds_and_static_facts_would_take(chosen):
    said = verdict(chosen)
    best = max(chosen.table.to_dict("records"), key=lambda row: row["dds_cosine"])["model"]
    assert f"By DDS alone it would be {best}" in said
    assert "Size tells nothing apart: it is the same for all." in said
    assert "Published ImageNet accuracy tells nothing apart: it is known of none of them." in said


def test_static_facts_in_a_sentence():
    specs = [depara.model(name) for name in ("torchvision/resnet18@IMAGENET1K_V1", "torchvision/resnet50@none")]
    said = costs_file.static_facts(specs, [11_700_000, 25_600_000])
    assert "by size alone it would be torchvision/resnet50@none (25.6 million parameters)" in said
    assert "published ImageNet accuracy tells nothing apart here." in said
    both = [depara.model(f"torchvision/{name}@IMAGENET1K_V1") for name in ("resnet18", "resnet50")]
    assert "by published ImageNet accuracy alone it would be torchvision/resnet50@IMAGENET1K_V1 (76.1 %)" in (
        costs_file.static_facts(both, [1, 1])
    )
    three = costs_file.static_facts([*both, specs[0]], [2_000_000, 2_000_000, 1])
    assert "by size alone it would be one of 2 (2.0 million parameters)" in three
    assert "size tells nothing apart here (known of none)" in costs_file.static_facts(both, [None, None])


def test_agreement_with_the_measurement(chosen):
    table = chosen.table
    for name, value in chosen.agreement.items():
        assert value == pytest.approx(table[name].rank().corr(table["accuracy"].rank()))
    assert "imagenet" not in chosen.agreement  # unknown of all
    assert "parameters" not in chosen.agreement  # the same for all


def test_costs_are_counted_by_hand_and_kept(tmp_path, monkeypatch):
    spec = tiny.spec(tiny.shared_relu(0))
    first = measure_costs(spec, store=tmp_path)
    convs = 2 * 4 * 8 * 8 * 9 * (3 + 4)
    assert first.gflops == pytest.approx((convs + 2 * 4 * 64 * 5) / 1e9)
    assert first.parameters == (3 * 9 * 4 + 4) + (4 * 9 * 4 + 4) + 2 * 2 * 4 + 4 * 64 * 5 + 5
    assert first.throughput > 0
    monkeypatch.setattr(costs_file, "_count", lambda *_: pytest.fail("counted again"))
    assert measure_costs(spec, store=tmp_path) == first


@pytest.mark.parametrize(
    ("name", "accuracy"),
    [
        ("torchvision/resnet18@IMAGENET1K_V1", 69.758),
        ("torchvision/resnet18@none", None),
        ("timm/resnet18.a1_in1k", 71.49),
        ("timm/resnet18@none", None),
        ("rooms/normal", None),
    ],
)
def test_published_accuracy(name, accuracy):
    assert published_accuracy(depara.model(name)) == (None if accuracy is None else pytest.approx(accuracy, abs=0.02))


def test_rows_and_report_say_what_the_table_holds(chosen):
    rows = shown_rows(chosen)
    assert [row["model"] for row in rows] == chosen.table["model"].tolist()
    assert list(rows[0])[:4] == ["model", "accuracy", "consensus", "DEPARA"]
    assert rows[0]["ImageNet"] == "–"
    page = choice_report(chosen, figure=cost_figure(chosen), failed={"test/<b>": "Expected *whole* weights."})
    assert verdict(chosen) in page
    assert "test/&lt;b&gt; was left out" in page
    assert page.count('id="figure-1"') == 1
    assert all(row["model"] in page for row in rows)


def test_the_figure_joins_the_pareto_set():
    drawn = cost_figure(planted([0.9, 0.8, 0.7, 0.8], [4, 2, 3, 1]))
    assert sorted(drawn.data[0].x) == [1, 4]
    assert drawn.layout.yaxis.autorange == "reversed"


def test_a_notebook_sees_the_answer_and_the_table(chosen):
    page = chosen._repr_html_()
    assert page.startswith(f"<p>{verdict(chosen)}</p>")
    assert all(name in page for name in chosen.table["model"])


def test_the_ranking_on_parts_of_the_images(tmp_path):
    specs, some = digests(candidates()), labelled(40)
    three = replace(some, labels=tuple(f"class {i % 3}" for i in range(40)))
    choice = depara.choose(specs, three, store=tmp_path, measure=False)
    told = []
    table = stability(choice, store=tmp_path, progress=lambda *step: told.append(step))
    assert table["part"].tolist() == [
        "25 % of the images", "50 % of the images", "75 % of the images", HALVES,
        "without class 0", "without class 1", "without class 2",
    ]  # fmt: skip
    assert table["images"].tolist()[2:] == [30, 19, 26, 27, 27]
    assert table["kept"].between(0, 1).all()
    assert table["spearman"].between(-1, 1).all()
    assert set(table["best"]) <= {spec.id for spec in specs}
    assert [done for done, _, _ in told] == list(range(1 + 3 * 4 + 2 * 4 + 3))
    again = stability(choice, store=tmp_path)
    assert again.equals(table)
    alone = depara.choose(specs[:1], three, store=tmp_path, measure=False)
    with pytest.raises(depara.OptionError, match="at least two candidates"):
        stability(alone, store=tmp_path)
    bare = depara.choose(specs, replace(three, labels=None), store=tmp_path)
    with pytest.raises(depara.ProbeError, match="without labels"):
        stability(bare, store=tmp_path)


def test_halves_share_no_image_and_are_held_against_each_other(chosen):
    halves = _parts(chosen, 0)[HALVES]
    labels = np.array(chosen.probes.labels)
    for one, other in zip(halves[::2], halves[1::2], strict=True):
        assert not set(one) & set(other)
        assert set(one) | set(other) == set(range(COUNT))
        assert {part: int((labels[one] == part).sum()) for part in set(labels)} == {"class 0": 10, "class 1": 10}
    up, down = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    row = _halves(HALVES, 9, [down, down, up, down], up, ["a", "b", "c"])
    assert (row["best"], row["kept"], row["spearman"]) == ("c", 0.5, pytest.approx(0.0))


def test_the_ranking_on_other_images(chosen, tmp_path):
    """The same images under other names give the same order; images whose labels are shuffled give their own."""
    same = replace(chosen.probes, names=tuple(f"again {i}" for i in range(COUNT)), source="again")
    other = replace(labelled(30, seed=5), source="photos")
    table = stability(chosen, others=[same, other], store=tmp_path).set_index("part")
    assert table.loc["other images: again", ["images", "kept", "spearman"]].tolist() == [COUNT, 1, pytest.approx(1)]
    alone = depara.choose(chosen.specs, other, store=tmp_path, measure=False)
    assert table.loc["other images: photos", "best"] == alone.table["model"][0]
    assert table.loc["other images: photos", "images"] == 30
    with pytest.raises(depara.ProbeError, match="by which the candidates were chosen"):
        stability(chosen, others=[replace(other, labels=None)], store=tmp_path)


def test_a_ranking_for_a_network_needs_no_labels_and_follows_to_other_images(tmp_path):
    specs, some = digests(candidates(4)), tiny.probes(12)
    choice = depara.choose(specs[:3], some, target=specs[3], lam=0.5, measure=False, store=tmp_path)
    other = replace(tiny.probes(10, seed=9), source="photos")
    table = stability(choice, others=[other], store=tmp_path).set_index("part")
    assert list(table.index) == [*list(table.index)[:3], HALVES, "other images: photos"]
    graphs = depara.build_graphs(specs, other, store=tmp_path)
    scores = depara.similarity_matrix(graphs[:3], graphs[3:]).total(0.5)[:, 0]
    assert table.loc["other images: photos", "best"] == specs[int(scores.argmax())].id


def test_a_table_knows_no_other_images(tmp_path):
    some = tiny.probes(12)
    clip = target_from_features(np.random.default_rng(0).normal(size=(12, 3)), some.names, some)
    choice = depara.choose(digests(candidates()), some, target=clip, measure=False, store=tmp_path)
    assert len(stability(choice, store=tmp_path)) == 4
    with pytest.raises(depara.OptionError, match="tells of the images of"):
        stability(choice, others=[tiny.probes(10, seed=9)], store=tmp_path)


def test_a_candidate_planted_to_win_stays_the_best_on_every_part(chosen):
    every = np.array([1.0, 2.0, 3.0])
    row = _row("p", 9, [every, every[::-1]], every, ["a", "b", "c"])
    assert row == {"part": "p", "images": 9, "best": "a", "kept": 0.5, "spearman": pytest.approx(0.0)}
