"""Targets without a network on every page that takes a target: labels, columns of a table, embeddings."""

import io
from dataclasses import replace

import numpy as np
import pytest
from planted_pages import COUNT, comparison, figures, planted_probes

import depara_core as depara
from pages.shared import uploads

LABELS = tuple("aaaabbbbcccc")
ALONE = "S is λ · s_E alone"
NORMAL = "rooms/normal"


@pytest.fixture
def table():
    """An upload of two columns, one of them with a name that would be markup; rows of other images beside."""
    rows = [f"room {i},{'xy'[i % 2]},{i * i}" for i in range(COUNT)]
    return uploads.keep([("birds.csv", "\n".join(["name,<b>kind</b>,size", *rows, "room 99,x,3"]).encode())])


def words(app):
    parts = [*app.markdown, *app.caption, *app.subheader, *app.warning]
    return " ".join(one.value for one in parts).replace("\\", "")


def best(target):
    """The best source for a target, by hand."""
    matrix = depara.similarity_matrix(comparison().graphs, [target])
    return depara.rank_sources(matrix, target.label, 1.0)["source"][0]


@pytest.mark.parametrize("page", ["models", "why", "layers", "graphs"])
def test_labels_are_a_target_and_the_page_says_what_s_is(page, open_page, zoo):
    zoo.labels = LABELS
    app = open_page(page, target="labels/classes", source=NORMAL)
    assert not app.error
    assert ALONE in words(app)
    assert app.selectbox(key=f"{page}.target").value == "labels/classes"
    assert "which is no" not in words(app)


def test_models_ranks_by_the_edges_with_the_labels(open_page, zoo, downloads):
    zoo.labels = LABELS
    app = open_page("models", target="labels/classes")
    found = best(depara.target_from_labels(replace(planted_probes(), labels=LABELS)))
    assert f"Best for **classes**: **{found.split('/', 1)[1]}**" in words(app)
    assert {"models.matrix", "models.tree", "models.map"} <= set(figures(app))
    script = downloads["depara-models.py"]()
    assert "depara.target_from_labels(probes)" in script
    compile(script, "models.py", "exec")
    assert "labels/classes" in downloads["report-classes.html"]().decode()


@pytest.mark.parametrize("page", ["models", "why"])
@pytest.mark.parametrize("target", ["labels/birds", "labels/birds: <b>kind</b>", "labels/birds: size"])
def test_columns_of_a_table_are_targets(page, target, open_page, table, downloads):
    app = open_page(page, target=target, table=table, source=NORMAL)
    assert ALONE in words(app)
    assert app.selectbox(key=f"{page}.target").value == target
    assert "<b>kind" not in "".join(one.value for one in app.markdown if one.allow_html)
    code = downloads[f"depara-{page}.py"]()
    assert "depara.read_target('path/to/birds.csv', probes, target=" in code.replace('"', "'")
    compile(code, "view.py", "exec")


def test_an_embedding_is_a_target(open_page):
    held, values = io.BytesIO(), np.random.default_rng(0).normal(size=(COUNT, 3))
    np.savez(held, features=values, names=planted_probes().names)
    app = open_page("models", target="features/clip", table=uploads.keep([("clip.npz", held.getvalue())]))
    assert ALONE in words(app)
    found = best(depara.target_from_features(values, planted_probes().names, planted_probes()))
    assert f"Best for **clip**: **{found.split('/', 1)[1]}**" in words(app)


def test_a_table_that_does_not_fit_is_told_and_a_network_stands_in(open_page):
    kept = uploads.keep([("other.csv", b"name,kind\nroom 0,x\nroom 1,y\n")])
    app = open_page("models", target="labels/other", table=kept)
    assert "nothing is given for 'room" in words(app)
    assert ALONE not in words(app)


@pytest.mark.parametrize("page", ["attributions", "panorama", "home"])
def test_pages_of_maps_say_that_it_has_none(page, open_page, zoo):
    zoo.labels = LABELS
    app = open_page(page, target="labels/classes")
    assert ALONE not in words(app)
    if page != "home":
        assert "'labels/classes', which is no network here" in words(app)


def test_other_images_forget_the_table(open_page, table):
    app = open_page("setup", table=table)
    app.number_input(key="setup.count").set_value(11).run()
    assert "table" not in app.query_params
