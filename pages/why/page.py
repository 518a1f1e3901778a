"""Why does A look transferable to B? A score taken apart into the probes, the pairs and the pixels that make it."""

from functools import partial

import streamlit as st

from depara_core import exports
from pages.shared import cache, charts, comparisons, downloads, selection, targets, widgets
from pages.shared.parts import Data
from pages.shared.titles import QUESTIONS
from pages.why import contrast, groups, leave_one_out, pairs, places, probes, summary, surfaces
from pages.why.explained import Explained, choose
from pages.why.selection import VIEWS, Why

QUESTION = QUESTIONS["why"]
EVIDENCE = {
    "probes": probes.draw,
    "pairs": pairs.draw,
    "groups": groups.draw,
    "surfaces": surfaces.draw,
    "places": places.draw,
    "leave_one_out": leave_one_out.draw,
    "contrast": contrast.draw,
}


def take_away(pair: Explained) -> None:
    """Offer the shares of the probes and the Python behind them."""
    ends = (pair.source, pair.target)
    origin = exports.provenance(ends, probes=pair.probes, lam=pair.lam, grid=pair.grid)
    specs = {spec.id: spec for spec in pair.comparison.specs}
    goal = targets.script(pair.target) if pair.target.edges_only else None
    code = [(specs[graph.model], graph.layer) for graph in ends if graph.model in specs]
    with downloads.popover("why"):
        table = partial(exports.contribution_table, pair.why, pair.probes)
        downloads.row("Shares of the images", downloads.tables("shares", table, origin))
        downloads.row("The same from Python", [downloads.script("why", code, pair.comparison, goal=goal, lam=pair.lam)])


def without_sense(pair: Explained, data: Data) -> set[str]:
    """Return the views that tell nothing: of surfaces where no room is, of places where the target has no code."""
    if pair.target.edges_only:
        return {"surfaces", "places"}
    return set() if data.probes == "rooms" else {"surfaces"}


def main() -> None:
    """Draw the page."""
    mine, data, head = selection.read(Why), selection.read(Data), st.container()
    comparison = comparisons.require(data, layers="output", before=lambda: widgets.header(QUESTION))
    pair = choose(comparison)
    same = pair.source.label == pair.target.label
    matrix = cache.matrix(pair.sources, (pair.target,), grid=pair.grid)
    with head, st.container(horizontal=True):
        summary.headline(pair, None if same else cache.ranking(matrix, pair.target.label, pair.lam))
        take_away(pair)
    summary.draw(pair)
    tabs = {name: label for name, label in VIEWS.items() if name not in without_sense(pair, data)}
    view = mine.view if mine.view in tabs else "probes"
    st.segmented_control(
        "Evidence",
        list(tabs),
        format_func=tabs.__getitem__,
        label_visibility="collapsed",
        **selection.bind(Why, "view", "why.view", view),
    )
    EVIDENCE[view](pair)
    charts.silent((pair.source, *([] if pair.target.edges_only else [pair.target])))


main()
