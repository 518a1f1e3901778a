"""The guided tour: from a network as a graph to a why, step by step on live results of the learner's own choice."""

import streamlit as st

from depara_core import tour
from depara_core.comparison import Comparison
from pages.shared import cache, comparisons, selection, text, widgets
from pages.shared.parts import Data, Pair
from pages.tour import lecture, navigation
from pages.tour.selection import Tour
from pages.tour.stage import SIX, Stage
from pages.tour.steps import STEPS

NETWORKS = 3  # a target, its source, and a source to hold it against
THIRD = "rooms/autoencoding"  # held against at first, where it is among the models


def networks(models: tuple[str, ...]) -> tuple[str, str, str]:
    """Choose the target and two sources, all different; return source, target and the other source."""
    chosen: list[str] = []
    source, target = comparisons.ends(selection.read(Data))
    with st.popover("Networks", icon=":material/checklist:"):
        for label, field, first in (
            ("Target: the task you want", "target", target),
            ("A source", "source", source),
            ("Another source, to hold it against", "third", THIRD),
        ):
            left = [model for model in models if model not in chosen]
            chosen.append(widgets.choose_model(label, field, f"tour.{field}", left, default=first))
    named = selection.read(Pair)
    wrong = widgets.unknown_models(models, source, target)
    if named.third and named.third not in models:
        wrong.append((named.third, "model", f"{chosen[2]} is held against"))
    widgets.not_here(wrong)
    target, source, other = chosen
    return source, target, other


def gather(a: str, b: str, c: str) -> Comparison:
    """Return a comparison that holds the three networks: the whole one if it is at hand, else one of these three."""
    data = selection.read(Data)
    whole = comparisons.ready(data, layers="output")
    if whole is not None and all(whole.graph(model) is not None for model in (a, b, c)):
        return whole
    return comparisons.require(data, layers="output", models=(b, a, c))


def picked(comparison: Comparison, a: str, b: str) -> tuple[int, ...]:
    """Return the six images of the address; what is missing or unknown there comes from an even spread.

    None named: six on which source and target contrast.
    """
    count = len(comparison.probes)
    source, target = comparison.graph(a), comparison.graph(b)
    if not selection.read(Tour).images and source is not None and target is not None:
        return cache.contrasting(source, target)
    named = [int(text) if text.isdecimal() and len(text) < 9 else count for text in selection.read(Tour).images]
    known = list(dict.fromkeys(probe for probe in named if probe < count))[:SIX]
    if named and len(known) < SIX:
        st.warning(
            f"The address picks {len(known)} usable images of the {SIX} the tour needs; the rest is filled up.",
            icon=":material/link_off:",
        )
    spare = [probe for probe in (*tour.spread(count, SIX), *range(count)) if probe not in known]
    return (*known, *spare[: SIX - len(known)])


def main() -> None:
    """Draw the page."""
    at = selection.read(Tour).step
    step = STEPS[at - 1]
    if selection.read(Tour).lecture:
        lecture.enlarge()
    widgets.header(f"{at} · {step.title}", step.gist)
    models = tuple(spec.id for spec in comparisons.specs(selection.read(Data).models)[0])
    if len(models) < NETWORKS:
        what = f"The tour needs three networks; {len(models)} of the chosen ones exist here."
        widgets.empty(what, "Choose more in Setup, or take the bundled ones.", page="setup")
        st.button("Take the bundled networks", type="primary", **selection.click(Data, models=()))
        return
    with st.container(horizontal=True, vertical_alignment="center", key="tour-steps"):
        navigation.steps(at)
        a, b, c = networks(models)
        told = "Large type for a hall: the keys ← and → turn the steps, a code opens each on every phone."
        st.toggle("Lecture", help=told, **selection.bind(Tour, "lecture", "tour.lecture"))
        a_name, b_name, c_name = (text.model(model) for model in (a, b, c))
        if not step.asks_for_source:
            st.caption(f"**{a_name}** for **{b_name}**, held against {c_name}", width="content")
    comparison = gather(a, b, c)
    source, target, other = (comparison.graph(model) for model in (a, b, c))
    if source is None or target is None or other is None:
        widgets.empty("One of the three networks has no graph.", "The reason stands above; choose another one.")
        return
    if len(comparison.probes) < SIX:
        what = f"The tour needs {SIX} images; there are {len(comparison.probes)}."
        widgets.empty(what, "Choose more in Setup.", page="setup")
        return
    six = picked(comparison, a, b)
    view, turn = st.columns([1.7, 1])
    stage = Stage(comparison.probes, six, source, target, other, selection.read(Pair).lam, comparison.grid)
    step.draw(stage, view, turn)
    with turn:
        navigation.onward(at)


main()
