"""Clicks on charts: each counts once, also the second on one mark, and taking a selection back replays none."""

import plotly.graph_objects as go
import pytest
import streamlit as st

from pages.shared import charts

FIGURE = go.Figure(go.Scatter(x=[0], y=[0], customdata=[[2, 1, "x"]]))


@pytest.fixture
def state(monkeypatch):
    kept = {}
    monkeypatch.setattr(st, "session_state", kept)
    return kept


@pytest.fixture
def drawn(monkeypatch, state):
    """Draw the chart as a run of the page does; the last of what Streamlit was given stands in the list."""
    given = []
    monkeypatch.setattr(charts, "camera", lambda key: {})
    monkeypatch.setattr(st, "plotly_chart", lambda figure, **options: given.append(options))
    return given


def select(state, drawn, *points):
    """What Streamlit does where a selection changes: it is kept under the chart's key, then the callback runs."""
    state[drawn[-1]["key"]] = {"selection": {"points": [{"customdata": list(place)} for place in points]}}
    drawn[-1]["on_select"]()


def test_a_click_becomes_the_place_clicked_and_taking_it_back_is_no_click(state, drawn):
    places = []
    charts.chart(FIGURE, "models.matrix", places.append)
    select(state, drawn, (2, 1, "x"))
    assert places == [[2, 1, "x"]]
    charts.chart(FIGURE, "models.matrix", places.append)
    select(state, drawn)  # a double click on the ground
    assert places == [[2, 1, "x"]]
    charts.chart(FIGURE, "models.other", places.append)
    select(state, drawn)
    assert places == [[2, 1, "x"]]


def test_after_a_click_the_chart_is_new_so_that_the_same_mark_can_be_clicked_again(state, drawn):
    places = []
    for _ in range(3):
        charts.chart(FIGURE, "models.matrix", places.append)
        select(state, drawn, (2, 1, "x"))
    assert places == [[2, 1, "x"]] * 3
    assert len({given["key"] for given in drawn}) == 3
    charts.chart(FIGURE, "models.matrix", places.append)
    select(state, drawn)
    charts.chart(FIGURE, "models.matrix", places.append)
    assert drawn[-1]["key"] == drawn[-2]["key"], "what changed nothing redraws nothing"


def test_a_mark_without_a_place_says_nothing(state, drawn):
    places = []
    charts.chart(FIGURE, "models.matrix", places.append)
    state[drawn[-1]["key"]] = {"selection": {"points": [{"x": 1}]}}
    drawn[-1]["on_select"]()
    assert not places
