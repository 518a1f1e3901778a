"""Matrices, trees and maps: the numbers given, in the order given, and clicks that say what was clicked."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from depara_core.errors import OptionError
from depara_core.figures import matrices, theme, trees

VALUES = np.array([[1.0, 0.2, 0.7], [0.2, 1.0, -0.1], [0.7, -0.1, 1.0]])
NAMES = ["a", "b", "c"]
TREE = linkage([[0.0], [5.0], [1.0]], method="average")


def _frames(figure) -> list[tuple[float, float, float, float]]:
    """Where the frames stand, their halos left out."""
    drawn = [(s.x0, s.y0, s.x1, s.y1) for s in figure.layout.shapes]
    return list(dict.fromkeys(drawn))


def test_heatmap_carries_the_values_in_the_order_asked_for():
    figure = matrices.similarity_heatmap(VALUES, NAMES, order=[2, 0, 1])
    np.testing.assert_array_equal(figure.data[0].z, VALUES[np.ix_([2, 0, 1], [2, 0, 1])])
    assert [text.split(">")[1].split("<")[0] for text in figure.layout.yaxis.ticktext] == ["c", "a", "b"]
    assert tuple(figure.layout.yaxis.range) == (2.5, -0.5)  # the first row is on top


def test_every_cell_answers_with_its_place_in_the_arrays():
    edge = VALUES * 10
    figure = matrices.similarity_heatmap(VALUES, NAMES, order=[2, 0, 1], parts={"s_E": edge})
    cells = figure.data[1]
    assert len(cells.x) == 9
    for x, y, (row, column, row_name, column_name, value, part) in zip(cells.x, cells.y, cells.customdata, strict=True):
        assert figure.data[0].z[y][x] == value == VALUES[row, column]
        assert part == edge[row, column]
        assert (row_name, column_name) == (NAMES[row], NAMES[column])
    assert cells.marker.opacity == cells.unselected.marker.opacity == 0


def test_diagonal_does_not_set_the_range():
    figure = matrices.similarity_heatmap(VALUES, NAMES)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-0.1, 0.7)
    assert matrices.similarity_heatmap(VALUES, NAMES, limits=(0, 2)).data[0].zmax == 2


def test_target_selected_and_best_are_framed_where_they_stand():
    figure = matrices.similarity_heatmap(VALUES, NAMES, order=[2, 0, 1], target=1, selected=(0, 2), best=(2, 1))
    assert _frames(figure) == [(-0.5, 1.5, 2.5, 2.5), (1.5, -0.5, 2.5, 0.5), (-0.5, 0.5, 0.5, 1.5)]
    assert "<b>b</b>" in figure.layout.yaxis.ticktext[2]


def test_rectangular_matrix_keeps_both_orders():
    figure = matrices.similarity_heatmap(VALUES[:2], ["r0", "r1"], NAMES, order=[1, 0], column_order=[0, 2, 1])
    np.testing.assert_array_equal(figure.data[0].z, [[0.2, -0.1, 1.0], [1.0, 0.7, 0.2]])
    assert tuple(figure.data[1].customdata[1][:4]) == (1, 2, "r1", "c")


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("dark", [False, True])
def test_few_models_and_constant_values_still_have_a_range(size: int, dark: bool):
    names = ["<b>ü</b>", "深 & <i>"][:size]
    figure = matrices.similarity_heatmap(np.ones((size, size)), names, target=0, dark=dark)
    assert figure.data[0].zmin < 1 < figure.data[0].zmax
    assert "<b>ü</b>" not in figure.to_json().replace("\\u003c", "<").replace("&lt;", "LT")
    assert figure.layout.template.layout.font.color == theme.palette(dark).text


def test_wrong_shapes_are_named():
    with pytest.raises(OptionError, match=r"\(3, 3\).*got \(2, 3\)"):
        matrices.similarity_heatmap(VALUES[:2], NAMES)
    with pytest.raises(OptionError, match="2 merges"):
        trees.dendrogram(TREE[:1], NAMES, ["2D"] * 3)
    with pytest.raises(OptionError, match=r"positions \(3, 2\)"):
        trees.model_map(np.zeros((2, 2)), NAMES, ["2D"] * 3)


def test_layer_heatmap_writes_values_and_names_both_models():
    figure = matrices.layer_heatmap(VALUES, NAMES, NAMES, source="<u>src</u>", target="tgt", best=(0, 2))
    assert figure.data[0].text[1][2] == "−0.10"
    assert figure.layout.yaxis.title.text == "layer of &lt;u&gt;src&lt;/u&gt;"
    assert figure.layout.xaxis.title.text == "layer of tgt"
    assert len(_frames(figure)) == 1


def test_a_row_of_the_layer_heatmap_can_carry_a_note():
    figure = matrices.layer_heatmap(VALUES, NAMES, NAMES, source="s", target="t", notes={NAMES[1]: "71 %"})
    assert [("71 %" in name) for name in figure.layout.yaxis.ticktext] == [False, True, False]


def test_tree_order_is_the_order_of_the_leaves_drawn():
    order = trees.tree_order(TREE)
    assert sorted(order) == [0, 1, 2]
    assert abs(order.index(0) - order.index(2)) == 1  # the two nearest are neighbours
    figure = trees.dendrogram(TREE, NAMES, ["2D", "3D", "2D"], target=1)
    leaves = figure.data[1]
    assert [row[0] for row in leaves.customdata] == order
    colours = theme.group_colours(["2D", "3D"])
    assert list(leaves.marker.color) == [colours[["2D", "3D", "2D"][i]] for i in order]
    assert "<b>b</b>" in figure.layout.yaxis.ticktext[order.index(1)]


def test_branches_meet_at_the_distances_of_the_linkage():
    branches = trees.dendrogram(TREE, NAMES, ["2D"] * 3).data[0]
    depths = {x for x in branches.x if x}
    assert depths == set(TREE[:, 2])
    nearest = [y for x, y in zip(branches.x, branches.y, strict=True) if x == 0]
    assert {round(y) for y in nearest} == {0, 1, 2}  # branches start on the leaves' lines


def test_branches_are_polylines_in_columns_and_shares_of_the_largest_distance():
    # 0 and 1 join at 1; 5 lies 4.5 away from the middle of the two; leaves stand in the order of the tree
    drawn = trees.branches(TREE)
    order = trees.tree_order(TREE)
    single = order.index(1)  # the model at 5
    pair = [(order.index(i), 0.0) for i in (0, 2)]
    low = 1 / 4.5
    first = [pair[0], (pair[0][0], low), (pair[1][0], low), pair[1]]
    second = [(single, 0.0), (single, 1.0), (sum(x for x, _ in pair) / 2, 1.0), (sum(x for x, _ in pair) / 2, low)]
    assert {frozenset(map(tuple, branch.tolist())) for branch in drawn} == {frozenset(first), frozenset(second)}


def test_branches_of_equal_models_lie_flat_and_one_model_has_none():
    flat = trees.branches(linkage([[2.0], [2.0]], method="average"))
    assert flat.tolist() == [[[0, 0], [0, 0], [1, 0], [1, 0]]]
    assert trees.branches(np.empty((0, 4))).shape == (0, 4, 2)


def test_one_model_is_a_leaf_without_a_tree():
    assert trees.tree_order(np.empty((0, 4))) == [0]
    figure = trees.dendrogram(np.empty((0, 4)), ["only"], ["3D"])
    assert len(figure.data) == 1
    assert figure.data[0].customdata[0][0] == 0
    assert trees.model_map(np.zeros((1, 2)), ["only"], ["3D"]).data[0].x.tolist() == [0.0]


def test_map_keeps_positions_and_says_which_model_was_clicked():
    positions = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, -2.0]])
    figure = trees.model_map(positions, ["<b>", "b", "c"], ["2D", "3D", "2D"], target=2, selected=[0])
    found = {row[0]: (x, y) for t in figure.data for row, x, y in zip(t.customdata, t.x, t.y, strict=True)}
    assert found == {i: tuple(p) for i, p in enumerate(positions.tolist())}
    assert figure.data[0].text[0] == "&lt;b&gt;"
    assert list(figure.data[0].marker.line.color) == [theme.LIGHT.text, theme.LIGHT.total]
    assert figure.layout.yaxis.scaleanchor == "x"  # one unit on both axes


@pytest.mark.parametrize("dark", [False, True])
def test_the_frame_of_a_cell_has_a_halo_of_the_other_lightness(dark):
    figure = matrices.similarity_heatmap(np.eye(3), ["a", "b", "c"], selected=(0, 1), dark=dark)
    halo, line = figure.layout.shapes
    assert (halo.x0, halo.y1) == (line.x0, line.y1)
    assert halo.line.width > line.line.width
    assert (halo.line.color, line.line.color) == (theme.palette(dark).surface, theme.palette(dark).text)


def test_the_frame_of_the_chosen_cell_leaves_that_of_the_best_to_be_seen():
    figure = matrices.similarity_heatmap(np.eye(3), ["a", "b", "c"], best=(1, 1), selected=(1, 1))
    paint = theme.palette(False)
    assert [shape.line.color for shape in figure.layout.shapes] == [paint.surface, paint.total, paint.text]
