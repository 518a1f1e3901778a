"""The layer study's arithmetic on planted tables: fairness, agreement, intervals, ceiling, and damaged files."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import depara_core as depara
from depara_core.benchmark import layer_table
from depara_core.benchmark.layer_report import layer_report
from depara_core.errors import StoreError

CUTS = 6
CURVE = np.array([0.3, 0.5, 0.7, 0.6, 0.4, 0.2])  # best after layer 3


def accuracies(curve=CURVE, seeds=(1, 2), repetitions=4, noise=0.0):
    rng = np.random.default_rng(0)
    rows = [
        (seed, "anew", f"fashion/dnn_rich@seed{seed}", k, f"conv{k}", labels, r, curve[k - 1] + noise * rng.normal())
        for seed in seeds
        for labels in (100, 10)
        for k in range(1, CUTS + 1)
        for r in range(repetitions)
    ]
    rows += [(seed, "anew", "scratch", 0, "none", 100, 0, 0.1) for seed in seeds]
    return pd.DataFrame(rows, columns=list(layer_table.COLUMNS))


def scores(values, name="S", seeds=(1, 2), labels=0):
    rows = [
        (seed, "dnn_rich", k, f"conv{k}", labels, name, values[k - 1]) for seed in seeds for k in range(1, CUTS + 1)
    ]
    return pd.DataFrame(rows, columns=list(layer_table.SCORE_COLUMNS))


@pytest.fixture
def folder(tmp_path):
    accuracies().to_csv(layer_table.layer_table_path(tmp_path), index=False)
    layer_table.layer_table_path(tmp_path).with_suffix(".json").write_text(json.dumps({"title": "planted"}))
    pd.concat([scores(CURVE), scores(-CURVE, "inverse")]).to_csv(layer_table.layer_scores_path(tmp_path), index=False)
    return tmp_path


def test_the_tables_are_read_with_short_names(folder):
    table = layer_table.read_layer_study(folder)
    assert set(table["source"]) == {"dnn_rich", "scratch"}
    assert "way" not in table
    assert layer_table.read_layer_study(folder, way="fine-tuned").empty
    assert layer_table.about_layer_study(folder) == {"title": "planted"}


def test_a_score_that_knows_the_curve_is_perfect_and_its_inverse_the_worst(folder):
    table, known = layer_table.read_layer_study(folder), layer_table.read_layer_scores(folder)
    found = layer_table.agreement(table, known).set_index("predictor")
    assert (found.loc["S", "spearman"] == 1).all()
    assert (found.loc["S", "regret"] == 0).all()
    assert (found.loc["S", "pick"] == 3).all()
    assert (found.loc["inverse", "spearman"] == -1).all()
    assert found.loc["inverse", "regret"].to_numpy() == pytest.approx(0.5)
    ordered = layer_table.summary(table, known, resamples=50)
    assert ordered["predictor"].iloc[0] == "S"
    assert ordered["settings"].eq(4).all()
    assert ordered.set_index("predictor").loc["S", ["low", "high"]].tolist() == [1, 1]


def test_rules_that_look_at_nothing_are_scored_as_spearman_says(folder):
    found = layer_table.agreement(layer_table.read_layer_study(folder), layer_table.read_layer_scores(folder))
    places = np.arange(1, CUTS + 1)
    expected = {"shallower": -places, "deeper": places, "middle": -np.abs(places - 3.5)}
    for name, values in expected.items():
        rows = found[found["predictor"] == name]
        assert rows["spearman"].to_numpy() == pytest.approx(spearmanr(values, CURVE).statistic)


def test_a_score_of_one_number_of_labels_is_used_there_only(folder):
    known = scores(CURVE, "by labels", labels=10)
    found = layer_table.agreement(layer_table.read_layer_study(folder), known)
    assert set(found.loc[found["predictor"] == "by labels", "labels"]) == {10}


def test_fairness_tells_an_optimum_inside_from_one_at_an_end(folder):
    fair = layer_table.fairness(layer_table.read_layer_study(folder))
    assert fair["best"].eq(3).all()
    assert fair["over_first"].to_numpy() == pytest.approx(0.4)
    assert fair["over_last"].to_numpy() == pytest.approx(0.5)
    accuracies(np.linspace(0.2, 0.8, CUTS)).to_csv(layer_table.layer_table_path(folder), index=False)
    rising = layer_table.fairness(layer_table.read_layer_study(folder))
    assert rising["best"].eq(CUTS).all()
    assert (rising["over_last"] < 0).all()


def test_the_lead_of_a_cut_is_measured_on_other_repetitions_than_chose_it(folder):
    """Where all cuts are equally good, the chosen one leads nothing: noise is not taken for a lead."""
    flat = accuracies(np.full(CUTS, 0.5), seeds=range(40), repetitions=4, noise=0.05)
    flat.to_csv(layer_table.layer_table_path(folder), index=False)
    fair = layer_table.fairness(layer_table.read_layer_study(folder))
    assert abs(fair["over_first"].mean()) < 0.015
    assert (fair["over_first_low"] <= fair["over_first"]).all()
    assert (fair["over_first"] <= fair["over_first_high"]).all()


def test_the_ceiling_is_what_one_repetition_knows_of_the_others(folder):
    assert layer_table.repetition_ceiling(layer_table.read_layer_study(folder))["spearman"].tolist() == [1] * 4
    accuracies(noise=0.3).to_csv(layer_table.layer_table_path(folder), index=False)
    assert layer_table.repetition_ceiling(layer_table.read_layer_study(folder))["spearman"].mean() < 0.9


def test_noise_widens_the_interval(folder):
    known = scores(CURVE)
    accuracies(noise=0.15).to_csv(layer_table.layer_table_path(folder), index=False)
    table = layer_table.read_layer_study(folder)
    row = layer_table.summary(table, known, resamples=200).set_index("predictor").loc["S"]
    assert row["low"] < row["spearman"] - 0.05
    assert row["low"] <= row["spearman"] <= row["high"] <= 1


def test_a_repetition_that_is_not_measured_whole_is_left_out(folder):
    table = layer_table.read_layer_study(folder)
    partial = table[~((table["repetition"] == 3) & (table["k"] == 2))]
    assert {len(wide) for _, wide in layer_table.settings(partial)} == {3}


def test_tables_that_are_not_there_or_damaged_say_how_to_get_them(tmp_path, folder):
    with pytest.raises(StoreError, match="depara layers study --measure"):
        layer_table.read_layer_study(tmp_path / "nowhere")
    layer_table.layer_scores_path(folder).write_text("seed,source\n1,dnn_rich\n")
    with pytest.raises(StoreError, match="predictor"):
        layer_table.read_layer_scores(folder)


def test_curves_hold_what_was_measured_and_what_each_score_says(folder):
    table, known = layer_table.read_layer_study(folder), layer_table.read_layer_scores(folder)
    found = layer_table.curves(table, known, 1)
    few = found[found["labels"] == 10]
    assert few["layer"].tolist() == [f"conv{k}" for k in range(1, CUTS + 1)]
    assert few["accuracy"].to_numpy() == pytest.approx(CURVE)
    assert few["S"].to_numpy() == pytest.approx(CURVE)
    assert few["low"].to_numpy() == pytest.approx(CURVE)
    assert found.loc[found["labels"] == 100, "scratch"].tolist() == [0.1] * CUTS
    assert few["scratch"].isna().all()
    assert layer_table.curves(table, known, 7).empty


def test_the_study_tells_its_own_pairs_only(folder):
    found = layer_table.measured_pair("fashion/dnn_rich@seed2", "fashion/dnn_target@seed2", folder)
    assert found["labels"].tolist() == [10] * CUTS + [100] * CUTS
    for source, target in (
        ("fashion/dnn_rich@seed2", "fashion/dnn_target@seed1"),
        ("fashion/dnn_target@seed2", "fashion/dnn_rich@seed2"),
        ("fashion/dnn_rich@seed9", "fashion/dnn_target@seed9"),
        ("rooms/normal", "fashion/dnn_target@seed2"),
    ):
        assert layer_table.measured_pair(source, target, folder) is None
    assert layer_table.measured_pair("fashion/dnn_rich@seed2", "fashion/dnn_target@seed2", folder / "none") is None


def test_the_bundled_study_is_whole_and_of_the_bundled_networks():
    table, known = layer_table.read_layer_study(), layer_table.read_layer_scores()
    for seed in (1, 2, 3):
        found = layer_table.curves(table, known, seed)
        assert found.groupby(["source", "labels"]).size().tolist() == [11] * 4
        assert found[["accuracy", "low", "high", "scratch", "S"]].notna().all().all()
    depara.model("fashion/dnn_rich@seed1").open()


def test_scores_of_the_bundled_study_come_out_again_from_the_committed_weights(tmp_path):
    """On the committed photographs, which are the probes of seed 1."""
    probes, layer = depara.load_probes("fashion", count=200), "conv3"
    source, target = (depara.model(f"fashion/{name}@seed1") for name in ("dnn_rich", "dnn_target"))
    (graph,) = depara.build_graphs(source, probes, layers=[layer], store=tmp_path)
    (goal,) = depara.build_graphs(target, probes, layers="output", store=tmp_path)
    whole = depara.similarity(graph, goal)
    found = layer_table.read_layer_scores().query("seed == 1 and source == 'dnn_rich' and layer == @layer")
    known = found.set_index(["predictor", "labels"])["score"]
    assert [whole.node, whole.edge, whole.total(10.0)] == pytest.approx(
        [known["nodes", 0], known["edges", 0], known["S", 10]], abs=1e-4
    )


def test_the_report_is_of_the_seeds_that_no_choice_was_made_on(folder):
    both = pd.concat([accuracies(seeds=(1, 2)), accuracies(curve=CURVE[::-1], seeds=(0,))])
    both.to_csv(layer_table.layer_table_path(folder), index=False)
    known = pd.concat([scores(CURVE), scores(CURVE, seeds=(0,))])
    known.to_csv(layer_table.layer_scores_path(folder), index=False)
    found = layer_report(folder)
    assert list(found.curves) == [1, 2]
    assert found.summary.set_index("predictor").loc["S", "spearman"] == 1
    assert found.ceiling == pytest.approx(1)
    assert (
        "S orders the cuts of 4 settings by a mean Spearman of 1.00 [1.00, 1.00]; its choice loses 0.0"
        in found.sentence
    )
    assert "0.0 points to the best cut there, 0.0 [0.0, 0.0] to the one that" in found.worst
    assert layer_report(folder / "none") is None
    assert layer_report(folder, way=layer_table.TUNED) is None  # not measured there


def test_where_a_rule_is_better_than_every_score_the_best_score_is_still_one(folder):
    accuracies(curve=CURVE).to_csv(layer_table.layer_table_path(folder), index=False)
    scores([-value for value in CURVE]).to_csv(layer_table.layer_scores_path(folder), index=False)
    assert "The best score is S with −1.00; “" in layer_report(folder).sentence


def test_fresh_regret_is_against_the_best_cut_of_the_other_repetitions(folder):
    """Two repetitions with other best cuts: each one's best is the other's second choice."""
    table = accuracies(seeds=(1,), repetitions=2)
    table.loc[table["k"] > 0, "accuracy"] = 0.1
    for labels in (100, 10):
        for repetition, values in enumerate(((0.5, 0.3), (0.2, 0.6))):
            for k, value in enumerate(values, 1):
                rows = (table["k"] == k) & (table["repetition"] == repetition) & (table["labels"] == labels)
                table.loc[rows, "accuracy"] = value
    table.to_csv(layer_table.layer_table_path(folder), index=False)
    first = np.eye(CUTS)[0]  # picks the first cut: 0.35 on average, the second 0.45
    found = layer_table.agreement(layer_table.read_layer_study(folder), scores(first)).query("predictor == 'S'").iloc[0]
    assert found["regret"] == pytest.approx(0.1)
    # on the first repetition the second's best cut has 0.3, on the second the first's has 0.2: -0.2 and 0 to the pick
    assert found["fresh_regret"] == pytest.approx(-0.1)
    assert [found["fresh_low"], found["fresh_high"]] == pytest.approx([-0.1 - 1.2706205, -0.1 + 1.2706205], abs=1e-5)
