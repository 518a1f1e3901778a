"""A model that no list holds: by its id, or a checkpoint that the reader uploads or has on this machine."""

import streamlit as st

import depara_core as depara
from depara_core.paths import public
from depara_core.uploads import find_upload, keep_upload
from depara_core.zoo.checkpoints import SUFFIXES
from pages.setup import choice
from pages.shared import address, cache, consent, text

PLACEHOLDER = "hf/facebook/dinov2-small, torchvision/resnet18@none, file//path/to/weights.pth"
TYPES = [suffix.removeprefix(".") for suffix in SUFFIXES]


def draw() -> None:
    """Draw the field for an id, and the upload of a checkpoint where that stays on the reader's machine."""
    given = st.text_input("A model's id", key="setup.id", placeholder=PLACEHOLDER, max_chars=address.LONGEST).strip()
    if given and st.button("Add this model", key="setup.add_id"):
        _add(given)
    if public():
        return
    file = st.file_uploader("A checkpoint: tensors alone are read, no code is run", TYPES, key="setup.checkpoint")
    arch = st.text_input("Its architecture", key="setup.arch", placeholder="guessed, or timm/resnet18").strip()
    if file is not None and st.button("Add this checkpoint", key="setup.add_checkpoint"):
        try:
            store = depara.Store()
            ((_, path),) = find_upload(store, keep_upload(store, [(file.name, file.getbuffer())]))
        except (depara.DeparaError, OSError) as error:
            st.error(text.plain(str(error)))
        else:
            _add(f"file/{path.absolute()}" + (f"?arch={arch}" if arch else ""))


def _add(model: str) -> None:
    """Take a model that the reader named, which is to agree that its path is read; say why where it can't be."""
    consent.agree(consent.of_model_path(model))
    if consent.missing(consent.of_model_path(model)):
        st.error("This server reads no models from its own disk. Choose others, or ask who runs it.")
        return
    try:
        known = cache.spec(model)
    except depara.DeparaError as error:
        st.error(text.plain(str(error)))
    else:
        choice.add((known.id,))
        st.rerun()
