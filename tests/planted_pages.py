"""A small comparison of planted models, and the app opened on one page with it: no weights, no waiting."""

import json
from pathlib import Path

import numpy as np
from planted import random_graph
from streamlit.testing.v1 import AppTest

from depara_core.comparison import Comparison
from depara_core.probes import ProbeSet
from depara_core.zoo.spec import ModelSpec

APP = str(Path(__file__).parents[1] / "app.py")
COUNT = 12
GRID = (3, 4, 4)  # of every planted map
LAYERS = ("stem", "middle", "output")
GROUPS = {"rooms/normal": "3D", "rooms/reshading": "3D", "rooms/denoising": "2D", "rooms/<b>odd</b> $x$": "semantic"}


def spec(model, group):
    return ModelSpec(
        id=model,
        name=model.split("/")[1],
        source="rooms",
        group=group,
        summary="",
        input_size=4,
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        bundled=True,
        _layers=lambda: LAYERS,
        _open=lambda progress: None,
    )


def comparison(models=tuple(GROUPS), layers=("output",)):
    """Graphs drawn at random, one seed for each model and layer."""
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 16, 16, 3), dtype=np.uint8)
    probes = ProbeSet.from_arrays(images)
    graphs = tuple(
        random_graph(10 * i + j, count=COUNT, model=model, layer=layer, probes=probes.digest)
        for i, model in enumerate(models)
        for j, layer in enumerate(layers)
    )
    specs = tuple(spec(model, GROUPS[model]) for model in models)
    return Comparison(probes, specs, graphs, GRID, key="planted" + "-".join(layers))


def start_app(page, **query):
    """Run the app to the end on Home, then on the page asked for, both with the address's query; return it."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update(query)
    app.run()
    if page != "home":
        app.query_params.update(query)  # home keeps none of the names that are the page's own
        app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception, app.exception
    return app


def open_page(monkeypatch, page, zoo=tuple(GROUPS), **query):
    """Open the app on a page, every comparison replaced by planted graphs of the models asked for."""
    from pages.shared import cache, comparisons

    def require(selection, layers=None, models=None, *, before=None):
        return comparison(models or zoo, LAYERS if layers in ("all", ("all",)) else ("output",))

    known = tuple(spec(model, GROUPS[model]) for model in zoo)
    monkeypatch.setattr(comparisons, "require", require)
    monkeypatch.setattr(comparisons, "specs", lambda models=(): (known, ()))
    monkeypatch.setattr(cache, "zoo", lambda: known)
    monkeypatch.setattr(comparisons, "at_hand", lambda selection: [])
    app = start_app(page, **query)
    assert not app.error, app.error
    return app


def figures(app):
    """The plotly figures on the page by page and name, e.g. "models.matrix"."""
    keys = [chart.proto.id.split("-", 2)[-1] for chart in app.get("plotly_chart")]
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return {".".join(key.split(".")[:2]): spec for key, spec in zip(keys, specs, strict=True)}


def clicker(monkeypatch):
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
