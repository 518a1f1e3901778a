"""The panorama as one picture: columns in the order of the tree, maps and graphs where they belong."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from depara_core.drawings import Drawing
from depara_core.errors import OptionError
from depara_core.figures import trees
from depara_core.figures.panorama import panorama
from depara_core.png import png_uri

TREE = linkage([[0.0], [5.0], [1.0]], method="average")
NAMES, GROUPS = ["m/<b>a</b>", "m/b", "m/c"], ["2D", "3D", "2D"]
PLACES = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
DRAWINGS = [Drawing(np.arange(3), PLACES * scale, np.array([[0, 1]]), np.ones(1), None) for scale in (1, 0.5, 0.25)]
MAPS = [[b"0a", None, b"0c"], [b"1a", b"1b", b"1c"]]


def draw(**more):
    given = {"linkage": TREE, "names": NAMES, "groups": GROUPS, "probes": [b"0", b"1"], "maps": MAPS} | more
    return panorama(**given, drawings=DRAWINGS)


def test_names_and_maps_stand_in_the_order_of_the_tree():
    figure, order = draw(), trees.tree_order(TREE)
    labels = {note.x: note.text for note in figure.layout.annotations}
    assert [f">{'&lt;b&gt;a&lt;/b&gt;' if k == 0 else NAMES[k][2:]}<" in labels[x] for x, k in enumerate(order)] == [
        True
    ] * 3
    images = {(image.x, image.source): image.y for image in figure.layout.images}
    assert set(images) == {(-1, png_uri(b"0")), (-1, png_uri(b"1"))} | {
        (order.index(k), png_uri(png)) for row in MAPS for k, png in enumerate(row) if png is not None
    }
    assert len({y for (_, source), y in images.items() if source in map(png_uri, (b"0", b"0a", b"0c"))}) == 1


def test_graphs_keep_their_common_scale_inside_their_columns():
    figure, order = draw(), trees.tree_order(TREE)
    nodes = [trace for trace in figure.data if trace.mode == "markers"]
    for column, (model, trace) in enumerate(zip(order, nodes, strict=True)):
        assert np.abs(np.array(trace.x) - column).max() <= 0.5
        assert np.ptp(trace.x) == pytest.approx(0.9 * (1, 0.5, 0.25)[model])


def test_parts_that_do_not_belong_together_are_named():
    with pytest.raises(OptionError, match="3 models, 2 merges"):
        draw(maps=[[b"", b""]], probes=[b""])
    with pytest.raises(OptionError, match="one probe a row"):
        draw(probes=[b""])
