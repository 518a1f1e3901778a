"""What several test modules share: the app with a store of its own and a planted zoo, so that no test waits long."""

import sys

import numpy as np
import pytest
from hypothesis import settings
from planted import random_graph
from planted_pages import GROUPS, spec, start_app

import depara_core as depara
from depara_core.attribution.options import resolve_options
from depara_core.probes import ProbeSet

BROKEN = "rooms/reshading"

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
    """Plant a zoo of four models under the public names; what each call asked for is recorded.

    Models in `broken` fail, and `trouble` is what the store says of itself.
    """
    asked = []

    def build_graphs(specs, probes, *, layers, progress, on_error, store, **options):
        asked.append((tuple(spec.id for spec in specs), len(probes), layers, resolve_options(**options)))
        store.trouble = build_graphs.trouble
        graphs = []
        for number, one in enumerate(specs):
            progress(number, len(specs), one.name)
            if one.id in build_graphs.broken:
                on_error(one.id, depara.ModelError("Expected *finite* weights."))
                continue
            names = one.resolve_layers(layers)
            graphs += [
                random_graph(number, count=len(probes), model=one.id, layer=layer, probes=probes.digest)
                for layer in names
            ]
        return graphs

    def load_probes(source, *, count, seed, progress):
        progress(0, count, "Reading images")
        if source != "rooms":
            raise depara.ProbeError(f"there is nothing to read at {source!r}.")
        images = np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)
        skipped = (("a_b<i>.txt", "not an *image*"),)
        return ProbeSet(images, tuple(f"room {i}" for i in range(count)), None, "rooms", skipped)

    known = {name: spec(name, group) for name, group in GROUPS.items()}

    def model(name):
        if name not in known:
            raise depara.ModelError(f"There is no model {name!r}.")
        return known[name]

    build_graphs.broken, build_graphs.trouble = set(), ""
    planted = {"build_graphs": build_graphs, "load_probes": load_probes, "model": model}
    for name, function in {**planted, "list_models": lambda source: list(known.values())}.items():
        monkeypatch.setattr(depara, name, function, raising=False)
    build_graphs.asked = asked
    return build_graphs


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
def app(zoo, tmp_path, monkeypatch):
    """Return a function that opens one page of the app with a query and runs it to the end."""
    from pages.shared import cache, jobs

    monkeypatch.setenv("DEPARA_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("DEPARA_ROOTS", "/")  # what a path asks is tested by itself
    monkeypatch.setattr(jobs, "PATIENCE_S", 60.0)  # AppTest runs no fragment by itself: a page waits instead
    for cached in (cache.queue, cache.zoo, cache.spec, cache.agreed):
        cached.clear()

    def start(page, **query):
        return start_app(page, **{"count": "8", **query})

    return start
