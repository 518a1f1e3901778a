"""A table of pictures drawn as one: every picture and word is where it belongs, and names stay data."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from depara_core.errors import OptionError
from depara_core.figures import theme
from depara_core.figures.attribution_maps import to_png
from depara_core.figures.sheets import EDGE, GAP, SCALE, TILE, Sheet, Tile, sheet_png, sheet_svg

SVG = "{http://www.w3.org/2000/svg}"
COLOURS = np.array([[[200, 0, 0], [0, 200, 0]], [[0, 0, 200], [200, 200, 0]]], dtype=np.uint8)


def tile(colour, text=""):
    return Tile(to_png(np.full((8, 8, 3), colour, dtype=np.uint8)), text)


def sheet(last=None):
    rows = [[tile(COLOURS[0, 0], "a"), tile(COLOURS[0, 1], "−0.10")], [tile(COLOURS[1, 0]), last or Tile(None)]]
    return Sheet("Maps of <b>x</b> & y", [("image", ""), ("<i>odd</i>", "s_V −0.01")], rows)


@pytest.mark.parametrize("dark", [False, True])
def test_the_png_shows_each_picture_in_its_cell(dark):
    drawn = sheet(tile(COLOURS[1, 1]))
    picture = np.asarray(Image.open(io.BytesIO(sheet_png(drawn, dark=dark))).convert("RGB"))
    width, height = drawn.size
    assert picture.shape == (SCALE * height, SCALE * width, 3)
    np.testing.assert_array_equal(picture[0, 0], theme.rgb(theme.palette(dark).surface))
    middle = EDGE + TILE // 2
    columns = [SCALE * middle, SCALE * (middle + TILE + GAP)]
    for row, colours in enumerate(COLOURS):
        for column, colour in zip(columns, colours, strict=True):
            found = np.flatnonzero((picture[:, column] == colour).all(axis=1))
            assert len(found) >= SCALE * TILE - 2, (row, colour)
            assert np.ptp(found) < SCALE * TILE + 2


def test_the_svg_is_xml_with_the_pictures_inside_and_names_as_text():
    drawn = sheet()
    root = ElementTree.fromstring(sheet_svg(drawn))
    assert (int(root.get("width")), int(root.get("height"))) == drawn.size
    images = root.findall(f"{SVG}image")
    assert [image.get("href")[:22] for image in images] == ["data:image/png;base64,"] * 3
    words = [text.text for text in root.findall(f"{SVG}text")]
    assert words[:3] == ["Maps of <b>x</b> & y", "image", None]
    assert {"<i>odd</i>", "s_V −0.01", "−0.10", "none"} <= set(words)
    assert root.get("aria-label") == "Maps of <b>x</b> & y"
    assert "http" not in sheet_svg(drawn).replace("http://www.w3.org/2000/svg", "")


def test_letters_that_the_font_lacks_are_written_plainly():
    names = ["é" * 16 + "z" * 30, "你好\U0001f600", "−0.1 · λ"]
    for name in names:
        drawn = Sheet(name, [(name, name)], [[tile(COLOURS[0, 0], name)]])
        assert Image.open(io.BytesIO(sheet_png(drawn))).size == tuple(SCALE * side for side in drawn.size)
        ElementTree.fromstring(sheet_svg(drawn))


def test_rows_that_do_not_fit_their_headings_are_refused():
    for headings, rows in (([("a", "")], []), ([], [[]]), ([("a", "")], [[Tile(None), Tile(None)]])):
        with pytest.raises(OptionError, match=f"Expected rows of {len(headings)} > 0 pictures"):
            Sheet("x", headings, rows)
