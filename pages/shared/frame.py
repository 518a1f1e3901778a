"""What stands round every page: the brand, links that keep the selection, notes on the address, the selected probe."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

import depara_core as depara
from depara_core.formatting import number
from pages.shared import cache, comparisons, jobs, selection, starting, text
from pages.shared.parts import Data, Pair


def draw(page: Any, titles: Mapping[str, str]) -> None:
    """Draw the sidebar, run the page, then show the selected probe: by then its images are at hand."""
    cache.spare_the_collector()
    starting.dress(page)
    jobs.enter()
    selection.enter(page.url_path or "home", titles)
    with st.sidebar:
        _brand(selection.read(Data))
        with st.container(key="navigation", gap=None):
            for name, title in titles.items():
                selection.link(name, title)
        inspector = st.container(key="inspector")
    notes = st.container()
    try:
        page.run()
    except depara.DeparaError as error:
        st.error(text.plain(str(error)), icon=":material/error:")
        selection.link("setup", "Change the setup", icon=":material/tune:")
    finally:  # also where a page stopped to wait
        selection.leave()
        with notes:
            for note in selection.notes():
                st.warning(text.plain(note), icon=":material/link_off:")
        with inspector:
            _inspect(selection.read(Data), selection.read(Pair))


def _brand(data: Data) -> None:
    count = len(data.models) or len(comparisons.specs()[0])
    with st.container(key="brand", gap=None):
        st.markdown("**DEPARA Explorer**")
        parts = [f"{count} model{'s' * (count != 1)}", text.probes(data), cache.device()]
        st.caption(" · ".join(text.plain(part) for part in parts))


def _inspect(data: Data, pair: Pair) -> None:
    """Show the selected probe, its place in the set, and how far the two models under the lens agree on it."""
    found = comparisons.at_hand(data)
    if not found:
        return
    probes = found[0].probes
    index = min(pair.probe, len(probes) - 1)
    st.markdown(":small[**SELECTED IMAGE**]")
    st.image(cache.thumbnail(probes, index, 384), width="stretch", alt=probes.names[index])
    about = [text.plain(probes.names[index])]
    if probes.labels is not None:
        about.append(text.plain(probes.labels[index]))
    st.caption(" · ".join([*about, f"{index + 1} of {len(probes)}"]))
    agreement = comparisons.agreement(data, pair, index)
    if agreement is not None:
        names = f"{text.model(pair.source)} / {text.model(pair.target)}"
        st.caption(f"agreement {names} :blue[**{number(agreement)}**]")
    with st.container(horizontal=True, gap="small", key="probe-steps"):
        for label, step, icon in (("Previous", -1, ":material/arrow_back:"), ("Next", 1, ":material/arrow_forward:")):
            chosen = selection.click(Pair, probe=(index + step) % len(probes))
            st.button(icon, key=f"probe{step:+d}", help=f"{label} image", **chosen)
