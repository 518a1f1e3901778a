"""The Why page's evidence in larger parts: groups of probes, the rooms' surfaces, one probe less, a third model."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

import depara_core as depara
from depara_core import explanation
from depara_core.figures import contributions
from depara_core.graphs import short_names
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.image_table import ContributionRow, contribution_table
from pages.shared.selection import Data, Pair
from pages.why import evidence
from pages.why import reasons as _reasons
from pages.why.reasons import Ends
from pages.why.selection import Why

EXAMPLES = 4  # probes shown of a group
MOST_GROUPS = 24  # labels beyond that are too many to compare: clusters are shown


def labels_of(ends: Ends) -> tuple[tuple[str, ...], bool]:
    """Return each probe's group, and whether these are the probes' own labels: without them, clusters."""
    labels = ends.probes.labels
    if labels is not None and 1 < len(set(labels)) <= MOST_GROUPS:
        return tuple(labels), True
    return cache.clusters(ends.a, ends.b), False


def group_contributions(ends: Ends) -> explanation.GroupContributions:
    """Return the shares of the groups of probes."""
    return cache.groups(ends.a, ends.b, ends.lam, ends.why.grid, labels_of(ends)[0])


def surface_shares(ends: Ends) -> explanation.PixelContributions:
    """Return the shares of the rooms' surfaces."""
    return cache.surfaces(ends.a, ends.b, ends.why.grid, selection.read(Data).seed)


def looked_into(ends: Ends) -> tuple[str, str] | None:
    """Return the two groups that the selection looks into, twice the same for one alone, or None."""
    chosen, known = selection.read(Why).groups, set(labels_of(ends)[0])
    return (chosen[0], chosen[-1]) if 1 <= len(chosen) <= 2 and known.issuperset(chosen) else None


def groups(ends: Ends) -> None:
    """Draw the shares within and between groups of probes: their labels, or clusters where they have none."""
    labels, labelled = labels_of(ends)
    shares, chosen = group_contributions(ends), looked_into(ends)
    names = shares.names
    selected = None if chosen is None else (names.index(chosen[0]), names.index(chosen[1]))

    def opened(place: charts.Place) -> None:
        selection.update(Why, groups=tuple(dict.fromkeys(names[int(end)] for end in place[:2])), page=0)

    what = "label" if labelled else "cluster of probes that both networks together find alike"
    left, right = st.columns(2)
    told = (
        f"By {what}. Green adds to S, purple takes from it; the diagonal is within a group, the rest between two. "
        "Click a cell for its pairs."
    )
    with left, widgets.card("Shares of groups", told, key="card-groups"):
        figure = contributions.group_contributions(
            shares.edge, shares.node, names, selected=selected, dark=widgets.dark()
        )
        charts.chart(figure, f"why.groups.{ends.a.digest[:8]}.{ends.b.digest[:8]}", opened)
    told = "What a group's probes add together; half of a share between two groups counts for each. Click to open one."
    with right, widgets.card("The groups", told, key="card-group-list"):
        clicked = _group_list(ends, labels, shares, selected)
    if chosen is not None:
        _inside(ends, labels, chosen)
    elif selection.read(Why).groups:
        named = " and ".join(map(widgets.plain, selection.read(Why).groups))
        st.caption(f"The address looks into {named}: not groups of these probes. Choose a cell.")
    if clicked is not None:
        selection.update(Why, groups=(names[clicked],), page=0)
        st.rerun()


def _group_list(
    ends: Ends, labels: Sequence[str], shares: explanation.GroupContributions, selected: tuple[int, int] | None
) -> int | None:
    """List the groups with some of their probes; return the place of the one just clicked."""
    frame, rows = shares.to_frame(), []
    for entry in frame.itertuples():
        found = [i for i, label in enumerate(labels) if label == entry.group]
        pictures = [cache.thumbnail(ends.probes, i, 112) for i in found[:EXAMPLES]]
        empty = EXAMPLES - len(pictures)
        alts = [ends.probes.names[i] for i in found[:EXAMPLES]]
        rows.append(
            ContributionRow(
                f"{entry.group}\n{entry.probes} probes",
                (*pictures, *[b""] * empty),
                (*alts, *[""] * empty),
                (("s_V", entry.node), ("s_E", entry.edge)),
                (contributions.thousandths(entry.mean), contributions.thousandths(entry.share)),
                f"{entry.group}, {entry.probes} probes: share {contributions.thousandths(entry.share)}",
            )
        )
    return contribution_table(
        "why.groups.list",
        rows,
        pictures=("e.g.", *[""] * (EXAMPLES - 1)),
        bar="node and edge share",
        texts=("of a probe", "share of S"),
        size=46,
        words=56,
        lead=76,
        label="Groups of probes",
        extent=contributions.bar_extent(frame["node"].to_numpy(), frame["edge"].to_numpy()),
        selected=selected[0] if selected and selected[0] == selected[1] else None,
    )


def _inside(ends: Ends, labels: Sequence[str], chosen: tuple[str, str]) -> None:
    """List what a cell stands for: the pairs between two groups, or those within one, and then its probes too."""
    one, other = (f"“{widgets.plain(name)}”" for name in chosen)
    alone = chosen[0] == chosen[1]
    found = explanation.pairs_between(ends.why, labels, chosen, evidence.PAIRS)
    indices, probe = (), None
    left, right = st.columns(2) if alone else (st.container(), None)
    told = "Those with the largest share, in either direction. Click to select."
    with (
        left,
        widgets.card(
            f"Pairs {'within' if alone else 'between'} {one}{'' if alone else f' and {other}'}",
            told,
            key="card-group-pairs",
        ),
    ):
        pair = evidence.list_pairs(ends, found, "why.groups.pairs", size=66)
        st.button("Back to all groups", key="why.groups.close", **selection.click(Why, groups=()))
    if right is not None:
        ranked = ends.why.to_frame()
        ranked = ranked[[labels[i] == chosen[0] for i in ranked["probe"]]]
        with right, widgets.card(f"Probes of {one}", "By their share of S. Click to select.", key="card-group-probes"):
            indices, probe = evidence.list_probes(ends, ranked, "why.groups.probes", size=66)
    evidence.select_pair(found, pair)
    evidence.select(indices, probe)


def objects(ends: Ends) -> None:
    """Draw on which surfaces of the rooms the two networks agree."""
    shares = surface_shares(ends)
    left, right = st.columns([8, 4])
    told = (
        "Every pixel's share of :blue[**s_V**], added up by what it shows. Green on the right: they agree more there "
        "than on the whole image; purple: less. Click a bar for the image in which it weighs most."
    )

    def opened(place: charts.Place) -> None:
        selection.update(Pair, probe=int(np.abs(shares.probe[:, int(place[0])]).argmax()), other_probe=None)

    with left, widgets.card("Where in the rooms they agree", told, key="card-objects"):
        figure = contributions.surface_shares(shares.to_frame(), dark=widgets.dark())
        charts.chart(figure, f"why.objects.{ends.a.digest[:8]}.{ends.b.digest[:8]}", opened)
    index = min(selection.read(Pair).probe, len(ends.probes) - 1)
    name, dark = ends.probes.names[index], widgets.dark()
    told = "Green: both rest on these pixels; purple: one is for, the other against."
    with right, widgets.card(f"In {widgets.plain(name)}", told, key="card-agreement"):
        picture = cache.agreement_maps(ends.probes, ends.a, ends.b, ends.why.grid, (index,), size=320, dark=dark)[0]
        st.image(picture, width="stretch", alt=f"Agreement of {ends.names[0]} and {ends.names[1]} on {name}")


def influence(ends: Ends, sources: tuple[depara.AttributionGraph, ...]) -> None:
    """List the probes without which S, or the choice of the best source, would change most."""
    found = ends.influence
    flips: dict[int, str] = {}
    told = (
        f"With all {len(found.change)} probes :violet[**S = {text.number(found.total, 3)}**]; without any single one "
        f"of them it stays between **{text.number(found.without.min(), 3)}** and "
        f"**{text.number(found.without.max(), 3)}**."
    )
    if len(sources) > 1:
        rivals = _reasons.rivals(sources, ends)
        named = [widgets.short(graph.model) for graph in sources]
        flips = {int(i): named[int(rivals.winners[i])] for i in rivals.flips}
        told += " " + _verdict(named[rivals.winner], flips, ends)
    if len(found.change) > cache.EXACT_INFLUENCE:
        told += f" With more than {cache.EXACT_INFLUENCE} probes the edges keep the ranks that they have among all."
    with widgets.card("One probe less", told, key="card-influence"):
        _lent(ends, found, flips)


def _lent(ends: Ends, found: explanation.Influence, flips: dict[int, str]) -> None:
    """List what the probes lend to S: those at both ends, and those that decide who is best."""
    order = np.argsort(found.change, kind="stable")
    last, listed = len(order) - evidence.BOTTOM, list(flips)[: evidence.TOP]
    places = [
        place
        for place, i in enumerate(order)
        if place < evidence.TOP or place >= last or last <= evidence.TOP or i in listed
    ]
    indices = [int(order[place]) for place in places]
    rows = [
        ContributionRow(
            str(place + 1),
            (cache.thumbnail(ends.probes, i, 112),),
            (ends.probes.names[i],),
            (("S", -found.change[i]),),
            (
                *([flips.get(i, "")] if flips else []),
                text.number(found.without[i], 4),
                contributions.thousandths(found.change[i]),
            ),
            f"{ends.probes.names[i]}: S without it {text.number(found.without[i], 4)}",
        )
        for place, i in zip(places, indices, strict=True)
    ]
    gap = (evidence.TOP, f"… {len(order) - len(places):,} more …") if len(places) < len(order) else None
    probe, best = selection.read(Pair).probe, ["then the best is"] if flips else []
    clicked = contribution_table(
        "why.influence",
        rows,
        pictures=("image",),
        bar="what it lends to S",
        words=76,
        gap=gap,
        texts=(*best, "S without it", "change"),
        label="Probes by their influence on S",
        extent=contributions.bar_extent(0 * found.change, -found.change),
        selected=indices.index(probe) if probe in indices else None,
    )
    evidence.select(indices, clicked)


def _verdict(best: str, flips: dict[int, str], ends: Ends) -> str:
    goal, best = widgets.plain(ends.names[1]), widgets.plain(best)
    if not flips:
        return f"The best source for {goal} is **{best}**, whichever probe is left out."
    others = ", ".join(sorted({widgets.plain(name) for name in flips.values()}))
    count = f"{len(flips)} probe{'s' * (len(flips) > 1)}"
    return f"The best source for {goal} is **{best}**, but without one of {count} it is {others}."


def contrast(ends: Ends, choices: tuple[depara.AttributionGraph, ...]) -> None:
    """Hold the source against another one: what nodes, edges and probes speak for which."""
    if not choices:
        widgets.empty("There is no third model.", "Choose at least three models to compare two sources.", page="setup")
        return
    models = [graph.model for graph in choices]
    left, right = st.columns([5, 7])
    with left, widgets.card("A third model", "Why is the one a better source than the other?", key="card-third"):
        other = choices[models.index(widgets.choose_model("Held against", "third", "why.third", models))]
        found = explanation.Contrast(*(_reasons.why(ends.b, one, ends.lam, ends.comparison) for one in (ends.a, other)))
        sure = cache.contrast_intervals(ends.b, ends.a, other, ends.lam, ends.why.grid)
        short = dict(zip((g.label for g in (ends.a, ends.b, other)), short_names(ends.a, ends.b, other), strict=True))
        st.markdown(_reasons.coloured(explanation.contrast_sentence(found, intervals=sure), short))
        bars = [(part.low, part.value, part.high) for part in (sure.node, sure.edge)]
        (third,) = short_names(other)
        start = found.other.total
        figure = contributions.bridge(start, *bars, (third, ends.names[0]), dark=widgets.dark())

        def opened(place: charts.Place) -> None:
            if place[0] == "from":  # the two change places
                selection.update(Pair, source=other.model, source_layer=other.layer, third=ends.a.model)
                selection.update(Why, page=0)
            elif place[0] == "to":
                selection.update(Why, view="probes", page=0)

        charts.chart(figure, f"why.bridge.{ends.a.digest[:8]}.{other.digest[:8]}", opened)
        st.caption("Click the bar of a score to see what that one is made of.")
    ranked = found.to_frame()
    a, b = ends.names
    told = (
        f"To the right: the probe speaks for {widgets.plain(a)}; to the left: for {widgets.plain(third)}. All "
        f"{len(ranked)} add up to {contributions.signed(found.total)}, the difference of S. Click to select."
    )
    with right, widgets.card("Probes by what they say of the two", told, key="card-contrast"):
        shown = evidence.batch(ranked)
        indices = tuple(int(i) for i in shown.rows["probe"])
        dark = widgets.dark()
        maps = cache.overlays(
            ends.probes,
            (ends.a, other, ends.b),
            indices,
            signed=True,
            shared=True,
            smooth=True,
            opacity=0.85,
            dark=dark,
        )
        gains = cache.advantage_maps(ends.probes, (ends.b, ends.a, other), ends.why.grid, indices, dark=dark)
        rows = [
            evidence.probe_row(ends.probes, entry, place, (*line, gain), (a, third, b, f"better by {a}"))
            for entry, place, line, gain in zip(shown.rows.itertuples(), shown.places, maps, gains, strict=True)
        ]
        clicked = contribution_table(
            "why.contrast",
            rows,
            pictures=("image", a, third, b, "gain"),
            bar="node and edge share",
            size=66,
            texts=("difference",),
            selected=shown.selected,
            gap=shown.gap,
            label="Probes by their difference",
            extent=contributions.bar_extent(ranked["node"].to_numpy(), ranked["edge"].to_numpy()),
        )
        evidence.pager("why.contrast", shown)
    evidence.select(indices, clicked)
