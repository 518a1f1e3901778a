"""Overlays by hand: a few pixels, and what must hold for any map."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from planted import random_graph

from depara_core.errors import OptionError
from depara_core.figures import attribution_maps, looks, theme, tiles
from depara_core.png import png_uri, to_png


def _grey(value: int, size: int = 2) -> np.ndarray:
    return np.full((size, size, 3), value, dtype=np.uint8)


def test_zero_map_leaves_the_grey_ground():
    image = np.array([[[255, 0, 0], [0, 0, 255]]], dtype=np.uint8)
    out = attribution_maps.overlay(image, np.zeros((1, 2)), limit=1.0)
    # 92 + 0.62 * (0.299 * 255) = 139.27 and 92 + 0.62 * (0.114 * 255) = 110.02
    np.testing.assert_array_equal(out, [[[139] * 3, [110] * 3]])


@pytest.mark.parametrize("dark", [False, True])
def test_full_strength_shows_the_ends_of_the_scale(dark: bool):
    colours = theme.palette(dark)
    out = attribution_maps.overlay(_grey(40), np.array([[2.0, -2.0], [9.0, -9.0]]), limit=2.0, opacity=1.0, dark=dark)
    np.testing.assert_array_equal(out[:, 0], np.tile(theme.rgb(colours.positive), (2, 1)))
    np.testing.assert_array_equal(out[:, 1], np.tile(theme.rgb(colours.negative), (2, 1)))


def test_half_strength_and_opacity_mix_by_hand():
    out = attribution_maps.overlay(_grey(100), np.full((2, 2), 0.5), limit=1.0, opacity=0.8)
    ground, green = 92 + 62, theme.rgb(theme.LIGHT.positive)  # alpha = 0.8 * 0.5
    np.testing.assert_array_equal(out[0, 0], np.rint(0.6 * ground + 0.4 * green))


def test_magnitude_ignores_the_sign_and_is_the_blue_of_nodes():
    plus = attribution_maps.overlay(_grey(100), np.full((2, 2), 1.0), limit=1.0, opacity=1.0, signed=False)
    minus = attribution_maps.overlay(_grey(100), np.full((2, 2), -1.0), limit=1.0, opacity=1.0, signed=False)
    np.testing.assert_array_equal(plus, minus)
    np.testing.assert_array_equal(plus[0, 0], theme.rgb(theme.LIGHT.node))


def test_upsampling_is_bilinear_with_aligned_pixel_centres():
    np.testing.assert_allclose(attribution_maps.upsample(np.array([[0.0, 1.0]]), 1, 4), [[0, 0.25, 0.75, 1]], atol=1e-6)


@given(st.integers(0, 255), st.floats(-3, 3), st.floats(0, 1))
def test_overlay_lies_between_ground_and_colour(value: int, strength: float, opacity: float):
    out = attribution_maps.overlay(_grey(value), np.full((2, 2), strength), limit=1.0, opacity=opacity)[0, 0].astype(
        float
    )
    ground = 92 + 0.62 * value
    colour = theme.rgb(theme.LIGHT.negative if strength < 0 else theme.LIGHT.positive)
    assert (out >= np.minimum(ground, colour) - 0.51).all()
    assert (out <= np.maximum(ground, colour) + 0.51).all()


@pytest.mark.parametrize("wrong", [{"limit": 0.0}, {"limit": float("nan")}, {"limit": 1.0, "opacity": 1.5}])
def test_overlay_says_which_option_is_wrong(wrong: dict[str, float]):
    with pytest.raises(OptionError, match="Expected limit > 0 and opacity in"):
        attribution_maps.overlay(_grey(0), np.zeros((2, 2)), **wrong)


def test_shared_limit_is_a_percentile_over_all_maps_together():
    maps = [np.linspace(-1, 0, 101), np.linspace(0, 3, 101)]
    everything = np.abs(np.concatenate(maps))
    assert attribution_maps.shared_limit(maps, percentile=90) == pytest.approx(np.percentile(everything, 90))
    assert attribution_maps.shared_limit([np.zeros((3, 3))]) == 1.0
    assert attribution_maps.shared_limit([]) == 1.0
    sparse = np.zeros(1000)
    sparse[0] = 7.0  # zero at the percentile: still above 0
    assert attribution_maps.shared_limit([sparse], percentile=50) == 7.0


def test_collapse_sums_channels_with_and_without_sign():
    maps = np.array([[[[1.0]], [[-3.0]]]])
    assert attribution_maps.collapse(maps, signed=True).tolist() == [[[-2.0]]]
    assert attribution_maps.collapse(maps, signed=False).tolist() == [[[4.0]]]


def test_png_round_trip_is_exact():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(to_png(image)))), image)
    assert png_uri(to_png(image)).startswith("data:image/png;base64,iVBOR")


def test_scale_bar_runs_from_purple_over_grey_to_green():
    bar = attribution_maps.scale_bar(101, 3)
    np.testing.assert_array_equal(bar[0, 0], theme.rgb(theme.LIGHT.negative))
    np.testing.assert_array_equal(bar[0, -1], theme.rgb(theme.LIGHT.positive))
    assert len(set(bar[0, 50].tolist())) == 1  # the middle has no hue


def test_a_row_on_the_scale_of_others_is_drawn_as_together_with_them():
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    graphs = [random_graph(seed, count=6) for seed in range(2)]
    paint = tiles.Paint(size=16)
    together = tiles.attribution_tiles(images, graphs, [1, 4], paint, shared=True)
    limit = tiles.full_strength(graphs, [1, 4], paint)
    again = tiles.attribution_tiles(images, graphs, [4], paint, shared=True, limit=limit)[0]
    np.testing.assert_array_equal(again, together[1])
    alone = tiles.attribution_tiles(images, graphs, [4], paint, shared=True)[0]
    assert not np.array_equal(alone, together[1])
    weaker = tiles.attribution_tiles(images, graphs, [4], paint, limit=limit)[0]
    own = tiles.attribution_tiles(images, graphs, [4], paint)[0]
    np.testing.assert_array_equal(weaker, own)  # with a scale of its own, no other is asked for


def test_softening_keeps_the_sum_and_makes_no_sharper():
    drawn = np.random.default_rng(0).normal(size=(40, 40))
    soft = attribution_maps.soften(drawn)
    assert soft.sum() == pytest.approx(drawn.sum())
    assert np.abs(np.diff(soft)).max() < np.abs(np.diff(drawn)).max()


def test_the_strongest_are_the_fewest_pixels_with_a_share_of_the_mass():
    drawn = np.array([[4.0, -3.0], [2.0, 1.0]])
    assert attribution_maps.strongest(drawn, 0.4).tolist() == [[True, False], [False, False]]
    assert attribution_maps.strongest(drawn, 0.41).tolist() == [[True, True], [False, False]]
    assert not attribution_maps.strongest(np.zeros((2, 2))).any()


def test_the_outline_is_the_inner_edge_of_an_area():
    inside = np.zeros((5, 5), dtype=bool)
    inside[1:4, 1:4] = True
    changed = (attribution_maps.outline(_grey(100, 5), inside) != 100).any(axis=-1)
    expected = inside.copy()
    expected[2, 2] = False
    np.testing.assert_array_equal(changed, expected)


@pytest.mark.parametrize("smooth", [True, False])
def test_only_a_softened_map_has_a_contour(smooth: bool):
    images, graph, size = np.full((6, 8, 8, 3), 90, dtype=np.uint8), random_graph(0, count=6), 32
    (((tile),),) = tiles.attribution_tiles(images, [graph], [2], tiles.Paint(smooth=smooth, size=size))
    drawn = tiles.drawn_map(tiles.scaled_maps(graph, [2], signed=True)[0], size, smooth=smooth)
    limit = attribution_maps.shared_limit([drawn], percentile=tiles.PERCENTILE)
    bare = attribution_maps.overlay(np.full((size, size, 3), 90, dtype=np.uint8), drawn, limit=limit, opacity=0.85)
    contour = attribution_maps.outline(bare, attribution_maps.strongest(drawn))
    np.testing.assert_array_equal(tile, contour if smooth else bare)


def test_a_region_shows_the_sum_of_its_pixels():
    graph = random_graph(0, count=6)
    side = graph.shape[1]
    halves = np.zeros((side, side), dtype=int)
    halves[:, side // 2 :] = 1
    images = np.full((6, side, side, 3), 90, dtype=np.uint8)
    paint = tiles.Paint(size=side, regions=[halves])
    (((tile),),) = tiles.attribution_tiles(images, [graph], [3], paint, opacity=1.0)
    sums = graph.maps[3].sum(axis=0, dtype=float)
    left, right = sums[:, : side // 2].sum(), sums[:, side // 2 :].sum()
    strengths = np.array([left, right]) / max(abs(left), abs(right))
    for column, strength in ((0, strengths[0]), (side - 1, strengths[1])):
        colour = theme.rgb(theme.LIGHT.positive if strength > 0 else theme.LIGHT.negative)
        mixed = (1 - abs(strength)) * (92 + 0.62 * 90) + abs(strength) * colour
        np.testing.assert_allclose(tile[0, column], mixed, atol=1)


def test_where_both_look_has_the_first_colour_and_where_one_does_its_own():
    a, b = np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    drawn = looks.looks(_grey(100), a, b)
    ground = 92 + 62
    for at, colour in zip(((0, 0), (0, 1), (1, 0)), looks.look_colours(False), strict=True):
        expected = (1 - looks.OPACITY) * ground + looks.OPACITY * theme.rgb(colour)
        np.testing.assert_allclose(drawn[at], expected, atol=0.51)
    assert drawn[1, 1].tolist() == [ground] * 3
    swapped = looks.looks(_grey(100), b, a)
    np.testing.assert_array_equal(swapped[0, 0], drawn[0, 0])
    np.testing.assert_array_equal(swapped[0, 1] == drawn[0, 1], [False] * 3)


def test_two_looks_at_one_thing_are_only_shared():
    graph = random_graph(0, count=6)
    images = np.full((6, 8, 8, 3), 90, dtype=np.uint8)
    (drawn,) = looks.look_tiles(images, graph, graph, [1], size=16)
    ground, both = 92 + 0.62 * 90, theme.rgb(looks.look_colours(False)[0])
    along = (drawn - ground) / (both - ground)  # how far each channel went from the ground to the colour of both
    np.testing.assert_allclose(along, along.mean(axis=-1, keepdims=True) * np.ones(3), atol=0.05)
    with pytest.raises(OptionError, match="Expected strengths of the image's size"):
        looks.looks(_grey(0), np.zeros((2, 2)), np.zeros((3, 2)))
