"""The catalogue: a search over all models that can be named, without building or downloading any."""

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.zoo.catalogue import LISTED, Entry, missing_package
from depara_core.zoo.claims import is_here
from pages.setup import choice

SOURCES = (*LISTED, "hf")
MOST = 100  # rows shown
WORDS = {True: "here", False: "not here", None: "told when opened"}


def draw() -> None:
    """Draw the starter sets, the search with its filters, and what it finds."""
    with st.container(horizontal=True, gap="small"):
        for name, ids in depara.STARTERS.items():
            st.button(f"{name} · {len(ids)}", key=f"setup.starter.{name}", on_click=choice.add, args=(ids,))
    words = st.text_input("Words that all must occur", key="setup.words", placeholder="vit dinov2", max_chars=200)
    left, right = st.columns(2)
    source = left.selectbox("From", ["", *SOURCES], format_func=lambda one: one or "all sources", key="setup.from")
    missing = missing_package(source)
    if missing:
        st.warning(missing, icon=":material/info:")
    if not words.strip() and not source:
        st.caption("Type a word, or choose a source: nothing is built or downloaded by looking.")
        return
    found = depara.search_models(words, source=source or None)
    families = ["", *sorted({entry.family for entry in found})]
    family = right.selectbox("Family", families, format_func=lambda one: one or "all families", key="setup.family")
    _results([entry for entry in found if family in ("", entry.family)])


def _results(found: list[Entry]) -> None:
    if not found:
        st.info("No model has all these words. Take one away, or name a model below.", icon=":material/search_off:")
        return
    shown = found[:MOST]
    more = f", the first {MOST} shown: add a word" if len(found) > MOST else ""
    st.caption(f"{len(found):,} models{more}. Select rows to add them; weights are never downloaded by looking.")
    numbers = st.toggle("Count parameters of these", key="setup.found_parameters")
    table = pd.DataFrame([_line(entry, numbers) for entry in shown]).dropna(axis=1, how="all")
    picked = [shown[row].id for row in choice.rows(table, key="setup.found") if row < len(shown)]
    label = f"Add {len(picked)}" if picked else "Add the selected"
    st.button(label, key="setup.add", disabled=not picked, on_click=choice.add, args=(picked,))


def _line(entry: Entry, numbers: bool) -> dict[str, object]:
    return {
        "Name": entry.id.partition("/")[2],
        "Weights": WORDS[is_here(entry.id)],
        "Pixels": entry.input_size,
        "Parameters": choice.parameters(entry.id) if numbers else None,
        "Source": entry.source,
        "Family": entry.family,
    }
