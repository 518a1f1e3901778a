"""The selection and its address: what is written is read back, and nothing in an address can break a page."""

import ast
import math
import typing
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_pages import PAGES
from streamlit.testing.v1 import AppTest

from pages.attributions.selection import Attributions
from pages.choose.selection import Choose
from pages.evaluate.selection import Evaluate
from pages.graphs.selection import Graphs
from pages.models.selection import Models
from pages.panorama.selection import Panorama
from pages.shared import address, old_links, selection
from pages.shared.address import LONGEST, Box, from_query, to_query
from pages.shared.parts import SHARED, Data, Look, Pair
from pages.tour.selection import Tour
from pages.why.selection import Why
from pages.zoo.selection import Zoo

OWN = (Choose, Tour, Attributions, Graphs, Models, Panorama, Zoo, Why, Evaluate)
PARTS = (*SHARED, *OWN)
words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)
ends = st.lists(st.integers(0, 1000), min_size=2, max_size=2).map(lambda two: tuple(sorted(end / 1000 for end in two)))


def values(part, field):
    """Return the strategy of one field from its type, its range and its choices."""
    kind = address._types(part)[field.name]
    if typing.get_origin(kind) is tuple:
        strategy = st.lists(words, min_size=1, max_size=5, unique=True).map(tuple)
    elif kind in (int, float):
        low, high = field.metadata["range"]
        strategy = st.integers(low, high) if kind is int else st.floats(low, high)
    else:
        options = field.metadata.get("options")
        strategy = {bool: st.booleans(), Box: st.builds(Box, ends, ends)}.get(
            kind, st.sampled_from(list(options())) if options else words
        )
    return strategy | st.just(field.default)


parts = st.one_of([st.builds(part, **{field.name: values(part, field) for field in fields(part)}) for part in PARTS])


@given(parts)
def test_what_is_written_is_read_back(part):
    assert from_query(type(part), to_query(part)) == (part, ())


def test_defaults_leave_the_address_empty_and_only_changes_are_written():
    assert [to_query(part()) for part in PARTS] == [{}] * len(PARTS)
    assert to_query(Data(layers=("conv1", "output"), center=False)) == {"layers": ["conv1", "output"], "center": ["0"]}
    assert to_query(Pair(lam=0.5, region=Box((0.5, 1), (0, 0.25)))) == {"lam": ["0.5"], "region": ["0.5,1,0,0.25"]}


def test_no_page_has_a_name_that_all_pages_share_and_no_two_pages_are_one():
    shared = [name for part in SHARED for name in address.names(part)]
    assert len(set(shared)) == len(shared)
    assert not any(address.names(part) & set(shared) for part in OWN)
    assert len({part.PAGE for part in OWN}) == len(OWN)
    assert {part.PAGE for part in OWN} <= set(PAGES)


@given(
    st.sampled_from(PARTS),
    st.dictionaries(
        st.sampled_from([name for part in PARTS for name in address.names(part)]), st.lists(st.text(), max_size=3)
    ),
)
def test_any_address_gives_valid_parts(part, query):
    found, notes = from_query(part, query)
    assert from_query(part, to_query(found)) == (found, ())
    if part is Data:
        assert 3 <= found.count <= 5000
    if part is Pair:
        assert math.isfinite(found.lam)
    assert all(note and "\n" not in note for note in notes)


@pytest.mark.parametrize(
    "part, name, text, expected",
    [
        (Pair, "lam", "nan", "a number from 0 to 1000"),
        (Pair, "lam", "inf", "a number from 0 to 1000"),
        (Data, "count", "1e9", "a whole number from 3 to 5000"),
        (Data, "count", "-5", "a whole number from 3 to 5000"),
        (Data, "count", "9" * 5000, "a whole number from 3 to 5000"),
        (Data, "center", "maybe", "0 or 1"),
        (Data, "preset", "papper", "one of paper, released_models, released_layers"),
        (Pair, "target", "x" * (LONGEST + 1), f"1 to {LONGEST} printable characters"),
        (Pair, "target", "a\x00b", f"1 to {LONGEST} printable characters"),
        (Why, "view", "nodes", "one of probes, pairs, groups, surfaces, places, leave_one_out, contrast"),
        (Tour, "step", "13", "a whole number from 1 to 12"),
        *(
            (Pair, "region", text, "a box of ranks like 0.5,1,0,0.25")
            for text in ("0.1", "0.9,0.1,0,1", "0,1,0,2", "nan,1,0,1", "a,b,c,d")
        ),
    ],
)
def test_a_damaged_value_keeps_the_default_and_is_named(part, name, text, expected):
    found, (note,) = from_query(part, {name: [text]})
    assert found == part()
    assert expected in note
    assert name in note
    assert len(note) < 250


class Address(dict):
    """What streamlit keeps of an address."""

    def get_all(self, name):
        return self[name]

    def from_dict(self, query):
        self.clear()
        self.update(query)


@pytest.fixture
def visit(monkeypatch):
    """Open pages one after another in one session; what the page reads is told with the notes and the address."""
    stub = SimpleNamespace(session_state={}, query_params=Address())
    monkeypatch.setattr(selection, "st", stub)

    def opened(page, /, **query):
        stub.query_params.from_dict({name: text if isinstance(text, list) else [text] for name, text in query.items()})
        selection.enter(page, PAGES)
        own = [selection.read(part) for part in OWN if page == part.PAGE]
        selection.leave()
        return SimpleNamespace(
            own=own[0] if own else None, notes=selection.notes(), query={**stub.query_params}, text=stub.query_params
        )

    return opened


OLD = {  # every name of the first version: page, value, the part that it belongs to now, what that holds
    "models": ("home", ["rooms/a", "rooms/b"], Data, {"models": ("rooms/a", "rooms/b")}),
    "probes": ("home", "/photos", Data, {"probes": "/photos"}),
    "count": ("home", "12", Data, {"count": 12}),
    "seed": ("home", "7", Data, {"seed": 7}),
    "preset": ("setup", "released_models", Data, {"preset": "released_models"}),
    "method": ("setup", "saliency", Data, {"method": "saliency"}),
    "objective": ("setup", "mean", Data, {"objective": "mean"}),
    "channels": ("setup", "mean", Data, {"channels": "mean"}),
    "center": ("setup", "0", Data, {"center": False}),
    "resolution": ("setup", "16", Data, {"resolution": 16}),
    "layers": ("setup", "all", Data, {"layers": ("all",)}),
    "target": ("models", "rooms/t", Pair, {"target": "rooms/t"}),
    "a": ("why", "rooms/a", Pair, {"source": "rooms/a"}),
    "b": ("why", "rooms/b", Pair, {"target": "rooms/b"}),
    "c": ("why", "rooms/c", Pair, {"third": "rooms/c"}),
    "layer_a": ("layers", "conv1", Pair, {"source_layer": "conv1"}),
    "layer_b": ("layers", "conv2", Pair, {"target_layer": "conv2"}),
    "probe": ("graphs", "3", Pair, {"probe": 3}),
    "other": ("graphs", "5", Pair, {"other_probe": 5}),
    "lam": ("models", "0.5", Pair, {"lam": 0.5}),
    "mode": ("attributions", "magnitude", Look, {"maps": "magnitude"}),
    "opacity": ("attributions", "0.2", Look, {"opacity": 0.2}),
    "scale": ("attributions", "own", Look, {"scale": "own"}),
    "sharp": ("attributions", "1", Look, {"sharp": True}),
    "neighbours": ("graphs", "2", Look, {"neighbours": 2}),
    "drawn": ("graphs", "9", Look, {"drawn": 9}),
    "picture": ("models", "svg", Look, {"picture": "svg"}),
    "shown": ("panorama", ["rooms/a", "rooms/b"], Panorama, {"shown": ("rooms/a", "rooms/b")}),
    "sort": ("attributions", "least", Attributions, {"sort": "least"}),
    "layout": ("graphs", "spectral", Graphs, {"layout": "spectral"}),
    "around": ("graphs", "1", Graphs, {"around": True}),
    "groups": ("why", ["wall", "floor"], Why, {"groups": ("wall", "floor")}),
    "page": ("why", "2", Why, {"page": 2}),
    "step": ("tour", "6", Tour, {"step": 6}),
    "picked": ("tour", ["1", "3"], Tour, {"images": ("1", "3")}),
    "world": ("evaluate", "taskonomy", Evaluate, {"benchmark": "taskonomy"}),
    "budget": ("evaluate", "250", Evaluate, {"budget": 250}),
    "metrics": ("evaluate", ["rsa", "cka"], Evaluate, {"metrics": ("rsa", "cka")}),
    "figure": ("evaluate", "Spearman", Evaluate, {"measure": "Spearman"}),
    "metric": ("evaluate", "cka", Evaluate, {"metric": "cka"}),
    "rival": ("evaluate", "logme", Evaluate, {"rival": "logme"}),
    "published": ("evaluate", "1", Evaluate, {"published": True}),
    "view": ("why", "groups", Why, {"view": "groups"}),
    "brush": ("why", "0.5,1,0,0.25", Pair, {"region": Box((0.5, 1), (0, 0.25))}),
}
OLD_WORDS = [  # the words of one field had a meaning of their own on each page
    ("view", "probes", Why, {}),
    ("view", "pairs", Why, {"view": "pairs"}),
    ("view", "objects", Why, {"view": "surfaces"}),
    ("view", "influence", Why, {"view": "leave_one_out"}),
    ("view", "contrast", Why, {"view": "contrast"}),
    ("view", "nodes", Models, {"view": "nodes"}),
    ("view", "edges", Models, {"view": "edges"}),
    ("view", "combined", Models, {}),
    ("view", "models", Attributions, {}),
    ("view", "layers", Attributions, {"view": "layers"}),
    ("view", "two", Graphs, {}),
    ("view", "one", Graphs, {"view": "one"}),
    ("view", "k", Evaluate, {}),
    ("view", "recall", Evaluate, {"against": "recall"}),
    ("brush", "both alike", Why, {}),
    ("brush", "only A alike", Why, {"kind": "only A alike"}),
    ("brush", "only B alike", Why, {"kind": "only B alike"}),
    ("page", "3", Attributions, {"page": 3}),
    ("shown", "rooms/a", Attributions, {"shown": ("rooms/a",)}),
]


@pytest.mark.parametrize("name", OLD)
def test_an_old_link_opens_its_page_as_it_was(visit, name):
    page, text, part, expected = OLD[name]
    seen = visit(page, **{name: text})
    assert seen.notes == ()
    assert selection.read(part) == replace(part(), **expected)
    assert seen.query == {key.removeprefix(f"{page}."): value for key, value in seen.query.items()}, (
        "what a page shows stands in its address without its name"
    )
    visit("home" if page != "home" else "tour")
    assert selection.read(part) == replace(part(), **expected), "and is still so when the reader comes back"


@pytest.mark.parametrize("name, word, part, expected", OLD_WORDS)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_an_old_word_belongs_to_the_page_that_knew_it(visit, name, word, part, expected, elsewhere):
    seen = visit("home" if elsewhere else part.PAGE, **{name: word})
    assert seen.notes == ()
    assert selection.read(part) == replace(part(), **expected)


def test_every_old_name_is_tested_and_every_new_place_exists():
    assert {key.partition("=")[0] for key in old_links.RENAMED} <= set(OLD)
    known = {*(name for part in SHARED for name in address.names(part))}
    known |= {f"{part.PAGE}.{name}" for part in OWN for name in address.names(part)}
    assert {place.partition("=")[0] for places in old_links.RENAMED.values() for place in places} <= known


@pytest.mark.parametrize("page", PAGES)
def test_an_old_link_had_two_targets_and_its_page_meant_one(visit, page):
    seen = visit(page, target="rooms/t", a="rooms/a", b="rooms/b")
    wanted = "rooms/b" if page in ("tour", "graphs", "panorama", "layers", "why") else "rooms/t"
    assert seen.query == {"source": ["rooms/a"], "target": [wanted]}


def test_pages_do_not_touch_each_other_and_each_finds_what_it_showed(visit):
    visit("why", view="pairs", page="2", target="rooms/t")
    selection.update(Models, view="edges")
    first = visit("models")
    assert first.own == Models("edges")
    assert first.query == {"target": ["rooms/t"], "view": ["edges"], "why.view": ["pairs"], "why.page": ["2"]}
    again = visit("why")
    assert again.own == Why("pairs", page=2)
    assert again.query == {"target": ["rooms/t"], "view": ["pairs"], "page": ["2"], "models.view": ["edges"]}


def test_a_link_carries_its_own_changes_and_everything_else(visit):
    visit("models", view="edges", target="rooms/t")
    query = selection._session().query("why", replace(selection.read(Pair), source="rooms/s"), Why("groups"))
    assert query == {
        "target": ["rooms/t"],
        "source": ["rooms/s"],
        "view": ["groups"],
        "models.view": ["edges"],
    }


def test_what_no_page_knows_is_told_and_leaves_the_address(visit):
    seen = visit("why", colour="red", view="nowhere", **{"why.kind": "only A alike", "attic.view": "x", "embed": "1"})
    assert [("'colour'" in note, "'attic.view'" in note, "'nowhere'" in note) for note in seen.notes] == [
        (False, True, False),
        (False, False, True),
        (True, False, False),
    ]
    assert seen.own == Why(kind="only A alike")
    assert seen.query == {"kind": ["only A alike"]}
    assert visit("why", kind="only A alike").notes == seen.notes, "until something changes"
    selection.update(Why, page=1)
    assert selection.notes() == ()
    assert visit("setup", step="3").query == {"tour.step": ["3"]}
    assert "'view'" in visit("setup", view="nowhere").notes[0]


def page():
    import streamlit as st

    from pages.shared import selection
    from pages.shared.parts import Pair

    selection.enter("why")
    st.text(repr(selection.read(Pair).lam))
    st.slider("λ", 0.0, 10.0, **selection.bind(Pair, "lam", "lam"))
    st.button("double", on_click=lambda: selection.update(Pair, lam=2 * selection.read(Pair).lam, probe=3))
    st.button("reset", **selection.click(Pair, lam=1.0, probe=0))
    selection.leave()
    for note in selection.notes():
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
    test.button[1].click().run()
    assert not test.query_params


def test_going_back_to_the_bare_address_undoes_the_first_change():
    test = start()
    test.slider(key="lam").set_value(3.0).run()
    del test.query_params["lam"]
    test.run()
    assert (test.text[0].value, test.slider(key="lam").value) == ("1.0", 1.0)
    assert not test.query_params


def test_a_navigation_that_drops_the_query_keeps_the_selection(visit):
    visit("models", lam="3.0", view="edges")
    assert visit("why").query == {"lam": ["3.0"], "models.view": ["edges"]}


def test_nothing_old_remains_of_other_models_or_images(visit):
    old = {"source": "rooms/a", "target": "rooms/t", "lam": "10.0", "probe": "12", "page": "11"}
    visit("why", models=["rooms/a", "rooms/t"], **old)
    selection.update(Data, models=("rooms/a", "rooms/t", "rooms/new"))
    assert selection.read(Pair) == Pair(source="rooms/a", target="rooms/t", lam=10.0, probe=12)
    assert selection.read(Why).page == 11
    query = selection._session().query("why", Data(models=("hf/x", "hf/y")))
    assert query == {"models": ["hf/x", "hf/y"], "probe": ["12"]}
    selection.update(Data, count=7)
    assert selection.read(Pair) == Pair(source="rooms/a", target="rooms/t", lam=10.0)
    assert selection.read(Why).page == 0
    selection.update(Data, models=("rooms/a",))
    assert selection.read(Pair) == Pair()


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


def test_a_new_address_is_told_to_the_browser_even_where_nothing_in_it_changes(visit, monkeypatch):
    """A link to the same page runs it with another address, and the browser keeps showing the old one."""
    told = []
    monkeypatch.setattr(Address, "from_dict", lambda self, query: told.append(query) or self.update(query))
    visit("layers", lam="3.0")
    told.clear()
    visit("layers", lam="5.0")
    assert told[-1] == {"lam": ["5.0"]}
    assert len(told) == 2  # that of the visit, and ours


def test_the_router_imports_the_pages_before_it_draws_anything():
    """What is drawn before is of an app that knows no page: the address that was opened would not be found."""
    body = ast.parse(Path("app.py").read_text()).body
    first = next(n for n, line in enumerate(body) if isinstance(line, ast.Import) and line.names[0].name == "pages")
    drawn = [n for n, line in enumerate(body) if any(isinstance(part, ast.Call) for part in ast.walk(line))]
    assert first < min(drawn)
