"""The Why page: what it says, draws and lists are the core's exact shares; clicks, boxes and links change it."""

from base64 import b64decode
from functools import partial

import numpy as np
import pytest
from planted import graph
from planted_pages import COUNT, GROUPS, comparison, figures
from streamlit.testing.v1 import AppTest

import depara_core as depara
from depara_core import explanation
from depara_core.formatting import number, score, share_of
from pages.shared import closeup

A, B, C, ODD = GROUPS
SIZE = 8  # of the planted maps


def text(app):
    return " ".join(block.value for block in [*app.title, *app.subheader, *app.markdown, *app.caption])


def numbers(values):
    """An array as plotly writes it into a page."""
    if not isinstance(values, dict):
        return np.array(values)
    shape = [int(size) for size in values.get("shape", "-1").split(",")]
    return np.frombuffer(b64decode(values["bdata"]), values["dtype"]).reshape(shape)


def why(lam=1.0):
    found = comparison()
    return depara.explain(found.graph(A), found.graph(B), lam)


def test_the_headline_is_the_score_its_interval_and_its_rank(open_page, tables):
    app = open_page("why", source=A, target=B, lam="2.0")
    matrix = depara.similarity_matrix(list(comparison().graphs))
    row = depara.rank_sources(matrix, B, 2.0).set_index("source").loc[A]
    assert "*normal*" in app.title[0].value
    assert "*reshading*" in app.title[0].value
    shown = text(app)
    assert f"S = :violet[**{score(row['score'])}**] \\[{score(row['low'])}, {score(row['high'])}\\]" in shown
    assert f"rank {int(row['rank'])} of 3 sources" in shown
    drawn = figures(app)
    assert drawn["why.adds"]["data"][0]["y"] == pytest.approx([row["node"], 2 * row["edge"], row["score"]])


def test_all_probes_are_listed_by_share_and_add_up(open_page, tables):
    app = open_page("why", source=A, target=B)
    ranked, names = why().to_frame(), comparison().probes.names
    assert [row[0]["text"] for row in tables["why.probes"].rows] == ["1", "2", "3", "4", "5", "10", "11", "12"]
    assert tables["why.probes"].gap == (5, "… 4 more …")
    app.button(key="why.probes.all").click().run()
    pages = [tables["why.probes"]]
    app.button(key="why.probes.step+1").click().run()
    pages.append(tables["why.probes"])
    rows = [(table, row) for table in pages for row in range(len(table.rows))]
    assert [table.pictures(row)[0]["alt"] for table, row in rows] == [names[i] for i in ranked["probe"]]
    assert [table.texts(row) for table, row in rows] == [[share_of(s, why().total)] for s in ranked["share"]]
    assert sum(value for table, row in rows for _, value in table.parts(row)) == pytest.approx(why().total)
    assert app.button(key="why.probes.step+1").disabled


def test_a_click_selects_the_probe(open_page, tables):
    app = open_page("why", source=A, target=B)
    tables.click = ("why.probes", 2, 0)
    app.run()
    chosen = int(why().to_frame()["probe"].iloc[2])
    assert np.ravel(app.query_params["probe"])[0] == str(chosen)
    assert tables["why.probes"].selected == 2


def test_pairs_of_every_kind_are_listed_and_a_click_selects_both(open_page, tables):
    app = open_page("why", source=A, target=B, view="pairs")
    for kind in ("both alike", "only A alike", "only B alike"):
        app.segmented_control(key="why.kind").set_value(kind).run()
        found = why().pairs(8, kind)
        assert [tables["why.pairs"].texts(row) for row in range(len(found))] == [
            [f"{p.rank_a:.2f}", f"{p.rank_b:.2f}", share_of(p.share, why().total)] for p in found.itertuples()
        ]
    tables.click = ("why.pairs", 1, 0)
    app.run()
    pair = found.iloc[1]
    shown = {name: np.ravel(app.query_params[name])[0] for name in ("probe", "other_probe", "kind")}
    assert shown == {"probe": str(int(pair["i"])), "other_probe": str(int(pair["j"])), "kind": "only B alike"}
    assert tables["why.pairs"].selected == 1


def brush(box, points=()):
    """A page that only answers to a box drawn, or a bin clicked, in a chart of 8 x 8 bins."""

    def page(box, points):
        import streamlit as st

        from pages.shared import ranks, selection
        from pages.shared.parts import Pair
        from pages.why.selection import Why

        selection.enter("why")
        st.session_state["chart"] = {"selection": {"box": box, "points": list(points)}}
        ranks.brushed("chart", 8, lambda: selection.update(Why, view="pairs"))
        st.write(f"{selection.read(Pair).region} {selection.read(Why).view}")

    app = AppTest.from_function(page, args=(box, points)).run()
    assert not app.exception, app.exception
    return app.markdown[0].value


def test_a_brushed_box_becomes_part_of_the_address():
    assert brush([{"x": [0.9, 0.1], "y": [-0.2, 0.25]}]) == "0.1,0.9,0,0.25 pairs"
    assert brush([]) == "None probes"
    assert brush([], [{"customdata": {"0": 2, "1": 7, "2": 3}}]) == "0.25,0.375,0.875,1 pairs"


def test_a_link_with_a_brushed_region_reopens_it(open_page, tables):
    app = open_page("why", source=A, target=B, view="pairs", region="0.5,1,0,0.5")
    found = why().pairs_within(a=(0.5, 1), b=(0, 0.5), top=8)
    assert [tables["why.pairs"].texts(row)[2] for row in range(len(found))] == [
        share_of(s, why().total) for s in found["share"]
    ]
    frame = figures(app)["why.ranks"]["layout"]["shapes"][-1]
    assert [frame[end] for end in ("x0", "x1", "y0", "y1")] == [0.5, 1, 0, 0.5]
    app.segmented_control(key="why.kind").set_value("only A alike").run()
    assert len(figures(app)["why.ranks"]["layout"]["shapes"]) == 1
    assert (asked(app, "kind"), "region" in app.query_params) == (["only A alike"], False)


def test_groups_are_clusters_where_probes_have_no_labels(open_page, tables):
    app = open_page("why", source=A, target=B, view="groups")
    found = comparison()
    labels = explanation.cluster_probes(found.graph(A), found.graph(B), 6)
    shares = explanation.group_contributions(why(), labels)
    drawn = figures(app)["why.groups"]["data"]
    np.testing.assert_allclose(numbers(drawn[0]["z"]), 100 / abs(why().total) * shares.edge)
    np.testing.assert_allclose(numbers(drawn[2]["x"]), 100 / abs(why().total) * shares.node)
    table = tables["why.groups.list"]
    assert sum(value for row in range(len(table.rows)) for _, value in table.parts(row)) == pytest.approx(why().total)


def asked(app, name):
    """What the address says, as a list."""
    return np.ravel(app.query_params[name]).tolist()


def test_a_cell_of_groups_opens_its_pairs_and_there_is_a_way_back(open_page, click, tables):
    app = open_page("why", source=A, target=B, view="groups")
    found = comparison()
    labels = explanation.cluster_probes(found.graph(A), found.graph(B), 6)
    names = list(dict.fromkeys(labels))
    assert "why.groups.pairs" not in tables
    click(app, "why.groups", 0, 2)
    assert asked(app, "groups") == [names[0], names[2]]
    expected = explanation.pairs_between(why(), labels, (names[0], names[2]), 8)
    table = tables["why.groups.pairs"]
    assert [table.texts(row)[2] for row in range(len(expected))] == [
        share_of(share, why().total) for share in expected["share"]
    ]
    frame = figures(app)["why.groups"]["layout"]["shapes"][-1]
    assert (frame["x0"], frame["y0"]) == (1.5, -0.5)
    tables.click = ("why.groups.pairs", 1, 0)
    app.run()
    assert asked(app, "other_probe") == [str(int(expected.iloc[1]["j"]))]
    app.button(key="why.groups.close").click().run()
    assert "groups" not in app.query_params


def test_one_group_shows_its_pairs_and_its_probes(open_page, click, tables):
    app = open_page("why", source=A, target=B, view="groups")
    found = comparison()
    labels = explanation.cluster_probes(found.graph(A), found.graph(B), 6)
    tables.click = ("why.groups.list", 1, 0)
    app.run()
    (chosen,) = asked(app, "groups")
    assert chosen == list(dict.fromkeys(labels))[1]
    table = tables["why.groups.probes"]
    inside = [table.pictures(row)[0]["alt"] for row in range(len(table.rows))]
    members = [name for name, label in zip(found.probes.names, labels, strict=True) if label == chosen]
    assert sorted(inside) == sorted(members)
    assert tables["why.groups.list"].selected == 1
    click(app, "why.groups", 0, 0)
    assert asked(app, "groups") == list(dict.fromkeys(labels))[:1]
    app = open_page("why", source=A, target=B, view="groups", groups=["attic"])
    assert "looks into attic" in text(app)


def test_bars_lead_to_what_they_are_made_of(open_page, click, tables):
    app = open_page("why", source=A, target=B, third=C, view="contrast")
    click(app, "why.bridge", "from")
    assert (asked(app, "source"), asked(app, "third")) == ([C], [A])
    click(app, "why.bridge", "to")
    assert "view" not in app.query_params  # the probes
    click(app, "why.adds", "edge")
    assert asked(app, "view") == ["pairs"]
    click(app, "why.adds", "node")
    assert "view" not in app.query_params


def test_one_probe_less_says_whether_the_best_source_changes(open_page, tables):
    app = open_page("why", source=A, target=B, view="leave_one_out")
    found = comparison()
    alone = explanation.influence(found.graph(A), found.graph(B), 1.0)
    sources = [g for g in found.graphs if g.model != B]
    rivals = explanation.RankingInfluence(tuple(explanation.influence(g, found.graph(B), 1.0) for g in sources))
    low, high = (number(end, 3) for end in (alone.without.min(), alone.without.max()))
    assert f"between **{low}** and **{high}**" in text(app)
    best = sources[rivals.winner].model.split("/")[1]
    assert f"The best source for reshading is **{best}**" in text(app)
    assert tables["why.influence"].parts(0)[0][1] == pytest.approx(-alone.change.min())


def test_a_third_model_is_held_against_the_source(open_page, tables):
    app = open_page("why", source=A, target=B, third=C, view="contrast")
    found = comparison()
    split = explanation.Contrast(*(depara.explain(found.graph(B), found.graph(one), 1.0) for one in (A, C)))
    ranked = split.to_frame()
    assert tables["why.contrast"].texts(0) == [share_of(ranked["share"].iloc[0], split.total)]
    bars = figures(app)["why.bridge"]["data"][0]
    assert bars["y"] == pytest.approx([split.other.total, split.node, split.edge, split.better.total])


def test_two_models_leave_no_third(open_page, tables):
    app = open_page("why", models=[A, B], source=A, target=B, view="contrast")
    assert "There is no third model." in text(app)


@pytest.mark.parametrize("view", ["probes", "pairs", "groups", "leave_one_out", "contrast"])
def test_the_same_end_twice_is_a_designed_state(open_page, tables, view):
    app = open_page("why", source=A, target=A, view=view)
    assert "to itself?" in app.title[0].value
    assert "identical" in text(app)


def test_what_the_address_names_in_vain_is_told_with_what_is_shown(open_page, tables):
    query = {"source": "rooms/gone", "target_layer": "cellar", "probe": "99", "region": "2,1"}
    app = open_page("why", target=B, **query)
    told = [warning.value.replace("\\", "") for warning in app.warning]
    assert len(told) == 4
    for name, shown in (("rooms/gone", "is shown"), ("cellar", "output is shown"), ("99", "from 0 to 11"), ("2,1", "")):
        assert any(name in line and shown in line for line in told)


def halves():
    """Two networks that weigh the left half of every image alike and the right half with opposite signs."""
    rng = np.random.default_rng(5)
    maps = rng.normal(size=(COUNT, 3, SIZE, SIZE))
    maps[..., SIZE // 2 :] /= 2
    other = maps.copy()
    other[..., SIZE // 2 :] *= -1
    points = rng.normal(size=(COUNT, 4))
    edges = np.corrcoef(points)
    silent = maps.copy()
    silent[3] = 0
    made = {A: (maps, edges), B: (other, edges), C: (-maps, -edges), ODD: (silent, edges)}
    probes = comparison().probes.digest
    return {name: graph(*numbers, model=name, probes=probes) for name, numbers in made.items()}


@pytest.fixture
def planted(open_page, zoo, monkeypatch, tables):
    """Open the page on networks made by hand, in rooms whose left half is wall and whose right half is floor."""
    from depara_core import rooms
    from pages.shared.cache import explanations

    found = halves()
    zoo.change, zoo.size = lambda graph: found[graph.model], SIZE
    seen = np.full((COUNT, SIZE, SIZE), rooms.SURFACES.index("walls"), dtype=np.uint8)
    seen[..., SIZE // 2 :] = rooms.SURFACES.index("floor")
    monkeypatch.setattr(explanations, "masks", lambda count, seed, size: seen[:count])
    return partial(open_page, "why")


def test_networks_that_agree_on_the_left_half_are_said_to(planted):
    app = planted(source=A, target=B, view="surfaces")
    found = halves()
    shares = depara.explain(found[A], found[B], 1.0)
    left = sum(shares.pixel(i)[:, : SIZE // 2].sum() for i in range(COUNT))
    right = sum(shares.pixel(i)[:, SIZE // 2 :].sum() for i in range(COUNT))
    assert left > 0 > right
    drawn = figures(app)["why.surfaces"]
    names = drawn["layout"]["yaxis"]["ticktext"]
    part = dict(zip(names, numbers(drawn["data"][1]["x"]), strict=True))
    assert part["walls"] == pytest.approx(100 * left / abs(left + right))
    assert part["floor"] == pytest.approx(100 * right / abs(left + right))
    said = text(app)
    assert "on “walls” they agree" in said
    assert "on “floor” they differ" in said


def test_a_surface_leads_to_the_image_in_which_it_weighs_most(click, planted):
    app = planted(source=A, target=B, view="surfaces", probe="99")
    found = halves()
    shares = depara.explain(found[A], found[B], 1.0)
    most = int(np.argmin([shares.pixel(i)[:, SIZE // 2 :].sum() for i in range(COUNT)]))
    click(app, "why.surfaces", figures(app)["why.surfaces"]["layout"]["yaxis"]["ticktext"].index("floor"))
    assert asked(app, "probe") == [str(most)]


def test_opposites_are_asked_about_as_such(planted):
    app = planted(source=A, target=C)
    assert app.title[0].value.startswith("Why is ")
    assert "exact opposites" in text(app)


def test_a_probe_without_attribution_has_no_maps_and_is_counted(planted, tables):
    app = planted(source=ODD, target=A, page="1")
    pages = [tables["why.probes"]]
    app.button(key="why.probes.step+1").click().run()
    pages.append(tables["why.probes"])
    rows = [(table, row) for table in pages for row in range(len(table.rows))]
    silent = next((t, row) for t, row in rows if t.pictures(row)[0]["alt"] == comparison().probes.names[3])
    assert [cell["image"] is None for cell in silent[0].pictures(silent[1])] == [False, True, False, True]
    assert dict(silent[0].parts(silent[1]))["s_V"] == 0
    assert "1 of 12 images has no attribution" in text(app)
    assert "\\<b\\>odd\\</b\\>" in app.title[0].value


def test_models_and_layers_lead_here(open_page):
    for page, query in (("models", {"target": B}), ("layers", {"source": A, "target": B})):
        app = open_page(page, **query)
        links = [link.proto for link in app.get("page_link")]
        assert any(link.label == "Why?" and "why" in link.page for link in links)


def test_the_selected_image_is_enlarged_with_both_maps_and_where_both_look(open_page, monkeypatch):
    drawn = []
    monkeypatch.setattr(closeup, "_mount", lambda key, data: drawn.append(data))
    app = open_page("why", source="rooms/reshading", target="rooms/normal", probe="2")
    assert not drawn
    app.button(key="why.enlarge").click().run()
    assert [panel["caption"] for panel in drawn[0]["panels"]][:2] == ["reshading", "normal"]
    assert len(drawn[0]["panels"]) == 3
