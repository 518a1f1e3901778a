"""Models side by side, each a column: its place in the tree, its maps, its graph; one probe lights up in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from depara_core.drawings import Drawing
from depara_core.explanation import AcrossModels
from depara_core.formatting import number
from depara_core.layouts import fit
from depara_core.png import png_uri
from pages.shared.component import component
from pages.shared.legends import Legend

_mount = component("columns")
FEW = 5  # columns that have room for graphs with pictures at their nodes
CLICKS = {"model": 1, "probe": 1, "pair": 2}  # what can be clicked, and by how many places it is named


@dataclass(frozen=True)
class ColumnHeading:
    """One model's heading: its name, what a click does, the colour of its group, and "source", "target" or neither."""

    name: str
    title: str
    colour: str
    mark: str = ""


@dataclass(frozen=True, eq=False)
class Tree:
    """The branches over the columns (merges, 4, 2), in columns and parts of the height `top`, and what they say."""

    branches: Sequence[Sequence[Sequence[float]]]
    top: str
    axis: str
    label: str


def columns(
    key: str,
    headings: Sequence[ColumnHeading],
    drawings: Sequence[Drawing],
    found: AcrossModels,
    images: Sequence[bytes],
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

    Each of M models has a heading, a drawing of the n probes of `found`, and a map in every row; n `images` stand at
    the nodes. `rows` are places among the probes, each with one map a column (None: no attribution); `groups` are names
    with their colours. What the pointer or the keyboard is at lights up in every column without asking the server. All
    texts are data, never HTML.
    """
    few, count = len(headings) <= FEW, len(found.probes)
    shown = [{"name": name, "image": png_uri(png)} for name, png in zip(found.probes, images, strict=True)]
    places = fit(*(drawing.positions for drawing in drawings))
    data = {
        "columns": [
            vars(heading) | {"positions": at.round(4).tolist()} | _neighbours(found, model, drawing)
            for model, (heading, drawing, at) in enumerate(zip(headings, drawings, places, strict=True))
        ],
        "probes": [one | {"says": found.probe_sentence(place)} for place, one in enumerate(shown)],
        "pairs": _pairs(found, drawings, None if other is None else (selected, other)),
        "rows": [{"probe": place, "maps": [None if m is None else png_uri(m) for m in maps]} for place, maps in rows],
        "tree": vars(tree),
        "groups": [list(group) for group in groups],
        "legend": {"image": png_uri(legend.image), "low": legend.low, "high": legend.high},
        "selected": selected,
        "other": other,
        "size": round(1.3 * size) if few else size,
        "narrow": 196 if few else 116,
        "wide": 330 if few else 190,
        "pictures": round(32 / count**0.5, 1) if few else 0,
        "label": label,
    }
    return _answer(_mount(key=key, data=data, on_clicked_change=lambda: None).clicked, len(headings), count)


def _neighbours(found: AcrossModels, model: int, drawing: Drawing) -> dict[str, Any]:
    """Return a column's lines, the most alike first, and each probe's nearest one with its cosine."""
    lines = [[i, j, round(rank, 2)] for i, j, rank in found.most_alike_first(model, drawing.pairs.tolist())]
    nearest = [found.nearest(model, probe) for probe in range(len(found.probes))]
    return {"lines": lines, "nearest": [f"{found.probes[place]} {number(cosine)}" for place, cosine in nearest]}


def _pairs(found: AcrossModels, drawings: Sequence[Drawing], chosen: tuple[int, int] | None) -> list[dict[str, Any]]:
    """Return what is said of every pair that a line joins in some column, and of the selected one."""
    joined = {(i, j) for drawing in drawings for i, j in drawing.pairs.tolist()}
    joined |= {(min(chosen), max(chosen))} if chosen else set()
    return [
        {
            "ends": [i, j],
            "says": found.pair_sentence(i, j),
            "cosines": [number(cosine) for cosine in found.cosines[:, i, j].tolist()],
        }
        for i, j in sorted(joined)
    ]


def _answer(clicked: Sequence[Any] | None, models: int, probes: int) -> tuple[str, int, int | None] | None:
    if not clicked or clicked[0] not in CLICKS:
        return None
    kind, *places = clicked[0], *map(int, clicked[1:])
    most = models if kind == "model" else probes
    if len(places) != CLICKS[kind] or not all(0 <= place < most for place in places):
        return None
    return kind, places[0], places[1] if len(places) == 2 else None
