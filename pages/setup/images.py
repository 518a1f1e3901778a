"""Setup's choice of images: rendered rooms, bundled photographs, a folder or zip on this machine, or uploads."""

import streamlit as st

import depara_core as depara
from depara_core.probes.decoding import SUFFIXES
from pages.shared import address, comparisons, consent, selection, text, uploads, widgets
from pages.shared.parts import Data

KINDS = {"rooms": "Rooms", "fashion": "Photographs", "path": "Folder or zip", "upload": "Upload"}
BUNDLED = {
    "rooms": "Rooms are rendered from the seed, with no download.",
    "fashion": "200 photographs of clothes (Fashion-MNIST): those of the measured layer study.",
}
TABLES = ("zip", "tar", "tgz", "csv", "tsv", "parquet", "npz", "npy")
TYPES = [suffix.removeprefix(".") for suffix in sorted(SUFFIXES)] + [*TABLES]
BACKGROUNDS = {"white": "White", "#808080": "Grey", "black": "Black"}
LABELS = "Labels: a CSV of path,label among the files (in a folder or a zip: labels.csv), or a folder a class."


def choose() -> None:
    """Draw the choice of the source, how many of its images, and which."""
    data = selection.read(Data)
    source = data.probes
    now = source if source in BUNDLED else "upload" if source.startswith(uploads.PREFIX) else "path"
    with widgets.card("Images", f"Now: {text.plain(text.probes(data))}.", key="probes"):
        kind = st.segmented_control(
            "Source",
            list(KINDS),
            default=now,
            format_func=KINDS.__getitem__,
            key="setup.kind",
            required=True,
            on_change=_take_bundled,
        )
        if kind in BUNDLED:
            st.caption(BUNDLED[kind])
        elif kind == "path":
            _choose_path(source if now == "path" else "")
        else:
            _choose_upload()
        left, right = st.columns(2)
        count = selection.bind(Data, "count", "setup.count")
        left.number_input("Images at most", 3, 5000, step=10, help="50 to 200 do.", **count)
        right.number_input("Seed of the draw", 0, 2**31 - 1, **selection.bind(Data, "seed", "setup.seed"))
        if source not in BUNDLED:
            _choose_reading(data)


def _take_bundled() -> None:
    """Take the images that come with the app as soon as they are chosen; others must be named first."""
    if st.session_state["setup.kind"] in BUNDLED:
        selection.update(Data, probes=st.session_state["setup.kind"])


def _choose_reading(data: Data) -> None:
    """Choose among the splits, where there are any, and what lies under transparent parts."""
    left, right = st.columns(2)
    there = comparisons.splits(data)
    names = ["", *(name for name in there if name)]
    names += [data.split] if data.split and data.split not in names else []
    if len(names) > 1:
        words = {"": f"all ({sum(there.values()):,})"}
        chosen = data.split or ""
        bound = selection.bind(Data, "split", "setup.split", chosen, store=lambda name: name or None)
        left.selectbox(
            "Split", names, format_func=lambda name: words.get(name, f"{name} ({there.get(name, 0):,})"), **bound
        )
    colours = [*BACKGROUNDS, *([data.background] if data.background not in BACKGROUNDS else [])]
    under = selection.bind(Data, "background", "setup.background")
    told = "Clip art has no background of its own; networks see this one."
    right.selectbox(
        "Under transparent parts", colours, format_func=lambda one: BACKGROUNDS.get(one, one), help=told, **under
    )


def _choose_path(now: str) -> None:
    st.caption(LABELS)
    given = st.text_input(
        "A folder, an archive or a table on this machine, or a pattern such as a/*.jpg",
        now,
        key="setup.path",
        max_chars=address.LONGEST,
    )
    path = given.strip()
    if not path or path == now:
        return
    if uploads.is_there(path):
        st.button("Use these images", key="setup.use", type="primary", on_click=_use, args=(path,))
    else:
        st.warning(f"There is nothing at {text.plain(path)}. Give the full path of a folder, an archive or a table.")


def _use(path: str) -> None:
    """Take a path that the reader typed, which is to agree that it is read."""
    selection.update(Data, probes=path)
    consent.agree(consent.of_probes(selection.read(Data)))


def _choose_upload() -> None:
    st.caption(LABELS)
    files = st.file_uploader("Images, an archive or a table", TYPES, accept_multiple_files=True, key="setup.files")
    if files and st.button("Use these images", key="setup.keep", type="primary"):
        try:
            source = uploads.keep([(file.name, file.getbuffer()) for file in files])
        except (depara.DeparaError, OSError) as error:
            st.error(text.plain(str(error)))
        else:
            selection.update(Data, probes=source)
            st.rerun()
