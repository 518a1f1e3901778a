"""Models side by side, each a column: its place in the tree, its maps, its graph; one probe lights up in all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from depara_core.figures.attribution_maps import png_uri
from depara_core.paths import assets_folder
from pages.shared.image_table import Legend

_HERE = assets_folder() / "columns"
_mount = st.components.v2.component(
    "depara_columns", css=(_HERE / "columns.css").read_text(), js=(_HERE / "columns.js").read_text()
)
FEW = 5  # columns that have room for graphs with pictures at their nodes
CLICKS = {"model": 1, "probe": 1, "pair": 2}  # what can be clicked, and by how many places it is named


@dataclass(frozen=True, eq=False)
class Column:
    """One model: its heading, and its graph of the n drawn probes.

    Positions (n, 2) lie in the unit square. `pairs` (E, 2) are the lines drawn. `cosines` and `ranks` (0..1) hold all
    pairs i < j, row by row.
    """

    name: str
    title: str
    colour: str
    positions: np.ndarray
    pairs: np.ndarray
    cosines: np.ndarray
    ranks: np.ndarray
    mark: str = ""  # "source", "target"


@dataclass(frozen=True)
class Probe:
    """An image at a node, by its name."""

    name: str
    image: bytes


@dataclass(frozen=True, eq=False)
class Tree:
    """The branches over the columns (merges, 4, 2), in columns and shares of `top`, and what they say."""

    branches: np.ndarray
    top: str
    axis: str
    label: str


def columns(
    key: str,
    columns: Sequence[Column],
    probes: Sequence[Probe],
    rows: Sequence[tuple[int, Sequence[bytes | None]]],
    *,
    tree: Tree,
    groups: Sequence[tuple[str, str]],
    legend: Legend,
    selected: int,
    other: int | None = None,
    size: int = 70,
    label: str = "Models side by side",
) -> tuple[str, int, int | None] | None:
    """Draw the columns and return what was just clicked: ("model" | "probe" | "pair", its place, the other's), or None.

    `rows` are places among `probes`, each with one map a column (None: no attribution); `groups` are names with their
    colours. What the pointer or the keyboard is at lights up in every column without asking the server. All texts are
    data, never HTML.
    """
    few = len(columns) <= FEW
    data = {
        "columns": [_column(column) for column in columns],
        "probes": [{"name": probe.name, "image": png_uri(probe.image)} for probe in probes],
        "rows": [{"probe": place, "maps": [None if m is None else png_uri(m) for m in maps]} for place, maps in rows],
        "tree": {"branches": _short(tree.branches, 4), "top": tree.top, "axis": tree.axis, "label": tree.label},
        "groups": [list(group) for group in groups],
        "legend": {"image": png_uri(legend.image), "low": legend.low, "high": legend.high},
        "selected": selected,
        "other": other,
        "size": round(1.3 * size) if few else size,
        "narrow": 196 if few else 116,
        "wide": 330 if few else 190,
        "pictures": round(32 / len(probes) ** 0.5, 1) if few else 0,
        "label": label,
    }
    clicked = _mount(key=key, data=data, on_clicked_change=lambda: None).clicked
    if not clicked or clicked[0] not in CLICKS:
        return None
    kind, *places = clicked[0], *map(int, clicked[1:])
    most = len(columns) if kind == "model" else len(probes)
    if len(places) != CLICKS[kind] or not all(0 <= place < most for place in places):
        return None
    return kind, places[0], places[1] if len(places) == 2 else None


def _column(column: Column) -> dict[str, object]:
    return {
        "name": column.name,
        "title": column.title,
        "colour": column.colour,
        "mark": column.mark,
        "positions": _short(column.positions, 4),
        "pairs": column.pairs.tolist(),
        "cosines": _short(column.cosines, 3),
        "ranks": (100 * column.ranks).round().astype(int).tolist(),
    }


def _short(values: np.ndarray, digits: int) -> list[object]:
    """Return numbers that are short in JSON: a float32 would be written with all its binary digits."""
    return np.asarray(values, dtype=np.float64).round(digits).tolist()
