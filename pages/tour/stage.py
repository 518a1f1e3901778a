"""What every step of the tour stands on: the learner's own images and networks, and a question with its answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import streamlit as st
from cachetools import LRUCache

import depara_core as depara
from depara_core import tour
from depara_core.grids import Grid
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.image_table import image_grid
from pages.shared.parts import Pair

SIX = 6
SHOW = "Just show me"
ANSWERS = 64  # that a session remembers
Place = st.delta_generator.DeltaGenerator


@dataclass(frozen=True)
class Stage:
    """The learner's choices, and the graphs that they stand for: a and c are sources, b is the target."""

    probes: depara.ProbeSet
    six: tuple[int, ...]
    a: depara.AttributionGraph
    b: depara.AttributionGraph
    c: depara.AttributionGraph
    lam: float
    grid: Grid  # that maps are compared on

    @property
    def place(self) -> int:
        """The selected image among the six, counted from 0."""
        probe = selection.read(Pair).probe
        return self.six.index(probe) if probe in self.six else 0

    def name(self, graph: depara.AttributionGraph) -> str:
        """Return a network's short name as markdown that shows it as it is."""
        return text.model(graph.model)

    def small(self, graph: depara.AttributionGraph) -> depara.AttributionGraph:
        """Return a graph over the six images alone."""
        return tour.small(graph, self.six)


def image(place: int) -> str:
    """Name one of the six images, counted from 0."""
    return f"image {place + 1}"


def strip(stage: Stage, key: str) -> None:
    """Draw the six images; a click selects one."""
    pictures = [cache.thumbnail(stage.probes, probe, 160) for probe in stage.six]
    alts = [f"image {k + 1}: {stage.probes.names[probe]}" for k, probe in enumerate(stage.six)]
    captions = [str(k + 1) for k in range(len(stage.six))]
    clicked = image_grid(
        key, pictures, captions, selected=stage.place, columns=len(pictures), alts=alts, label="The six images"
    )
    if clicked is not None and clicked != stage.place:
        selection.update(Pair, probe=stage.six[clicked])
        st.rerun()


def ask(place: Place, key: str, question: str, options: Sequence[str], right: Collection[str], because: str) -> bool:
    """Draw a question; once something is chosen, say whether it was right and why, and return True.

    The texts carry the live numbers, so that other images or networks ask anew. An answer stays given.
    """
    options = list(dict.fromkeys(options))
    asked = crc32("\n".join((question, *options, because)).encode())
    with place, widgets.card("Your turn", key="card-turn"):
        given, name, offered = _given(), f"tour.{key}.{asked}", [*options, SHOW]
        before = given.get(name)
        at = offered.index(before) if before in offered else None
        chosen = st.radio(question, offered, index=at, key=name)
        if chosen is not None:
            given[name] = chosen  # a widget that is not drawn forgets
        if chosen is None:
            st.caption("Choose, and the answer appears with its reason.")
        elif chosen == SHOW:
            st.info(because[:1].upper() + because[1:])
        elif chosen in right:
            st.success(f"Yes: {because}")
        else:
            st.info(f"Not this one: {because}")
    return chosen is not None


def _given() -> LRUCache[str, str]:
    """Return the session's answers, so that they are still there when one comes back."""
    return st.session_state.setdefault("_answers", LRUCache(ANSWERS))


def covered(what: str) -> None:
    """Stand in for a view that would give the answer away."""
    st.caption(f":material/visibility_off: {what} appears once you have chosen an answer.")


def figure(picture: Any, key: str, alt: str) -> None:
    """Draw a figure with its text for those who do not see it."""
    st.plotly_chart(picture, theme=None, config=charts.camera(key), key=key, alt=alt)
