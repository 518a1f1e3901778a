"""What pages wait for: found again, held while it is shown, and made anew when what is asked for changes."""

import sys
import threading
from types import SimpleNamespace

import pytest
from planted_pages import GROUPS
from streamlit.testing.v1 import AppTest

from depara_core.comparison import Comparison
from depara_core.jobs import JobQueue
from depara_core.memory import resident_bytes
from pages.shared import cache, comparisons, jobs, progress
from pages.shared.parts import Data

FIRST = next(iter(GROUPS))


def text(app):
    return " ".join(block.value for block in [*app.title, *app.markdown, *app.subheader])


@pytest.mark.parametrize("bound", [1, 6_000])
def test_results_larger_than_the_bound_together_do_not_drive_each_other_out(open_page, zoo, monkeypatch, bound):
    """The whole comparison and one model's layers: each alone may stay, both together may not, and one page needs both.

    A page that finds the first gone asks for it again, which drives out the second, and so on without end.
    """
    queue = JobQueue(capacity=bound, size=resident_bytes)
    monkeypatch.setattr(cache, "queue", lambda: queue)
    monkeypatch.setattr(jobs, "PATIENCE_S", 0.0)  # as in a browser: the page stops, and runs again when a job ends
    page = open_page("attributions", **{"attributions.view": "layers", "view": "layers", "source": FIRST})
    for _ in range(8):
        for job in queue.jobs():
            assert job.wait(30)
        page.run()
        assert not page.exception
    assert "What does each layer of" in text(page)
    assert len(zoo.asked) == 2, "each was computed once"


def test_images_are_read_once_for_all_comparisons_of_a_selection(open_page, zoo, monkeypatch):
    queue = JobQueue()
    monkeypatch.setattr(cache, "queue", lambda: queue)
    page = open_page("attributions", **{"attributions.view": "layers", "view": "layers", "source": FIRST})
    page.run()
    compared = [job.result for job in queue.jobs() if isinstance(job.result, Comparison)]
    assert len(compared) == 2
    assert compared[0].probes is compared[1].probes


def test_what_no_page_shows_any_more_is_let_go(open_page, monkeypatch):
    queue = JobQueue(capacity=1, size=resident_bytes)  # nothing fits: only what a session holds is there
    monkeypatch.setattr(cache, "queue", lambda: queue)
    page = open_page("models")
    held = [key for run in page.session_state["_jobs"] for key in run]
    assert held
    page.query_params["count"] = "9"
    page.run()
    page.run()
    assert not set(held) & {key for run in page.session_state["_jobs"] for key in run}


def test_a_key_holds_the_ids_that_do_not_exist(open_page):
    with_gone = comparisons.computation(Data(models=("rooms/normal", "rooms/gone"), count=8))
    without = comparisons.computation(Data(models=("rooms/normal",), count=8))
    assert with_gone.key != without.key
    page = open_page("models", models=["rooms/normal", "rooms/reshading", "rooms/gone"])
    told = [block.value.replace("\\", "") for block in page.markdown]
    assert any("rooms/gone" in line for line in told)
    page.query_params["models"] = ["rooms/normal", "rooms/reshading"]
    page.run()
    told = [block.value.replace("\\", "") for block in page.markdown]
    assert not any("rooms/gone" in line for line in told)


def test_a_key_sees_images_changed_in_place_and_below(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPARA_ROOTS", str(tmp_path))
    deep = tmp_path / "cats"
    deep.mkdir()
    (deep / "a.png").write_bytes(b"1")
    data = Data(probes=str(tmp_path), count=8)
    before = comparisons.recipe(data)
    (deep / "a.png").write_bytes(b"22")
    cache.listing.clear()  # it is asked for again after a second
    assert comparisons.recipe(data) != before


def test_every_comparison_of_a_selection_is_on_one_grid(open_page):
    data = Data(count=8)
    assert comparisons.computation(data).key != comparisons.computation(data, models=(FIRST,)).key
    assert comparisons.grid(data) == comparisons.grid(Data(models=tuple(GROUPS), count=8))


def waiting():
    """A page that waits for one computation."""
    import streamlit as st
    from tests_shared_gate import work

    from pages.shared import jobs, selection
    from pages.shared.jobs import Computation

    selection.enter("home")
    jobs.enter()
    found = jobs.wait(Computation("gate", "a long thing", work))
    if found is not None:
        st.write(f"found {found}")


@pytest.fixture
def gate(monkeypatch):
    """A computation that goes on until the test opens it, and the tab that a page is opened in."""
    opened = threading.Event()

    def work(progress):
        progress(0, 4, "Rendering")
        while not opened.wait(0.01):
            progress(1, 4, "Rendering")
        return "all"

    queue = JobQueue()
    monkeypatch.setitem(sys.modules, "tests_shared_gate", SimpleNamespace(work=work))
    monkeypatch.setattr(cache, "queue", lambda: queue)
    monkeypatch.setattr(jobs, "PATIENCE_S", 0.05)

    def tab(name):
        monkeypatch.setattr(jobs, "_session", lambda: name)

    yield SimpleNamespace(open=opened.set, queue=queue, tab=tab)
    opened.set()


def test_cancel_ends_my_own_wait_and_others_keep_the_job(gate):
    gate.tab("mine")
    mine = AppTest.from_function(waiting).run()
    assert "Computing a long thing" in text(mine)
    gate.tab("theirs")
    theirs = AppTest.from_function(waiting).run()
    gate.tab("mine")
    mine.button(key="job-cancel").click().run()
    mine.run()
    assert "You wait no longer" in text(mine)
    (job,) = gate.queue.jobs()
    assert (job.state, job.stopping) == ("running", False)
    gate.tab("theirs")
    theirs.run()
    assert "Computing a long thing" in text(theirs)
    theirs.button(key="job-cancel").click().run()
    assert job.wait(10)
    assert job.state == "cancelled"


def test_who_goes_on_gets_the_result(gate):
    gate.tab("mine")
    mine = AppTest.from_function(waiting).run()
    gate.queue.jobs()[0].watch("theirs")
    mine.button(key="job-cancel").click().run()
    mine.button(key="job-again").click().run()
    gate.open()
    assert gate.queue.jobs()[0].wait(10)
    mine.run()
    assert "found all" in text(mine)


def test_a_waiting_page_says_for_what_and_its_place(gate, monkeypatch):
    gate.tab("mine")
    AppTest.from_function(waiting).run()
    gate.queue.submit("second", "some *other* thing", lambda progress: None)
    job = gate.queue.submit("third", "the last thing", lambda progress: None)
    before = gate.queue.ahead(job)
    assert progress._stage(job, before) == "Waiting for a long thing and 1 more: place 3"
    assert progress._stage(job, before[1:]) == "Waiting for some \\*other\\* thing"
