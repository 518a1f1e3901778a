"""The colours of maps can be told from the image under them and from each other, by all eyes, in both themes."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(scope="module")
def contrasts():
    """Return the benchmark that measures them, which is a script beside the package."""
    sys.path.insert(0, BENCHMARKS)
    try:
        return importlib.import_module("map_contrast")
    finally:
        sys.path.remove(BENCHMARKS)


def test_every_mark_differs_from_every_grey(contrasts):
    for row in contrasts.against_ground():
        for eyes in contrasts.EYES:
            assert row[f"full, {eyes}"] > 14, row  # six times what is just noticeable
            assert row[f"half, {eyes}"] > 7, row


def test_the_marks_of_one_picture_differ_from_each_other(contrasts):
    assert all(row[eyes] > 20 for row in contrasts.against_each_other() for eyes in contrasts.EYES)


def test_a_contour_keeps_three_to_one_against_what_it_rounds(contrasts):
    assert all(row["WCAG least"] > 3 for row in contrasts.contour())


def test_the_measures_themselves(contrasts):
    black, white = np.zeros((1, 1, 3)), np.full((1, 1, 3), 255.0)
    assert contrasts.contrast(black, white).item() == pytest.approx(21)
    assert contrasts.difference(black, white, "usual") == pytest.approx(100, abs=0.01)
    assert contrasts.difference(white, white, "no red cones") == 0
    red, green = np.array([[[200.0, 60, 60]]]), np.array([[[110.0, 110, 40]]])
    assert contrasts.difference(red, green, "no red cones") < 0.4 * contrasts.difference(red, green, "usual")
