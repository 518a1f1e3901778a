"""What stands on the first page while the libraries load: its own title, and on Evaluate the committed conclusion."""

import subprocess
import sys
import threading

import pytest
import streamlit as st
from planted_pages import PAGES, start_app

from depara_core import preloading
from depara_core.benchmark import committed, conclusion
from pages.evaluate.verdict import verdict
from pages.shared import starting
from pages.shared.titles import QUESTIONS, TITLES

HEAVY = ("captum", "networkx", "pandas", "scipy", "sklearn", "torch", "torchvision")


def test_it_imports_nothing_heavy():
    code = f"import sys, pages.shared.starting; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "[]"


@pytest.fixture
def start(monkeypatch):
    """Return what opens a page of a process that has loaded nothing, and stops where it would wait."""
    monkeypatch.delitem(sys.modules, "pages.shared.frame", raising=False)
    monkeypatch.setattr(starting.preloading, "wait", st.stop)

    return start_app


@pytest.mark.parametrize("page", PAGES)
def test_the_title_is_there_before_anything_is_loaded(start, page):
    app = start(page)
    assert [title.value for title in app.title] == [QUESTIONS[page]]


def test_evaluate_says_its_committed_conclusion_unless_a_link_asks_for_another(start):
    words = verdict(conclusion.committed_conclusion())
    assert any(one.value.startswith(words) for one in start("evaluate").markdown)
    assert not any(one.value.startswith(words) for one in start("evaluate", lam="2.0").markdown)


def test_the_committed_conclusion_follows_from_the_committed_scores():
    scored = committed.committed_benchmark()
    found = committed.conclusion(scored.evaluate(1.0, scored.transfer_table.budgets[0]))
    assert conclusion.committed_conclusion() == found
    assert committed.PROBES["count"] == starting._ROOMS


def test_a_conclusion_from_other_scores_or_of_other_weights_is_none(monkeypatch, tmp_path):
    folder = tmp_path / "benchmark"
    folder.mkdir()
    for ending in ("-conclusion.json", "-scores.json", "-scores.csv", ".csv"):
        (folder / f"rooms{ending}").write_bytes(conclusion._path("rooms", ending).read_bytes())
    monkeypatch.setattr(conclusion, "assets_folder", lambda: tmp_path)
    assert conclusion.committed_conclusion() is not None
    with monkeypatch.context() as patch:
        patch.setattr(conclusion, "card", lambda name: {"sha256": "another"})
        assert conclusion.committed_conclusion() is None
    with (folder / "rooms.csv").open("a") as file:
        file.write("\n")
    assert conclusion.committed_conclusion() is None


def test_every_page_has_a_title_and_a_question():
    assert set(TITLES) == set(QUESTIONS) == set(PAGES)


def test_libraries_wait_for_the_title_and_whoever_waits_gets_them(monkeypatch):
    monkeypatch.setattr(preloading, "MODULES", ("colorsys", "no_such_module"))
    monkeypatch.setattr(preloading, "_IDLE_S", 3600.0)
    monkeypatch.setattr(preloading, "_needed", threading.Event())
    monkeypatch.setattr(preloading, "_threads", [])
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    preloading.begin()
    assert "colorsys" not in sys.modules
    preloading.wait()
    assert "colorsys" in sys.modules
