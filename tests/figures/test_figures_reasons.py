"""The figures that take a score apart show the shares that they are given, with their signs, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from depara_core.errors import OptionError
from depara_core.figures import contributions, theme, waterfall

SURFACES = pd.DataFrame(
    {"group": ["walls", "<b>cone</b>"], "share": [0.3, -0.1], "area": [0.75, 0.25], "density": [0.4, -0.4]}
)


def bars(figure, place):
    """Start and end of one bar of a waterfall."""
    trace = figure.data[0]
    return trace.base[place], trace.base[place] + trace.y[place]


@pytest.mark.parametrize(
    "node, edge, lam",
    [(0.07, 0.83, 1.0), (-0.1, 0.0, 3.0), (0.1, 0.8, 1.0), (-0.2, 0.3, 2.0), (0.4, -0.6, 0.5), (0.3, 0.5, 0.0)],
)
def test_a_score_adds_up_with_an_interval_on_every_part(node, edge, lam):
    share, total = lam * edge, node + lam * edge
    parts = [(value - 0.05, value, value + 0.1) for value in (node, share, total)]
    figure = waterfall.waterfall(*parts, lam)
    assert bars(figure, 0) == pytest.approx((0, node))
    assert bars(figure, 1) == pytest.approx((node, total))
    assert bars(figure, 2) == pytest.approx((0, total))
    whiskers = {trace.x[0]: trace for trace in figure.data[1:]}
    for place, middle in ((0, node), (1, total), (2, total)):
        assert whiskers[place].y[0] == pytest.approx(middle)
        assert whiskers[place].error_y.array[0] == pytest.approx(0.1)
        assert whiskers[place].error_y.arrayminus[0] == pytest.approx(0.05)
    low, high = figure.layout.yaxis.range
    assert low <= min(0, node - 0.05, total - 0.05)
    assert high >= max(note.y for note in figure.layout.annotations) >= total + 0.1 - 1e-12


def test_the_way_from_one_score_to_another_starts_and_ends_at_them():
    figure = waterfall.bridge(0.5, (0.05, 0.1, 0.2), (-0.4, -0.3, -0.2), ("other", "<i>this</i>"))
    assert [bars(figure, place) for place in range(4)] == [
        pytest.approx(ends) for ends in ((0, 0.5), (0.5, 0.6), (0.6, 0.3), (0, 0.3))
    ]
    assert [note.text for note in figure.layout.annotations] == ["0.50", "+0.10", "−0.30", "0.30"]
    assert "&lt;i&gt;this&lt;/i&gt;" in figure.layout.xaxis.ticktext[3]


@pytest.mark.parametrize("dark", [False, True])
def test_a_brushed_region_is_framed_where_it_lies(dark):
    figure = contributions.mark_region(theme.figure(dark, 300), (0.7, 0.9), (0.1, 0.2), dark=dark)
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (0.7, 0.9, 0.1, 0.2)
    assert frame.line.color == theme.palette(dark).total


def test_group_shares_are_centred_at_zero_and_in_per_cent_of_s():
    edge, node = np.array([[0.2, -0.05], [-0.05, 0.1]]), np.array([0.01, -0.02])
    figure = contributions.group_contributions(edge, node, ["<b>x</b>", "y"], whole=-0.5)
    cells, marks, own = figure.data
    np.testing.assert_allclose(cells.z, 200 * edge)
    assert (cells.zmin, cells.zmax) == (-40, 40)
    np.testing.assert_allclose(own.x, 200 * node)
    assert [tuple(row[:2]) for row in marks.customdata] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert marks.customdata[1][4] == pytest.approx(-10)
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;x&lt;/b&gt;"
    assert list(map(list, own.customdata)) == [[0, 0], [1, 1]]
    assert not figure.layout.shapes
    (frame,) = contributions.group_contributions(edge, node, ["x", "y"], whole=1.0, selected=(1, 0)).layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1, frame.xref) == (-0.5, 0.5, 0.5, 1.5, "x")


def test_a_click_on_a_bar_says_what_the_bar_is():
    parts = [(0.0, 0.1, 0.2)] * 3
    figure = waterfall.waterfall(*parts, 1.0)
    assert [place for (place,) in figure.data[0].customdata] == ["node", "edge", "total"]
    figure = waterfall.bridge(0.5, *parts[:2], ("other", "this"))
    assert [place for (place,) in figure.data[0].customdata] == ["from", "node", "edge", "to"]
    assert figure.data[0].hoverinfo == "none"  # "skip" would answer no click
    for bars in contributions.surface_contributions(SURFACES).data:
        assert [row for (row,) in bars.customdata] == [0, 1]


def test_groups_without_any_share_are_neutral():
    cells = contributions.group_contributions(np.zeros((1, 1)), np.zeros(1), ["only"], whole=0.0).data[0]
    assert cells.zmin == -cells.zmax < 0


def test_shares_that_do_not_fit_their_groups_are_refused():
    with pytest.raises(OptionError, match="2 > 0 groups"):
        contributions.group_contributions(np.zeros((3, 3)), np.zeros(3), ["a", "b"], whole=1.0)
    with pytest.raises(OptionError, match="at least one group"):
        contributions.surface_contributions(SURFACES.head(0))


@pytest.mark.parametrize("dark", [False, True])
def test_surfaces_show_area_share_and_density_beside_the_whole(dark):
    figure = contributions.surface_contributions(SURFACES, dark=dark)
    area, share, density = figure.data
    np.testing.assert_allclose(area.x, [75, 25])
    np.testing.assert_allclose(share.x, [150, -50])
    np.testing.assert_allclose(density.x, [0.4, -0.4])
    paint = theme.palette(dark)
    assert list(density.marker.color) == [paint.positive, paint.negative]  # the whole image has 0.2
    assert figure.layout.shapes[0].x0 == pytest.approx(0.2)
    assert figure.layout.yaxis.ticktext[1] == "&lt;b&gt;cone&lt;/b&gt;"


def test_agreement_is_green_opposition_purple_on_one_scale():
    images = np.full((3, 8, 8, 3), 128, dtype=np.uint8)
    halves = np.zeros((4, 4))
    halves[:, :2], halves[:, 2:] = 1, -1
    strong, weak = contributions.agreement_tiles(images, [halves, halves / 10], [2, 0], size=16)
    for tile in (strong, weak):
        (red, green, blue), (red_too, green_too, blue_too) = tile[8, 1].astype(int), tile[8, 14].astype(int)
        assert green > max(red, blue)
        assert green_too < min(red_too, blue_too)
    assert np.abs(weak.astype(float) - strong).max() > 50  # one scale: a tenth of the value is paler


def test_bars_stack_up_and_down_from_zero():
    assert contributions.bar_extent([0.1, -0.2], [0.3, -0.1]) == pytest.approx((-0.3, 0.4))
    assert contributions.bar_extent([0.1], [0.3]) == pytest.approx((0, 0.4))
    assert contributions.bar_extent([-0.1], [0.3]) == pytest.approx((-0.1, 0.3))


def test_the_numbers_on_the_bars_add_up_as_they_are_written():
    def parts(value):
        return value, value, value

    for figure in (
        waterfall.waterfall(parts(0.2275), parts(0.7159), parts(0.9434), 1.0),
        waterfall.bridge(0.2275, parts(0.7159), parts(-0.1), ("other", "this")),
    ):
        *written, whole = (float(note.text.replace("−", "-")) for note in figure.layout.annotations)
        assert round(sum(written), 9) == whole
