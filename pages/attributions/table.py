"""The table of attribution maps: probes down, models or layers across, each with its agreement with the reference."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from depara_core.agreement import Agreement
from depara_core.comparison import Comparison
from depara_core.figures.map_table import map_table
from depara_core.formatting import number, short_name
from depara_core.tour import spread
from pages.attributions import pair
from pages.attributions.selection import Attributions
from pages.shared import cache, closeup, selection, text, widgets
from pages.shared.cache import Graph, Graphs
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.legends import legend
from pages.shared.parts import Data, Look, Pair

ROWS = 6  # probes on one screen
COLUMNS = 8  # models shown at first: more are too small to read
ENLARGED = "attributions.enlarged"  # in the session: the graph whose map was just clicked
NEAREST = 3  # of them, the most alike to the reference; the others are spread evenly to the least


def draw(comparison: Comparison, found: Agreement, by_layer: bool) -> tuple[Callable[[], Any], str]:
    """Draw one page of the table; a click selects the probe, a heading the reference.

    Returns what draws the table as one figure to be taken away, and how to read it.
    """
    mine, look, selected = selection.read(Attributions), selection.read(Look), selection.read(Pair).probe
    order = found.probes(mine.sort)
    page = min(mine.page, -(-len(order) // ROWS) - 1)
    rows = order[page * ROWS : (page + 1) * ROWS]
    held = pair.find(comparison, found, by_layer)
    whose = "the output's" if by_layer else f"{text.model(found.reference.model)}'s"
    of = "map" if look.maps == "signed" else "map, both with their signs"
    told = (
        f"{closeup.reading(look)} The {{}} is the cosine with {whose} {of}: 1 the same pixels, 0 unrelated, −1 opposed."
    )
    reading = told.format(":blue[number]") + " Click a map to enlarge it beside that one."
    with widgets.card("Attribution maps", reading, key="card-attributions"):
        headings, cells = _headings(found, by_layer), _cells(comparison, found, rows, look, by_layer)
        clicked = image_table(
            "attributions.table",
            headings,
            cells,
            selected=rows.index(selected) if selected in rows else None,
            lens=None if held is None else 1 + found.graphs.index(held),
            legend=legend(signed=look.maps != "magnitude", dark=widgets.dark()),
            label="Attribution maps, images down and models across",
        )
        _count_missing(found.graphs, rows)
        _pager(order, page)
        if held is not None:
            pair.draw(comparison, found, held)
    if clicked is not None:
        _answer(clicked, rows, found, by_layer)
    _enlarge(comparison, found, held, selected)
    named = [(heading.text, heading.note) for heading in headings]
    maps = [[(cell.image, cell.text) for cell in row] for row in cells]
    return partial(map_table, named, maps, dark=widgets.dark()), told.format("number")


def first_columns(ranked: Sequence[str]) -> list[str]:
    """Return the models shown at first: the reference, the most alike to it, and some evenly to the least alike."""
    near, rest = ranked[: 1 + NEAREST], ranked[1 + NEAREST :]
    return [*near, *(rest[place] for place in spread(len(rest), COLUMNS - len(near)))]


def name(graph: Graph, by_layer: bool) -> str:
    """Return what a graph's column is called."""
    return graph.layer if by_layer else short_name(graph.model)


def _headings(found: Agreement, by_layer: bool) -> list[Heading]:
    headings = [Heading("image")]
    for graph, mean in zip(found.graphs, found.means, strict=True):
        if graph is found.reference:
            headings.append(Heading(name(graph, by_layer), "reference", _told(graph.model, graph.label)))
        else:
            hint = graph.label if by_layer else _told(graph.model, f"Make {graph.model} the reference")
            headings.append(Heading(name(graph, by_layer), f"s_V {number(mean)}", hint, clickable=not by_layer))
    return headings


def _told(model: str, hint: str) -> str:
    """Return a heading's tooltip: what the network does, and what a click does."""
    return " ".join(filter(None, (cache.summary(model), hint)))


def _cells(
    comparison: Comparison, found: Agreement, rows: tuple[int, ...], look: Look, by_layer: bool
) -> list[list[Cell]]:
    """Return a row for each probe: the image itself, then its map in every graph."""
    probes = comparison.probes
    pictures = cache.overlays(
        probes,
        found.graphs,
        rows,
        dark=widgets.dark(),
        rooms_seed=selection.read(Data).rooms_seed,
        **look.painted,
    )
    cosines = [found.of(graph) for graph in found.graphs]
    cells = []
    for probe, line in zip(rows, pictures, strict=True):
        image = probes.names[probe]
        row = [Cell(cache.thumbnail(probes, probe, 112), image, f"Select {image}")]
        for graph, png, cosine in zip(found.graphs, line, cosines, strict=True):
            whose = name(graph, by_layer)
            if png is None:
                row.append(Cell(None, "", f"{whose} has no attribution for {image}", missing=True))
            elif graph is found.reference:
                row.append(Cell(png, "", f"{image} in {whose}"))
            else:
                agreement = number(cosine[probe])
                row.append(Cell(png, agreement, f"{image} in {whose}, agreement {agreement}", number=True))
        cells.append(row)
    return cells


def _answer(clicked: tuple[int, int], rows: tuple[int, ...], found: Agreement, by_layer: bool) -> None:
    """Select the image of the row, hold the map's graph against the reference, or take the heading's as reference."""
    row, column = clicked
    chosen = found.graphs[column - 1] if column else None
    if row < 0:
        if chosen is not None and not by_layer:
            selection.update(Pair, target=chosen.model)
        st.rerun()
    st.session_state[ENLARGED] = None if chosen is None else (chosen.model, chosen.layer)
    if chosen is None or chosen is found.reference:
        selection.update(Pair, probe=rows[row])
    else:
        pair.choose(chosen, found.reference, rows[row], by_layer)
    st.rerun()


def _enlarge(comparison: Comparison, found: Agreement, held: Graph | None, probe: int) -> None:
    """Enlarge what was just clicked: a map beside the reference's, the reference's alone; of an image both."""
    if ENLARGED not in st.session_state or probe >= len(found.reference):
        return
    clicked, reference = st.session_state.pop(ENLARGED), found.reference
    if held is None or clicked == (reference.model, reference.layer):
        closeup.closeup(comparison, probe, (reference,))
    else:
        closeup.closeup(comparison, probe, (held, reference), found.of(held)[probe])


def _count_missing(graphs: Graphs, rows: tuple[int, ...]) -> None:
    """Explain the word "none" where it stands, and count it over all probes."""
    if any(graph.no_attribution[list(rows)].any() for graph in graphs):
        counts = [
            f"{text.plain(graph.label)}: {int(graph.no_attribution.sum())} of {len(graph)}"
            for graph in graphs
            if graph.no_attribution.any()
        ]
        st.caption(
            "**none**: no pixel changes this feature (its gradient is zero everywhere, as behind a dead ReLU). "
            "Such an image counts with cosine 0. " + " · ".join(counts)
        )


def _pager(order: tuple[int, ...], page: int) -> None:
    """Draw the steps through the probes, and the way to the selected one where it is elsewhere."""
    pages, probe = -(-len(order) // ROWS), selection.read(Pair).probe
    if pages < 2:
        return
    at = order.index(probe) // ROWS if probe in order else page
    with st.container(horizontal=True, vertical_alignment="center", key="attribution-pager"):
        for title, icon, step in (("Previous images", "chevron_left", -1), ("Next images", "chevron_right", 1)):
            st.button(
                f":material/{icon}:",
                key=f"attributions.step{step:+d}",
                help=title,
                disabled=not 0 <= page + step < pages,
                **selection.click(Attributions, page=page + step),
            )
        st.caption(f"{page * ROWS + 1} to {min((page + 1) * ROWS, len(order))} of {len(order)} images")
        if at != page:
            there = selection.click(Attributions, page=at)
            st.button("Go to the selected image", key="attributions.selected", **there)
