"""The models that can be named, and what they run on; the pages reach these through `_cached`."""

from collections.abc import Sequence

import streamlit as st

import depara_core as depara
from depara_core.extraction.device import resolve_device
from depara_core.zoo import torchvision


@st.cache_resource(show_spinner=False, ttl=30, max_entries=1)
def zoo() -> tuple[depara.ModelSpec, ...]:
    """Return the bundled zoo and its untrained control."""
    return tuple(depara.list_models("rooms"))


@st.cache_resource(show_spinner=False, max_entries=500)
def spec(model: str) -> depara.ModelSpec:
    """Return one model's specification; raises a DeparaError where there is none."""
    return depara.model(model)


def specs(models: Sequence[str] = ()) -> tuple[tuple[depara.ModelSpec, ...], tuple[tuple[str, str], ...]]:
    """Return the named models (none: the bundled zoo), and (id, reason) of those that do not exist."""
    if not models:
        return tuple(entry for entry in zoo() if entry.bundled), ()
    found: list[depara.ModelSpec] = []
    unknown: list[tuple[str, str]] = []
    for model in models:
        try:
            found.append(spec(model))
        except depara.DeparaError as error:
            unknown.append((model, str(error)))
    return tuple(found), tuple(unknown)


def torchvision_names() -> list[str]:
    """Return the names of torchvision's classification models."""
    return torchvision.architectures()


def torchvision_weights(name: str) -> list[str]:
    """Return the names of a model's weights, the default first, and "none"."""
    return torchvision.weights_of(name)


@st.cache_resource(show_spinner=False)
def device() -> str:
    """Return what the graphs are computed on, in a word."""
    return "CPU" if resolve_device("auto").type == "cpu" else "GPU"
