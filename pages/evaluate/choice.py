"""The controls of the Evaluate page: benchmark, labelled images, ranking measure and lambda."""

import streamlit as st

from depara_core.evaluation import MEASURES
from pages.evaluate.selection import Evaluate
from pages.shared import selection, widgets
from pages.shared.cache import evaluation as cache


def choose(names: tuple[str, ...]) -> tuple[str, int | None, float]:
    """Draw benchmark, budget, measure and lambda in one row, and return the benchmark, the budget and lambda."""
    mine = selection.read(Evaluate)
    benchmark = mine.benchmark if mine.benchmark in names else names[0]
    budgets = cache.transfer_table(benchmark).budgets
    budget = mine.budget if mine.budget in budgets else budgets[0]
    columns = st.columns([1.05, 1.05, 1, 1.7], vertical_alignment="bottom")

    def changed() -> None:
        selection.update(Evaluate, benchmark=st.session_state["evaluate.benchmark"], budget=None)

    bound = selection.bind(Evaluate, "benchmark", "evaluate.benchmark", benchmark) | {"on_change": changed}
    help_text = "Where transfer was measured, with its models."
    columns[0].selectbox("Benchmark", names, format_func=str.capitalize, help=help_text, **bound)
    columns[1].selectbox(
        "Labelled images of the target",
        budgets,
        format_func=lambda number: f"{number:,}",
        help="How many the measured transfer learned from.",
        **selection.bind(Evaluate, "budget", "evaluate.budget", budget),
    )
    columns[2].selectbox(
        "Ranking measure",
        list(MEASURES),
        help=MEASURES[mine.measure].reading,
        **selection.bind(Evaluate, "measure", "evaluate.measure"),
    )
    with columns[3]:
        lam = widgets.lam_slider("evaluate.lam")
    _tell_unknown(mine, benchmark, budget)
    return benchmark, budget, lam


def _tell_unknown(mine: Evaluate, benchmark: str, budget: int) -> None:
    """Tell what the address names that was not measured, and what is shown in its place."""
    wrong = []
    if mine.benchmark != benchmark:
        wrong.append((mine.benchmark, "benchmark with measured transfer", f"{benchmark} is shown"))
    if mine.budget not in (None, budget):
        wrong.append((str(mine.budget), "number of images that transfer was measured with", f"{budget} is shown"))
    widgets.not_here(wrong)
