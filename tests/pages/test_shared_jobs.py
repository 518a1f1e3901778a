"""What pages wait for: found again, held while it is shown, and made anew when what is asked for changes."""

import pytest
from planted_pages import GROUPS

from depara_core.jobs import JobQueue
from depara_core.memory import resident_bytes
from pages.shared import cache, comparisons, jobs
from pages.shared.selection import Data

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
