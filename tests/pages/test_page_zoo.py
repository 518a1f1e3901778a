"""The Zoo page: made by a click, what it finds is the zoo's own answer, and nothing is read that nobody agreed to."""

import numpy as np
import pytest
from planted_pages import figures, start_app

import depara_core as depara
from depara_core.formatting import score
from pages.shared import uploads

NETWORKS = """
import torch
from torch import nn

def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 5, padding=2, stride=4), nn.Tanh(), nn.Conv2d(4, 3, 3), nn.Flatten())

def first(): return network(0)
def second(): return network(1)
def third(): return network(2)
def fourth(): return network(3)
"""
COUNT = 6


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    file = tmp_path_factory.mktemp("code") / "networks.py"
    file.write_text(NETWORKS)
    return [f"python/{file}:{name}?size=32" for name in ("first", "second", "third", "fourth")]


@pytest.fixture
def open_page(models, tmp_path, monkeypatch):
    """Return a function that opens the page on the networks, with a store of the test's own."""
    from pages.shared import cache, consent, jobs

    monkeypatch.setenv("DEPARA_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(jobs, "PATIENCE_S", 60.0)
    for cached in (cache.queue, cache.spec, cache.agreed):
        cached.clear()
    for model in models:
        consent.agree(consent.of_model_path(model))

    def start(**query):
        return start_app("zoo", **{"models": models[:3], "count": str(COUNT), "target": models[0], **query})

    return start


@pytest.fixture
def made(open_page):
    """The page after its zoo was made."""
    app = open_page()
    app.button(key="zoo-fill-begin").click().run()
    assert not app.exception
    return app


@pytest.fixture
def zoo(tmp_path, made):
    (folder,) = (tmp_path / "store" / "zoos").iterdir()
    return depara.Zoo(folder)


def written(app):
    return " ".join(block.value for group in (app.markdown, app.caption) for block in group)


def test_without_a_zoo_the_page_offers_to_make_one_and_computes_nothing(open_page, tmp_path):
    app = open_page()
    assert app.button(key="zoo-fill-begin").label == "Make one of the 3 chosen networks"
    assert not (tmp_path / "store" / "zoos").exists()


def test_what_is_found_is_the_zoos_own_answer(made, zoo, models):
    found = zoo.search(zoo.graph(models[0]), 1.0)
    best = found[found["model"] != models[0]].iloc[0]
    assert f"S = :violet[**{score(best['score'])}**]" in written(made)
    (table,) = made.dataframe
    assert table.value["S"].tolist() == [score(value) for value in found["score"][found["model"] != models[0]]]
    drawn = [row[0] for trace in figures(made)["zoo.map"]["data"] for row in trace.get("customdata", [])]
    assert sorted(drawn) == sorted(models[:3])


def test_a_table_of_the_images_is_searched_for_by_edges_alone(made, open_page, zoo, tmp_path):
    lines = [f"{name},{place**2}" for place, name in enumerate(zoo.probes.names)]
    (tmp_path / "sizes.csv").write_text("\n".join(["name,size", *lines]))
    kept = uploads.keep([("sizes.csv", (tmp_path / "sizes.csv").read_bytes())])
    app = open_page(like="table", table=kept, target="labels/sizes")
    found = zoo.search(depara.read_target(tmp_path / "sizes.csv", zoo.probes), 1.0)
    assert f"S = :violet[**{score(found['score'].iloc[0])}**]" in written(app)
    assert "S is λ · s_E alone" in written(app)
    assert app.dataframe[0].value["s_V"].tolist() == ["0.00"] * 3


def test_another_weight_of_the_edges_is_another_answer(made, zoo, models):
    made.select_slider(key="zoo.lam").set_value(10.0).run()
    found = zoo.search(zoo.graph(models[0]), 10.0)
    assert f"S = :violet[**{score(found['score'][found['model'] != models[0]].iloc[0])}**]" in written(made)
    assert np.ravel(made.query_params["lam"])[0] == "10.0"


def test_a_network_outside_the_zoo_is_searched_for_and_can_be_added(made, open_page, zoo, models):
    app = open_page(models=models, target=models[3])
    found = zoo.search(depara.model(models[3]), 1.0)
    assert f"S = :violet[**{score(found['score'].iloc[0])}**]" in written(app)
    assert len(zoo) == 3
    app.button(key="zoo-fill-begin").click().run()
    assert len(depara.Zoo(zoo.path)) == 4
    assert "4 graphs" in written(app)


def test_a_filter_that_cannot_be_read_is_told_and_one_that_can_is_kept_to(made, open_page, models):
    app = open_page(where="colour = 'red'")
    assert any("colour" in error.value for error in app.error)
    app = open_page(where=f"model != '{models[1]}'")
    assert len(app.dataframe[0].value) == 1


def test_a_click_on_the_map_searches_for_that_network(made, click, models):
    click(made, "zoo.map", models[2], "output")
    assert np.ravel(made.query_params["target"])[0] == models[2]


def test_the_rows_lead_to_the_other_pages(made, models):
    (link,) = [one.proto for one in made.get("page_link") if one.proto.label == "All pairs"]
    assert all(model.rpartition(":")[2].partition("?")[0] in link.query_string for model in models[:3])


def test_a_zoo_elsewhere_on_this_machine_is_asked_for(open_page, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPARA_ROOTS", str(tmp_path / "only"))
    app = open_page(folder=str(tmp_path / "elsewhere"))
    assert "read the zoo in" in written(app).lower()
    assert app.button(key="consent.agree")


def test_the_answer_can_be_taken_away(made, downloads, zoo, models):
    made.run()
    (name,) = [file for file in downloads if file.startswith("most-like") and file.endswith(".csv")]
    assert models[1] in downloads[name]().decode()
    assert "zoo.parquet" in downloads
