"""The Panorama page: columns in the order of the tree carry the core's numbers, and a click selects in the address."""

import io
import json
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from planted import random_graph, silenced
from planted_pages import COUNT, GROUPS, LAYERS, comparison
from scipy.cluster.hierarchy import linkage

import depara_core as depara
from depara_core import drawings, explanation, pairs
from depara_core.figures import theme, trees
from depara_core.formatting import number, short_name
from depara_core.task_tree import first_fork
from pages.panorama import columns, lineup
from pages.shared import text as words

MODELS = tuple(GROUPS)
A, B = "rooms/reshading", "rooms/normal"


@pytest.fixture
def boards(monkeypatch):
    """Record what the columns are given; `boards.click` is what they report next."""

    class Boards(list):
        click = None

    seen = Boards()

    def mount(key, data, on_clicked_change):
        seen.append(json.loads(json.dumps(data)))  # as it is sent
        clicked, seen.click = seen.click, None
        return type("Result", (), {"clicked": clicked})

    monkeypatch.setattr(columns, "_mount", mount)
    return seen


def matrix():
    return depara.similarity_matrix(list(comparison().graphs))


def names(board):
    return [column["name"] for column in board["columns"]]


def text(app):
    return " ".join(block.value for block in app.markdown)


def test_columns_stand_in_the_order_of_the_tree_under_its_branches(open_page, boards):
    open_page("panorama", source=A, target=B)
    tree = depara.task_tree(matrix(), 1.0)
    assert names(boards[-1]) == [short_name(MODELS[k]) for k in trees.tree_order(tree)]
    np.testing.assert_allclose(boards[-1]["tree"]["branches"], trees.branches(tree), atol=1e-4)
    marks = {column["name"]: column["mark"] for column in boards[-1]["columns"] if column["mark"]}
    assert marks == {"reshading": "source", "normal": "target"}
    colours = theme.group_colours(list(GROUPS.values()))
    shown = {column["name"]: column["colour"] for column in boards[-1]["columns"]}
    assert shown["normal"] == shown["reshading"] == colours["3D"] != shown["denoising"]


def test_every_column_carries_what_the_core_says_of_the_drawn_pairs(open_page, boards):
    open_page("panorama", source=A, target=B, drawn="6", probe="1", other_probe="2")
    board, found = boards[-1], comparison()
    chosen = [found.probes.names.index(probe["name"]) for probe in board["probes"]]
    sample = drawings.choose_probes(found.graphs[0], 6).tolist()
    assert chosen == [*sample, *({1, 2} - set(sample))]
    assert {chosen[board["selected"]], chosen[board["other"]]} == {1, 2}
    graphs = [next(g for g in found.graphs if short_name(g.model) == name) for name in names(board)]
    told = explanation.across_models(graphs, chosen, found.probes.names)
    assert [probe["says"] for probe in board["probes"]] == [told.probe_sentence(k) for k in range(len(chosen))]
    assert sorted([board["selected"], board["other"]]) in [pair["ends"] for pair in board["pairs"]]
    for pair in board["pairs"]:
        i, j = pair["ends"]
        assert pair["says"] == told.pair_sentence(i, j)
        assert pair["cosines"] == [number(float(g.edges[chosen[i], chosen[j]])) for g in graphs]
    for column, graph in zip(board["columns"], graphs, strict=True):
        cosines = graph.edges[np.ix_(chosen, chosen)]
        ranks, drawn = pairs.pair_ranks(cosines), [tuple(line[:2]) for line in column["lines"]]
        assert {tuple(pair["ends"]) for pair in board["pairs"]}.issuperset(drawn)
        assert [cosines[pair] for pair in drawn] == sorted((cosines[pair] for pair in drawn), reverse=True)
        np.testing.assert_allclose([line[2] for line in column["lines"]], [ranks[pair] for pair in drawn], atol=5e-3)
        near = np.where(np.eye(len(chosen), dtype=bool), -np.inf, cosines).argmax(axis=1)
        assert [text.rpartition(" ")[0] for text in column["nearest"]] == [board["probes"][k]["name"] for k in near]
        assert np.min(column["positions"]) >= 0
        assert np.max(column["positions"]) <= 1


def test_choosing_another_probe_moves_no_node(open_page, boards):
    app = open_page("panorama", drawn="6", probe="0")
    first = boards[-1]
    boards.click = ["probe", 3]
    app.run()
    shared = [probe["name"] for probe in first["probes"]][:6]
    assert [probe["name"] for probe in boards[-1]["probes"]][:6] == shared
    for before, after in zip(first["columns"], boards[-1]["columns"], strict=True):
        moved = np.subtract(np.array(before["positions"])[:6], np.array(after["positions"])[:6])
        assert np.ptp(moved, axis=0) == pytest.approx([0, 0], abs=3e-4)


def test_rows_show_the_selected_probe_and_a_spread(open_page, boards):
    open_page("panorama", drawn="6", probe="1")
    rows = boards[-1]["rows"]
    assert len(rows) == 5
    assert boards[-1]["selected"] in [row["probe"] for row in rows]
    assert all(len(row["maps"]) == len(MODELS) and all(row["maps"]) for row in rows)


def test_a_new_row_leaves_the_maps_of_the_others_as_they_are(open_page, boards):
    app = open_page("panorama", drawn="6", probe="0")
    before = {boards[-1]["probes"][row["probe"]]["name"]: row["maps"] for row in boards[-1]["rows"]}
    drawn = drawings.choose_probes(comparison().graphs[0], 6)
    app.query_params["probe"] = str(next(i for i in range(1, COUNT) if i not in drawn))
    app.run()
    after = {boards[-1]["probes"][row["probe"]]["name"]: row["maps"] for row in boards[-1]["rows"]}
    both = set(before) & set(after)
    assert len(both) >= 4
    assert all(before[name] == after[name] for name in both)


def test_rows_keep_their_places_while_the_selected_are_among_them():
    rows = lineup.rows
    drawn = tuple(range(0, 20, 2))
    assert rows(drawn, (0, None)) == rows(drawn, (18, None)) == rows(drawn, (4, 18)) == (0, 4, 8, 14, 18)
    assert rows(drawn, (7, None)) == (7, 0, 4, 8, 14)
    assert rows(drawn, (7, 3)) == (3, 7, 0, 4, 8)
    assert rows(drawn, (7, 18)) == (7, 0, 4, 8, 18)
    assert rows((0, 1), (1, None)) == (0, 1)


@pytest.mark.parametrize(
    "click, changed",
    [
        (["probe", 2], {"probe": "2", "other_probe": None}),
        (["pair", 3, 5], {"probe": "3", "other_probe": "5"}),
    ],
)
def test_a_click_selects_a_probe_or_a_pair(open_page, boards, click, changed):
    app = open_page("panorama", probe="1", other_probe="4")
    boards.click = click
    app.run()
    for name, value in changed.items():
        index = value and str(int(boards[-1]["probes"][int(value)]["name"].split()[-1]))
        assert app.query_params.get(name) == index


def test_a_heading_becomes_the_target_and_the_target_the_source(open_page, boards):
    app = open_page("panorama", source=A, target=B)
    boards.click = ["model", names(boards[-1]).index("denoising")]
    app.run()
    assert (app.query_params["source"], app.query_params["target"]) == (B, "rooms/denoising")
    sim = depara.similarity(comparison().graph(B), comparison().graph("rooms/denoising"))
    assert words.sum_of(B, "rooms/denoising", sim.node, sim.edge, 1.0) in text(app)
    before = dict(app.query_params)
    boards.click = ["model", names(boards[-1]).index("denoising")]
    app.run()
    assert dict(app.query_params) == before  # it is the target already


def test_the_columns_report_only_what_they_have(boards):
    given = {
        "tree": columns.Tree([], "0", "distance", "tree"),
        "groups": [],
        "legend": columns.Legend(b"", "", ""),
        "selected": 0,
    }
    heading, graph = columns.ColumnHeading("m", "m", "#000000"), random_graph(0, 2)
    found, drawing = explanation.across_models([graph], [0, 1], "ab"), drawings.draw(graph, [0, 1])
    for click, reported in [
        (["model", 0], ("model", 0, None)),
        (["pair", 0, 1], ("pair", 0, 1)),
        (["probe", 1], ("probe", 1, None)),
        (["model", 1], None),
        (["probe", -1], None),
        (["probe", 2], None),
        (["pair", 0], None),
        (["no", 0], None),
        ([], None),
        (None, None),
    ]:
        boards.click = click
        assert columns.columns("c", [heading], [drawing], found, [b"", b""], [(0, [None])], **given) == reported


def test_the_answer_names_the_closest_pair_and_the_first_fork(open_page, boards):
    app = open_page("panorama")
    total = matrix().total(1.0)
    np.fill_diagonal(total, -np.inf)
    said = text(app)
    assert f"S = :violet[**{total.max():.2f}**]" in said
    few, many = first_fork(depara.task_tree(matrix(), 1.0))
    assert f"**{words.model(MODELS[few[0]])}**" in said.partition("First to part")[2]
    assert len(many) == 1 or f"the other {len(many)}" in said


@pytest.mark.parametrize(
    "at, said",  # models on a line
    [
        ([0, 9, 9, 9, 9], "{} from the other 4"),
        ([0, 0, 9, 9, 9], "{} and {} from the other 3"),
        ([0] * 4 + [9] * 5, "{}, {}, {} and 1 more from the other 5"),
        ([0, 9], "{} from **m1**"),
    ],
)
def test_the_first_fork_in_words(tables, open_page, boards, at, said):
    open_page("panorama")
    tree = linkage([[x + 0.01 * k] for k, x in enumerate(at)], method="average")
    few = [f"**m{k}**" for k in first_fork(tree)[0]]
    graphs = tuple(random_graph(k, model=f"rooms/m{k}") for k in range(len(at)))
    answer = import_module("pages.panorama.page").answer(graphs, depara.similarity_matrix(list(graphs)), tree, 1.0)
    assert answer.endswith(f"First to part, at the top of the tree: {said.format(*few)}.")


def test_the_pair_defaults_to_the_target_and_the_model_most_alike(open_page, boards):
    open_page("panorama", target="rooms/denoising")
    total = matrix().total(1.0)[MODELS.index("rooms/denoising")].copy()
    total[MODELS.index("rooms/denoising")] = -np.inf
    marks = {column["mark"]: column["name"] for column in boards[-1]["columns"]}
    assert marks["target"] == "denoising"
    assert marks["source"] == short_name(MODELS[int(total.argmax())])


def test_only_the_models_chosen_and_the_pair_are_shown(open_page, monkeypatch, boards):
    open_page("panorama", source=A, target=B, shown=[A, "rooms/denoising"])
    assert sorted(names(boards[-1])) == ["denoising", "normal", "reshading"]
    with monkeypatch.context() as watched:
        labels = []
        watched.setattr(st, "popover", lambda label, **more: labels.append(label) or st.container())
        open_page("panorama", source=A, target=B, shown=[A, "rooms/denoising"])
    assert "3 of 4 models" in labels


def test_lambda_maps_and_neighbours_change_what_is_drawn(open_page, boards):
    app = open_page("panorama", source=A, target=B)
    plain = boards[-1]
    app.select_slider(key="panorama.lam").set_value(0.0).run()
    assert app.query_params["lam"] == "0.0"
    assert boards[-1]["tree"]["top"] != plain["tree"]["top"]
    app.segmented_control(key="panorama.maps").set_value("magnitude").run()
    assert boards[-1]["rows"][0]["maps"] != plain["rows"][0]["maps"]
    app.slider(key="panorama.neighbours").set_value(1).run()
    assert len(boards[-1]["columns"][0]["lines"]) < len(plain["columns"][0]["lines"])
    assert not app.exception


def test_what_the_address_names_in_vain_is_told(open_page, boards):
    query = {"source": "rooms/none", "target_layer": "nowhere", "probe": "900", "shown": [A, "rooms/x"]}
    app = open_page("panorama", target=B, **query)
    told = " ".join(warning.value.replace("\\", "") for warning in app.warning)
    for wrong in ("'rooms/none', which is no model", "'rooms/x', which is no model", "'nowhere', which is no layer of"):
        assert wrong in told
    assert f"'900', which is no image here; there are {COUNT}" in told
    assert LAYERS[0] not in told
    assert boards[-1]["probes"][boards[-1]["selected"]]["name"] == comparison().probes.names[-1]


def test_names_are_data(open_page, boards):
    app = open_page("panorama", target=MODELS[-1])
    assert "<b>odd</b> $x$" in names(boards[-1])
    assert "<b>" not in text(app).replace("\\<b", "")


def test_a_probe_without_attribution_has_no_map(open_page, zoo, boards):
    zoo.change = lambda graph: silenced(graph, 0)
    app = open_page("panorama", probe="0")
    row = next(row for row in boards[-1]["rows"] if row["probe"] == boards[-1]["selected"])
    assert row["maps"] == [None] * len(MODELS)
    assert f"1 of {COUNT} images have no attribution" in text(app)


def test_one_model_alone_is_a_designed_state(open_page, boards):
    app = open_page("panorama", models=[B])
    assert any("One model alone" in block.value for block in app.subheader)
    assert not boards


def test_the_panorama_can_be_taken_away(open_page, boards, downloads):
    open_page("panorama", source=A, target=B, drawn="6", lam="2.0")
    drawn = len(boards[-1]["probes"])
    cosines = pd.read_parquet(io.BytesIO(downloads["panorama-cosines.parquet"]()))
    assert len(cosines) == drawn * (drawn - 1) // 2
    graph = comparison().graph(A)
    np.testing.assert_allclose(cosines[graph.label], graph.edges[cosines["probe"], cosines["other"]])
    assert cosines.attrs["provenance"]["lam"] == 2.0
    places = pd.DataFrame(json.loads(downloads["panorama-positions.json"]())["rows"])
    assert len(places) == drawn * len(MODELS)
    assert set(places["graph"]) == {graph.label for graph in comparison().graphs}
    assert 'class="plotly-graph-div"' in downloads["panorama.html"]().decode()
    compile(downloads["depara-models.py"](), "taken.py", "exec")
