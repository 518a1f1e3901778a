"""Zoo: which networks of many are most like this one?"""

import streamlit as st

from depara_core import exports
from depara_core.formatting import score, short_name
from depara_core.grids import grid_text
from depara_core.paths import public
from pages.shared import consent, downloads, jobs, selection, text, widgets
from pages.shared.parts import Data
from pages.shared.titles import QUESTIONS
from pages.zoo import computed, controls, results
from pages.zoo.computed import Contents, Found
from pages.zoo.selection import Zoo

QUESTION = QUESTIONS["zoo"]


def answer(known: Contents, found: Found, like: str) -> str:
    """Say what is most alike, among how many."""
    among = f"{len(found.map):,} graphs over {known.images} images"
    if found.nearest.empty:
        return f"Nothing else passes · {among}"
    first = found.nearest.iloc[0]
    name = f"*{text.model(like)}*" if like else "the labels, by edges alone"
    return f"Most like {name}: **{text.model(first['model'])}**, S = :violet[**{score(first['score'])}**] · {among}"


def take_away(known: Contents, found: Found, like: str, lam: float) -> None:
    """Offer the rows found, and the whole zoo as it is placed, in every form."""
    name = f"most-like-{short_name(like) if like else 'labels'}"
    asked = {"asked": like or "labels", "lam": lam, "where": selection.read(Zoo).where}
    origin = {**known.origin, **asked, "versions": exports.versions()}
    with downloads.popover("zoo"):
        downloads.row("The graphs found", downloads.tables(name, lambda: found.nearest, origin))
        downloads.row("The whole zoo, placed", downloads.tables("zoo", lambda: found.map, origin))


def main() -> None:
    """Draw the page."""
    head, data, mine = st.container(), selection.read(Data), selection.read(Zoo)
    path = computed.folder(data, mine)
    if missing := consent.missing(consent.of_folder(str(path))):
        with head:
            widgets.header(QUESTION)
        consent.card(missing)
        return
    if not computed.is_here(path):
        with head:
            widgets.header(QUESTION)
        with widgets.card("No zoo over these images yet", key="zoo-empty"):
            st.caption(
                "A zoo keeps a graph of every network that is added, as a point, and finds those most like any other "
                "among thousands, at any λ; what is found is scored exactly. It is over the images chosen in Setup."
            )
            controls.fill(data, path, set())
        if computed.is_here(path):
            st.rerun()  # made while the page waited
        choose_folder()
        return
    known: Contents = jobs.require(computed.contents(path), before=lambda: head.title(QUESTION, anchor=False))
    controls.fill(data, path, set(known.listing["model"]))
    if known.listing.empty:
        widgets.empty("This zoo is empty.", "Choose networks in Setup, then add them here.", page="setup")
        return
    like, lam = controls.choose(data, known)
    sought = computed.search(path, known, like, lam, mine)
    found: Found = jobs.require(sought, before=lambda: head.title(QUESTION, anchor=False))
    with head, st.container(horizontal=True):
        widgets.header(QUESTION, f"{answer(known, found, like)} · {grid_text(known.grid)}")
        take_away(known, found, like, lam)
    left, right = st.columns([1.2, 1])
    with left:
        picked = results.table(found)
    with right:
        results.plane(found, like)
    if picked:
        controls.compare(data, like, picked)
    choose_folder()


def choose_folder() -> None:
    """Let another zoo be named, where paths of this machine may be."""
    if not public():
        with st.expander("Another zoo on this machine", icon=":material/folder_open:"):
            st.text_input(
                "Its folder",
                placeholder="the one over the chosen images",
                help="Made by `depara zoo create`, or by this page.",
                **selection.bind(Zoo, "folder", "zoo.folder"),
            )


main()
