"""Why, by groups of probes: their labels, or clusters where they have none; within a group and between two."""

from collections.abc import Sequence

import streamlit as st

from depara_core import explanation
from depara_core.explanation import GroupContributions
from depara_core.figures import contributions
from depara_core.formatting import share_of
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.image_table import ContributionRow, contribution_table
from pages.why import pairs, probes
from pages.why.explained import Explained
from pages.why.selection import Why

EXAMPLES = 4  # probes shown of a group
MOST_GROUPS = 24  # labels beyond that are too many to compare: clusters are shown


def labels(pair: Explained) -> tuple[tuple[str, ...], bool]:
    """Return each probe's group, and whether these are the probes' own labels: without them, clusters."""
    own = pair.probes.labels
    if own is not None and 1 < len(set(own)) <= MOST_GROUPS:
        return tuple(own), True
    return cache.clusters(pair.source, pair.target), False


def contributions_of(pair: Explained) -> GroupContributions:
    """Return the shares of the groups of probes."""
    return cache.groups(pair.source, pair.target, pair.lam, pair.grid, labels(pair)[0])


def draw(pair: Explained) -> None:
    """Draw the shares within and between groups of probes, and what the chosen groups are made of."""
    groups, labelled = labels(pair)
    found, wanted = contributions_of(pair), selection.read(Why).groups
    names = found.names
    chosen = (wanted[0], wanted[-1]) if 1 <= len(wanted) <= 2 and set(names).issuperset(wanted) else None
    selected = None if chosen is None else (names.index(chosen[0]), names.index(chosen[1]))

    def opened(place: charts.Place) -> None:
        selection.update(Why, groups=tuple(dict.fromkeys(names[int(end)] for end in place[:2])), page=0)

    what = "label" if labelled else "cluster of images that both networks together find alike"
    left, right = st.columns(2)
    told = (
        f"By {what}. Green adds to S, purple takes from it; the diagonal is within a group, the rest between two. "
        "Click a cell for its pairs."
    )
    with left, widgets.card("Shares of groups", told, key="card-groups"):
        figure = contributions.group_contributions(
            found.edge, found.node, names, whole=pair.why.total, selected=selected, dark=widgets.dark()
        )
        charts.chart(figure, f"why.groups.{pair.key}", opened)
        with st.expander("All cells as a table"):
            cells = found.cells()

            def listed(row: int) -> None:
                ends = cells.iloc[row]
                selection.update(Why, groups=tuple(dict.fromkeys((ends["one"], ends["other"]))), page=0)

            shares = [share_of(value, pair.why.total) for value in cells["share"]]
            charts.table(cells.assign(share=shares), f"why.cells.{pair.key}", listed)
    told = "What a group's images add together; half of a share between two groups counts for each. Click to open one."
    with right, widgets.card("The groups", told, key="card-group-list"):
        clicked = _list_groups(pair, groups, found, selected)
    if chosen is not None:
        _draw_inside(pair, groups, chosen)
    elif wanted:
        named = " and ".join(map(text.plain, wanted))
        st.caption(f"The address looks into {named}: not groups of these images. Choose a cell.")
    if clicked is not None:
        selection.update(Why, groups=(names[clicked],), page=0)
        st.rerun()


def _list_groups(
    pair: Explained, groups: Sequence[str], found: GroupContributions, selected: tuple[int, int] | None
) -> int | None:
    """List the groups with some of their probes; return the place of the one just clicked."""
    frame, rows = found.to_frame(), []
    for entry in frame.to_dict("records"):
        name, count = entry["group"], entry["probes"]
        members = [i for i, group in enumerate(groups) if group == name][:EXAMPLES]
        empty = EXAMPLES - len(members)
        share = share_of(entry["share"], pair.why.total)
        rows.append(
            ContributionRow(
                f"{name}\n{count} images",
                (*(cache.thumbnail(pair.probes, i, 112) for i in members), *[b""] * empty),
                (*(pair.probes.names[i] for i in members), *[""] * empty),
                (("s_V", entry["node"]), ("s_E", entry["edge"])),
                (share_of(entry["mean"], pair.why.total), share),
                f"{name}, {count} images: share {share}",
            )
        )
    return contribution_table(
        "why.groups.list",
        rows,
        pictures=("e.g.", *[""] * (EXAMPLES - 1)),
        bar="node and edge share",
        texts=("of an image", "share of S"),
        size=46,
        words=56,
        lead=76,
        label="Groups of images",
        extent=contributions.bar_extent(frame["node"], frame["edge"]),
        selected=selected[0] if selected and selected[0] == selected[1] else None,
    )


def _draw_inside(pair: Explained, groups: Sequence[str], chosen: tuple[str, str]) -> None:
    """List what a cell stands for: the pairs between two groups, or those within one, and then its probes too."""
    one, other = (f"“{text.plain(name)}”" for name in chosen)
    alone = chosen[0] == chosen[1]
    found = explanation.pairs_between(pair.why, groups, chosen, pairs.LISTED)
    probe = None
    left, right = st.columns(2) if alone else (st.container(), None)
    title = f"Pairs within {one}" if alone else f"Pairs between {one} and {other}"
    told = "Those with the largest share, in either direction. Click to select."
    with left, widgets.card(title, told, key="card-group-pairs"):
        ends = pairs.list_pairs(pair, found, "why.groups.pairs", size=66)
        st.button("Back to all groups", key="why.groups.close", **selection.click(Why, groups=()))
    if right is not None:
        ranked = pair.why.to_frame()
        ranked = ranked[[groups[i] == chosen[0] for i in ranked["probe"]]]
        with right, widgets.card(f"Images of {one}", "By their share of S. Click to select.", key="card-group-probes"):
            probe = probes.list_probes(pair, ranked, "why.groups.probes", size=66)
    pairs.select(ends)
    probes.select(probe)
