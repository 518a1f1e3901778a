"""The selection: one frozen value that says what the reader looks at, kept in the address so that every view is a link.

    selection = _state.read()                                  # what the address says
    st.selectbox("Target", names, **_state.bind("target", "models.target", value))   # a widget that writes to it
    _state.update(a=source, b=target, probe=7)                 # change it (then st.rerun(), or in a callback)
    _state.link("models", "Compare all models", target="rooms/normal")                # a link that carries it along
    _state.go("layers", a=source)                              # jump there now, after a click in a chart

The address is the truth. `session_state` only remembers what was last written, so that a navigation which drops the
query does not lose the selection. Only values that differ from the default are written.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any

import streamlit as st

from depara_core import attribution, evaluation
from depara_core.exports.documents import PICTURES

LONGEST = 500  # characters of one value: model names and paths
MOST_MODELS = 200
_SELECTION, _WRITTEN, _NOTES = "_selection", "_written", "_notes"
_IGNORED = {"embed", "embed_options"}  # streamlit's own


@dataclass(frozen=True)
class Selection:
    """What is looked at; an empty text means "the page chooses"."""

    models: tuple[str, ...] = ()  # model ids; none: the bundled zoo
    probes: str = "rooms"  # "rooms", "upload/<digest>", or the path of a folder or a zip
    count: int = 100  # probes drawn from the source
    seed: int = 0
    preset: str = "paper"
    method: str | None = None  # None: the preset's
    objective: str | None = None
    channels: str | None = None
    center: bool | None = None
    resolution: int | None = None  # side of the stored maps, cells; None: the model's input
    layers: tuple[str, ...] = ("output",)  # ("all",): every layer
    target: str = ""  # model id
    a: str = ""  # the pair under the lens: model ids
    b: str = ""
    c: str = ""  # a third model, the source that a is held against
    layer_a: str = "output"
    layer_b: str = "output"
    probe: int = 0
    other: int | None = None  # the second probe of a pair of probes
    lam: float = 1.0
    view: str = ""  # what a page shows: its own word, e.g. "nodes", "edges", "combined"
    mode: str = "signed"  # attribution maps: "signed" or "magnitude"
    opacity: float = 0.85
    shown: tuple[str, ...] = ()  # model ids side by side; none: the page chooses
    brush: str = "both alike"  # pairs of probes that are listed: a kind, or a box of ranks "a0,a1,b0,b1"
    groups: tuple[str, ...] = ()  # of probes: the one or the two that are looked into
    sort: str = ""  # order of the probes: "" by number, "least" or "most" agreement first
    scale: str = "shared"  # of the maps: "shared", or each its "own"
    sharp: bool = False  # maps pixel by pixel, not smoothed
    layout: str = ""  # of a drawn graph
    neighbours: int = 4  # strongest edges drawn per probe
    drawn: int = 30  # probes in a drawn graph
    around: bool = False  # those most alike to the selected probe, not a sample of all
    page: int = 0  # which batch of probes a grid shows
    picture: str = "png"  # what the camera on a figure saves
    step: int = 1  # of the tour
    picked: tuple[str, ...] = ()  # the tour's probes, as numbers; none: a spread
    world: str = "rooms"  # whose measured transfer scores are checked against
    budget: int | None = None  # labelled images the measured transfer learned from; None: the most
    metrics: tuple[str, ...] = ()  # shown beside each other; none: the page chooses
    figure: str = "P@5"  # the figure of merit that is looked at
    metric: str = "depara"  # the metric that is looked at, and the one that it is compared with
    rival: str = "rsa"
    published: bool = False  # published curves laid over


_RANGES: dict[str, tuple[float, float]] = {
    "count": (3, 5000),
    "seed": (0, 2**31 - 1),
    "resolution": (2, 512),
    "probe": (0, 10**6),
    "other": (0, 10**6),
    "lam": (0, 1000),
    "opacity": (0, 1),
    "neighbours": (1, 64),
    "drawn": (2, 200),
    "page": (0, 10**6),
    "step": (1, 10),
    "budget": (0, 10**7),
}
_CHOICES: dict[str, Callable[[], Iterable[str]]] = {
    "preset": lambda: attribution.PRESETS,
    "method": lambda: attribution.METHODS,
    "objective": lambda: attribution.OBJECTIVES,
    "channels": lambda: attribution.CHANNELS,
    "mode": lambda: ("signed", "magnitude"),
    "sort": lambda: ("least", "most"),
    "scale": lambda: ("shared", "own"),
    "figure": lambda: evaluation.FIGURES,
    "picture": lambda: PICTURES,
}
# a class by its name, a union as it is written: "int", "int | None", "tuple"
_TYPES = {field.name: getattr(field.type, "__name__", str(field.type)) for field in fields(Selection)}
_DEFAULT = Selection()


def to_query(selection: Selection) -> dict[str, list[str]]:
    """Write the values that differ from the default as query parameters; a tuple repeats its name."""
    changed = {name: getattr(selection, name) for name in _TYPES if getattr(selection, name) != getattr(_DEFAULT, name)}
    return {name: _write(value) for name, value in changed.items() if value is not None and value != ()}


def from_query(query: Mapping[str, list[str]]) -> tuple[Selection, tuple[str, ...]]:
    """Read a selection; what cannot be read keeps its default and is named in the notes, one plain sentence each."""
    values: dict[str, Any] = {}
    notes: list[str] = []
    for name, texts in query.items():
        if name in _IGNORED:
            continue
        if name not in _TYPES:
            notes.append(f"The address holds {_short(name)}, which this version does not know.")
            continue
        try:
            values[name] = _parse(name, texts)
        except ValueError as problem:
            default = getattr(_DEFAULT, name)
            shown = "the default" if default in (None, "", ()) else f"{default!r}"
            notes.append(f"The address gives {name} as {_short(', '.join(texts))}; expected {problem}. Using {shown}.")
    return replace(_DEFAULT, **values), tuple(notes)


def _write(value: Any) -> list[str]:
    if isinstance(value, tuple):
        return list(value)
    return [str(int(value)) if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)]


def _parse(name: str, texts: list[str]) -> Any:
    kind = _TYPES[name]
    if kind.startswith("tuple"):
        if not 1 <= len(texts) <= MOST_MODELS:
            raise ValueError(f"1 to {MOST_MODELS} values")
        return tuple(dict.fromkeys(_text(text) for text in texts))
    if len(texts) != 1:
        raise ValueError("one value")
    text = texts[0]
    if kind.startswith("bool"):
        if text not in ("0", "1"):
            raise ValueError("0 or 1")
        return text == "1"
    if kind.startswith(("int", "float")):
        return _number(name, text, int if kind.startswith("int") else float)
    if name in _CHOICES and text not in _CHOICES[name]():
        raise ValueError("one of " + ", ".join(_CHOICES[name]()))
    return _text(text)


def _number(name: str, text: str, kind: type) -> float:
    low, high = _RANGES[name]
    try:
        number = kind(text[:40])
    except ValueError:
        number = float("nan")
    if not (isfinite(number) and low <= number <= high):
        raise ValueError(f"a {'whole ' if kind is int else ''}number from {low} to {high}")
    return number


def _text(text: str) -> str:
    if not 1 <= len(text) <= LONGEST or not text.isprintable():
        raise ValueError(f"1 to {LONGEST} printable characters")
    return text


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


# ---- the session: the only lines that touch session_state and query_params ----


def read() -> Selection:
    """Return the current selection, from the address where it changed, else as it was."""
    state, query = st.session_state, {name: st.query_params.get_all(name) for name in st.query_params}
    if _SELECTION in state and query == state[_WRITTEN]:
        return state[_SELECTION]
    if _SELECTION in state and not query:  # a navigation dropped the query
        _keep(state[_SELECTION], state[_NOTES])
    else:
        _keep(*from_query(query))
    return state[_SELECTION]


def update(**changes: Any) -> Selection:
    """Change the selection and the address; in a callback, or followed by st.rerun()."""
    selection = replace(read(), **changes)
    _keep(selection, ())
    return selection


def notes() -> tuple[str, ...]:
    """Return what was wrong with the address, until the selection is changed."""
    read()
    return st.session_state[_NOTES]


def bind(
    field: str, key: str, value: Any = None, *, store: Callable[[Any], Any] = lambda value: value
) -> dict[str, Any]:
    """Return the keyword arguments that tie a widget to a field of the selection.

    The widget shows `value` (None: the field's own, which must be among its options); `store` turns what the widget
    holds into what the field holds.
    """
    st.session_state[key] = getattr(read(), field) if value is None else value

    def changed() -> None:
        if st.session_state[key] is not None:
            update(**{field: store(st.session_state[key])})

    return {"key": key, "on_change": changed}


def query(**changes: Any) -> dict[str, list[str]]:
    """Return the query parameters of the current selection with `changes`."""
    return to_query(replace(read(), **changes))


def link(page: str, label: str, /, *, icon: str | None = None, help: str | None = None, **changes: Any) -> None:
    """Draw a link to pages/<page>/page.py that carries the selection, with `changes`, along."""
    st.page_link(f"pages/{page}/page.py", label=label, icon=icon, help=help, query_params=query(**changes))


def go(page: str, /, **changes: Any) -> None:
    """Leave for pages/<page>/page.py with the selection and `changes`."""
    selection = update(**changes)
    st.switch_page(f"pages/{page}/page.py", query_params=to_query(selection))


def _keep(selection: Selection, notes: tuple[str, ...]) -> None:
    written = to_query(selection)
    st.session_state.update({_SELECTION: selection, _WRITTEN: written, _NOTES: notes})
    if {name: st.query_params.get_all(name) for name in st.query_params} != written:
        st.query_params.from_dict(written)
