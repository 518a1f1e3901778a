"""The figures of the evaluation show the numbers they are given, tell their sources apart, and answer to clicks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from depara_core.errors import OptionError
from depara_core.evaluation import measured_tree, precision_recall
from depara_core.figures import by_target, differences, evaluation, published, sensitivity, theme

LABELS = {
    "depara": "DEPARA",
    "nodes": "nodes s_V",
    "rsa": "RSA <b>",
    "logme": "LogME",
    "static": "static",
    "best": "best",
}
KINDS = {"depara": "label-free", "nodes": "label-free", "rsa": "label-free", "logme": "with labels"} | dict.fromkeys(
    ("static", "best"), evaluation.CONTROL
)
LOOKS = evaluation.looks(LABELS, KINDS)
NAMES = tuple(f"rooms/{letter}" for letter in "abcdefgh")
GROUPS = {name: "3D" if i % 2 else "2D" for i, name in enumerate(NAMES)}


def planted(seed):
    """Scores or truth of eight models among each other."""
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(8, 8)), index=NAMES, columns=NAMES)


def points(figure):
    """Where each name is drawn."""
    marks = [mark for trace in figure.data for mark in zip(trace.customdata, trace.x, trace.y, strict=True)]
    return {row[1]: (x, y) for row, x, y in marks}


@pytest.mark.parametrize("dark", [False, True])
def test_a_metric_keeps_its_look_and_no_two_share_one(dark):
    looks = evaluation.looks({f"m{i}": f"m{i}" for i in range(20)} | LABELS, KINDS, dark=dark)
    paint = theme.palette(dark)
    assert looks["depara"].colour == paint.total
    assert looks["nodes"].colour == paint.node
    assert looks["static"].colour == paint.muted
    drawn = [(look.colour, look.symbol) for look in looks.values()]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize("against", ["k", "recall"])
def test_curves_are_the_frames_own_between_chance_and_the_truth(against):
    truth = planted(0)
    frame = precision_recall(planted(1), truth)
    best, random = precision_recall(truth, truth), precision_recall(truth * 0, truth)
    whiskers = pd.DataFrame({"k": [1, 5], "mean": frame["precision"][[0, 4]], "low": [0.1, 0.2], "high": [0.9, 0.95]})
    figure = evaluation.precision_curves(
        {"depara": frame, "rsa": frame},
        LOOKS,
        best=best,
        random=random,
        targets=8,
        against=against,
        whiskers={"depara": whiskers},
        published={"rsa": frame.head(5)},
    )
    traces = {trace.name: trace for trace in figure.data}
    np.testing.assert_allclose(traces["DEPARA"].x, frame[against])
    np.testing.assert_allclose(traces["DEPARA"].y, frame["precision"])
    np.testing.assert_allclose(traces["measured transfer"].y, best["precision"])
    np.testing.assert_allclose(traces["a random order"].y, 5 / 7)
    theirs = traces["published: RSA &lt;b&gt;"]
    assert (theirs.line.dash, theirs.marker.color) == ("dash", theme.TRANSPARENT)
    assert traces["RSA &lt;b&gt;"].line.dash == "solid"
    clicks = {name: {row[1] for row in trace.customdata} for name, trace in traces.items()}
    assert clicks == {
        "DEPARA": {"depara"},
        "RSA &lt;b&gt;": {"rsa"},
        "measured transfer": {""},
        "a random order": {""},
        "published: RSA &lt;b&gt;": {""},
    }
    assert [row[0] for row in traces["DEPARA"].customdata] == list(frame["k"])
    if against == "k":
        error = traces["DEPARA"].error_y
        np.testing.assert_allclose(error.array[[0, 4]], [0.9 - frame["precision"][0], 0.95 - frame["precision"][4]])
        assert not error.array[[1, 2, 3, 5, 6]].any()
    else:
        assert traces["DEPARA"].error_y.array is None


def test_unknown_axis_of_the_curves_is_named():
    frame = precision_recall(planted(0), planted(0))
    with pytest.raises(OptionError, match="'depth' came"):
        evaluation.precision_curves({}, LOOKS, best=frame, random=frame, targets=8, against="depth")


def test_merits_keep_the_order_and_every_interval():
    frame = pd.DataFrame(
        {"metric": ["best", "logme", "depara"], "mean": [0.9, 0.7, 0.6], "low": [0.8, 0.5, 0.4], "high": [1, 0.9, 0.7]}
    )
    figure = evaluation.measure_by_metric(
        frame, LOOKS, "P@5", random=0.26, oracle=1.0, targets=20, shown=("depara",), selected=("depara",)
    )
    points = {
        row[1]: (x, y) for trace in figure.data for row, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }
    assert points == {"best": (0.9, 0), "logme": (0.7, 1), "depara": (0.6, 2)}
    assert [trace.name for trace in figure.data] == ["label-free", "with labels", "control"]
    whiskers = [(s.x0, s.x1, s.y0) for s in figure.layout.shapes if s.y0 == s.y1]
    assert whiskers == [(0.8, 1, 0), (0.5, 0.9, 1), (0.4, 0.7, 2)]
    assert [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1] == [0.26, 1.0]
    assert "<b>DEPARA</b>" in figure.layout.yaxis.ticktext[2]
    low, high = figure.layout.xaxis.range
    assert low < 0 < 1.0 < high


def test_differences_are_first_less_second_and_stack_where_equal():
    first = pd.Series([0.8, 0.8, 0.6, 0.4, np.nan], index=[*"abcde"])
    second = pd.Series([0.6, 0.6, 0.6, 0.6, 0.1], index=[*"abcde"])
    looks = (LOOKS["depara"], LOOKS["rsa"])
    figure = differences.differences(first, second, looks, "P@5", interval=(0.05, -0.1, 0.2))
    dots, mean = figure.data
    np.testing.assert_allclose(dots.x, [0.2, 0.2, 0, -0.2])
    np.testing.assert_allclose(dots.y, [1, 2, 1, 1])
    assert [row[1] for row in dots.customdata] == [*"abcd"]
    assert list(dots.marker.color) == [looks[0].colour] * 2 + [theme.LIGHT.muted, looks[1].colour]
    np.testing.assert_allclose([mean.x[0], *mean.error_x.array, *mean.error_x.arrayminus], [0.05, 0.15, 0.15])
    assert "(N = 4)" in figure.layout.xaxis.title.text


def test_every_cell_of_the_target_table_answers_and_an_undefined_one_is_empty():
    values = pd.DataFrame({"depara": [1.0, 0.0], "logme": [0.4, np.nan]}, index=NAMES[:2])
    figure = by_target.measure_by_target(values, LOOKS, "P@5", groups=GROUPS, target=NAMES[1])
    heat, cells = figure.data
    assert [list(row) for row in heat.text] == [["1.00", "0.40"], ["0.00", ""]]
    assert [tuple(row[:4]) for row in cells.customdata] == [
        (0, 0, NAMES[0], "depara"),
        (0, 1, NAMES[0], "logme"),
        (1, 0, NAMES[1], "depara"),
        (1, 1, NAMES[1], "logme"),
    ]
    assert cells.customdata[3][6] == "not defined"
    frame = figure.layout.shapes[0]
    assert (frame.y0, frame.y1) == (0.5, 1.5)
    with pytest.raises(OptionError, match="at least one target"):
        by_target.measure_by_target(values.head(0), LOOKS, "P@5", groups=GROUPS)


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=2, max_size=8), st.integers(0, 10))
def test_places_in_the_scatter_are_ranks_with_ties_at_their_mean(measured, seed):
    predicted = np.random.default_rng(seed).choice([0.0, 0.3, 0.7], len(measured))
    names = NAMES[: len(measured)]
    figure = by_target.rank_scatter(
        pd.Series(predicted, index=names), pd.Series(measured, index=names), metric="RSA <b>", groups=GROUPS
    )
    expected = zip(rankdata(-np.array(measured)), rankdata(-predicted), strict=True)
    assert points(figure) == dict(zip(names, expected, strict=True))
    assert figure.layout.yaxis.title.text == "place by RSA &lt;b&gt;"


def test_scatter_refuses_two_sets_of_sources():
    with pytest.raises(OptionError, match="same sources"):
        by_target.rank_scatter(pd.Series({"a": 1.0}), pd.Series({"b": 1.0}), metric="m", groups={})


def test_measured_tree_joins_what_transfers_both_ways():
    """Among four models a and b are each other's best source, and so are c and d."""
    names = [*"abcd"]
    truth = pd.DataFrame(np.eye(4)[[1, 0, 3, 2]], index=names, columns=names)
    linkage, leaves = measured_tree(truth)
    assert leaves == tuple(names)
    assert sorted(sorted(map(int, row[:2])) for row in linkage[:2]) == [[0, 1], [2, 3]]
    np.testing.assert_allclose(linkage[:2, 2], 0)
    np.testing.assert_allclose(linkage[2, 2], 1 - 0.25)  # the others share ranks 1 and 2 of 3: (1.5 - 1) / 2


def test_measured_tree_leaves_out_what_is_no_target():
    truth = planted(0).drop(columns=NAMES[0])
    linkage, leaves = measured_tree(truth)
    assert leaves == NAMES[1:]
    assert len(linkage) == 6
    assert measured_tree(truth[[NAMES[1]]])[0].shape == (0, 4)


SWEPT = pd.DataFrame(
    {"lam": [0.0, 1.0, 10.0], "P@1": [0.8, 0.9, 0.9], "P@5": [0.6, 0.7, 0.7], "Spearman": [-0.1, 0.7, 0.6]}
)


def test_lambda_sweep_has_a_step_a_lambda_and_marks_the_one_in_use():
    figure = sensitivity.lambda_sweep(SWEPT, 5.5, targets=20)
    for trace in figure.data:
        np.testing.assert_allclose(trace.y, SWEPT[trace.name])
        assert [tuple(row[:2]) for row in trace.customdata] == [(trace.name, lam) for lam in SWEPT["lam"]]
    assert figure.layout.shapes[0].x0 == pytest.approx(1.5)
    assert figure.layout.yaxis.range[0] < -0.1
    with pytest.raises(OptionError, match="Spearman"):
        sensitivity.lambda_sweep(SWEPT.drop(columns="Spearman"), 1.0, targets=20)


def test_convergence_draws_the_mean_and_the_spread_of_the_subsets():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.uniform(size=(21, 3)), columns=["P@1", "P@5", "Spearman"])
    frame["probes"] = [10] * 10 + [50] * 10 + [100]
    figure = sensitivity.probe_convergence(frame, targets=20)
    lines = {trace.name: trace for trace in figure.data if trace.name}
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert list(lines["P@5"].x) == [10, 50, 100]
    assert list(lines["P@5"].customdata[1]) == ["P@5", 50, "50 images"]
    np.testing.assert_allclose(lines["P@5"].y, [frame["P@5"][:10].mean(), frame["P@5"][10:20].mean(), frame["P@5"][20]])
    np.testing.assert_allclose(bands[1].y[0], np.percentile(frame["P@5"][:10], 95))
    assert "10 times" in figure.layout.xaxis.title.text


def test_probe_sets_are_named_with_their_size():
    frame = SWEPT.assign(name=["these", "<b>", "bare"], probes=[100, 50, 20])
    figure = sensitivity.probe_sets(frame, targets=20)
    assert list(figure.layout.xaxis.ticktext) == ["these<br>N = 100", "&lt;b&gt;<br>N = 50", "bare<br>N = 20"]
    np.testing.assert_allclose(figure.data[0].y, frame["P@1"])


LAYERS = pd.DataFrame(
    {
        "layer": ["conv1", "conv2", "fc"],
        "node": [0.4, 0.5, 0.45],
        "edge": [0.1, 0.3, 0.8],
        "S1": [0.5, 0.8, 1.25],
        "S10": [1.4, 3.5, 8.45],
        "acc_10": [60.0, 70.0, 81.2],
        "acc_1": [30.0, 30.0, 30.0],
    }
)


@pytest.mark.parametrize("dark", [False, True])
def test_layer_table_shades_each_column_for_itself_and_makes_its_best_bold(dark):
    figure = published.layer_table(LAYERS, dark=dark)
    *cells, marks = figure.data
    columns = dict(zip(published.LAYER_COLUMNS, cells, strict=True))
    assert {(y, row[1]) for y, row in zip(marks.y, marks.customdata, strict=True)} == {*enumerate(LAYERS["layer"])}
    assert len(marks.x) == 3 * 6
    np.testing.assert_allclose(columns["node"].z[:, 0], [0, 1, 0.5])
    assert [row[0] for row in columns["acc_10"].text] == ["60.0", "70.0", "<b>81.2</b>"]
    assert not columns["acc_1"].z.any()  # all equal: no shade, no division by 0
    with pytest.raises(OptionError, match="S10"):
        published.layer_table(LAYERS.drop(columns="S10"))


def test_layer_agreement_sets_ours_and_theirs_apart():
    rules = {"depara": 0.9, "node": 0.8, "edge": 0.7, "shallower": -0.2, "deeper": 0.2}
    rows = [{"origin": origin, "source": "A", "budget": 0.1, **rules} for origin in ("ours", "published")]
    figure = published.layer_agreement(pd.DataFrame(rows))
    drawn = {trace.marker.color: trace for trace in figure.data if trace.marker.color != theme.LIGHT.muted}
    assert list(drawn[theme.LIGHT.total].marker.symbol) == ["circle", "circle-open"]
    np.testing.assert_allclose(drawn[theme.LIGHT.total].x, [0.9, 0.9])
    np.testing.assert_allclose(drawn[theme.LIGHT.edge].x, [0.7, 0.7])
    assert list(figure.layout.yaxis.ticktext) == ["A, 10 %", "<i>A, 10 %, published</i>"]


def test_published_merits_are_hollow_and_ours_filled_on_the_same_axes():
    ours = pd.DataFrame([{"method": "DEPARA", "measure": "P@5", "mean": 0.7, "low": 0.6, "high": 0.9}])
    theirs = pd.DataFrame(
        [
            {"method": "RSA", "measure": "P@5", "probes": "coco", "value": 0.69},
            {"method": "DEPARA", "measure": "P@5", "probes": "indoor", "value": 0.81},
        ]
    )
    figure = published.published_measures(
        ours, theirs, colours={"DEPARA": "#112233", "RSA": "#445566"}, targets=(20, 17)
    )
    mine, coco, indoor = figure.data
    np.testing.assert_allclose(mine.error_x.array, [0.2])
    assert [coco.x[0], indoor.x[0]] == [0.69, 0.81]
    assert all(trace.marker.symbol.endswith("-open") for trace in (coco, indoor))
    assert coco.marker.symbol != indoor.marker.symbol
    assert "ours: 20 targets, published: 17" in figure.layout.xaxis.title.text
    assert list(mine.customdata[0][:2]) == ["DEPARA", "P@5"]
    assert coco.customdata is None  # nothing of ours stands behind it: it answers no click
