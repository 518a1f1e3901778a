"""Checks of maps, drawn: what was measured, beside what chance gives."""

import pandas as pd
import pytest

from depara_core.errors import OptionError
from depara_core.figures import theme
from depara_core.figures.map_checks import perturbation_figure, sanity_figure

CURVES = pd.DataFrame(
    {
        "fraction": [0, 0.5, 1],
        "deletion": [1, 0.2, 0],
        "insertion": [0, 0.9, 1],
        "random_deletion": [1, 0.6, 0],
        "random_insertion": [0, 0.4, 1],
    }
)
STAGES = pd.DataFrame({"weights": [0, 0.4, 1], "rank": [1, 0.6, 0.3], "node": [1, 0.4, 0.1], "edge": [1, 0.7, 0.5]})


@pytest.mark.parametrize("dark", [False, True])
def test_curves_stand_beside_a_random_order_in_their_colour(dark):
    lines = {line.name: line for line in perturbation_figure(CURVES, dark=dark).data}
    assert list(lines["pixels out, by the map"].y) == [1, 0.2, 0]
    assert list(lines["in, at random"].y) == [0, 0.4, 1]
    for by_map, at_random in (("pixels out, by the map", "out, at random"), ("pixels in, by the map", "in, at random")):
        assert lines[by_map].line.color == lines[at_random].line.color
        assert (lines[by_map].line.dash, lines[at_random].line.dash) == ("solid", "dot")


def test_what_shuffled_weights_leave_stands_beside_two_different_images():
    picture, paint = sanity_figure(STAGES, 0.25), theme.palette(False)
    assert [list(line.y) for line in picture.data] == [[1, 0.6, 0.3], [1, 0.4, 0.1], [1, 0.7, 0.5]]
    assert [line.line.color for line in picture.data[1:]] == [paint.node, paint.edge]
    assert picture.layout.shapes[0].y0 == 0.25


def test_frames_without_what_is_drawn_are_refused():
    with pytest.raises(OptionError, match=r"Expected rows with fraction, deletion.*without \['deletion'\]"):
        perturbation_figure(CURVES.drop(columns="deletion"))
    with pytest.raises(OptionError, match="got 0"):
        sanity_figure(STAGES.head(0), 0.1)
