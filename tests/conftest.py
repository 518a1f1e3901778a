"""What several test modules share: the app with a store of its own and a planted zoo, so that no test waits long."""

import sys

import pytest
from hypothesis import settings
from planted_pages import COUNT, Zoo, start_app

import depara_core as depara

settings.register_profile("depara", deadline=None)  # a busy machine is no failure
settings.load_profile("depara")


@pytest.fixture(autouse=True)
def own_main(monkeypatch):
    """Put back what AppTest replaces by the app: a process that a later test spawns would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def own_leave_to_run_code(monkeypatch):
    """Put back what the app and `depara app` set for their process: a later test may open a Python file."""
    monkeypatch.setenv("DEPARA_ALLOW_CODE", "1")


@pytest.fixture
def zoo(monkeypatch):
    """Plant a zoo of four models under the public names; the test may change it before a page is opened."""
    planted = Zoo()
    for name in ("build_graphs", "load_probes", "model", "list_models"):
        monkeypatch.setattr(depara, name, getattr(planted, name))
    return planted


class DrawnTable:
    """What a table of pictures was given, row by row."""

    def __init__(self, data):
        self.headings, self.rows, self.labels = data["headings"], [], []
        for row in data["rows"]:
            self.rows.append(row["cells"])
            self.labels.append(row["label"])
        chosen = [row["chosen"] or any(cell["mark"] for cell in row["cells"]) for row in data["rows"]]
        self.selected = chosen.index(True) if any(chosen) else None
        self.gap = next(((place, row["gap"]) for place, row in enumerate(data["rows"]) if row["gap"]), None)

    def seen(self):
        """The columns of the selected row that stand out."""
        return [column for column, cell in enumerate(self.rows[self.selected]) if cell["mark"] == "seen"]

    def pictures(self, row):
        return [cell for cell in self.rows[row] if cell["kind"] == "image"]

    def parts(self, row):
        return [part for cell in self.rows[row] if cell["kind"] == "bar" for part in cell["parts"]]

    def texts(self, row):
        """What stands behind the bar."""
        kinds = [cell["kind"] for cell in self.rows[row]]
        return [cell["text"] for cell in self.rows[row][kinds.index("bar") + 1 :]]


@pytest.fixture
def tables(monkeypatch):
    """Record each table of pictures by its key; `tables.click` = (key, row, column) is what one reports next."""
    from pages.shared import image_table

    class Tables(dict):
        click = None

    seen = Tables()

    def mount(key, data, on_clicked_change):
        seen[key], clicked = DrawnTable(data), None
        if seen.click and seen.click[0] == key:
            clicked, seen.click = dict(zip(("row", "column"), seen.click[1:], strict=True)), None
        return type("Result", (), {"clicked": clicked})

    monkeypatch.setattr(image_table, "_mount", mount)
    return seen


@pytest.fixture
def downloads(monkeypatch):
    """Record the download buttons of a page: file name -> what makes its content."""
    import streamlit as st

    found, buttons = {}, {}

    def download_button(label, data, file_name, mime, *, key, on_click, help):
        assert callable(data)
        assert on_click == "ignore"  # a download runs nothing again
        assert "/" in mime
        assert buttons.setdefault(file_name, key) == key, "two downloads of one name"
        found[file_name] = data

    monkeypatch.setattr(st, "download_button", download_button)
    return found


@pytest.fixture
def click(monkeypatch):
    """Return click(app, name, *customdata): what a click on a mark of a chart, e.g. "why.groups", does to the page."""
    import streamlit as st

    from pages.shared import charts

    pending, draw = {}, charts.chart

    def chart(figure, key, clicked=None):
        draw(figure, key, clicked)
        name = ".".join(key.split(".")[:2])
        if clicked is not None and name in pending:
            clicked(pending.pop(name))
            st.rerun()

    def click(app, name, *place):
        pending[name] = list(place)
        app.run()
        assert not app.exception, app.exception
        assert not pending, f"the page has no chart {name} that answers to a click"

    monkeypatch.setattr(charts, "chart", chart)
    return click


@pytest.fixture
def open_page(zoo, tmp_path, monkeypatch):
    """Return open_page(page, /, *, fails=False, **query): a page of the app on the planted zoo, run to the end.

    The query is that of the address; COUNT images unless it says otherwise. Whatever was computed before is forgotten,
    and the store is the test's own. `fails` says whether the page tells an error.
    """
    from pages.shared import cache, jobs

    monkeypatch.setenv("DEPARA_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("DEPARA_ROOTS", "/")  # what a path asks is tested by itself
    monkeypatch.setattr(jobs, "PATIENCE_S", 60.0)  # AppTest runs no fragment by itself: a page waits instead
    for cached in (cache.queue, cache.zoo, cache.spec, cache.agreed):
        cached.clear()

    def start(page, /, *, fails=False, **query):
        app = start_app(page, **{"count": str(COUNT), **query})
        assert bool(app.error) == fails, app.error
        return app

    return start
