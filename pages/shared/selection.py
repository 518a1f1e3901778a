"""What the reader looks at: small frozen values, kept in the address so that every view is a link.

    data, pair = selection.read(Data), selection.read(Pair)     # which models on which images, and which two of them
    mine = selection.read(Why)                                  # a page's own value, declared in its folder
    st.selectbox("Target", names, **selection.bind(Pair, "target", "models.target", value))   # a widget that writes
    selection.update(Pair, source=a, probe=7)                   # change it (then st.rerun(), or in a callback)
    selection.link("why", "Why?", replace(pair, source=a))      # a link that carries everything along

The address is the truth: it holds what all pages share and the page's own value by their names, and what other pages
would show as "page.name". `session_state` only remembers what was last written, so that a navigation which drops the
query does not lose the selection. Only values that differ from the default are written.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from pages.shared import address, cache, old_links
from pages.shared.address import P, Part
from pages.shared.parts import SHARED, Data

_SHARED_NAMES = frozenset().union(*map(address.names, SHARED))
_SESSION = "_selection"
_IGNORED = {"embed", "embed_options"}  # streamlit's own
_OF_MODELS = ("source", "source_layer", "target", "target_layer", "third", "lam")  # means nothing of other models
_OF_IMAGES = ("probe", "other_probe", "region", "table")  # means nothing on other images
_OF_BOTH = ("page", "shown", "groups", "images")  # of the pages' own: places in lists, and what was picked from them


@dataclass
class _Session:
    """What was last written: by page ("" what all share), each name with its texts as they stand in an address."""

    page: str = ""
    texts: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    written: dict[str, list[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    known: set[tuple[str, str]] = field(default_factory=set)  # (page, name) of every part that was read

    def query(self, page: str, *parts: Part) -> dict[str, list[str]]:
        """Return the address of a page, some parts of it replaced; of other models or images, nothing old is left."""
        texts = {one: dict(names) for one, names in self.texts.items()}
        for data in (part for part in parts if isinstance(part, Data)):
            _forget(texts, read(Data), data)
        for part in parts:
            here = texts.setdefault(part.PAGE, {})
            for name in address.names(type(part)):
                here.pop(name, None)
            here.update(address.to_query(part))
        return {
            f"{one}.{name}" if one not in ("", page) else name: values
            for one, names in texts.items()
            for name, values in names.items()
        }


def enter(page: str, pages: Collection[str] = ()) -> None:
    """Begin a run of a page: take over the address where it changed, else keep what was there.

    A bare address is a change where the page is the same one: the reader went back to where it began. Another page
    opened without any is a navigation that dropped it.
    """
    given = {name: st.query_params.get_all(name) for name in st.query_params if name not in _IGNORED}
    session = st.session_state.get(_SESSION)
    same = session is not None and page == session.page
    new = session is None or bool(given != session.written if same else given)
    if new or session is None:
        known = session.known if session else set()
        session = st.session_state[_SESSION] = _Session(page, known=known)
        for name, texts in old_links.renamed(given, page).items():
            place, dot, own = name.rpartition(".")
            if dot and place not in pages:
                session.notes += (_unknown(name),)
                continue
            scope = "" if name in _SHARED_NAMES else place if dot else page
            session.texts.setdefault(scope, {})[own] = texts
    session.page = page
    for kind in SHARED:
        read(kind)
    _write(session, told=not new)  # where a link leads to the same page, the browser keeps the old address


def leave() -> None:
    """End a run of a page: what stands in the address for it and was never read is unknown, and is told."""
    session = _session()
    names = session.texts.get(session.page, {})
    for name in [name for name in names if (session.page, name) not in session.known]:
        session.notes += (_unknown(name),)
        del names[name]
    _write(session)


def read(kind: type[P]) -> P:
    """Return a part of the selection; what the address says wrongly is told, once, and keeps its default."""
    session = _session()
    session.known.update((kind.PAGE, name) for name in address.names(kind))
    part, notes = address.from_query(kind, session.texts.get(kind.PAGE, {}))
    if notes:
        _keep(session, part)
        session.notes += notes
    return part


def update(kind: type[Part], /, **changes: Any) -> None:
    """Change a part of the selection and the address; in a callback, or followed by st.rerun()."""
    session, now = _session(), read(kind)
    changed = replace(now, **changes)
    if isinstance(now, Data) and isinstance(changed, Data):
        _forget(session.texts, now, changed)
    _keep(session, changed)
    session.notes = ()


def notes() -> tuple[str, ...]:
    """Return what was wrong with the address, until the selection is changed."""
    return _session().notes


def bind(
    kind: type[Part], name: str, key: str, value: Any = None, *, store: Callable[[Any], Any] = lambda value: value
) -> dict[str, Any]:
    """Return the keyword arguments that tie a widget to a field of a part.

    The widget shows `value` (None: the field's own, which must be among its options); `store` turns what the widget
    holds into what the field holds.
    """
    st.session_state[key] = getattr(read(kind), name) if value is None else value

    def changed() -> None:
        if st.session_state[key] is not None:
            update(kind, **{name: store(st.session_state[key])})

    return {"key": key, "on_change": changed}


def click(kind: type[Part], /, **changes: Any) -> dict[str, Any]:
    """Return the keyword arguments of a button that changes a part of the selection."""
    return {"on_click": update, "args": (kind,), "kwargs": changes}


def link(page: str, label: str, /, *parts: Part, icon: str | None = None, help: str | None = None) -> None:
    """Draw a link to pages/<page>/page.py that carries the selection along, some parts of it replaced."""
    query = _session().query(page, *parts)
    st.page_link(f"pages/{page}/page.py", label=label, icon=icon, help=help, query_params=query)


def query(page: str) -> dict[str, list[str]]:
    """Return what stands behind the question mark of a page's address."""
    return _session().query(page)


def _session() -> _Session:
    if _SESSION not in st.session_state:
        enter("")
    return st.session_state[_SESSION]


def _keep(session: _Session, part: Part) -> None:
    names = session.texts.setdefault(part.PAGE, {})
    for name in address.names(type(part)):
        names.pop(name, None)
    names.update(address.to_query(part))
    _write(session)


def _forget(texts: dict[str, dict[str, list[str]]], before: Data, after: Data) -> None:
    """Take out of an address what was chosen among other models or images; models that only join leave the pair be."""
    others = not set(_models(before)) <= set(_models(after))
    images = [(data.probes, data.drawn) for data in (before, after)]
    stale = (_OF_MODELS if others else ()) + (_OF_IMAGES if images[0] != images[1] else ())
    for page, names in texts.items():
        for name in stale if page == "" else _OF_BOTH if stale else ():
            names.pop(name, None)


def _models(data: Data) -> tuple[str, ...]:
    return data.models or tuple(spec.id for spec in cache.zoo() if spec.bundled)


def _write(session: _Session, *, told: bool = True) -> None:
    """Write the address where it changed; `told`: whether the browser shows what Streamlit says it does."""
    session.written = session.query(session.page)
    if not told or {name: st.query_params.get_all(name) for name in st.query_params} != session.written:
        st.query_params.from_dict(session.written)


def _unknown(name: str) -> str:
    return f"The address holds {address.short(name)}, which this version does not know."
