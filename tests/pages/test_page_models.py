"""The Models page: what it says and draws is what the core computed, and clicks and controls change the selection."""

from dataclasses import replace

import pandas as pd
import pytest
from planted import silenced
from planted_pages import COUNT, GROUPS, comparison, figures

import depara_core as depara
from depara_core import selection
from pages.models.compared import Compared
from pages.shared import text as words

MODELS = tuple(GROUPS)
TARGET = "rooms/normal"


@pytest.fixture
def app(open_page):
    return open_page("models", target=TARGET)


def ranked(lam=1.0, target=TARGET):
    return depara.rank_sources(depara.similarity_matrix(list(comparison().graphs)), target, lam)


def text(app):
    return " ".join(block.value for block in app.markdown)


def test_page_answers_its_question_with_the_best_source(app):
    best = ranked().iloc[0]
    assert app.title[0].value == "Which model should I start from?"
    assert f"S = {best['score']:.2f}".replace("-", "−") in text(app)


def test_five_figures_carry_the_computed_numbers(app):
    drawn = figures(app)
    assert [name.split(".")[1] for name in drawn] == ["matrix", "ranking", "lam", "tree", "map"]
    matrix = depara.similarity_matrix(list(comparison().graphs))
    cells = drawn["models.matrix"]["data"][1]["customdata"]
    for row, column, _, _, total, node, edge in cells:
        assert total == pytest.approx(matrix.total(1.0)[row, column])
        assert (node, edge) == pytest.approx((matrix.node[row, column], matrix.edge[row, column]))
    bars = drawn["models.ranking"]["data"][0]["customdata"]
    assert [row[1] for row in bars] == ranked()["source"].tolist()


def test_view_switch_changes_what_the_matrix_shows(app):
    app.segmented_control(key="models.view").set_value("edges").run()
    assert app.query_params["view"] == "edges"
    cells = figures(app)["models.matrix"]["data"][1]
    edge = depara.similarity_matrix(list(comparison().graphs)).edge
    assert all(row[4] == pytest.approx(edge[row[0], row[1]]) for row in cells["customdata"])


def test_lambda_and_target_change_ranking_and_address(app):
    app.select_slider(key="models.lam").set_value(10.0).run()
    assert app.query_params["lam"] == "10.0"
    app.selectbox(key="models.target").set_value("rooms/denoising").run()
    assert app.query_params["target"] == "rooms/denoising"
    bars = figures(app)["models.ranking"]["data"][0]["customdata"]
    assert [row[1] for row in bars] == ranked(10.0, "rooms/denoising")["source"].tolist()
    assert not app.exception


def test_moving_lambda_resamples_nothing(app, monkeypatch):
    expected = ranked(3.0)["source"].tolist()

    def refuse(*given, **options):
        raise AssertionError("what costs time is at hand")

    monkeypatch.setattr(selection, "resample_probes", refuse)
    app.select_slider(key="models.lam").set_value(3.0).run()
    assert not app.exception
    assert [row[1] for row in figures(app)["models.ranking"]["data"][0]["customdata"]] == expected


def test_pair_of_the_address_is_shown_with_its_numbers(open_page):
    app = open_page("models", source="rooms/denoising", target="rooms/reshading")
    matrix = depara.similarity_matrix(list(comparison().graphs))
    at = MODELS.index("rooms/denoising"), MODELS.index("rooms/reshading")
    said = words.parts(float(matrix.node[at]), float(matrix.edge[at]), 1.0)
    assert f"**denoising** and **reshading**: {said}" in text(app)
    frame = figures(app)["models.matrix"]["layout"]["shapes"]
    assert len({(one["x0"], one["y0"]) for one in frame}) == 2  # the target's row and the pair


def test_names_are_data_never_markup(open_page):
    odd = MODELS[-1]
    app = open_page("models", target=odd)
    assert "\\<b\\>odd\\</b\\> \\$x\\$" in text(app)
    labels = figures(app)["models.matrix"]["layout"]["yaxis"]["ticktext"]
    assert any("&lt;b&gt;odd&lt;/b&gt; $x$" in label for label in labels)


def test_one_model_alone_is_a_designed_state(open_page):
    app = open_page("models", models=[TARGET])
    assert "One model alone has no rival." in [block.value for block in app.subheader]
    assert not figures(app)


@pytest.mark.parametrize(
    "low, said",
    [(0.85, "leave it open; it comes first in 70 % of the resamples"), (0.95, "enough to tell")],
)
def test_verdict_is_honest_about_overlap(app, tables, low, said):
    import importlib

    verdict = importlib.import_module("pages.models.page").verdict
    frame = pd.DataFrame(
        {
            "source": ["rooms/a", "rooms/b", "rooms/c"],
            "score": [1.0, 0.8, 0.1],
            "low": [low, 0.7, 0.0],
            "high": [1.1, 0.9, 0.2],
            "first": [0.7, 0.3, 0.0],
        }
    )
    answer = verdict(frame, "rooms/t", COUNT)
    assert said in answer
    assert "Best for **t**: **a**" in answer
    assert ("**b**" in answer) == (low < 0.9)
    assert "**c**" not in answer


def test_silent_probes_are_counted(open_page, zoo):
    zoo.change = lambda graph: silenced(graph, slice(3)) if graph.model == MODELS[0] else graph
    app = open_page("models", target=TARGET)
    assert f"3 of {COUNT} images have no attribution" in text(app)


def test_the_page_says_what_lambda_changes(open_page):
    for lam, other in ((None, "10"), ("3", "3")):
        test = open_page("models", target="rooms/normal", **({"lam": lam} if lam else {}))
        said = " ".join(element.value for element in test.main.markdown)
        assert f"λ = {other}" in said
        assert "swap" in said or "is the same" in said or "from" in said


def test_a_row_of_the_table_puts_its_source_under_the_lens(open_page, monkeypatch):
    """The way by the keyboard: marks of a chart answer to the mouse alone."""
    from pages.shared import charts
    from pages.shared import selection as chosen_now

    rows = {}
    monkeypatch.setattr(charts, "table", lambda frame, key, chosen, **look: rows.update({key: (frame, chosen)}))
    open_page("models", target="rooms/reshading")
    frame, chosen = next(found for key, found in rows.items() if key.startswith("models.table."))
    seen = {}
    monkeypatch.setattr(chosen_now, "update", lambda kind, **changes: seen.update(changes))
    chosen(1)
    assert seen == {"source": frame["source"].iloc[1], "target": "rooms/reshading"}


def test_the_target_is_no_source_by_size_either():
    found = comparison()
    graphs = tuple(replace(graph, parameters=10**6 * (1 + i)) for i, graph in enumerate(found.graphs))
    shown = Compared(replace(found, graphs=graphs), MODELS[0], MODELS[-1], 1.0)
    assert f"by size alone it would be {MODELS[-2]} " in shown.static
