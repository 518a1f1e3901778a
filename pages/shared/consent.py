"""What an address alone does not start: it is told first, and begun by a click; a public server refuses it.

    asks = consent.of_probes(data) + consent.of_models(data.models, specs)
    missing = consent.missing(asks)       # what nobody has agreed to yet
    consent.card(missing)                 # says what would be done, how large, and asks

Any page on the web can hold a link to this app. So nothing that reads a path, downloads weights, or computes for long
follows from a link by itself. What was agreed to once is agreed to until the app stops.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

import depara_core as depara
from depara_core.paths import expanded, in_roots, public
from depara_core.pipeline.workload import Workload
from depara_core.probes.loading import BUNDLED
from depara_core.zoo.claims import download_of, path_of
from pages.shared import cache, selection, text, widgets
from pages.shared.parts import Data

MOST_PARAMETERS = 200_000_000  # of a network that nobody was asked about: 0.8 GB, a gradient pass of seconds an image
COUNTED = ("torchvision", "timm")  # sources that tell the size without reading a file
MOST_PIXELS = 250_000_000  # read by all attributions of a job that nobody was asked about; minutes on two cores
UPLOAD = "upload/"


@dataclass(frozen=True)
class Ask:
    """One thing that would be done: what it is agreed to by, what it is, and what a public server says instead."""

    key: str
    what: str
    refusal: str


def agree(asks: Iterable[Ask]) -> None:
    """Agree to things, for everybody who uses this process; a public server agrees to nothing."""
    if not public():
        cache.agreed().update(ask.key for ask in asks)


def missing(asks: Iterable[Ask]) -> tuple[Ask, ...]:
    """Return what nobody has agreed to yet."""
    return tuple(ask for ask in asks if ask.key not in cache.agreed())


def of_probes(data: Data) -> tuple[Ask, ...]:
    """Return what reading the chosen probes asks: a path outside the roots that the app was started with."""
    if data.probes in BUNDLED or data.probes.startswith(UPLOAD):
        return ()
    return _of_path(data.probes, f"read up to {data.count:,} images from {_quoted(data.probes)} on this machine")


def of_model_path(model: str) -> tuple[Ask, ...]:
    """Return what a model's id asks by naming a path."""
    path = path_of(model)
    return () if path is None else _of_path(path, f"read the model {_quoted(path)} on this machine")


def of_folder(path: str) -> tuple[Ask, ...]:
    """Return what reading and writing a folder of results asks: it may be outside the roots and the store."""
    if Path(path).is_relative_to(expanded(str(depara.Store().path))):
        return ()
    return _of_path(path, f"read the zoo in {_quoted(path)} on this machine")


def of_opening(specs: Sequence[depara.ModelSpec]) -> tuple[Ask, ...]:
    """Return what opening models asks: weights that are not on this machine, or so many that they fill its memory."""
    return (*_of_downloads(specs), *_of_sizes(specs))


def _of_sizes(specs: Sequence[depara.ModelSpec]) -> tuple[Ask, ...]:
    known = [(spec.id, cache.parameters(spec.id)) for spec in specs if spec.source in COUNTED]
    refusal = "This server opens no network as large. Choose smaller models, or ask who runs it."
    return tuple(
        Ask(
            f"size:{model}",
            f"open {text.plain(model)}, {count / 1e6:,.0f} million parameters, {4 * count / 1e9:,.1f} GB of memory",
            refusal,
        )
        for model, count in known
        if count is not None and count > MOST_PARAMETERS
    )


def _of_downloads(specs: Sequence[depara.ModelSpec]) -> tuple[Ask, ...]:
    wanted = [(spec.id, download) for spec in specs if (download := download_of(spec)) is not None]
    refusal = "This server downloads no weights. Choose other models, or ask who runs it."
    return tuple(
        Ask(f"download:{model}", f"download the weights of {text.plain(download)}", refusal)
        for model, download in wanted
    )


def of_work(work: Workload, what: str = "attributions") -> tuple[Ask, ...]:
    """Return what a job asks that computes so many attributions, or `what` else, that it takes long."""
    if work.pixels <= MOST_PIXELS:
        return ()
    much = f"at least {work.attributions:,} {what}, {work.pixels / 1e6:,.0f} megapixels"
    refusal = "This server computes no more than a few minutes for one view. Choose fewer models, layers or images."
    return (Ask(f"work:{work.attributions}:{work.pixels}", f"compute {much}", refusal),)


def card(asks: Sequence[Ask]) -> None:
    """Say what would be done and ask for it, or refuse it where strangers use this process."""
    with widgets.card("Shall this be done?", "The address asks for it; nothing has been done yet.", key="consent"):
        if public():
            for refusal in dict.fromkeys(ask.refusal for ask in asks):
                st.warning(refusal, icon=":material/block:")
        else:
            st.markdown("\n".join(f"- {ask.what[0].upper()}{ask.what[1:]}." for ask in asks))
        with st.container(horizontal=True):
            if not public():
                st.button("Go ahead", key="consent.agree", type="primary", on_click=agree, args=(asks,))
            selection.link("setup", "Change the setup", icon=":material/tune:")


def _of_path(path: str, what: str) -> tuple[Ask, ...]:
    try:
        place = expanded(path)
        if in_roots(place):
            return ()
        name = str(place.absolute())
    except depara.DeparaError:
        name = path  # reading it will say what is wrong with it
    refusal = "This server reads no such path. Choose the rooms, upload images, or ask who runs it."
    return (Ask(f"path:{name}", what, refusal),)


def _quoted(path: str) -> str:
    return f"**{text.plain(path)}**"
