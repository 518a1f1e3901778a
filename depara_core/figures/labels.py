"""Names in figures: safe for plotly, short, and out of each other's way."""

import html
from collections import Counter
from collections.abc import Sequence

import numpy as np

from depara_core.formatting import shorten

_ANCHORS = (
    "middle right",
    "middle left",
    "top center",
    "bottom center",
    "top right",
    "bottom right",
    "top left",
    "bottom left",
)


def escape(name: str) -> str:
    """Make a name safe for plotly, which would render "<b>" as bold and a line break as a new line."""
    return html.escape(" ".join(str(name).split()), quote=False)


MOST_TICKS = 26  # names along an axis of layers or models: more would lie over each other


def fitting_names(names: Sequence[str], width: int = 18) -> list[str]:
    """Return labels for names, cut to `width` and not yet escaped.

    The architecture stands first: "source/" and "@weights" are left out where the names stay different without them.
    """
    sourced = all("/" in name for name in names)  # layers are named otherwise
    bare = [name.split("/", 1)[1] if sourced else name for name in names]
    levels = list(zip((name.split("@", 1)[0] if sourced else name for name in bare), bare, names, strict=True))
    taken = [Counter(level) for level in zip(*levels, strict=True)]
    first = [next((n for n, one in enumerate(forms) if taken[n][one] == 1), len(forms) - 1) for forms in levels]
    return [shorten(forms[level], width) for forms, level in zip(levels, first, strict=True)]


def thinned(labels: Sequence[str], kept: Sequence[int] = ()) -> list[str]:
    """Return labels of an axis with so many left empty that no two overlap; the last and those in `kept` stay."""
    step = -(-len(labels) // MOST_TICKS)
    shown = {*range(0, len(labels), step), len(labels) - 1} if step > 1 else set(range(len(labels)))
    near = {place for one in kept for place in range(one - step + 1, one + step)}
    stays = (shown - near) | set(kept)
    return [label if place in stays else "" for place, label in enumerate(labels)]


def coloured(text: str, colour: str, *, bold: bool = False) -> str:
    """Return already escaped text as a plotly label in a colour of its own."""
    return f'<span style="color:{colour}">{f"<b>{text}</b>" if bold else text}</span>'


def place(points: np.ndarray, widths: Sequence[float], height: float, gap: float) -> list[str]:
    """Choose for each of M points (M, 2) the side its label of the given size collides least with; pixels, y upward."""
    taken = np.hstack([points - gap, points + gap])  # boxes are (left, bottom, right, top): first the marks themselves
    chosen = []
    for (x, y), width in zip(points, widths, strict=True):
        boxes = np.array([_box(x, y, width, height, gap, anchor) for anchor in _ANCHORS])
        best = int(np.argmin(_overlaps(boxes, taken).sum(axis=1)))
        taken = np.vstack([taken, boxes[best]])
        chosen.append(_ANCHORS[best])
    return chosen


def hidden(
    points: np.ndarray,
    widths: Sequence[float],
    height: float,
    gap: float,
    sides: Sequence[str],
    first: int | None = None,
) -> set[int]:
    """Return the labels, placed as `place` says, that those kept before cover by a quarter; `first` is kept."""
    order = sorted(range(len(points)), key=lambda i: i != first)
    kept, left_out = np.zeros((0, 4)), set()
    for i in order:
        x, y = points[i]
        box = np.array([_box(x, y, widths[i], height, gap, sides[i])])
        if _overlaps(box, kept).sum() > 0.25 * widths[i] * height:
            left_out.add(i)
        else:
            kept = np.vstack([kept, box])
    return left_out


def _box(x: float, y: float, width: float, height: float, gap: float, anchor: str) -> tuple[float, float, float, float]:
    """Return (left, bottom, right, top) of a label at a point's side."""
    vertical, horizontal = anchor.split()
    left = {"left": x - gap - width, "center": x - width / 2, "right": x + gap}[horizontal]
    bottom = {"top": y + gap, "middle": y - height / 2, "bottom": y - gap - height}[vertical]
    return left, bottom, left + width, bottom + height


def _overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the area each box of a (A, 4) shares with each of b (B, 4): (A, B)."""
    sides = np.minimum(a[:, None, 2:], b[:, 2:]) - np.maximum(a[:, None, :2], b[:, :2])
    return np.maximum(sides, 0).prod(axis=2)


def table(rows: Sequence[Sequence[object]]) -> np.ndarray:
    """Return rows of mixed values as an object array: plotly takes it as it is, but walks through nested lists."""
    cells = np.empty((len(rows), len(rows[0]) if rows else 0), dtype=object)
    for r, row in enumerate(rows):
        cells[r] = row
    return cells
