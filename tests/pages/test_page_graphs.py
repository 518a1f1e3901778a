"""The Graphs page: drawings, ranks and lists show the core's numbers, and a click in one is seen in all."""

import numpy as np
import pytest
from planted_pages import COUNT, comparison, figures

import depara_core as depara
from depara_core import drawings, pairs
from depara_core.formatting import number
from depara_core.neighbourhoods import neighbourhoods

A, B = "rooms/normal", "rooms/reshading"


def pair(found):
    return found.graph(A), found.graph(B)


def text(app):
    return " ".join(block.value for block in app.markdown)


def test_the_answer_is_the_spearman_of_the_edges(open_page):
    app = open_page("graphs", source=A, target=B)
    edge = depara.similarity(*pair(comparison())).edge
    assert f"s_E = :orange[**{number(edge)}**]" in text(app)
    assert f"the {COUNT * (COUNT - 1) // 2} pairs of {COUNT} images" in text(app)


def test_two_drawings_show_every_probe_and_its_strongest_edges(open_page):
    app = open_page("graphs", source=A, target=B, neighbours="2")
    drawn = figures(app)
    assert len([name for name in drawn if "drawing" in name]) == 2
    for graph, other, place in [(*pair(comparison()), "0"), (*reversed(pair(comparison())), "1")]:
        figure = next(f for name, f in drawn.items() if name.endswith(f"drawing{place}"))
        custom = [c for trace in figure["data"] for c in trace.get("customdata", [])]
        assert [c[1] for c in custom if c[0] == "probe"] == list(range(COUNT))
        clicked = {(c[1], c[2]): c for c in custom if c[0] == "pair"}
        expected = drawings.draw(graph, range(COUNT), neighbours=2, other=other)
        assert list(clicked) == [tuple(p) for p in expected.pairs.tolist()]
        assert [c[6] for c in clicked.values()] == pytest.approx(expected.disagreement.tolist())


def test_one_network_has_one_drawing_and_no_comparison(open_page):
    app = open_page("graphs", source=A, view="one")
    assert len(figures(app)) == 1
    assert app.title[0].value == "Which images does *normal* find alike?"
    assert "Why are they alike?" not in [link.proto.label for link in app.get("page_link")]


def test_the_selected_pair_leads_to_why(open_page):
    app = open_page("graphs", source=A, target=B, probe="3", other_probe="5")
    (why,) = [link.proto for link in app.get("page_link") if link.proto.label == "Why are they alike?"]
    for part in ("source=rooms%2Fnormal", "target=rooms%2Freshading", "view=pairs", "probe=3", "other_probe=5"):
        assert part in why.query_string


def test_disputed_pairs_are_listed_and_a_click_opens_one(open_page, tables):
    app = open_page("graphs", source=A, target=B)
    worst = pairs.pairs_within(pairs.pair_table(*pair(comparison()))).iloc[0]
    listed = tables["graphs.pairs"].rows
    assert listed[0][2]["text"] == f"rank {worst.rank_a:.2f}\ncosine {number(worst.cosine_a, 3)}"
    tables.click = ("graphs.pairs", 0, 0)
    app.run()
    assert (app.query_params["probe"], app.query_params["other_probe"]) == (str(int(worst.i)), str(int(worst.j)))
    assert f"more alike than {100 * worst.rank_a:.0f} % of all pairs" in text(app)
    app.button(key="graphs.close").click().run()
    assert "other_probe" not in app.query_params


def test_a_brushed_region_of_the_address_is_marked_and_lists_its_pairs(open_page, tables):
    app = open_page("graphs", source=A, target=B, region="0.5,1,0,0.5")
    found = pairs.pairs_within(pairs.pair_table(*pair(comparison())), (0.5, 1), (0, 0.5))
    assert f"{len(found)} pairs in the brushed region" in [block.value for block in app.subheader]
    listed = tables["graphs.pairs"].rows
    assert [row[2]["text"].split("\n")[0] for row in listed] == [f"rank {r:.2f}" for r in found["rank_a"][:4]]
    frame = figures(app)["graphs.ranks"]["layout"]["shapes"][-1]
    assert [frame[end] for end in ("x0", "x1", "y0", "y1")] == [0.5, 1, 0, 0.5]
    (why,) = [link.proto for link in app.get("page_link") if link.proto.label == "Why are they alike?"]
    assert "region=0.5%2C1%2C0%2C0.5" in why.query_string
    assert "view=pairs" in why.query_string
    app.button(key="graphs.all").click().run()
    assert "region" not in app.query_params
    assert "The most disputed pairs" in [block.value for block in app.subheader]


def test_nearest_images_are_those_with_the_highest_cosines(open_page, tables):
    open_page("graphs", source=A, view="one", probe="4")
    (row,) = tables["graphs.nearest"].rows
    cosines = np.sort(np.delete(comparison().graph(A).edges[4], 4))[::-1][:8]
    assert [cell["text"] for cell in row[1:]] == [number(c, 3) for c in cosines]


def test_the_first_answer_is_which_neighbours_are_kept_lost_and_gained(open_page, tables):
    app = open_page("graphs", source=A, target=B, probe="4")
    found = neighbourhoods(*pair(comparison()))
    kept, lost, gained = tables["graphs.nearest"].rows
    for row, chosen in ((kept, found.kept(4)), (lost, found.lost(4)), (gained, found.gained(4))):
        assert row[0]["text"].endswith(f": {len(chosen)}")
        assert len([cell for cell in row[1:] if cell["image"]]) == len(chosen)
    told = next(c.value for c in app.caption if "by chance" in c.value)
    assert f"**{number(found.overlap * found.size, 1)}**" in told
    assert f"by chance {number(found.chance * found.size, 1)}" in told
    most = found.most_changed(8)
    tables.click = ("graphs.changed", 0, 0)
    app.run()
    assert app.query_params.get("probe", "0") == str(most[0])
    tables.click = ("graphs.nearest", 1, 1)
    if found.lost(most[0]):
        app.run()
        assert app.query_params["other_probe"] == str(found.lost(most[0])[0])


def test_the_same_network_twice_agrees_everywhere(open_page):
    app = open_page("graphs", source=A, target=A)
    assert "s_E = :orange[**1.00**]" in text(app)


@pytest.mark.parametrize(
    "query", [{"layout": "spectral"}, {"layout": "nonsense"}, {"around": "1", "drawn": "5"}], ids=str
)
def test_other_drawings_are_drawn(open_page, query):
    assert len(figures(open_page("graphs", source=A, target=B, **query))) == 3


def test_only_the_most_alike_are_drawn_around_a_probe():
    graphs = pair(comparison())
    chosen = drawings.choose_shared(graphs, 6, 7, 2, around=True)
    assert {2, 7} <= set(chosen)
    assert set(chosen) <= {2} | {int(i) for g in graphs for i in drawings.choose_probes(g, 3, around=7)}
