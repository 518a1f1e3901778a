"""The Why page's evidence of a direction: the exact shares of the local directed score, probe by probe."""

import numpy as np
import pytest
from planted_pages import COUNT, GROUPS, open_page

import depara_core as depara
from depara_core.formatting import thousandths
from depara_core.metrics.local_directed import explain_local
from pages.shared import cache

A, B = list(GROUPS)[:2]


@pytest.fixture(autouse=True)
def no_jobs():
    cache.queue.clear()


def planted():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(COUNT, 3, 4, 4))
    return explain_local(source, source[:, :1] + 0.5 * rng.normal(size=(COUNT, 1, 4, 4)))


def open_places(monkeypatch, answer):
    asked = []

    def explain(source, target, probes, **options):
        asked.append([(spec.id, layer) for spec, layer in (source, target)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("depara_core.pipeline.places.explain_places", explain)
    return open_page(monkeypatch, "why", source=A, target=B, view="places"), asked


def said(app):
    return " ".join(block.value for block in [*app.markdown, *app.caption, *app.subheader, *app.info])


def test_every_tested_probe_is_listed_with_its_exact_share(monkeypatch, tables):
    found = planted()
    app, asked = open_places(monkeypatch, found)
    assert asked[0] == [(A, "output"), (B, "output")]
    assert f"R² = **{found.score:.3f}**" in said(app).replace("\u2212", "-")
    frame, table = found.to_frame(), tables["why.places"]
    listed = range(len(table.rows))
    assert len(listed) == len(found.probes)
    assert table.texts(0)[0] == thousandths(frame["known"][0])
    assert sum(value for row in listed for _, value in table.parts(row)) == pytest.approx(found.score)
    assert all(picture["image"] for row in listed for picture in table.pictures(row))


def test_layers_without_places_say_what_to_do(monkeypatch, tables):
    app, _ = open_places(monkeypatch, depara.OptionError("Choose a layer that keeps space."))
    assert "Choose a layer that keeps space" in said(app)
    assert "why.places" not in tables
