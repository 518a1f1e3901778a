"""The table of maps as a figure: every map in its place with its line, what is missing said, names never markup."""

import pytest

from depara_core.errors import OptionError
from depara_core.figures import theme
from depara_core.figures.map_table import HEAD, MAP, map_table
from depara_core.png import png_uri

HEADINGS = [("image", ""), ("<i>odd</i> & long name", "s_V −0.01")]
ROWS = [[(b"a", "room 1"), (b"b", "−0.10")], [(b"c", "<b>x</b>"), (None, "")]]


@pytest.mark.parametrize("dark", [False, True])
def test_every_map_lies_under_its_heading_and_beside_its_row(dark):
    drawn = map_table(HEADINGS, ROWS, dark=dark)
    places = {image.source: (image.x, image.y) for image in drawn.layout.images}
    assert set(places) == {png_uri(png) for png in (b"a", b"b", b"c")}
    (ax, ay), (bx, by), (cx, cy) = (places[png_uri(png)] for png in (b"a", b"b", b"c"))
    assert (ax, ay) == (cx, by) == (0, HEAD)
    assert bx >= MAP
    assert cy >= HEAD + MAP
    said = {note.text: (note.x, note.y) for note in drawn.layout.annotations}
    assert said["−0.10"] == (bx, by + MAP)
    assert said["s_V −0.01"][0] == bx
    assert said["none"] == (bx + MAP / 2, cy + MAP / 2)
    note = next(one for one in drawn.layout.annotations if one.text == "s_V −0.01")
    assert note.font.color == theme.palette(dark).node
    bottom = max(image.y + image.sizey for image in drawn.layout.images)
    assert bottom < drawn.layout.yaxis.range[0] < drawn.layout.height
    assert bx + MAP <= drawn.layout.xaxis.range[1] < drawn.layout.width


def test_names_are_text_and_cut_in_the_middle():
    texts = [note.text for note in map_table(HEADINGS, ROWS).layout.annotations]
    assert "&lt;b&gt;x&lt;/b&gt;" in texts
    assert "<b>&lt;i&gt;odd&lt;…ng name</b>" in texts


@pytest.mark.parametrize(("headings", "rows"), [(HEADINGS, []), (HEADINGS, [[(b"a", "")]]), ([], [[]])])
def test_rows_have_a_map_a_heading(headings, rows):
    with pytest.raises(OptionError, match=f"Expected rows of {len(headings)} > 0 maps"):
        map_table(headings, rows)
