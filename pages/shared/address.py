"""A frozen dataclass as query parameters, and back: names are its fields, types and metadata say what is valid.

@dataclass(frozen=True)
class Graphs(Part):
PAGE = "graphs"
view: str = choice("two", lambda: ("two", "one"))
drawn: int = number(30, 2, 200)

to_query(Graphs(drawn=12))                   # {"drawn": ["12"]}: only what differs from the default
from_query(Graphs, {"drawn": ["many"]})      # (Graphs(), ("The address gives drawn as ...",))
"""

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any, ClassVar, TypeVar

LONGEST = 500  # characters of one value: model names and paths
MOST_VALUES = 200  # of one name: models
Query = Mapping[str, list[str]]


@dataclass(frozen=True)
class Part:
    """A part of what is looked at; `PAGE` is the page that it belongs to, "" where all pages share it."""

    PAGE: ClassVar[str] = ""


P = TypeVar("P", bound=Part)


def number(default: Any, low: float, high: float) -> Any:
    """Declare a number within a range."""
    return field(default=default, metadata={"range": (low, high)})


def choice(default: Any, options: Callable[[], Iterable[str]]) -> Any:
    """Declare one of several words; they are asked for when they are needed."""
    return field(default=default, metadata={"options": options})


@dataclass(frozen=True)
class Box:
    """Part of a chart of ranks against ranks: from and to on both axes, 0 to 1."""

    source: tuple[float, float]
    target: tuple[float, float]

    def __str__(self) -> str:
        """Write it as it stands in an address, e.g. "0.5,1,0,0.25"."""
        return ",".join(f"{end:.3g}" for end in (*self.source, *self.target))

    @classmethod
    def read(cls, text: str) -> "Box":
        """Read what `str` writes; raises a ValueError that says what was expected."""
        try:
            a, b, c, d = map(float, text.split(","))
        except ValueError:
            a = b = c = d = float("nan")
        if not (0 <= a <= b <= 1 and 0 <= c <= d <= 1):
            raise ValueError("a box of ranks like 0.5,1,0,0.25")
        return cls((a, b), (c, d))


def names(kind: type[Part]) -> frozenset[str]:
    """Return the names that a part has in an address."""
    return frozenset(one.name for one in fields(kind))


def to_query(part: Part) -> dict[str, list[str]]:
    """Write the values that differ from the default; a tuple repeats its name, what is unset is left out."""
    changed = {one.name: getattr(part, one.name) for one in fields(part) if getattr(part, one.name) != one.default}
    return {name: _write(value) for name, value in changed.items() if value is not None and value != ()}


def from_query(kind: type[P], query: Query) -> tuple[P, tuple[str, ...]]:
    """Read a part; what cannot be read keeps its default and is named in the notes, one plain sentence each."""
    values: dict[str, Any] = {}
    notes: list[str] = []
    kinds = _types(kind)
    for one in fields(kind):
        if one.name not in query:
            continue
        texts = query[one.name]
        try:
            values[one.name] = _parse(kinds[one.name], one.metadata, texts)
        except ValueError as problem:
            shown = "the default" if one.default in (None, "", ()) else f"{one.default!r}"
            notes.append(
                f"The address gives {one.name} as {short(', '.join(texts))}; expected {problem}. Using {shown}."
            )
    return kind(**values), tuple(notes)


def short(text: str) -> str:
    """Quote a text from outside, cut where it is long."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _types(kind: type[Part]) -> dict[str, Any]:
    """Return the type of every field; "or None" is left out, since None is what is not written."""
    hints = typing.get_type_hints(kind)
    return {name: _bare(hint) for name, hint in hints.items()}


def _bare(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


def _write(value: Any) -> list[str]:
    if isinstance(value, tuple):
        return list(value)
    return [str(int(value)) if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)]


def _parse(kind: Any, metadata: Mapping[str, Any], texts: list[str]) -> Any:
    if typing.get_origin(kind) is tuple:
        if not 1 <= len(texts) <= MOST_VALUES:
            raise ValueError(f"1 to {MOST_VALUES} values")
        return tuple(dict.fromkeys(_text(text) for text in texts))
    if len(texts) != 1:
        raise ValueError("one value")
    text = texts[0]
    if kind is bool:
        if text not in ("0", "1"):
            raise ValueError("0 or 1")
        return text == "1"
    if kind in (int, float):
        low, high = metadata["range"]
        return _number(kind, low, high, text)
    if kind is Box:
        return Box.read(text)
    options = metadata.get("options")
    if options and text not in options():
        raise ValueError("one of " + ", ".join(options()))
    return _text(text)


def _number(kind: type, low: float, high: float, text: str) -> float:
    try:
        found = kind(text[:40])
    except ValueError:
        found = float("nan")
    if not (isfinite(found) and low <= found <= high):
        raise ValueError(f"a {'whole ' if kind is int else ''}number from {low} to {high}")
    return found


def _text(text: str) -> str:
    if not 1 <= len(text) <= LONGEST or not text.isprintable():
        raise ValueError(f"1 to {LONGEST} printable characters")
    return text
