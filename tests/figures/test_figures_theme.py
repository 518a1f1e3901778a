"""Colours keep their meanings, names stay names, labels stay apart."""

import numpy as np
import pytest

from depara_core.figures import theme
from depara_core.figures.labels import coloured, escape, fitting_names, hidden, place, thinned


def _luminance(colour: str) -> float:
    """WCAG relative luminance."""
    c = theme.rgb(colour) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_light_and_dark_differ_and_keep_the_three_meanings():
    light, dark = theme.template(False).layout, theme.template(True).layout
    assert light.font.color != dark.font.color
    assert light.xaxis.gridcolor != dark.xaxis.gridcolor
    assert light.colorway[:3] == ("#2f6fde", "#d97f0e", "#6d4bd8")
    assert dark.colorway[:3] == ("#5b9bff", "#f0a23b", "#a78bfa")
    assert (light.paper_bgcolor, dark.paper_bgcolor) == (theme.LIGHT.surface, theme.DARK.surface)  # a saved picture's
    assert dark.plot_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_readable_on_cards(dark: bool):
    colours = theme.palette(dark)
    words = [colours.text, colours.muted, colours.teal, colours.blue, colours.magenta, colours.ochre, *colours.others]
    for colour in words:
        assert _contrast(colour, colours.surface) >= 3.9, colour


def test_groups_have_their_own_colours_and_others_take_the_cycle():
    colours = theme.group_colours(["2D", "resnet", "geometric", "2D", "vgg"], dark=True)
    assert colours == {
        "2D": theme.DARK.teal,
        "resnet": theme.DARK.others[0],
        "geometric": theme.DARK.ochre,
        "vgg": theme.DARK.others[1],
    }
    assert len(theme.group_colours([f"family {i}" for i in range(20)])) == 20


def test_scale_table_runs_from_stop_to_stop():
    table = theme.scale_table(("#000000", "#ff0080"), size=3)
    np.testing.assert_allclose(table, [[0, 0, 0], [127.5, 0, 64], [255, 0, 128]])


@pytest.mark.parametrize(
    "name, written",
    [
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("a & b", "a &amp; b"),
        ("two\nlines", "two lines"),
        ("tiefe ü 深", "tiefe ü 深"),
    ],
)
def test_names_are_escaped(name: str, written: str):
    assert escape(name) == written
    assert coloured(escape(name), "#fff") == f'<span style="color:#fff">{written}</span>'


def test_shared_source_is_dropped_only_when_shared():
    assert fitting_names(["rooms/normal", "rooms/depth"]) == ["normal", "depth"]
    assert fitting_names(["rooms/normal", "timm/vit"]) == ["normal", "vit"]
    assert fitting_names(["normal", "rooms/normal"]) == ["normal", "rooms/normal"]


def test_mixed_sources_name_the_architecture_first_and_the_weights_where_they_differ():
    names = ["torchvision/resnet18@IMAGENET1K_V1", "torchvision/resnet18@none", "rooms/normal", "timm/vgg11@a"]
    assert fitting_names(names, 30) == ["resnet18@IMAGENET1K_V1", "resnet18@none", "normal", "vgg11"]


def test_an_axis_of_many_names_leaves_some_out_but_not_the_marked_one():
    names = [f"conv{number}" for number in range(52)]
    kept = [name for name in thinned(names, [31]) if name]
    assert "conv31" in kept
    assert "conv51" in kept
    assert not {"conv30", "conv32"} & set(kept)
    assert len(kept) <= 28
    assert thinned(names[:26]) == names[:26]


def test_a_label_under_another_is_left_out_and_the_chosen_one_kept():
    points, right = np.array([[0.0, 0.0], [1.0, 1.0], [300.0, 0.0]]), ["middle right"] * 3
    assert hidden(points, [50] * 3, 12, 5, right) == {1}
    assert hidden(points, [50] * 3, 12, 5, right, first=1) == {0}
    assert hidden(points, [50] * 3, 12, 5, ["middle right", "middle left", "middle right"]) == set()


def test_labels_of_near_points_take_different_sides():
    sides = place(np.array([[0.0, 0.0], [30.0, 0.0]]), [50, 50], height=12, gap=5)
    assert sides[0] != "middle right" or sides[1] != "middle left"
    assert len(set(sides)) == 2  # to the right of the first lies the second
    assert place(np.array([[0.0, 0.0]]), [50], height=12, gap=5) == ["middle right"]
