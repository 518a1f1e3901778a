"""What the mouse does to a mark of a chart, the keyboard does beside it: to a table's row, a box or a list."""

import re

import pytest

A, B = "rooms/normal", "rooms/reshading"
BESIDE = {  # a chart that answers clicks, and what answers the keyboard for it on the same page
    "home.ranking": "home.table",
    "models.matrix": "models.pairs",
    "models.ranking": "models.table",
    "models.tree": "models.target",
    "models.map": "models.target",
    "graphs.drawing0": "graphs.pairs",
    "graphs.drawing1": "graphs.pairs",
    "graphs.ranks": "graphs.pairs",
    "layers.curves": "layers.layer",
    "layers.matrix": "layers.pairs",
    "layers.measured": "layers.layer",
    "why.adds": "why.view",
    "why.ranks": "why.view",
    "why.groups": "why.cells",
    "why.surfaces": "why.surfaces.list",
    "why.bridge": "why.contrast",
    "zoo.map": "zoo.target",
}
OPENED = {
    "home": {},
    "models": {},
    "graphs": {"source": A, "target": B},
    "layers": {"source": A, "target": B},
    "why": {"source": A, "target": B, "view": "groups"},
}


def short(key):
    """Return the page and the name in a key."""
    return re.sub(r"(drawing\d).*", r"\1", ".".join(key.split(".")[:2]))


@pytest.fixture
def choose_row(open_page, monkeypatch):
    """Return what opens a page and chooses a row of one of its tables: the row, and what was selected."""
    from pages.shared import charts, selection

    def choose_row(table, row, page, **query):
        found, seen = {}, {}
        with monkeypatch.context() as patch:
            patch.setattr(charts, "table", lambda frame, key, chosen, **look: found.update({key: (frame, chosen)}))
            open_page(page, **query)
            patch.setattr(selection, "update", lambda kind, **changes: seen.update(changes))
            frame, chosen = next(both for key, both in found.items() if key.startswith(f"{table}."))
            chosen(row)
        return frame.iloc[row], seen

    return choose_row


@pytest.mark.parametrize("page", OPENED)
def test_every_chart_that_answers_a_click_has_a_neighbour_for_the_keyboard(open_page, tables, page):
    app = open_page(page, **OPENED[page])
    charts = {short(chart.key) for chart in app.get("plotly_chart") if list(chart.proto.selection_mode)}
    assert charts
    assert charts <= set(BESIDE), "a new chart: say what answers the keyboard for it"
    there = {short(key) for key in tables}
    there |= {short(one.key) for kind in ("selectbox", "button_group", "dataframe") for one in app.get(kind) if one.key}
    assert {BESIDE[chart] for chart in charts} <= there


def test_a_row_of_the_table_of_pairs_puts_its_pair_under_the_lens(choose_row):
    row, seen = choose_row("models.pairs", 0, "models")
    assert seen == {"source": row["source"], "target": row["target"]}
    assert row["source"] != row["target"]


def test_a_row_of_the_table_of_layers_chooses_both(choose_row):
    row, seen = choose_row("layers.pairs", 3, "layers", source=A, target=B)
    assert seen == {"source_layer": row["source_layer"], "target_layer": row["target_layer"]}


def test_a_row_of_the_table_of_groups_opens_its_pairs(choose_row):
    row, seen = choose_row("why.cells", 0, "why", source=A, target=B, view="groups")
    assert set(seen["groups"]) == {row["one"], row["other"]}


def test_a_row_of_home_s_table_puts_its_source_under_the_lens(choose_row):
    row, seen = choose_row("home.table", 1, "home")
    assert seen["source"] == row["source"]
