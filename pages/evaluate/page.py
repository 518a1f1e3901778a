"""Does the score tell the truth? Every metric against measured transfer: how much is found, how surely, and where."""

from typing import Any

import streamlit as st

from depara_core.benchmark import benchmarks, transfer_table
from depara_core.benchmark.committed import conclusion
from pages.evaluate import (
    absent,
    choice,
    computed,
    curves,
    layer_study,
    mine,
    photographs,
    published,
    rivals,
    robustness,
    takeaway,
    targets,
    trees,
)
from pages.evaluate.selection import TABS, Evaluate
from pages.evaluate.verdict import verdict
from pages.evaluate.view import View
from pages.shared import selection, widgets
from pages.shared.parts import Data, Pair
from pages.shared.titles import QUESTIONS

Place = st.delta_generator.DeltaGenerator
QUESTION = QUESTIONS["evaluate"]


def conclude(view: View) -> str:
    """Say how much DEPARA finds, and whether it is better than the metric that it is held against."""
    metric, rival = view.pair
    found = conclusion(view.result, rival if metric == "depara" else metric, view.measure)
    return verdict(found)


def draw(view: View, head: Place, reason: str | None) -> None:
    """Draw the verdict and one part of the evidence; `reason`: why no model is here, so that only truth is drawn."""
    heading, tab = head.container(horizontal=True), view.mine.tab
    with heading:
        widgets.header(QUESTION, conclude(view) + computed.origin(view.scored) if reason is None else "")
    widgets.not_here(view.wrong())
    if reason is not None:
        absent.card(view.scored.benchmark, view.data, reason)
    figures = {}
    if tab == "verdict":
        figures = draw_verdict(view)
    elif tab == "targets":
        targets.cards(view, curves.shown(view))
        trees.cards(view)
    elif tab == "robustness":
        robustness.card(view)
    elif tab == "layers":
        photographs.card(view.dark)
        layer_study.card(view.dark)
    elif tab == "mine":
        mine.cards(view)
    else:
        published.card(view)
    with heading:
        takeaway.draw(view, figures)


def draw_verdict(view: View) -> dict[str, tuple[str, Any]]:
    """Draw how much is found, and what is better than what; return the figures to be taken away."""
    left, right = st.columns([1.15, 1])
    with left:
        shown, curve = curves.card(view)
    with right:
        rivals.pair_card(view)
    measures = rivals.metrics_cards(view, shown)
    return {"curves": ("How much of what is best is found", curve), "metrics": (f"By {view.measure}", measures)}


def choose_tab() -> None:
    """Draw the parts of the page; only the chosen one is computed."""
    tab = selection.bind(Evaluate, "tab", "evaluate.tab")
    st.segmented_control(
        "Evidence", list(TABS), format_func=TABS.__getitem__, label_visibility="collapsed", required=True, **tab
    )


def main() -> None:
    """Draw the page."""
    selection.read(Evaluate)  # also where nothing is drawn: what is never read counts as unknown
    head, data = st.container(), selection.read(Data)
    names = tuple(name for name in benchmarks.BENCHMARKS if name in transfer_table.transfer_tables())
    if not names:
        with head:
            widgets.header(QUESTION)
        widgets.empty("No measured transfer is here.", "Scores are checked against it: restore the assets folder.")
        return
    benchmark, budget, lam = choice.choose(names)
    choose_tab()
    failed = computed.failure(benchmark, data)
    if failed is None:
        scored = computed.require(benchmark, data, before=lambda: head.title(QUESTION, anchor=False))
    else:
        scored = computed.unscored(benchmark)
    mine, pair = selection.read(Evaluate), selection.read(Pair)
    view = View(scored, lam, budget, mine.measure, mine, data, pair, widgets.dark())
    draw(view, head, None if failed is None else str(failed.error))


main()
