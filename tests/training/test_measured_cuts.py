"""The words on a measured cut are the means of the bundled tables."""

import pandas as pd

from depara_core.benchmark.layer_table import measured_pair
from depara_core.paths import assets_folder
from depara_core.training.measured_cuts import cut_sentence


def test_a_cut_in_the_rooms_has_the_mean_of_its_repetitions():
    table = pd.read_csv(assets_folder() / "benchmark" / "rooms-layers.csv")
    rows = table[(table["source"] == "rooms/dnn_rich") & (table["budget"] == 0.1)]
    mean = 100 * rows.groupby("layer")["accuracy"].mean()
    said = cut_sentence("rooms/dnn_rich", "rooms/dnn_target", "conv1")
    assert (
        f"{mean['conv1']:.1f} % right with 10 % of the labels (the best, {mean.idxmax()}, {mean.max():.1f} %)" in said
    )
    best = cut_sentence("rooms/dnn_rich", "rooms/dnn_target", str(mean.idxmax()))
    assert f"{mean.max():.1f} % right with 10 % of the labels (the best cut)" in best


def test_a_cut_of_the_photographs_is_that_of_its_seed():
    source, target = "fashion/dnn_rich@seed1", "fashion/dnn_target@seed1"
    found = measured_pair(source, target)
    [row] = found[(found["layer"] == "conv3") & (found["labels"] == 100)].to_dict("records")
    assert f"{100 * row['accuracy']:.1f} % right with 100 labels" in cut_sentence(source, target, "conv3")


def test_what_no_study_measured_is_not_said():
    assert cut_sentence("rooms/normal", "rooms/dnn_target", "conv1") == ""
    assert cut_sentence("rooms/dnn_rich", "rooms/normal", "conv1") == ""
    assert cut_sentence("rooms/dnn_rich", "rooms/dnn_target", "cellar") == ""
