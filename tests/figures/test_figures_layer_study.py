"""The figures of the measured layer study: every value stands where it belongs, and clicks name source and layer."""

import numpy as np
import pandas as pd
import pytest

from depara_core.errors import OptionError
from depara_core.figures.layer_study import measured_curves, predictor_agreement
from depara_core.figures.theme import palette

ACCURACY = [0.3, 0.6, 0.5]
SAYS = [0.1, 0.2, 0.4]


def frame():
    parts = []
    for source in ("dnn_rich", "<b>odd</b>"):
        for labels, loss in ((100, 0.0), (10, 0.2)):
            rows = pd.DataFrame(
                {"source": source, "labels": labels, "k": [1, 2, 3], "layer": ["conv1", "a<b", "output"]}
            )
            rows["accuracy"] = np.array(ACCURACY) - loss
            rows["low"], rows["high"] = rows["accuracy"] - 0.05, rows["accuracy"] + 0.05
            parts.append(rows.assign(scratch=0.25, S=SAYS))
    return pd.concat(parts, ignore_index=True)


def lines(picture, axis):
    return [one for one in picture.data if one.mode == "lines+markers" and one.yaxis == axis]


def test_the_best_cut_and_the_scores_choice_are_large():
    picture = measured_curves(frame(), "S")
    accuracies, scores = lines(picture, "y"), lines(picture, "y3")
    assert [list(one.y) for one in accuracies] == [pytest.approx([30, 60, 50]), pytest.approx([10, 40, 30])]
    assert [int(np.argmax(one.marker.size)) for one in accuracies] == [1, 1]
    assert [list(one.y) for one in scores] == [pytest.approx([0, 1 / 3, 1])] * 2
    assert [row[3] for row in scores[0].customdata] == SAYS
    assert [int(np.argmax(one.marker.size)) for one in scores] == [2, 2]
    assert {one.line.dash for one in accuracies} == {"solid", "dot"}


def test_clicks_name_the_source_and_names_are_no_markup():
    picture = measured_curves(frame(), "S")
    assert [list(row)[:3] for row in lines(picture, "y2")[0].customdata][1] == ["<b>odd</b>", "a<b", "a&lt;b"]
    assert "&lt;b&gt;odd&lt;/b&gt;" in {note.text for note in picture.layout.annotations}
    assert picture.layout.xaxis3.ticktext == ("conv1", "a&lt;b", "output")


def test_one_repetition_and_no_control_draw_no_band_and_no_line():
    bare = frame().assign(low=np.nan, high=np.nan, scratch=np.nan)
    assert {one.mode for one in measured_curves(bare, "S").data} == {"lines+markers"}


def test_an_unknown_score_is_told():
    with pytest.raises(OptionError, match="'nothing'"):
        measured_curves(frame(), "nothing")


@pytest.mark.parametrize("dark", [False, True])
def test_predictors_have_their_intervals_and_rules_are_grey(dark):
    summary = pd.DataFrame(
        {"predictor": ["S", "middle", "rsa"], "spearman": [0.6, 0.5, 0.4], "low": [0.3, 0.1, 0.2]}
        | {"high": [0.8, 0.7, 0.6], "regret": [0.01, 0.02, 0.03], "worst_regret": [0.05, 0.06, 0.07]}
    )
    picture, paint = predictor_agreement(summary, 0.66, dark=dark), palette(dark)
    (dots,) = picture.data
    assert list(dots.error_x.array) == pytest.approx([0.2, 0.2, 0.2])
    assert list(dots.error_x.arrayminus) == pytest.approx([0.3, 0.4, 0.2])
    assert dots.marker.color == (paint.total, paint.muted, paint.teal)
    assert "0.66" in picture.layout.annotations[0].text
    assert not predictor_agreement(summary, None).layout.shapes


def test_a_column_of_noise_stays_pale_and_no_zero_has_a_sign():
    from depara_core.figures import published

    columns = {"node": [-0.001, 0.003], "edge": [0.2, 0.9], "S1": [0.2, 0.9], "S10": [2.0, 9.0]}
    frame = pd.DataFrame({"layer": ["a", "b"], **columns, "acc_10": [60.0, 60.5], "acc_1": [30.0, 60.0]})
    node, edge, *_ = published.layer_table(frame).data
    assert max(np.ravel(node.z)) < 0.1
    assert max(np.ravel(edge.z)) == 1
    assert list(np.ravel(node.text)) == ["0.00", "<b>0.00</b>"]
