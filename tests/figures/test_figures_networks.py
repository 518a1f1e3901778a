"""Probe graphs: nodes and edges where they belong, clicks that name them, pictures that stay small."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from depara_core.errors import OptionError
from depara_core.figures import probe_graphs, theme
from depara_core.layouts import closest, place

POSITIONS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
PAIRS = np.array([[0, 1], [1, 2]])
NAMES = ["<b>0</b>", "one", "two"]


def _draw(**more):
    options = {"names": NAMES} | more
    return probe_graphs.network(POSITIONS, PAIRS, np.array([0.5, 0.9]), **options)


def _points(figure, kind: str) -> dict[tuple, tuple[float, float]]:
    return {
        tuple(row[1 : 2 if kind == "probe" else 3]): (x, y)
        for trace in figure.data
        if trace.customdata is not None
        for row, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
        if row[0] == kind
    }


@pytest.mark.parametrize("dark", [False, True])
def test_nodes_and_middles_of_edges_can_be_pointed_at(dark: bool):
    figure = _draw(dark=dark)
    assert _points(figure, "probe") == {(0,): (0, 0), (1,): (1, 0), (2,): (0, 1)}
    assert _points(figure, "pair") == {(0, 1): (0.5, 0), (1, 2): (0.5, 0.5)}
    assert figure.data[-1].customdata[0][2] == "&lt;b&gt;0&lt;/b&gt;"
    assert figure.layout.template.layout.font.color == theme.palette(dark).text


def test_stronger_edges_are_wider():
    lines = [trace for trace in _draw().data if trace.mode == "lines"]
    width = {(tuple(t.x[:2]), tuple(t.y[:2])): t.line.width for t in lines}
    assert width[((1, 0), (0, 1))] > width[((0, 1), (0, 0))]


def test_disagreement_runs_from_purple_over_neutral_to_green():
    assert probe_graphs.shade_colour(0, dark=False) == "rgb(118,42,131)"
    assert probe_graphs.shade_colour(3, dark=False) == "rgb(195,201,213)"
    assert probe_graphs.shade_colour(6, dark=False) == "rgb(27,120,55)"
    figure = _draw(disagreement=np.array([-1.0, 1.0]))
    drawn = {tuple(t.x[:2]): t.line.color for t in figure.data if t.mode == "lines"}
    assert drawn == {(0, 1): "rgb(118,42,131)", (1, 0): "rgb(27,120,55)"}
    middles = figure.data[-2]
    np.testing.assert_array_equal(middles.marker.color, [-1, 1])
    assert (middles.marker.cmin, middles.marker.cmax, middles.marker.showscale) == (-1, 1, True)
    assert [row[6] for row in middles.customdata] == [-1, 1]


def test_thumbnails_sit_on_their_nodes_until_there_are_too_many():
    images = np.zeros((3, 64, 64, 3), dtype=np.uint8)
    figure = _draw(images=images)
    assert [(image.x, image.y) for image in figure.layout.images] == [tuple(p) for p in POSITIONS.tolist()]
    assert all(image.source.startswith("data:image/png;base64,") for image in figure.layout.images)
    many = probe_graphs.MAX_THUMBNAILS + 1
    crowd = probe_graphs.network(
        np.random.default_rng(0).random((many, 2)),
        np.empty((0, 2), dtype=int),
        np.empty(0),
        names=[str(i) for i in range(many)],
        images=np.zeros((many, 8, 8, 3), dtype=np.uint8),
    )
    assert not crowd.layout.images
    assert crowd.data[-1].marker.opacity == 1


def test_sixty_noisy_thumbnails_weigh_less_than_a_megabyte():
    noise = np.random.default_rng(0)
    images = noise.integers(0, 256, (60, 128, 128, 3), dtype=np.uint8)
    figure = probe_graphs.network(
        noise.random((60, 2)), np.empty((0, 2), dtype=int), np.empty(0), names=["p"] * 60, images=images
    )
    assert len(figure.to_json()) < 1_000_000


def test_graphs_side_by_side_share_their_range():
    bounds = probe_graphs.extent(POSITIONS, 3 * POSITIONS)
    assert bounds == pytest.approx((-3.42, 3.42))
    for positions in (POSITIONS, 3 * POSITIONS):
        figure = probe_graphs.network(positions, PAIRS, np.ones(2), names=NAMES, bounds=bounds)
        assert tuple(figure.layout.xaxis.range) == tuple(figure.layout.yaxis.range) == bounds
    assert probe_graphs.extent(np.zeros((1, 2))) == (-1.14, 1.14)


def test_selection_frames_the_probe_and_draws_the_pair():
    figure = _draw(selected=2, selected_pair=(0, 1))
    kinds = [shape.type for shape in figure.layout.shapes]
    assert sorted(kinds) == ["line", "rect", "rect", "rect"]
    line = next(shape for shape in figure.layout.shapes if shape.type == "line")
    assert (line.x0, line.y0, line.x1, line.y1) == (0, 0, 1, 0)


def test_groups_colour_the_nodes():
    nodes = _draw(groups=["2D", "3D", "2D"]).data[-1]
    assert list(nodes.marker.color) == [theme.LIGHT.teal, theme.LIGHT.blue, theme.LIGHT.teal]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"names": ["a"]}, "N names"),
        ({"images": np.zeros((2, 4, 4, 3), dtype=np.uint8)}, "N images"),
        ({"disagreement": np.zeros(1)}, "one value an edge, 2"),
    ],
)
def test_parts_of_different_graphs_are_refused(wrong: dict, message: str):
    with pytest.raises(OptionError, match=message):
        _draw(**wrong)


@pytest.mark.parametrize("count", [2, 24, 60])
def test_no_thumbnail_covers_another(count: int):
    positions = place(np.corrcoef(np.random.default_rng(count).normal(size=(count, 5))), kind="kamada_kawai")
    figure = probe_graphs.network(
        positions,
        np.empty((0, 2), dtype=int),
        np.empty(0),
        names=["p"] * count,
        images=np.zeros((count, 8, 8, 3), dtype=np.uint8),
    )
    side = figure.layout.images[0].sizex
    assert 0 < side < closest(positions)
    low, high = figure.layout.xaxis.range
    assert side * 500 / (high - low) > 22  # pixels: large enough to be told apart


def test_a_thumbnail_has_a_border():
    drawn = probe_graphs._thumbnail(np.full((64, 64, 3), 200, dtype=np.uint8), np.zeros(2), 0.1, False)
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(drawn["source"].partition(",")[2]))).convert("RGB"))
    np.testing.assert_array_equal(picture[0, 0], theme.rgb(theme.LIGHT.muted))
    np.testing.assert_array_equal(picture[32, 32], [200] * 3)
