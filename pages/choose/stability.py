"""The card of the Choose page that asks how far the ranking hangs on the images."""

import streamlit as st

import depara_core as depara
from depara_core.exports.choice import stability_rows
from depara_core.paths import public
from depara_core.probes.loading import BUNDLED
from pages.choose import computed
from pages.choose.computed import Asked, Chosen
from pages.choose.selection import Choose
from pages.shared import address, consent, jobs, selection, text, uploads, widgets

READING = (
    "The candidates ranked anew, by the mean rank of all scores, on fewer of the images (four draws each), on halves "
    "without a common image, and without one class after the other. Best kept: how often the best on all images stays "
    "the best; of the halves, how often both have the same. Spearman: with the order on all images; of the halves, "
    "with each other."
)
TYPES = ["zip", "tar", "parquet", "npz", "csv", "png", "jpg", "jpeg"]


def card(asked: Asked, chosen: Chosen) -> None:
    """Offer the ranking on parts of the images and on others, and draw it once it is there."""
    if not chosen.choice.scores or len(chosen.choice.specs) < 2:
        return
    other = selection.read(Choose).others
    with widgets.card("Does the ranking hold?", READING, key="choose-stability"):
        sought = computed.stability(asked, chosen, other)
        missing = consent.missing(sought.asks)
        label = "Rank them on parts of the images" + (" and on the others" if other else "")
        found = None if missing else jobs.offer(sought, label, key="stability")
        if found is not None:
            st.dataframe(stability_rows(found), hide_index=True, height="content", key="choose.stability")
        _choose_others(other)
    if missing:
        consent.card(missing)


def _choose_others(now: str) -> None:
    """Let a second set of images for the same task be named or uploaded."""
    with st.expander("And on another set of images?", icon=":material/photo_library:", expanded=bool(now)):
        st.caption(
            "For the same task; with labels where the labels are the target. "
            + (f"Now: {text.plain(text.probes_at(now))}." if now else "None is chosen yet.")
        )
        if not public():
            path = st.text_input(
                "Path of a folder, an archive or a table", key="choose.other", max_chars=address.LONGEST
            )
            if path.strip() and st.button("Rank them on these", key="choose.other.use"):
                _take(path.strip())
        files = st.file_uploader(
            "Or images, an archive or a table", TYPES, accept_multiple_files=True, key="choose.files"
        )
        if files and st.button("Rank them on the uploaded", key="choose.other.keep"):
            try:
                kept = uploads.keep([(file.name, file.getbuffer()) for file in files])
            except (depara.DeparaError, OSError) as error:
                st.error(text.plain(str(error)))
            else:
                _take(kept)
        if now:
            st.button("Without them", key="choose.other.none", **selection.click(Choose, others=""))


def _take(place: str) -> None:
    if place not in BUNDLED and not place.startswith(uploads.PREFIX) and not uploads.is_there(place):
        st.warning(f"There is nothing at {text.plain(place)}. Give the full path of a folder, an archive or a table.")
        return
    selection.update(Choose, others=place)
    st.rerun()
