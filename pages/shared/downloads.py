"""What a page lets the reader take away: one popover of downloads, each made only when it is asked for.

    with downloads.popover("why"):
        downloads.row("Contributions", downloads.tables("contributions", make_table, origin))
        downloads.row("The same from Python", [downloads.script("why", ends, comparison, lam=lam)])

What a download is made of is taken from the page beforehand: its callable runs in a thread that knows no session.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core import exports
from depara_core.comparison import Comparison
from pages.shared import selection, text, widgets
from pages.shared.component import component
from pages.shared.parts import Data, Look

_mount_copy = component("copy_link")
Ends = Sequence[tuple[depara.ModelSpec, str]]


@dataclass(frozen=True)
class Download:
    """One file: what its button says, its name, and what makes its content."""

    label: str
    file: str
    mime: str
    make: Callable[[], str | bytes]


@contextmanager
def popover(key: str, *, camera: bool = True) -> Iterator[None]:
    """Open the popover of a page's downloads; in a horizontal container it stands at the right of the header.

    `camera`: whether the page has figures, for which the reader chooses what their camera saves.
    """
    with st.container(key=f"takeaway-{key}", width="content", horizontal=True, gap="small"):
        copy_link(key)
        opened = st.popover("Take away", icon=":material/download:")
    with opened:
        yield
        if not camera:
            return
        with st.container(gap="xxsmall"):
            st.caption("The camera on each figure saves it as")
            st.segmented_control(
                "Format of pictures",
                exports.PICTURES,
                format_func=str.upper,
                label_visibility="collapsed",
                required=True,
                **selection.bind(Look, "picture", f"takeaway.picture.{key}"),
            )


def copy_link(key: str) -> None:
    """Draw the button that copies the page's address: all that is chosen stands in it."""
    help_text = "The address holds all that is chosen: who opens it sees this."
    words = {"label": "Copy link", "help": help_text, "done": "Copied", "failed": "Copy it from the address bar"}
    with st.container(key=f"copy-{key}", width="content"):
        _mount_copy(key=f"copy_link.{key}", data=words)


def row(title: str, downloads: Sequence[Download]) -> None:
    """Draw a title and the buttons of what belongs to it."""
    with st.container(gap="xxsmall"):
        st.caption(text.plain(title))
        buttons = st.container(horizontal=True, gap="xsmall")
    with buttons:
        for one in downloads:
            st.download_button(
                one.label,
                one.make,
                one.file,
                one.mime,
                key=f"takeaway.{one.file}",
                on_click="ignore",
                help=f"Save {text.plain(one.file)}",
            )


def tables(name: str, make: Callable[[], pd.DataFrame], origin: Mapping[str, Any]) -> list[Download]:
    """Return a table in every format, and what it rests on for the one that holds numbers alone (CSV)."""
    stem = exports.slug(name)
    forms = [
        Download(form.label, f"{stem}.{suffix}", form.mime, partial(_table, make, suffix, dict(origin)))
        for suffix, form in exports.TABLE_FORMATS.items()
    ]
    return [*forms, Download("Origin", f"{stem}.origin.json", "application/json", partial(_origin, make, dict(origin)))]


def _origin(make: Callable[[], pd.DataFrame], origin: dict[str, Any]) -> bytes:
    return exports.table_origin(make(), origin)


def _table(make: Callable[[], pd.DataFrame], suffix: str, origin: dict[str, Any]) -> bytes:
    return exports.table_file(make(), suffix, origin)


def page(name: str, label: str, make: Callable[[], str]) -> Download:
    """Return an HTML file."""
    return Download(label, f"{exports.slug(name)}.html", "text/html", lambda: make().encode("utf-8", "replace"))


def figure_page(
    name: str, label: str, title: str, make: Callable[[], Any], origin: Mapping[str, Any], *, how_to_read: str = ""
) -> Download:
    """Return a figure as an HTML file in the reader's colours."""
    look: dict[str, Any] = {"how_to_read": how_to_read, "origin": origin, "dark": widgets.dark()}
    return page(name, label, lambda: exports.figure_document(make(), title, **look))


def script(view: str, ends: Ends, comparison: Comparison, **more: Any) -> Download:
    """Return the Python that computes the view again with the reader's probes and options, on the same grid."""
    data = selection.read(Data)
    write = partial(
        exports.python_of,
        view,
        ends,
        probes=data.probes,
        **data.drawn,
        digest=comparison.probes.digest,
        options=data.options,
        grid=comparison.grid,
        **more,
    )
    return Download("Python", f"depara-{view}.py", "text/x-python", write)
