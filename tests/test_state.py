"""The selection and its address: what is written is read back, and nothing in an address can break a page."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.shared.state import _CHOICES, _RANGES, LONGEST, Selection, from_query, to_query

names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)


def values(field):
    """Return the strategy of one field from its type, its range and its choices."""
    kind = str(getattr(field.type, "__name__", field.type))
    low, high = _RANGES.get(field.name, (0, 0))
    if kind.startswith("tuple"):
        strategy = st.lists(names, min_size=1, max_size=5, unique=True).map(tuple)
    elif kind.startswith("bool"):
        strategy = st.booleans()
    elif kind.startswith("int"):
        strategy = st.integers(low, high)
    elif kind.startswith("float"):
        strategy = st.floats(low, high)
    else:
        strategy = st.sampled_from(list(_CHOICES[field.name]())) if field.name in _CHOICES else names
    return strategy | st.just(field.default)


selections = st.builds(Selection, **{field.name: values(field) for field in fields(Selection)})


@given(selections)
def test_what_is_written_is_read_back(selection):
    assert from_query(to_query(selection)) == (selection, ())


def test_defaults_leave_the_address_empty_and_only_changes_are_written():
    assert to_query(Selection()) == {}
    assert to_query(Selection(lam=0.5, layers=("conv1", "output"), center=False)) == {
        "lam": ["0.5"],
        "layers": ["conv1", "output"],
        "center": ["0"],
    }


@given(
    st.dictionaries(st.sampled_from([f.name for f in fields(Selection)]) | st.text(), st.lists(st.text(), max_size=3))
)
def test_any_address_gives_a_valid_selection(query):
    selection, notes = from_query(query)
    assert from_query(to_query(selection)) == (selection, ())
    assert 3 <= selection.count <= 5000
    assert math.isfinite(selection.lam)
    assert all(note and "\n" not in note for note in notes)


@pytest.mark.parametrize(
    "name,text,expected",
    [
        ("lam", "nan", "a number from 0 to 1000"),
        ("lam", "inf", "a number from 0 to 1000"),
        ("count", "1e9", "a whole number from 3 to 5000"),
        ("count", "-5", "a whole number from 3 to 5000"),
        ("count", "9" * 5000, "a whole number from 3 to 5000"),
        ("center", "maybe", "0 or 1"),
        ("preset", "papper", "one of paper, released_models, released_layers"),
        ("target", "x" * (LONGEST + 1), f"1 to {LONGEST} printable characters"),
        ("target", "a\x00b", f"1 to {LONGEST} printable characters"),
    ],
)
def test_a_damaged_value_keeps_the_default_and_is_named(name, text, expected):
    selection, (note,) = from_query({name: [text], "probe": ["4"]})
    assert selection == replace(Selection(), probe=4)
    assert expected in note
    assert name in note
    assert len(note) < 250


def test_an_unknown_name_is_noted_and_streamlits_own_is_not():
    assert from_query({"embed": ["true"]}) == (Selection(), ())
    assert "'colour'" in from_query({"colour": ["red"]})[1][0]


def page():
    import streamlit as st

    from pages.shared import state

    selection = state.read()
    st.text(repr(selection.lam))
    st.slider("λ", 0.0, 10.0, **state.bind("lam", "lam"))
    st.button("double", on_click=lambda: state.update(lam=2 * state.read().lam, probe=3))
    for note in state.notes():
        st.warning(note)


def start(**query):
    test = AppTest.from_function(page, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def test_a_widget_writes_to_the_address_and_the_address_sets_the_widget():
    test = start(lam="0.5")
    assert test.slider(key="lam").value == 0.5
    test.slider(key="lam").set_value(4.0).run()
    assert test.text[0].value == "4.0"
    assert test.query_params["lam"] == "4.0"


def test_update_changes_the_widget_too_and_the_default_leaves_the_address():
    test = start(lam="2.0")
    test.button[0].click().run()
    assert test.slider(key="lam").value == 4.0
    assert test.query_params["probe"] == "3"
    test.slider(key="lam").set_value(1.0).run()
    assert "lam" not in test.query_params


def test_a_navigation_that_drops_the_query_keeps_the_selection():
    test = start(lam="3.0")
    del test.query_params["lam"]
    test.run()
    assert test.text[0].value == "3.0"
    assert test.query_params["lam"] == "3.0"


def test_a_new_address_replaces_the_selection_and_a_damaged_one_is_noted_until_a_change():
    test = start(lam="3.0")
    test.query_params["lam"] = "nonsense"
    test.run()
    assert test.text[0].value == "1.0"
    assert "nonsense" in test.warning[0].value
    test.run()
    assert len(test.warning) == 1
    test.button[0].click().run()
    assert not test.warning
