"""The first row of the Why page: the score in words, how it adds up, and the ranks of all pairs."""

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from depara_core import explanation, pairs
from depara_core.figures import waterfall
from depara_core.formatting import exact, score
from depara_core.grids import grid_text
from depara_core.selection import few_probes
from pages.attributions.selection import Attributions
from pages.shared import cache, charts, ranks, selection, text, where, widgets
from pages.shared.parts import Data
from pages.shared.questions import question
from pages.why import groups, surfaces
from pages.why.explained import Explained
from pages.why.selection import Why


def headline(pair: Explained, ranked: pd.DataFrame | None) -> None:
    """Draw the question and the score with its interval and its rank; `ranked` is None where both ends are one."""
    source, target = (f"*{text.plain(name)}*" for name in pair.names)
    why, lam = pair.why, exact(pair.lam)
    total = f"S = :violet[**{score(why.total)}**]"
    if ranked is None:
        widgets.header(
            f"Why does {source} look transferable to itself?",
            f"{total} at λ = {lam} · the same graph at both ends: every image agrees as far as it can. "
            f"Choose another source. {grid_text(pair.grid).capitalize()}.",
        )
        return
    row = ranked[ranked["source"] == pair.source.model].iloc[0]
    rank = f" · rank {row['rank']} of {len(ranked)} sources" if len(ranked) > 1 else ""
    few = few_probes(len(pair.probes))
    widgets.header(
        question(source, target, why.total, pair.lam),
        f"{total} {text.between(row['low'], row['high'])} at λ = {lam}{rank} · "
        f"the shares below add up to S exactly · {grid_text(pair.grid)}" + (f" · {few}" if few else ""),
    )


def draw(pair: Explained) -> None:
    """Draw the three cards."""
    sure = cache.intervals(pair.source, pair.target, pair.lam, pair.grid)
    left, middle, right = st.columns([5, 3.4, 4])
    with left:
        _in_words(pair, sure)
    with middle:
        _how_it_adds_up(pair, sure)
    with right:
        _rank_against_rank(pair)


def _in_words(pair: Explained, sure: explanation.Intervals) -> None:
    """Say in a sentence what the numbers say, and lead to the pages that show it."""
    with widgets.card("In words", key="card-words", height="stretch"):
        with st.container(key="why-words"):
            view, maps = selection.read(Why).view, not pair.target.edges_only
            rooms = selection.read(Data).probes == "rooms" and maps
            parts = groups.contributions_of(pair) if view == "groups" else None
            pixels = surfaces.contributions_of(pair) if view == "surfaces" and rooms else None
            said = explanation.sentence(pair.why, intervals=sure, groups=parts, pixels=pixels)
            st.markdown(text.sentence(said))
        where.draw("why.where", pair.comparison, pair.source, pair.target, largest=110)
        with st.container(key="why-links", gap=None):
            here, side_by_side = pair.chosen(), replace(selection.read(Attributions), view="models")
            icon = widgets.ICONS["attributions"]
            if maps:
                selection.link("attributions", "See where they look", here, side_by_side, icon=icon)
            selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])
            selection.link("layers", "At which layer?", here, icon=widgets.ICONS["layers"])
            selection.link("models", "Back to all models", here, icon=widgets.ICONS["models"])


def _how_it_adds_up(pair: Explained, sure: explanation.Intervals) -> None:
    """Draw 0, s_V, lambda * s_E and S."""

    def opened(place: charts.Place) -> None:
        selection.update(Why, view="pairs" if place[0] == "edge" else "probes", page=0)

    told = "Whiskers: 95 % over the images. Click a bar for what it is made of."
    with widgets.card("How S adds up", told, key="card-adds", height="stretch"):
        node, edge, total = ((part.low, part.value, part.high) for part in (sure.node, sure.edge, sure.total))
        figure = waterfall.waterfall(node, edge, total, pair.lam, dark=widgets.dark())
        charts.chart(figure, "why.adds", opened)


def _rank_against_rank(pair: Explained) -> None:
    """Draw the ranks of all pairs against each other; a box lists its pairs."""
    told = "On the diagonal both agree. Click, or drag a box, to list its pairs."
    with widgets.card("Edges, rank against rank", told, key="card-ranks", height="stretch"):
        figure = cache.compared_ranks(pair.source, pair.target, names=pair.names, dark=widgets.dark())
        listed = partial(selection.update, Why, view="pairs", page=0)
        ranks.chart(figure, f"why.ranks.{pair.key}", pairs.rank_bins(len(pair.why.ranks_a)), listed)
