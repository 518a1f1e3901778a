"""What stands round every page: the brand, links that keep the selection, notes on the address, the selected probe."""

import atexit
import gc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

import depara_core as depara
from pages import _cached, _state, _widgets

_HERE = Path(__file__).parent
_STYLE = _HERE.parent / "assets" / "style"
_ICON = str(_STYLE / "favicon.png")  # a material icon would be fetched from outside


def exists(page: str) -> bool:
    """Tell whether pages/<page>.py is there."""
    return (_HERE / f"{page}.py").is_file()


def draw(page: Any, titles: Mapping[str, str]) -> None:
    """Draw the sidebar, run the page, then show the selected probe: by then its images are at hand."""
    _spare_the_collector()
    st.set_page_config(f"{page.title} · DEPARA Explorer", _ICON, layout="wide", initial_sidebar_state=232)
    st.html(_STYLE / "app.css")
    scheme = "dark" if _widgets.dark() else "light"
    st.html(f"<style>:root {{ color-scheme: {scheme}; }}</style>")  # popovers stand outside of Streamlit's own element
    selection = _state.read()
    with st.sidebar:
        _brand(selection)
        with st.container(key="navigation", gap=None):
            for name, title in titles.items():
                _state.link(name, title)
        inspector = st.container(key="inspector")
    for note in _state.notes():
        st.warning(_widgets.plain(note), icon=":material/link_off:")
    try:
        page.run()
    except depara.DeparaError as error:
        st.error(_widgets.plain(str(error)), icon=":material/error:")
        _state.link("setup", "Change the setup", icon=":material/tune:")
    finally:  # also where a page stopped to wait
        with inspector:
            _inspect(_state.read())


@st.cache_resource(show_spinner=False)
def _spare_the_collector() -> None:
    """Take what importing made, half a million objects, out of the garbage collector's sight, once in a process.

    Looking through it takes half a second, in the middle of somebody's click.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else torch's parts complain at the end that they were not let go


def _brand(selection: _state.Selection) -> None:
    count = len(selection.models) or len(_cached.specs()[0])
    with st.container(key="brand", gap=None):
        st.markdown("**DEPARA Explorer**")
        parts = [f"{count} model{'s' * (count != 1)}", _widgets.probes_label(selection), _cached.device()]
        st.caption(" · ".join(_widgets.plain(part) for part in parts))


def _inspect(selection: _state.Selection) -> None:
    """Show the selected probe, its place in the set, and how far the two models under the lens agree on it."""
    comparisons = _cached.at_hand(selection)
    if not comparisons:
        return
    probes = comparisons[0].probes
    index = min(selection.probe, len(probes) - 1)
    st.markdown(":small[**SELECTED PROBE**]")
    st.image(_cached.thumbnail(probes, index, 384), width="stretch", alt=probes.names[index])
    about = [_widgets.plain(probes.names[index])]
    if probes.labels is not None:
        about.append(_widgets.plain(probes.labels[index]))
    st.caption(" · ".join([*about, f"{index + 1} of {len(probes)}"]))
    agreement = _cached.agreement(selection, index)
    if agreement is not None:
        names = f"{_widgets.plain(_widgets.short(selection.a))} / {_widgets.plain(_widgets.short(selection.b))}"
        st.caption(f"agreement {names} :blue[**{agreement:.2f}**]")
    with st.container(horizontal=True, gap="small", key="probe-steps"):
        for label, step, icon in (("Previous", -1, ":material/arrow_back:"), ("Next", 1, ":material/arrow_forward:")):
            goal = {"probe": (index + step) % len(probes)}
            st.button(icon, key=f"probe{step:+d}", help=f"{label} probe", on_click=_state.update, kwargs=goal)
