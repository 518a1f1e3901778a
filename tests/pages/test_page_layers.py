"""The Layers page: the recommended cut is the core's, and curves, cells and controls agree with it."""

import importlib
from dataclasses import replace
from urllib.parse import parse_qs

import pandas as pd
import pytest
from planted_pages import LAYERS, comparison, figures

import depara_core as depara
from depara_core import zoo
from depara_core.formatting import number
from depara_core.grids import probe_cosines
from pages.shared import cache, closeup
from pages.shared import text as words

A, B = "rooms/reshading", "rooms/normal"


@pytest.fixture
def app(open_page):
    return open_page("layers", source=A, target=B)


def ranked(lam=1.0):
    found = comparison((A, B), LAYERS)
    return depara.rank_layers(depara.similarity_matrix(list(found.of(A)), [found.graph(B)]), lam)


def text(app):
    return " ".join(block.value for block in app.markdown)


def test_page_recommends_the_best_layer_in_words(app):
    best = ranked()[ranked()["best"]].iloc[0]
    assert app.title[0].value == "Where should I cut the network?"
    assert f"keep **reshading** up to **{best['layer']}**" in text(app)


def test_curves_and_cells_carry_the_computed_numbers(app):
    drawn = figures(app)
    assert [name.split(".")[1] for name in drawn] == ["curves", "matrix"]
    found = comparison((A, B), LAYERS)
    matrix = depara.similarity_matrix(list(found.of(A)), list(found.of(B)))
    for row, column, row_name, column_name, total, *_ in drawn["layers.matrix"]["data"][1]["customdata"]:
        assert (row_name, column_name) == (LAYERS[row], LAYERS[column])
        assert total == pytest.approx(matrix.total(1.0)[row, column])
    names = {trace["name"] for trace in drawn["layers.curves"]["data"]}
    assert names == {"S", "s_V", "s_E", "95 % interval"}


def test_lambda_moves_the_recommendation_with_the_core(app):
    for lam in (0.0, 10.0):
        app.select_slider(key="layers.lam").set_value(lam).run()
        best = ranked(lam)[ranked(lam)["best"]].iloc[0]
        assert f"up to **{best['layer']}**" in text(app)
        assert app.query_params["lam"] == str(lam)


def test_choosing_models_writes_the_pair_to_the_address(app):
    app.selectbox(key="layers.source").set_value("rooms/denoising").run()
    assert app.query_params["source"] == "rooms/denoising"
    assert "keep **denoising** up to" in text(app)


def test_a_model_against_itself_is_drawn_but_is_no_answer(open_page):
    app = open_page("layers", source=A, target=A)
    assert "reshading against itself is no answer" in text(app)
    assert "keep" not in text(app)
    assert len(figures(app)) == 2


def test_chosen_layer_is_shown_and_the_way_back_leads_to_the_cut(open_page, app):
    best = str(ranked()[ranked()["best"]].iloc[0]["layer"])
    other = next(layer for layer in LAYERS if layer != best)
    app = open_page("layers", source=A, target=B, source_layer=other)
    assert f"**{other}**:" in text(app)
    app.button(key="layers.cut").click().run()
    assert f"**{best}**:" in text(app)


def test_a_cell_of_two_layers_leads_to_why_and_back(open_page, click):
    app = open_page("layers", source=A, target=B)
    click(app, "layers.matrix", 0, 1)
    found = comparison((A, B), LAYERS)
    both = depara.similarity(found.graph(A, LAYERS[0]), found.graph(B, LAYERS[1]))
    assert words.parts(both.node, both.edge, 1.0) in text(app)
    (why,) = [link.proto for link in app.get("page_link") if link.proto.label == "Why these two layers?"]
    query = parse_qs(why.query_string)
    assert (query["source_layer"], query["target_layer"]) == ([LAYERS[0]], [LAYERS[1]])
    app.button(key="layers.output").click().run()
    assert "target_layer" not in app.query_params
    assert not [link for link in app.get("page_link") if link.proto.label == "Why these two layers?"]


def test_without_models_the_page_says_what_to_do(open_page):
    app = open_page("layers", source=A, target=B, models=["rooms/nothing"])
    assert "None of the chosen models exists here." in [block.value for block in app.subheader]


@pytest.mark.parametrize(
    "lows, said",
    [
        ((0.1, 0.5, 0.9), "No other layer's whisker overlaps it: 50 images are enough to tell."),
        ((0.1, 0.5, 0.65), "These 50 images cannot tell it from middle; the earlier cut leaves more to learn"),
    ],
)
def test_verdict_is_honest_about_overlap(app, tables, lows, said):
    frame = pd.DataFrame(
        {
            "layer": LAYERS,
            "score": [0.2, 0.6, 1.0],
            "low": lows,
            "high": [0.3, 0.7, 1.1],
            "best": [False, False, True],
        }
    )
    verdict = importlib.import_module("pages.layers.page").verdict
    assert said in verdict(frame, A, B, 50)
    assert "3 images make 3 pairs: too few to tell" in verdict(frame, A, B, 3)


def test_networks_without_a_study_lead_to_those_that_have_one(app):
    (link,) = [one.proto for one in app.get("page_link") if "measured accuracy" in one.proto.label]
    query = parse_qs(link.query_string)
    assert query["probes"] == ["fashion"]
    assert zoo.model(query["source"][0]).source == zoo.model(query["target"][0]).source == "fashion"
    assert set(query["models"][0].split(",") if len(query["models"]) == 1 else query["models"]) >= {query["source"][0]}


def test_measured_accuracies_stand_under_the_score_and_choose_the_layer(open_page, click, monkeypatch):
    from pages.shared import cache

    parts = {"source": "dnn_rich", "labels": 100, "k": range(1, 1 + len(LAYERS)), "layer": list(LAYERS), "scratch": 0.2}
    found = pd.DataFrame(parts).assign(S=0.5, accuracy=[0.3 + 0.1 * k for k in range(len(LAYERS))])
    found = found.assign(low=found["accuracy"] - 0.1, high=found["accuracy"] + 0.1)
    monkeypatch.setattr(cache, "measured_cuts", lambda source, target: found if (source, target) == (A, B) else None)
    app = open_page("layers", source=A, target=B)
    assert {"layers.curves", "layers.matrix", "layers.measured"} == {".".join(n.split(".")[:2]) for n in figures(app)}
    click(app, "layers.measured", "dnn_rich", LAYERS[0])
    assert app.query_params["source_layer"] == LAYERS[0]


def test_the_verdict_names_the_probes_and_what_was_measured_at_the_cut(open_page, monkeypatch):
    from pages.shared import cache

    monkeypatch.setattr(cache, "cut_sentence", lambda source, target, cut: f"Measured for a cut at {cut}: 62 % right.")
    app = open_page("layers", source=A, target=B)
    best = ranked()[ranked()["best"]].iloc[0]["layer"]
    assert "On 12 rooms: for **normal**" in text(app)
    assert f"Measured for a cut at {best}: 62 % right" in text(app).replace("\\", "")
    labels = [link.proto.label for link in app.get("page_link") if link.proto.page.endswith("evaluate")]
    assert "How every score does on the whole study" in labels


def test_layers_are_named_with_their_depth_and_size(open_page, zoo):
    shapes = {"stem": (8, 16, 16), "middle": (32, 4, 4), "output": ()}  # not known of what older versions kept
    taken = {"stem": "the 196 patches of 197 tokens", "middle": "", "output": ""}
    zoo.change = lambda graph: replace(graph, feature=shapes[graph.layer], taken=taken[graph.layer])
    app = open_page("layers", source=A, target=B, source_layer="stem")
    assert "Read of it: the 196 patches of 197 tokens." in [one.value for one in app.main.caption]
    app = open_page("layers", source=A, target=B, source_layer="middle")
    assert not any("Read of it" in one.value for one in app.main.caption)
    options = app.selectbox(key="layers.layer").options
    assert options == ["stem · 1 of 3 · 8 × 16 × 16", "middle · 2 of 3 · 32 × 4 × 4", "output · 3 of 3"]


def test_a_layer_is_chosen_without_a_mouse(app):
    other = next(layer for layer in LAYERS if layer != app.selectbox(key="layers.layer").value)
    app.selectbox(key="layers.layer").set_value(other).run()
    assert f"**{other}**:" in text(app)


def test_the_maps_of_the_cut_stand_beside_those_before_and_after_it_and_the_target_s(open_page, tables, monkeypatch):
    drawn = []
    monkeypatch.setattr(closeup, "_mount", lambda key, data: drawn.append(data))
    app = open_page("layers", source=A, target=B, source_layer=LAYERS[1], probe="3")
    shown = tables["layers.sees"]
    names = [heading["text"] for heading in shown.headings]
    assert names[0] == "image"
    assert names[-2:] == ["normal", "both look"]
    assert {*LAYERS[:3], ranked()[ranked()["best"]].iloc[0]["layer"]} == set(names[1:-2])
    found = comparison((A, B), LAYERS)
    row, cosines = shown.rows[0], {}
    for graph in found.of(A):
        cosines[graph.layer] = probe_cosines(graph, found.graph(B), found.grid)[3]
    assert [cell["text"] for cell in row[1:-2]] == [number(cosines[name]) for name in names[1:-2]]
    tables.click = ("layers.sees", 1, names.index(LAYERS[1]))
    app.run()
    (data,) = drawn
    assert len(data["panels"]) == 3
    assert app.query_params.get("probe", "0") != "3"


def test_a_measured_cut_says_its_accuracy(open_page, monkeypatch):
    rows = pd.DataFrame({"layer": [LAYERS[0], LAYERS[0]], "labels": [100, 10], "accuracy": [0.712, 0.5]})
    monkeypatch.setattr(cache, "measured_cuts", lambda source, target: rows)
    monkeypatch.setattr(importlib.import_module("pages.layers.measured"), "draw", lambda shown: None)
    app = open_page("layers", source=A, target=B, source_layer=LAYERS[0])
    assert "measured with 100 labels: **71 %** · measured with 10 labels: **50 %**" in text(app)
