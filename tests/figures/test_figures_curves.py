"""Rankings, layer curves and ranks against ranks show the frame's own numbers."""

import numpy as np
import pandas as pd
import pytest

from depara_core.errors import OptionError
from depara_core.figures import curves, rank_density, theme

RANKED = pd.DataFrame(
    {
        "source": ["rooms/<b>x</b>", "rooms/b", "rooms/c"],
        "node": [0.1, -0.2, 0.0],
        "edge": [0.6, 0.5, 0.1],
        "score": [1.3, 0.8, 0.2],
        "low": [1.2, 0.7, 0.1],
        "high": [1.5, 0.9, 0.4],
    }
)
LAYERS = pd.DataFrame(
    {
        "layer": ["stem", "<i>mid</i>", "output"],
        "node": [0.1, 0.3, 0.2],
        "edge": [0.2, 0.5, 0.4],
        "score": [0.3, 0.8, 0.6],
        "low": [0.2, 0.7, 0.5],
        "high": [0.4, 0.9, 0.7],
        "best": [False, True, False],
    }
)


@pytest.mark.parametrize("dark", [False, True])
def test_ranking_stacks_the_shares_and_puts_the_interval_on_the_total(dark: bool):
    figure = curves.ranking(RANKED, 2.0, probes=50, dark=dark)
    node, edge, total = figure.data
    np.testing.assert_allclose(node.x, RANKED["node"])
    np.testing.assert_allclose(edge.x, 2.0 * RANKED["edge"])
    np.testing.assert_allclose(total.x, RANKED["score"])
    np.testing.assert_allclose(total.x + total.error_x.array, RANKED["high"])
    np.testing.assert_allclose(total.x - total.error_x.arrayminus, RANKED["low"])
    colours = theme.palette(dark)
    assert (node.marker.color, edge.marker.color, total.marker.color) == (colours.node, colours.edge, colours.total)
    assert figure.layout.barmode == "relative"  # a negative share goes left of zero
    assert figure.layout.xaxis.title.text == "S = s_V + λ·s_E, λ = 2 (N = 50 images)"


def test_ranking_escapes_names_and_answers_with_the_source():
    figure = curves.ranking(RANKED, 1.0, probes=50, top=2, selected="rooms/b")
    for trace in figure.data:
        assert [(row[0], row[1]) for row in trace.customdata] == [(0, "rooms/<b>x</b>"), (1, "rooms/b")]
        assert trace.customdata[0][2] == "rooms/&lt;b&gt;x&lt;/b&gt;"  # what the hover text shows
        assert "customdata[2]" in trace.hovertemplate
    assert "&lt;b&gt;x&lt;/b&gt;" in figure.layout.yaxis.ticktext[0]
    assert "<b>b</b>" in figure.layout.yaxis.ticktext[1]


def test_missing_columns_and_empty_frames_are_named():
    with pytest.raises(OptionError, match="low"):
        curves.ranking(RANKED.drop(columns="low"), 1.0, probes=5)
    with pytest.raises(OptionError, match="0 rows"):
        curves.layer_curves(LAYERS.head(0), 1.0, probes=5, target="t")


@pytest.mark.parametrize("dark", [False, True])
def test_layer_curves_carry_the_frame_and_mark_the_best(dark: bool):
    figure = curves.layer_curves(LAYERS, 10.0, probes=50, target="<t>", dark=dark)
    traces = {trace.name: trace for trace in figure.data}
    for name, column in (("S", "score"), ("s_V", "node"), ("s_E", "edge")):
        np.testing.assert_allclose(traces[name].y, LAYERS[column])
        assert [row[1] for row in traces[name].customdata] == LAYERS["layer"].tolist()
    np.testing.assert_allclose(traces["95 % interval"].y, [0.4, 0.9, 0.7, 0.5, 0.7, 0.2])
    assert {shape.x0 for shape in figure.layout.shapes} == {1}
    assert theme.palette(dark).total in figure.layout.xaxis2.ticktext[1]
    assert "<b>&lt;i&gt;mid&lt;/i&gt;</b>" in figure.layout.xaxis2.ticktext[1]
    assert "against &lt;t&gt;, N = 50" in figure.layout.xaxis2.title.text


def test_measured_accuracy_stands_under_the_scores_over_the_same_layers():
    measured = pd.DataFrame(
        {"layer": [*LAYERS["layer"][1:], LAYERS["layer"][2]], "labels": [100, 100, 10], "accuracy": [0.5, 0.7, 0.4]}
    )
    figure = curves.layer_curves(LAYERS, 1.0, probes=50, target="t", measured=measured)
    traces = {trace.name: trace for trace in figure.data}
    many = traces["measured, 100 labels"]
    assert list(many.x) == [1, 2]
    np.testing.assert_allclose(many.y, [50, 70])
    assert many.yaxis == "y3"
    assert list(many.marker.size) == [7, 13]
    assert [row[1] for row in many.customdata] == LAYERS["layer"].tolist()[1:]
    assert traces["measured, 10 labels"].y.tolist() == [40]
    assert "N = 50" in figure.layout.xaxis3.title.text


def test_one_layer_is_enough():
    figure = curves.layer_curves(LAYERS.iloc[[1]], 1.0, probes=2, target="t")
    assert tuple(figure.layout.xaxis2.range) == (-0.4, 0.4)


def test_rank_density_counts_every_pair_and_shows_the_diagonal():
    first = np.array([0.0, 0.1, 0.9, 1.0, 1.0])
    second = np.array([0.0, 0.9, 0.9, 1.0, 1.0])
    figure = rank_density.rank_density(first, second, names=("<a>", "b"), bins=2)
    heat, cells = figure.data
    np.testing.assert_array_equal(heat.z, np.sqrt([[1, np.nan], [1, 3]]))
    assert sorted(map(tuple, cells.customdata)) == [(0, 0, 1), (0, 1, 1), (1, 1, 3)]
    assert sum(row[2] for row in cells.customdata) == 5
    assert figure.layout.xaxis.title.text == "rank of the pair in &lt;a&gt; (0–1)"
    line = figure.layout.shapes[0]
    assert (line.x0, line.y0, line.x1, line.y1) == (0, 0, 1, 1)


def test_half_a_million_pairs_stay_small():
    noise = np.random.default_rng(0)
    first, second = noise.random(500_000), noise.random(500_000)
    figure = rank_density.rank_density(first, second, names=("a", "b"))
    assert sum(row[2] for row in figure.data[1].customdata) == 500_000
    assert len(figure.to_json()) < 300_000
    with pytest.raises(OptionError, match="one length"):
        rank_density.rank_density(first, second[:5], names=("a", "b"))
