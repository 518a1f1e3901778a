"""Why, with one probe less: without which probes S, or the choice of the best source, would change most."""

import pandas as pd

from depara_core.explanation import RankingInfluence
from depara_core.figures.contributions import bar_extent
from depara_core.formatting import counted, number, share_of, short_name
from pages.shared import cache, selection, text, widgets
from pages.shared.image_table import ContributionRow, contribution_table
from pages.shared.parts import Pair
from pages.why import probes
from pages.why.batches import BOTTOM, TOP
from pages.why.explained import Explained


def draw(pair: Explained) -> None:
    """Say how far S depends on single probes, and list those it depends on most."""
    found, rivals = pair.influence, pair.rivals
    frame = found.to_frame()
    flips: dict[int, str] = {}
    told = (
        f"With all {len(frame)} images :violet[**S = {number(found.total, 3)}**]; without any single one of them it "
        f"stays between **{number(frame['without'].min(), 3)}** and **{number(frame['without'].max(), 3)}**."
    )
    if len(rivals) > 1:
        ranking = RankingInfluence(tuple(map(pair.influence_of, rivals)))
        names = [short_name(graph.model) for graph in rivals]
        flips = {probe: names[winner] for probe, winner in ranking.changes.items()}
        told += " " + _verdict(names[ranking.winner], flips, pair)
    if len(frame) > cache.EXACT_INFLUENCE:
        told += f" With more than {cache.EXACT_INFLUENCE} images the edges keep the ranks that they have among all."
    with widgets.card("One image less", told, key="card-influence"):
        clicked = _list(pair, frame, flips)
    probes.select(clicked)


def _list(pair: Explained, frame: pd.DataFrame, flips: dict[int, str]) -> int | None:
    """List what the probes lend to S: those at both ends, and those that decide who is best; return the one clicked."""
    order, deciding = frame["probe"].tolist(), list(flips)[:TOP]
    last = len(order) - BOTTOM
    places = [
        place for place, probe in enumerate(order) if place < TOP or place >= last or last <= TOP or probe in deciding
    ]
    listed, rows = [order[place] for place in places], []
    for place, entry in zip(places, frame.iloc[places].to_dict("records"), strict=True):
        probe, without = entry["probe"], number(entry["without"], 4)
        best = [flips.get(probe, "")] if flips else []
        rows.append(
            ContributionRow(
                str(place + 1),
                (cache.thumbnail(pair.probes, probe, 112),),
                (pair.probes.names[probe],),
                (("S", entry["lends"]),),
                (*best, without, share_of(-entry["lends"], pair.why.total)),
                f"{pair.probes.names[probe]}: S without it {without}",
            )
        )
    selected = selection.read(Pair).probe
    clicked = contribution_table(
        "why.influence",
        rows,
        pictures=("image",),
        bar="what it lends to S",
        words=76,
        gap=(TOP, f"… {len(order) - len(places):,} more …") if len(places) < len(order) else None,
        texts=(*(["then the best is"] if flips else []), "S without it", "change of S"),
        label="Images by their influence on S",
        extent=bar_extent(frame["lends"]),
        selected=listed.index(selected) if selected in listed else None,
    )
    return None if clicked is None else listed[clicked]


def _verdict(best: str, flips: dict[int, str], pair: Explained) -> str:
    goal, best = text.plain(pair.names[1]), text.plain(best)
    if not flips:
        return f"The best source for {goal} is **{best}**, whichever image is left out."
    others = ", ".join(sorted(map(text.plain, set(flips.values()))))
    without = counted(len(flips), "image")
    return f"The best source for {goal} is **{best}**, but without one of {without} it is {others}."
