"""Regions of images: every pixel in one, and sums that leave nothing over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import random_graph

from depara_core import regions, rooms
from depara_core.errors import OptionError
from depara_core.explanation import resample_masks


@given(st.integers(0, 10**6), st.integers(1, 9))
def test_the_sums_of_regions_are_the_sum_of_the_map(seed, count):
    rng = np.random.default_rng(seed)
    values, where = rng.normal(size=(6, 5)), rng.integers(0, count, (6, 5))
    sums = regions.region_sums(values, where, count)
    assert sums.shape == (count,)
    assert sums.sum() == pytest.approx(values.sum(), abs=1e-12)
    for region in range(count):
        assert sums[region] == pytest.approx(values[where == region].sum(), abs=1e-12)


def test_the_sums_of_a_room_are_the_map_itself():
    graph = random_graph(0, count=6)
    height, width = graph.shape[1:]
    where = resample_masks(rooms.pieces(3, 0, 32), (height, width))
    for probe in range(3):
        values = graph.maps[probe].sum(axis=0)
        assert regions.region_sums(values, where[probe]).sum() == pytest.approx(values.sum(dtype=float))


def test_shapes_must_agree():
    with pytest.raises(OptionError, match="one shape"):
        regions.region_sums(np.zeros((2, 2)), np.zeros((2, 3), dtype=int))


def test_superpixels_cover_the_image_and_follow_its_colours():
    image = np.zeros((48, 48, 3), dtype=np.uint8)
    image[:, 24:] = (220, 40, 40)
    cut = regions.superpixels(image, 8)
    assert cut.shape == (48, 48)
    assert set(np.unique(cut)) == set(range(cut.max() + 1))
    assert 2 <= cut.max() + 1 <= 16
    inner = [set(np.unique(cut[:, part])) for part in (slice(0, 22), slice(26, 48))]
    assert not inner[0] & inner[1]  # no patch reaches over the edge
    np.testing.assert_array_equal(cut, regions.superpixels(image, 8))
    with pytest.raises(OptionError, match="1 patch or more"):
        regions.superpixels(image, 0)


def test_borders_by_hand():
    assert regions.borders(np.array([[0, 0, 1], [0, 2, 1]])).tolist() == [[False, True, False], [True, True, False]]


def test_pieces_are_the_surfaces_object_by_object():
    pieces, surfaces = rooms.pieces(4, 0, 32), rooms.surfaces(4, 0, 32)
    names = np.array([name.removesuffix(" wall") for name in rooms.PIECES])[pieces]
    shown = np.array(rooms.SURFACES)[surfaces]
    walls = np.isin(names, ("left", "right", "front", "back"))
    np.testing.assert_array_equal(walls, shown == "walls")
    np.testing.assert_array_equal(names[~walls], shown[~walls])
    assert len(np.unique(pieces)) > len(np.unique(surfaces))
