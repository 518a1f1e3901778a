"""What there is once a process: the queue of background work, the device, the models known here."""

import atexit
import gc

import streamlit as st

import depara_core as depara
from depara_core.extraction.device import resolve_device
from depara_core.extraction.memory_plan import default_budget
from depara_core.jobs import JobQueue
from depara_core.memory import resident_bytes
from depara_core.probes.listing import listing_digest

MOST_BYTES = 1_500_000_000  # of finished work; arrays mapped from the store take none


@st.cache_resource(show_spinner=False, max_entries=1)
def queue() -> JobQueue:
    """Return the one queue of this process."""
    return JobQueue(capacity=MOST_BYTES, size=resident_bytes)


@st.cache_resource(show_spinner=False, max_entries=1)
def agreed() -> set[str]:
    """Return the keys of what was agreed to in this process (`consent.agree` adds to it)."""
    return set()


@st.cache_resource(show_spinner=False, max_entries=1)
def spare_the_collector() -> None:
    """Take what importing made, half a million objects, out of the garbage collector's sight.

    Looking through it takes half a second, in the middle of somebody's click.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else torch's parts complain at the end that they were not let go


@st.cache_resource(show_spinner=False, max_entries=1)
def device() -> str:
    """Return what graphs are computed on, in a word."""
    return "CPU" if resolve_device("auto").type == "cpu" else "GPU"


@st.cache_resource(show_spinner=False, max_entries=1, ttl=30)
def zoo() -> tuple[depara.ModelSpec, ...]:
    """Return the bundled zoo and its untrained control."""
    return tuple(depara.list_models("rooms"))


@st.cache_resource(show_spinner=False, max_entries=500)
def spec(model: str) -> depara.ModelSpec:
    """Return one model's specification; raises a DeparaError where there is none."""
    return depara.model(model)


def summary(model: str) -> str:
    """Say in a sentence what a model does; nothing where it is not known here."""
    try:
        return spec(model).summary
    except depara.DeparaError:
        return ""


@st.cache_data(show_spinner=False, max_entries=500)
def parameters(model: str) -> int | None:
    """Return how many parameters a model has; None where only opening it can tell."""
    try:
        return depara.count_parameters(model)
    except depara.DeparaError:
        return None


@st.cache_resource(show_spinner=False, max_entries=1)
def memory() -> int:
    """Return the bytes that computing may take of the machine's memory, beside the networks' weights."""
    return default_budget(resolve_device("auto"))


def _count(probes: str) -> dict[str, int]:
    from pages.shared import uploads  # late: pages ask this package for more than it asks of them

    return uploads.count(probes)


counted = st.cache_data(show_spinner=False, max_entries=16, ttl=5)(_count)  # a zip or a folder may change
listing = st.cache_data(show_spinner=False, max_entries=16, ttl=1)(listing_digest)  # asked several times a run
