"""What stands in the panorama: the pair under the lens, the probes drawn and those with maps, and what is not here."""

import numpy as np
import streamlit as st

import depara_core as depara
from depara_core import drawings, tour
from depara_core.comparison import Comparison
from depara_core.figures import probe_graphs
from pages.panorama.selection import Panorama
from pages.shared import cache, selection, text, widgets
from pages.shared.cache import Graph, Graphs
from pages.shared.selection import Look, Pair

EXAMPLE = "rooms/normal"  # the target shown first, where it is among the models
ROWS = 5  # probes with their maps


def pair(models: tuple[str, ...], matrix: depara.SimilarityMatrix, lam: float) -> tuple[str, str]:
    """Return the pair under the lens: the selection's, else the target and the model most alike to it."""
    chosen = selection.read(Pair)
    goals = (chosen.target, EXAMPLE, *models)
    b = next(model for model in goals if model in models and (model != chosen.source or model == chosen.target))
    if chosen.source in models and chosen.source != b:
        return chosen.source, b
    scores = np.where(np.array(models) == b, -np.inf, matrix.total(lam)[models.index(b)])
    return models[int(scores.argmax())], b


def fallbacks(comparison: Comparison, chosen: tuple[str, str]) -> None:
    """Tell what the address names that is not here, and what is shown in its place."""
    asked_for, count = selection.read(Pair), len(comparison.probes)
    wrong = [
        (asked, "model", f"{used} is shown")
        for asked, used in zip((asked_for.source, asked_for.target), chosen, strict=True)
        if asked and asked not in comparison.models
    ]
    wrong += [
        (model, "model", "it has no column")
        for model in selection.read(Panorama).shown
        if model not in comparison.models
    ]
    layers = {spec.id: spec.layers for spec in comparison.specs}
    wrong += [
        (layer, f"layer of {model}", "this page shows the output of every model")
        for layer, model in zip((asked_for.source_layer, asked_for.target_layer), chosen, strict=True)
        if layer != "output" and layer not in layers[model]
    ]
    wrong += [
        (str(index), "probe", f"there are {count}, from 0 to {count - 1}")
        for index in (asked_for.probe, asked_for.other_probe)
        if index is not None and index >= count
    ]
    for asked, what, used in wrong:
        st.warning(
            text.plain(f"The address names {asked!r}, which is no {what} here; {used}."), icon=":material/link_off:"
        )


def ends(count: int) -> tuple[int, int | None]:
    """Return the selected probe and, of a pair, the other, within the set."""
    pair = selection.read(Pair)
    probe, other = min(pair.probe, count - 1), pair.other_probe
    return probe, None if other is None or other >= count or other == probe else other


def sample(graph: Graph) -> tuple[int, ...]:
    """Return the probes drawn in every graph, whatever is selected."""
    return tuple(map(int, drawings.choose_probes(graph, min(selection.read(Look).drawn, probe_graphs.MAX_THUMBNAILS))))


def graph_drawings(graphs: Graphs) -> list[drawings.Drawing]:
    """Return each graph's drawing: one sample of the probes for all, and the selected ones where they are not in it."""
    neighbours = min(selection.read(Look).neighbours, 12)
    chosen = [probe for probe in ends(len(graphs[0])) if probe is not None]
    return [
        drawings.add(drawing, graph, chosen, neighbours=neighbours)
        for graph, drawing in zip(
            graphs, cache.drawn_aligned(graphs, sample(graphs[0]), neighbours=neighbours), strict=True
        )
    ]


def spread(drawn: tuple[int, ...]) -> tuple[int, ...]:
    """Return the few of the drawn probes whose maps are shown, whatever is selected."""
    return tuple(drawn[k] for k in tour.spread(len(drawn), ROWS))


def rows(drawn: tuple[int, ...], chosen: tuple[int, int | None]) -> tuple[int, ...]:
    """Return the probes whose maps are shown: the spread, and in front of it the selected ones that are not in it."""
    few, selected = spread(drawn), {probe for probe in chosen if probe is not None}
    others = [probe for probe in few if probe not in selected][: ROWS - len(selected)]
    return (*sorted(selected - set(few)), *sorted({*others, *(selected & set(few))}))


def maps(probes: depara.ProbeSet, graphs: Graphs, shown: tuple[int, ...], size: int) -> list[list[bytes | None]]:
    """Return a row of PNGs for each probe; the scale is that of the spread, so that a new row leaves the others be."""
    chosen = selection.read(Look)
    look = {"signed": chosen.maps == "signed", "smooth": not chosen.sharp, "size": size}
    limit = cache.full_strength(graphs, spread(sample(graphs[0])), **look)
    look |= {"shared": chosen.scale == "shared", "opacity": chosen.opacity, "dark": widgets.dark()}
    return [cache.overlays(probes, graphs, (probe,), limit=limit, **look)[0] for probe in shown]
