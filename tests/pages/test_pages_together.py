"""What all pages have in common: the pair they show, and what becomes of the address."""

import pytest
import streamlit as st
from planted_pages import COUNT, GROUPS, comparison, figures

MODELS = tuple(GROUPS)
TARGET = "rooms/denoising"
PAGES = {  # page: what its source and its target are chosen with; the models shown else
    "home": (None, "home.target"),
    "tour": ("tour.source", "tour.target"),
    "models": (None, "models.target"),
    "layers": ("layers.source", "layers.target"),
    "why": ("why.source", "why.target"),
    "graphs": ("graphs.source", "graphs.target"),
    "attributions": (None, "attributions.target"),
    "panorama": (None, None),
}


@pytest.fixture
def boards(monkeypatch, tables):
    """Stand in for the panorama's columns; the headings last drawn are in the list."""
    from pages.panorama import columns

    drawn = []

    def mount(key, data, on_clicked_change):
        drawn.append(data)
        return type("Mounted", (), {"clicked": None})()

    monkeypatch.setattr(columns, "_mount", mount)
    return drawn


def shown_pair(page, app, boards):
    """The pair that a page says it shows."""
    chosen = [key and app.selectbox(key=key).value for key in PAGES[page]]
    if page == "panorama":
        marks = {heading["mark"]: heading["name"] for heading in boards[-1]["columns"]}
        chosen = [next(m for m in MODELS if m.endswith(marks[end])) for end in ("source", "target")]
    if page in ("home", "models", "attributions"):  # their source is that of the link to Why
        why = [link.proto.query_string for link in app.get("page_link") if link.proto.page.endswith("why")]
        chosen[0] = next(m for m in MODELS if any("source=" + m.replace("/", "%2F") + "&" in query for query in why))
    return tuple(chosen)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_the_target_and_its_best_source(open_page, boards, page):
    for lam in (1.0, 10.0):
        best = comparison().best_source(TARGET, lam)
        app = open_page(page, target=TARGET, lam=str(lam))
        assert shown_pair(page, app, boards) == (best, TARGET)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "tour"])
def test_without_an_address_it_is_the_first_target(open_page, boards, page):
    expected = (comparison().best_source("rooms/normal", 1.0), "rooms/normal")
    assert shown_pair(page, open_page(page), boards) == expected


def test_a_source_of_the_address_is_never_its_own_target(open_page, boards):
    app = open_page("why", source="rooms/normal")
    assert shown_pair("why", app, boards)[1] != "rooms/normal"
    app = open_page("models", source=TARGET, target=TARGET)
    assert shown_pair("models", app, boards) == (comparison().best_source(TARGET, 1.0), TARGET)


OWN = {
    "attributions": {"view": "layers"},
    "graphs": {"view": "one"},
    "models": {"view": "edges"},
    "panorama": {"shown": "rooms/normal"},
    "why": {"view": "pairs"},
    "tour": {"step": "3"},
}


@pytest.mark.parametrize("page", OWN)
def test_what_a_page_waits_for_does_not_cost_its_address(open_page, monkeypatch, boards, page):
    app = open_page(page)
    from pages.shared import comparisons

    monkeypatch.setattr(comparisons, "require", lambda *given, **more: st.stop())
    for name, value in OWN[page].items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.warning
    assert {name: app.query_params[name] for name in OWN[page]} == OWN[page]


@pytest.mark.parametrize("page", ["models", "layers", "why", "panorama"])
def test_models_that_are_not_here_are_told(open_page, boards, page):
    app = open_page(page, source="rooms/none", target="rooms/gone")
    told = [warning.value.replace("\\", "") for warning in app.warning]
    for wrong in ("rooms/none", "rooms/gone"):
        (one,) = [line for line in told if wrong in line]
        assert "is no model here" in one
        assert "is shown" in one


def test_a_layer_that_is_not_here_is_told(open_page, boards):
    app = open_page("layers", source=MODELS[0], target=TARGET, source_layer="nowhere")
    (told,) = [warning.value.replace("\\", "") for warning in app.warning]
    assert "'nowhere', which is no layer of" in told
    assert figures(app)


@pytest.mark.parametrize("page", ["home", "models", "layers", "why", "graphs", "attributions", "panorama"])
def test_too_few_probes_are_told(open_page, boards, page):
    def said(count):
        app = open_page(page, count=str(count))
        return " ".join(block.value for block in [*app.title, *app.markdown, *app.caption])

    assert "4 images make 6 pairs: too few" in said(4)
    assert "too few" not in said(COUNT)


@pytest.mark.parametrize("page", ["home", "models", "layers", "why", "graphs", "attributions", "panorama"])
def test_an_unknown_target_is_said(open_page, boards, page):
    app = open_page(page, target="rooms/gone")
    told = [warning.value.replace("\\", "") for warning in app.warning]
    assert sum("rooms/gone" in line and "is shown" in line for line in told) == 1


def test_the_sidebar_agrees_on_chosen_models_only(open_page):
    def agreed(**query):
        app = open_page("models", source=MODELS[0], target=MODELS[1], **query)
        return any("agreement" in caption.value for caption in app.sidebar.caption)

    assert agreed()
    assert not agreed(models=MODELS[2:])
