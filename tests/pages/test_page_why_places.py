"""The Why page's evidence of a direction: the exact shares of the local directed score, probe by probe."""

from types import SimpleNamespace

import numpy as np
import pytest
from planted_pages import COUNT, GROUPS

import depara_core as depara
from depara_core.formatting import share_of
from depara_core.metrics.local_directed import explain_local

A, B = list(GROUPS)[:2]


def planted():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(COUNT, 3, 4, 4))
    return explain_local(source, source[:, :1] + 0.5 * rng.normal(size=(COUNT, 1, 4, 4)))


@pytest.fixture
def places(monkeypatch):
    """Plant what the explanation is, or raises; `places.asked` is whom it was asked about."""
    found = SimpleNamespace(answer=None, asked=[])

    def explain(source, target, probes, **options):
        found.asked.append([(spec.id, layer) for spec, layer in (source, target)])
        if isinstance(found.answer, Exception):
            raise found.answer
        return found.answer

    monkeypatch.setattr("depara_core.pipeline.places.explain_places", explain)
    return found


def said(app):
    return " ".join(block.value for block in [*app.markdown, *app.caption, *app.subheader, *app.info])


def test_every_tested_probe_is_listed_with_its_exact_share(open_page, places, tables):
    places.answer = found = planted()
    app = open_page("why", source=A, target=B, view="places")
    assert places.asked[0] == [(A, "output"), (B, "output")]
    assert f"R² = **{found.score:.3f}**" in said(app).replace("\u2212", "-")
    frame, table = found.to_frame(), tables["why.places"]
    listed = range(len(table.rows))
    assert len(listed) == len(found.probes)
    assert table.texts(0)[0] == share_of(frame["known"][0], 1.0)
    assert sum(value for row in listed for _, value in table.parts(row)) == pytest.approx(found.score)
    assert all(picture["image"] for row in listed for picture in table.pictures(row))


def test_layers_without_places_say_what_to_do(open_page, places, tables):
    places.answer = depara.OptionError("Choose a layer that keeps space.")
    app = open_page("why", source=A, target=B, view="places")
    assert "Choose a layer that keeps space" in said(app)
    assert "why.places" not in tables
