"""The Attributions page: its numbers are the core's cosines, a click selects, and what is missing is named."""

from urllib.parse import parse_qs

import numpy as np
import pytest
from planted import silenced
from planted_pages import COUNT, GROUPS, LAYERS, comparison, figures

import depara_core as depara
from depara_core.agreement import agreement
from depara_core.attribution.options import resolve_options
from depara_core.formatting import number
from depara_core.grids import common_grid, probe_cosines
from pages.attributions.table import first_columns
from pages.shared import closeup, image_table

REFERENCE = "rooms/normal"
OPTIONS = {"method": "saliency"}


def test_each_map_carries_its_cosine_with_the_reference(open_page, tables):
    open_page("attributions", target=REFERENCE)
    shown, found = tables["attributions.table"], comparison()
    reference = found.graph(REFERENCE)
    assert shown.headings[1] == {
        "text": "normal",
        "note": "reference",
        "title": reference.label,
        "clickable": False,
        "kind": "",
    }
    for column, heading in enumerate(shown.headings[2:], start=2):
        model = next(m for m in found.models if m.endswith(heading["text"]))
        graph = found.graph(model)
        cosines = probe_cosines(graph, reference, common_grid([graph, reference]))
        assert heading["note"] == f"s_V {number(depara.similarity(graph, reference).node)}"
        assert [row[column]["text"] for row in shown.rows] == [number(c) for c in cosines[:6]]
    means = [float(h["note"].split()[1].replace("−", "-")) for h in shown.headings[2:]]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("sort", ["least", "most"])
def test_probes_are_sorted_by_mean_agreement(open_page, tables, sort):
    app = open_page("attributions", target=REFERENCE, sort=sort)
    found = comparison()
    others = tuple(graph for graph in found.graphs if graph.model != REFERENCE)
    mean = agreement(others, found.graph(REFERENCE), found.grid).cosines.mean(axis=0)
    order = np.argsort(mean if sort == "least" else -mean)
    first = [row[0]["text"] for row in tables["attributions.table"].rows]
    app.button(key="attributions.step+1").click().run()
    assert first + [row[0]["text"] for row in tables["attributions.table"].rows] == [
        found.probes.names[i] for i in order
    ]
    assert app.button(key="attributions.step+1").disabled


def test_a_click_selects_the_probe_and_a_heading_the_reference(open_page, tables):
    app = open_page("attributions", target=REFERENCE)
    tables.click = ("attributions.table", 3, 2)
    app.run()
    assert app.query_params["probe"] == "3"
    assert tables["attributions.table"].selected == 3
    name = tables["attributions.table"].headings[2]["text"]
    tables.click = ("attributions.table", -1, 2)
    app.run()
    assert app.query_params["target"].endswith(name)
    assert tables["attributions.table"].headings[1]["text"] == name


def why_link(app):
    (found,) = [link.proto for link in app.get("page_link") if link.proto.label.startswith("Why do ")]
    return found.label, parse_qs(found.query_string)


def test_a_clicked_map_is_held_against_the_reference_and_leads_to_why(open_page, tables):
    app = open_page("attributions", target=REFERENCE)
    assert why_link(app)[1]["source"] == [comparison().best_source(REFERENCE, 1.0)]  # at first
    tables.click = ("attributions.table", 4, 3)
    app.run()
    found, column = comparison(), tables["attributions.table"].headings[3]["text"]
    model = next(one for one in found.models if one.endswith(column))
    asked = {name: np.ravel(app.query_params[name])[0] for name in ("source", "target", "probe")}
    assert asked == {"source": model, "target": REFERENCE, "probe": "4"}
    assert (tables["attributions.table"].selected, tables["attributions.table"].seen()) == (4, [0, 3])
    label, query = why_link(app)
    cosine = agreement([found.graph(model)], found.graph(REFERENCE), found.grid).cosines[0, 4]
    assert ("hardly agree here?" if abs(cosine) < 0.1 else "agree here?" if cosine > 0 else "differ here?") in label
    assert (query["source"], query["target"], query["probe"]) == ([model], [REFERENCE], ["4"])
    assert "view" not in query  # the list of probes is what Why shows first
    ranked = depara.explain(found.graph(model), found.graph(REFERENCE), 1.0).to_frame()
    place = ranked["probe"].tolist().index(4)
    assert int(query.get("page", ["0"])[0]) == (0 if place < 5 or place >= COUNT - 3 else place // 8 + 1)
    shown = [m.value for m in app.markdown if "on " in m.value and f":blue[**{number(cosine)}**]" in m.value]
    assert shown
    tables.click = ("attributions.table", 2, 1)  # the reference's own map: only the image changes
    app.run()
    assert (app.query_params["source"], app.query_params["probe"]) == (model, "2")


def test_the_pair_under_the_lens_is_shown_even_where_there_is_no_room_for_all(open_page, monkeypatch, tables):
    for place in range(8):
        monkeypatch.setitem(GROUPS, f"rooms/m{place}", "2D")
    open_page("attributions", target=REFERENCE, source="rooms/reshading")  # which is among the first
    shown = [heading["title"].split()[1] for heading in tables["attributions.table"].headings[2:]]
    assert len(shown) == 7
    hidden = next(model for model in list(GROUPS)[4:] if model not in shown)
    app = open_page("attributions", target=REFERENCE, source=hidden)
    assert hidden.split("/")[1] in [heading["text"] for heading in tables["attributions.table"].headings]
    assert why_link(app)[1]["source"] == [hidden]


def test_most_and_least_alike_are_over_all_models_and_the_nearest_is_shown(open_page, tables):
    others = [graph for graph in comparison().graphs if graph.model != REFERENCE]
    alike = sorted(others, key=lambda graph: -depara.similarity(graph, comparison().graph(REFERENCE)).node)
    nearest, farthest = (graph.model.split("/", 1)[1] for graph in (alike[0], alike[-1]))
    app = open_page("attributions", target=REFERENCE, source=alike[1].model, shown=alike[1].model)
    said = " ".join(block.value for block in app.markdown).replace("\\", "")
    assert f"Most like *normal*: {nearest}, " in said
    assert f"least: {farthest}, " in said
    shown = [heading["text"] for heading in tables["attributions.table"].headings[1:]]
    assert shown == ["normal", nearest, alike[1].model.split("/")[1]]


def test_columns_at_first_are_the_nearest_then_evenly_the_rest():
    names = [str(place) for place in range(16)]  # by likeness, the reference first
    assert first_columns(names) == ["0", "1", "2", "3", "4", "8", "11", "15"]
    assert first_columns(names[:3]) == names[:3]


def test_one_other_model_is_neither_most_nor_least(open_page, tables):
    two = (REFERENCE, "rooms/reshading")
    app = open_page("attributions", models=list(two), target=REFERENCE)
    said = " ".join(block.value for block in app.markdown)
    assert "*normal* and reshading: s_V" in said
    assert "Most like" not in said
    assert "least" not in said


def test_a_clicked_layer_is_held_against_the_output(open_page, tables):
    app = open_page("attributions", view="layers", source=REFERENCE)
    tables.click = ("attributions.table", 1, 2)
    app.run()
    assert app.query_params["source_layer"] == LAYERS[1]
    label, query = why_link(app)
    assert label.startswith("Why do normal · middle and normal ")
    assert (query["source"], query["source_layer"], query["target"]) == ([REFERENCE], [LAYERS[1]], [REFERENCE])


def test_the_selected_probe_is_one_click_away(open_page, tables):
    app = open_page("attributions", probe="9")
    assert tables["attributions.table"].selected is None
    app.button(key="attributions.selected").click().run()
    assert (
        tables["attributions.table"].rows[tables["attributions.table"].selected][0]["text"]
        == comparison().probes.names[9]
    )


def test_layers_of_one_model_stand_side_by_side(open_page, tables):
    app = open_page("attributions", view="layers", source=REFERENCE)
    assert [h["text"] for h in tables["attributions.table"].headings[1:]] == list(LAYERS)
    assert [h["note"] == "reference" for h in tables["attributions.table"].headings[1:]] == [False, False, True]
    assert app.title[0].value == "What does each layer of *normal* look at?"


def test_a_map_without_attribution_says_none_and_why(open_page, zoo, tables):
    zoo.change = lambda graph: silenced(graph, 1) if graph.model == "rooms/denoising" else graph
    app = open_page("attributions", target=REFERENCE)
    column = [h["text"] for h in tables["attributions.table"].headings].index("denoising")
    assert [row[column]["image"] is None for row in tables["attributions.table"].rows] == [k == 1 for k in range(6)]
    assert tables["attributions.table"].rows[1][column]["kind"] == "image"
    assert any("**none**" in c.value and f"1 of {COUNT}" in c.value for c in app.caption)


@pytest.mark.parametrize(
    "query",
    [{"maps": "magnitude"}, {"opacity": "0.2"}, {"scale": "shared"}, {"sharp": "1"}, {"maps": "regions"}],
    ids=str,
)
def test_every_way_of_painting_changes_the_pictures(open_page, tables, query):
    open_page("attributions")
    plain = tables["attributions.table"].rows[0][2]["image"]
    open_page("attributions", **query)
    assert tables["attributions.table"].rows[0][2]["image"] != plain


def test_the_table_reports_only_cells_it_has(tables):
    cells = [[image_table.Cell(b"x")]]
    for click, found in [((0, 0), (0, 0)), ((-1, 0), (-1, 0)), ((1, 0), None), ((0, 5), None), (None, None)]:
        tables.click = click and ("t", *click)
        assert image_table.image_table("t", [image_table.Heading("image")], cells) == found


def test_magnitudes_say_that_their_number_is_of_signed_maps(open_page, tables):
    def said(maps):
        app = open_page("attributions", target=REFERENCE, maps=maps)
        return " ".join(caption.value for caption in app.caption)

    assert "both with their signs" in said("magnitude")
    assert "both with their signs" not in said("signed")


def test_a_click_on_a_map_enlarges_it_beside_the_reference_and_one_on_the_image_both(open_page, tables, monkeypatch):
    drawn = []
    monkeypatch.setattr(closeup, "_mount", lambda key, data: drawn.append(data))
    app = open_page("attributions", target=REFERENCE)
    assert not drawn
    for column, captions in ((3, 3), (1, 1), (0, 3)):
        tables.click = ("attributions.table", 2, column)
        app.run()
        panels = drawn.pop()["panels"]
        assert len(panels) == captions
        assert panels[min(captions, 2) - 1]["caption"] == "normal"
        assert all(panel["after"] for panel in panels)
        assert not drawn
    app.run()
    assert not drawn  # closed once, it stays closed


def test_checks_of_the_maps_are_offered_and_drawn(open_page, tables, monkeypatch):
    import pandas as pd

    from depara_core.pipeline.perturbation import CURVES

    asked = {}

    def sanity(spec, probes, **given):
        asked["sanity"] = spec.id, len(probes), given
        stages = pd.DataFrame(
            {"weights": [0, 1], "from": ["", "a"], "node": [1, 0.1], "edge": [1, 0.2], "rank": [1, 0.3]}
        )
        return depara.SanityCheck(spec.id, "output", resolve_options(**OPTIONS), stages, 0.2)

    def curves(spec, probes, **given):
        asked["curves"] = spec.id, len(probes), given
        each = {name: np.full((COUNT, 3), 0.5) for name in CURVES}
        return depara.PerturbationCurves(spec.id, "output", resolve_options(**OPTIONS), np.linspace(0, 1, 3), **each)

    monkeypatch.setattr(depara, "sanity_check", sanity)
    monkeypatch.setattr(depara, "perturbation_curves", curves)
    app = open_page("attributions", target=REFERENCE, **OPTIONS)
    assert asked == {}  # nobody asked yet
    for kind in ("sanity", "curves"):
        app.button(key=f"attributions-{kind}-begin").click().run()
        app.run()
        model, count, given = asked[kind]
        assert (model, count, given["layer"], given["method"]) == (REFERENCE, COUNT, "output", "saliency")
        assert f"attributions.{kind}" in figures(app)
    words = " ".join(element.value for element in app.markdown)
    assert "rest on what the network learnt" in words
    assert "pixels out **0.50** (at random 0.50; less is better)" in words
