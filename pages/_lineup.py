"""What stands in the panorama: the pair under the lens, the probes drawn and those with maps, and what is not here."""

import numpy as np
import streamlit as st

import depara_core as depara
from depara_core import layouts, lessons
from depara_core.figures import networks
from pages import _state, _views, _widgets
from pages._shelf import Comparison

EXAMPLE = "rooms/normal"  # the target shown first, where it is among the models
ROWS = 5  # probes with their maps


def pair(models: tuple[str, ...], matrix: depara.SimilarityMatrix, lam: float) -> tuple[str, str]:
    """Return the pair under the lens: the selection's, else the target and the model most alike to it."""
    selection = _state.read()
    goals = (selection.b, selection.target, EXAMPLE, *models)
    b = next(model for model in goals if model in models and (model != selection.a or model == selection.b))
    if selection.a in models and selection.a != b:
        return selection.a, b
    scores = np.where(np.array(models) == b, -np.inf, matrix.total(lam)[models.index(b)])
    return models[int(scores.argmax())], b


def fallbacks(comparison: Comparison, chosen: tuple[str, str]) -> None:
    """Tell what the address names that is not here, and what is shown in its place."""
    selection, count = _state.read(), len(comparison.probes)
    wrong = [
        (asked, "model", f"{used} is shown")
        for asked, used in zip((selection.a, selection.b), chosen, strict=True)
        if asked and asked not in comparison.models
    ]
    wrong += [(model, "model", "it has no column") for model in selection.shown if model not in comparison.models]
    layers = {spec.id: spec.layers for spec in comparison.specs}
    wrong += [
        (layer, f"layer of {model}", "this page shows the output of every model")
        for layer, model in zip((selection.layer_a, selection.layer_b), chosen, strict=True)
        if layer != "output" and layer not in layers[model]
    ]
    wrong += [
        (str(index), "probe", f"there are {count}, from 0 to {count - 1}")
        for index in (selection.probe, selection.other)
        if index is not None and index >= count
    ]
    for asked, what, used in wrong:
        st.warning(_widgets.plain(f"The address names {asked!r}, which is no {what} here; {used}."),
                   icon=":material/link_off:")  # fmt: skip


def ends(count: int) -> tuple[int, int | None]:
    """Return the selected probe and, of a pair, the other, within the set."""
    selection = _state.read()
    probe, other = min(selection.probe, count - 1), selection.other
    return probe, None if other is None or other >= count or other == probe else other


def drawings(graphs: _views.Graphs) -> list[layouts.Drawing]:
    """Return each graph's drawing: one sample of the probes for all, and the selected ones where they are not in it."""
    selection, count = _state.read(), len(graphs[0])
    sample = tuple(map(int, layouts.choose_probes(graphs[0], min(selection.drawn, networks.MAX_THUMBNAILS))))
    neighbours = min(selection.neighbours, 12)
    chosen = [probe for probe in ends(count) if probe is not None]
    return [
        layouts.add(drawing, graph, chosen, neighbours=neighbours)
        for graph, drawing in zip(graphs, _views.panorama(graphs, sample, neighbours), strict=True)
    ]


def rows(drawn: tuple[int, ...], chosen: tuple[int, int | None]) -> tuple[int, ...]:
    """Return the probes whose maps are shown: a spread of the drawn, and before it the selected ones not in it."""
    spread = [drawn[k] for k in lessons.spread(len(drawn), ROWS)]
    selected = {probe for probe in chosen if probe is not None}
    kept = [probe for probe in spread if probe in selected]
    room = ROWS - len(selected)
    kept += [probe for probe in spread if probe not in selected][:room]
    return (*sorted(selected - set(spread)), *sorted(kept))
