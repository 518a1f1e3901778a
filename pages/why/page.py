"""Why does A look transferable to B? A score taken apart into the probes, the pairs and the pixels that make it."""

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core import explanation, exports, pairs
from depara_core.comparison import Comparison
from depara_core.figures import contributions
from depara_core.figures.labels import score
from depara_core.grids import grid_text
from pages.attributions.selection import Attributions
from pages.shared import cache, charts, comparisons, downloads, ranks, selection, widgets
from pages.shared.selection import Data, Pair
from pages.why import evidence as _evidence
from pages.why import parts
from pages.why import reasons as _reasons
from pages.why.reasons import Ends
from pages.why.selection import VIEWS, Why

QUESTION = "Why do these two look transferable?"
EXAMPLE = ("rooms/reshading", "rooms/normal")  # source and target shown first, where they are among the models


def choose(comparison: Comparison) -> tuple[depara.AttributionGraph, depara.AttributionGraph, float]:
    """Draw the controls and return source, target and lambda."""
    pair, models = selection.read(Pair), comparison.models
    layers = {spec.id: spec.layers for spec in comparison.specs}
    first = next((model for model in (EXAMPLE[0], *models) if model in models and model != pair.target), models[0])
    with st.container(horizontal=True, vertical_alignment="bottom", key="why-controls"):
        a = widgets.choose_model("Source", "source", "why.source", models, default=first)
        layer_a = widgets.choose_layer("Its layer", "source_layer", "why.source_layer", layers[a])
        goals = (EXAMPLE[1], *models)
        other = next((model for model in goals if model in models and model != a), a)
        b = widgets.choose_model("Target", "target", "why.target", models, default=other)
        layer_b = widgets.choose_layer("Its layer", "target_layer", "why.target_layer", layers[b])
        lam = widgets.lam_slider("why.lam")
    _fallbacks(pair, comparison, (a, b), (layer_a, layer_b))
    graphs = [comparisons.graph(comparison, selection.read(Data), *end) for end in ((a, layer_a), (b, layer_b))]
    return graphs[0], graphs[1], lam


def _fallbacks(pair: Pair, comparison: Comparison, models: tuple[str, str], layers: tuple[str, str]) -> None:
    """Tell what the address names that is not here, and what is shown in its place."""
    count = len(comparison.probes)
    named = [
        (pair.source, models[0], "model"),
        (pair.target, models[1], "model"),
        (pair.source_layer, layers[0], f"layer of {models[0]}"),
        (pair.target_layer, layers[1], f"layer of {models[1]}"),
    ]
    wrong = [(asked, what, f"{used} is shown") for asked, used, what in named if asked and asked != used]
    if pair.third and pair.third not in comparison.models:
        wrong.append((pair.third, "model", "another one is held against"))
    wrong += [
        (str(index), "probe", f"there are {count}, from 0 to {count - 1}")
        for index in (pair.probe, pair.other_probe)
        if index is not None and index >= count
    ]
    for asked, what, used in wrong:
        st.warning(
            widgets.plain(f"The address names {asked!r}, which is no {what} here; {used}."), icon=":material/link_off:"
        )


def sources_of(comparison: Comparison, a: depara.AttributionGraph) -> tuple[depara.AttributionGraph, ...]:
    """Return the graphs that compete: every model's output, and of the source the layer that is looked at."""
    return tuple(a if graph.model == a.model else graph for graph in comparison.graphs)


def headline(ends: Ends, ranked: pd.DataFrame | None) -> None:
    """Draw the question and the score with its interval and its rank."""
    a, b = (f"*{widgets.plain(name)}*" for name in ends.names)
    total = f"S = :violet[**{score(ends.why.total)}**]"
    if ranked is None:
        widgets.header(
            f"Why does {a} look transferable to itself?",
            f"{total} at λ = {ends.lam:g} · the same graph at both ends: every probe agrees as far as it can. "
            f"Choose another source. {grid_text(ends.why.grid).capitalize()}.",
        )
        return
    row = ranked[ranked["source"] == ends.a.model].iloc[0]
    rank = f" · rank {row['rank']} of {len(ranked)} sources" if len(ranked) > 1 else ""
    title = f"Why does {a} look transferable to {b}?" if ends.why.total > 0 else f"Why is {a} unlike {b}?"
    widgets.header(
        title,
        f"{total} \\[{score(row['low'])}, {score(row['high'])}\\] at λ = {ends.lam:g}{rank} · "
        f"the shares below add up to S exactly · {grid_text(ends.why.grid)}",
    )


def take_away(ends: Ends) -> None:
    """Offer the shares of the probes and the Python behind them."""
    origin = exports.provenance([ends.a, ends.b], probes=ends.probes, lam=ends.lam, grid=ends.why.grid)
    specs = {spec.id: spec for spec in ends.comparison.specs}
    code = [(specs[graph.model], graph.layer) for graph in (ends.a, ends.b)]
    with downloads.popover("why"):
        table = partial(exports.contribution_table, ends.why, ends.probes)
        downloads.row("Shares of the probes", downloads.tables("shares", table, origin))
        downloads.row("The same from Python", [downloads.script("why", code, ends.comparison, lam=ends.lam)])


def in_words(ends: Ends, sure: explanation.Intervals) -> None:
    """Say in a sentence what the numbers say, and lead to the pages that show it."""
    with widgets.card("In words", key="card-words", height="stretch"):
        with st.container(key="why-words"):
            view, rooms = selection.read(Why).view, selection.read(Data).probes == "rooms"
            groups = parts.group_contributions(ends) if view == "groups" else None
            pixels = parts.surface_shares(ends) if view == "surfaces" and rooms else None
            said = explanation.sentence(ends.why, intervals=sure, groups=groups, pixels=pixels)
            st.markdown(_reasons.coloured(said))
        with st.container(key="why-links", gap=None):
            here, side_by_side = _evidence.link(ends), replace(selection.read(Attributions), view="models")
            icon = widgets.ICONS["attributions"]
            selection.link("attributions", "See where they look", here, side_by_side, icon=icon)
            selection.link("graphs", "Compare their graphs", here, icon=widgets.ICONS["graphs"])
            selection.link("layers", "At which layer?", here, icon=widgets.ICONS["layers"])
            selection.link("models", "Back to all models", here, icon=widgets.ICONS["models"])


def how_it_adds_up(ends: Ends, sure: explanation.Intervals) -> None:
    """Draw 0, s_V, lambda * s_E and S."""

    def opened(place: charts.Place) -> None:
        selection.update(Why, view="pairs" if place[0] == "edge" else "probes", page=0)

    told = "Whiskers: 95 % over the probes. Click a bar for what it is made of."
    with widgets.card("How S adds up", told, key="card-adds", height="stretch"):
        bars = [(part.low, part.value, part.high) for part in (sure.node, sure.edge, sure.total)]
        charts.chart(contributions.adding_up(*bars, ends.lam, dark=widgets.dark()), "why.adds", opened)


def rank_against_rank(ends: Ends) -> None:
    """Draw the ranks of all pairs against each other; a box lists its pairs."""
    key = f"why.ranks.{ends.a.digest[:8]}.{ends.b.digest[:8]}"
    told = "On the diagonal both agree. Click, or drag a box, to list its pairs."
    with widgets.card("Edges, rank against rank", told, key="card-ranks", height="stretch"):
        figure = cache.compared_ranks(ends.a, ends.b, names=ends.names, dark=widgets.dark())
        listed = partial(selection.update, Why, view="pairs", page=0)
        ranks.chart(figure, key, pairs.rank_bins(len(ends.why.ranks_a)), listed)


def evidence(ends: Ends, sources: tuple[depara.AttributionGraph, ...]) -> None:
    """Draw the choice of evidence and the evidence chosen."""
    rooms, view = selection.read(Data).probes == "rooms", selection.read(Why).view
    tabs = {name: label for name, label in VIEWS.items() if name != "surfaces" or rooms}
    view = view if view in tabs else "probes"
    st.segmented_control(
        "Evidence",
        list(tabs),
        format_func=tabs.__getitem__,
        label_visibility="collapsed",
        **selection.bind(Why, "view", "why.view", view),
    )
    ends_alone = {
        "probes": _evidence.probes,
        "pairs": _evidence.pairs,
        "groups": parts.groups,
        "surfaces": parts.objects,
    }
    if view in ends_alone:
        ends_alone[view](ends)
    elif view == "leave_one_out":
        parts.influence(ends, tuple(graph for graph in sources if graph.label != ends.b.label))
    else:
        ours = {ends.a.label, ends.b.label}
        parts.contrast(ends, tuple(graph for graph in sources if graph.label not in ours))


def main() -> None:
    """Draw the page."""
    head = st.container()
    comparison = comparisons.require(selection.read(Data), layers="output", before=lambda: widgets.header(QUESTION))
    a, b, lam = choose(comparison)
    sources = sources_of(comparison, a)
    matrix = cache.matrix(sources, (b,), grid=comparison.grid)
    ends = Ends(comparison, a, b, lam, _reasons.why(a, b, lam, comparison))
    with head, st.container(horizontal=True):
        headline(ends, None if a.label == b.label else cache.ranking(matrix, b.label, lam))
        take_away(ends)
    sure = cache.intervals(a, b, lam, comparison.grid)
    columns = st.columns([5, 3.4, 4])
    for column, draw in zip(
        columns,
        (partial(in_words, ends, sure), partial(how_it_adds_up, ends, sure), partial(rank_against_rank, ends)),
        strict=True,
    ):
        with column:
            draw()
    evidence(ends, sources)
    charts.silent((a, b))


main()
