"""Targets without a network: the labels of the images, and what an uploaded table or embedding tells of them.

    aim = targets.aim(comparison)              # source and target under the lens; aim.goal: its graph, or None
    models = (*comparison.models, *targets.names(comparison.probes))
    targets.say(aim.goal)                      # that S is the edges' part alone

They stand in `Pair.target` under names of their own, such as "labels/classes" or "labels/birds: colour".
"""

from dataclasses import dataclass

import streamlit as st

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.exports.scripts import ScriptTarget
from pages.shared import cache, comparisons, selection, text, uploads
from pages.shared.cache import Graph
from pages.shared.parts import Pair

LABELS = "labels/classes"
PREFIXES = ("labels/", "features/")
ALONE = "This target has no attribution maps: S is λ · s_E alone, and s_V is 0."


@dataclass(frozen=True)
class Aim:
    """The pair under the lens; `goal` is the target's graph where it has no network."""

    source: str
    target: str
    goal: Graph | None = None


def is_known(name: str) -> bool:
    """Tell whether a target's name is that of one without a network."""
    return name.startswith(PREFIXES)


def names(probes: depara.ProbeSet) -> tuple[str, ...]:
    """Return what targets without a network are called that these images may have."""
    labels = probes.labels or ()
    own = (LABELS,) if 1 < len(set(labels)) < len(labels) else ()
    return (*own, *of_table())


def of_table() -> tuple[str, ...]:
    """Return what the targets of the uploaded table or embedding are called; none where there is none."""
    table = selection.read(Pair).table
    try:
        return cache.targets_in(table) if table else ()
    except depara.DeparaError:
        return ()


def graph(probes: depara.ProbeSet, name: str) -> Graph | None:
    """Return the graph of a target without a network, or say why there is none and return None."""
    if name not in names(probes):
        return None
    try:
        return cache.target(probes, "" if name == LABELS else selection.read(Pair).table, name)
    except depara.DeparaError as error:
        st.warning(text.plain(str(error)), icon=":material/link_off:")
        return None


def aim(comparison: Comparison, *, distinct: bool = False) -> Aim:
    """Return the pair under the lens, as `comparisons.pair` does; the target may be one without a network."""
    chosen = selection.read(Pair)
    goal = graph(comparison.probes, chosen.target)
    if goal is None:
        return Aim(*comparisons.pair(comparison, distinct=distinct))
    if chosen.source in comparison.models:
        return Aim(chosen.source, chosen.target, goal)
    matrix = cache.matrix(comparison.graphs, (goal,), grid=comparison.grid)
    best = cache.ranking(matrix, goal.label, chosen.lam)["source"].iloc[0]
    return Aim(str(best), chosen.target, goal)


def say(goal: Graph | None) -> None:
    """Say that S is the edges' part alone, where the target has no network."""
    if goal is not None:
        st.caption(ALONE)


def script(goal: Graph) -> ScriptTarget:
    """Return how a script makes a target."""
    table = selection.read(Pair).table
    return ScriptTarget(goal.model, "" if goal.model == LABELS else uploads.named(table)[0])
