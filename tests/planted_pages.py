"""A planted zoo and its comparison, and what a page of the app shows of it: no weights, no waiting.

A test opens a page with the fixture `open_page`, and may first change the zoo with the fixture `zoo`:

    def test(open_page, zoo, tables, click):
        zoo.broken = {"rooms/reshading"}
        app = open_page("why", source=A, target=B, lam="2.0")    # an AppTest run to the end
        figures(app), tables["why.probes"], comparison().graph(A)
        click(app, "why.groups", 0, 2)
"""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from planted import random_graph
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import depara_core as depara
from depara_core.attribution.options import resolve_options
from depara_core.comparison import Comparison
from depara_core.probes import ProbeSet
from depara_core.zoo.spec import ModelSpec

APP = str(Path(__file__).parents[1] / "app.py")
PAGES = tuple(sorted(file.parent.name for file in Path(APP).parent.glob("pages/*/page.py")))
COUNT = 12
GRID = (3, 4, 4)  # of every planted map
LAYERS = ("stem", "middle", "output")
GROUPS = {"rooms/normal": "3D", "rooms/reshading": "3D", "rooms/denoising": "2D", "rooms/<b>odd</b> $x$": "semantic"}


@cache
def spec(model, group, size=GRID[1]):
    return ModelSpec(
        id=model,
        name=model.split("/")[1],
        source="rooms",
        group=group,
        summary="",
        input_size=size,
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        bundled=True,
        _layers=lambda: LAYERS,
        _open=lambda progress: None,
    )


def planted_probes(count=COUNT, seed=0, skipped=()):
    images = np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)
    return ProbeSet(images, tuple(f"room {i}" for i in range(count)), None, "rooms", tuple(skipped))


def planted_graph(model, layer="output", probes=None):
    """The graph of a planted model, drawn at random: one seed for each model and layer."""
    probes = planted_probes() if probes is None else probes
    seed = 10 * list(GROUPS).index(model) + LAYERS[::-1].index(layer)
    return random_graph(seed, count=len(probes), shape=GRID, model=model, layer=layer, probes=probes.digest)


def comparison(models=tuple(GROUPS), layers=("output",)):
    """What a page compares, made without it."""
    probes = planted_probes()
    graphs = tuple(planted_graph(model, layer, probes) for model in models for layer in layers)
    return Comparison(probes, tuple(spec(model, GROUPS[model]) for model in models), graphs, GRID)


class Zoo:
    """The planted models of GROUPS under the core's public names; what each run asked for is recorded in `asked`."""

    def __init__(self):
        self.asked = []  # (model ids, number of probes, layers, options)
        self.broken = set()  # ids of models that fail
        self.skipped = ()  # (file, reason) of the probes
        self.trouble = ""  # what the store says of itself
        self.change = lambda graph: graph  # what becomes of every graph
        self.size = GRID[1]  # of the images that the models see
        self.labels = None  # of the probes, a word a probe

    def list_models(self, source=None):
        return [spec(name, group, self.size) for name, group in GROUPS.items()]

    def model(self, name):
        if name not in GROUPS:
            raise depara.ModelError(f"There is no model {name!r}.")
        return spec(name, GROUPS[name], self.size)

    def load_probes(self, source, *, count, seed, split, background, progress):
        progress(0, count, "Reading images")
        if source != "rooms":
            raise depara.ProbeError(f"there is nothing to read at {source!r}.")
        return replace(planted_probes(count, seed, self.skipped), labels=self.labels)

    def build_graphs(self, specs, probes, *, layers, progress, on_error, store, **options):
        self.asked.append((tuple(one.id for one in specs), len(probes), layers, resolve_options(**options)))
        store.trouble = self.trouble
        graphs = []
        for number, one in enumerate(specs):
            progress(number, len(specs), one.name)
            if one.id in self.broken:
                on_error(one.id, depara.ModelError("Expected *finite* weights."))
                continue
            graphs += [self.change(planted_graph(one.id, layer, probes)) for layer in one.resolve_layers(layers)]
        return graphs


def start_app(page, /, **query):
    """Run the app to the end on the page asked for, with the address's query; return it."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update(query)
    app._page_hash = calc_hash("" if page == "home" else page)  # switch_page would first run Home
    app.run()
    assert not app.exception, app.exception
    return app


def figures(app):
    """The plotly figures on the page by page and name, e.g. "models.matrix"."""
    keys = [chart.proto.id.split("-", 2)[-1] for chart in app.get("plotly_chart")]
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return {".".join(key.split(".")[:2]): spec for key, spec in zip(keys, specs, strict=True)}
