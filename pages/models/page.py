"""Which model should I start from? All pairs of models, the sources of a target ranked, the tree and the map."""

import pandas as pd
import streamlit as st

from depara_core.comparison import Comparison
from depara_core.formatting import score
from depara_core.selection import best_choice
from pages.models import lam_changes, matrix, ranking, takeaway, tree_and_map
from pages.models.compared import Compared
from pages.models.selection import VIEWS, Models
from pages.shared import charts, comparisons, selection, targets, text, widgets
from pages.shared.parts import Data
from pages.shared.titles import QUESTIONS

QUESTION = QUESTIONS["models"]


def choose(comparison: Comparison) -> Compared:
    """Draw target, view and lambda in one row, and return what is chosen."""
    aim = targets.aim(comparison, distinct=True)
    models = (*comparison.models, *targets.names(comparison.probes))
    left, middle, right = st.columns([1.1, 1.3, 1.6], vertical_alignment="bottom")
    with left:
        widgets.choose_model("Target", "target", "models.target", models, default=aim.target)
    with middle:
        labels = {name: label for name, (label, _) in VIEWS.items()}
        view = selection.bind(Models, "view", "models.view")
        st.segmented_control("View", list(VIEWS), format_func=labels.__getitem__, **view)
    with right:
        lam = widgets.lam_slider("models.lam")
    widgets.not_here(widgets.unknown_models(comparison.models, aim.source, aim.target))
    targets.say(aim.goal)
    return Compared(comparison, aim.source, aim.target, lam, aim.goal)


def verdict(ranked: pd.DataFrame, target: str, probes: int) -> str:
    """Say which source is best and how sure that is: intervals that overlap cannot be told apart."""
    best = best_choice(ranked)
    sure = text.between(best.low, best.high)
    answer = (
        f"Best for **{text.model(target)}**: **{text.model(best.name)}**, :violet[**S = {score(best.score)}**] {sure}. "
    )
    return answer + best.certainty(probes, lambda model: f"**{text.model(model)}**")


def main() -> None:
    """Draw the page."""
    mine, data, head = selection.read(Models), selection.read(Data), st.container()
    comparison = comparisons.require(data, layers="output", before=lambda: widgets.header(QUESTION))
    if len(comparison.models) < 2:
        with head:
            widgets.header(QUESTION)
        widgets.empty("One model alone has no rival.", "Choose at least two models to compare.", page="setup")
        return
    shown = choose(comparison)
    with head, st.container(horizontal=True):
        widgets.header(QUESTION, verdict(shown.ranked, shown.target, len(comparison.probes)))
        takeaway.draw(shown)
    left, right = st.columns([1.25, 1])
    with left:
        matrix.draw(shown, mine.view)
    with right:
        ranking.draw(shown)
        lam_changes.draw(shown)
    tree_and_map.draw(shown)
    charts.silent(comparison.graphs)


main()
