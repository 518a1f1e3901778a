"""Do the reference's maps tell of the network at all? Its weights are shuffled, its pixels taken away; on request."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

import depara_core as depara
from depara_core.comparison import Comparison
from depara_core.figures import map_checks
from depara_core.files import Progress
from depara_core.formatting import number
from depara_core.pipeline.workload import workload
from pages.shared import charts, comparisons, consent, jobs, selection, text, widgets
from pages.shared.cache import Graph
from pages.shared.jobs import Computation
from pages.shared.parts import Data

READING = (
    "A map that stays when the weights are shuffled tells of the image, not of the network (Adebayo et al. 2018). Of a "
    "map that shows what the feature rests on, little is left without its strongest pixels, and much of them alone "
    "(Petsiuk et al. 2018)."
)
STAGES = 6  # the network itself and five shuffled ones
PASSES = 44  # forward passes of the curves


def card(comparison: Comparison, graph: Graph) -> None:
    """Offer both checks of a graph's maps, and draw what came of them."""
    if graph.edges_only:
        return
    with widgets.card(f"Do the maps of {text.model(graph.model)} tell of it?", READING, key="card-checks"):
        left, right = st.columns(2)
        with left:
            _offer(comparison, graph, "sanity", "Shuffle its weights", depara.sanity_check, STAGES, _sanity)
        with right:
            _offer(comparison, graph, "curves", "Take its pixels away", depara.perturbation_curves, PASSES, _curves)


def _offer(
    comparison: Comparison,
    graph: Graph,
    kind: str,
    label: str,
    check: Callable[..., Any],
    times: int,
    draw: Callable[[Comparison, Any], None],
) -> None:
    sought = _computation(comparison, graph, kind, check, times)
    missing = consent.missing(sought.asks)
    found = None if missing else jobs.offer(sought, label, key=f"attributions-{kind}")
    if missing:
        consent.card(missing)
    elif found is not None:
        draw(comparison, found)


def _computation(comparison: Comparison, graph: Graph, kind: str, check: Callable[..., Any], times: int) -> Computation:
    data = selection.read(Data)
    spec = next(one for one in comparison.specs if one.id == graph.model)
    asked = f"{comparisons.recipe(data)} {spec.id} {graph.layer}"
    key = f"{kind}-{hashlib.sha256(asked.encode()).hexdigest()[:24]}"
    asks = (*consent.of_opening([spec]), *consent.of_work(workload([spec] * times, len(comparison.probes))))
    make = partial(_check, check, spec, comparison, graph.layer, data.options)
    return Computation(key, f"checks of the maps of {text.model(spec.id)}", make, asks)


def _check(
    check: Callable[..., Any],
    spec: depara.ModelSpec,
    comparison: Comparison,
    layer: str,
    options: dict[str, Any],
    progress: Progress,
) -> Any:
    return check(spec, comparison.probes, layer=layer, **options, progress=progress, store=depara.Store())


def _sanity(comparison: Comparison, found: depara.SanityCheck) -> None:
    st.markdown(text.plain(found.sentence))
    charts.chart(
        map_checks.sanity_figure(found.stages, found.other_image, dark=widgets.dark()),
        f"attributions.sanity.{comparison.key[:12]}",
    )


def _curves(comparison: Comparison, found: depara.PerturbationCurves) -> None:
    areas = {name: number(area) for name, area in found.areas().items()}
    st.markdown(
        f"Mean area under the curves: pixels out **{areas['deletion']}** (at random {areas['random_deletion']}; less "
        f"is better), pixels in **{areas['insertion']}** (at random {areas['random_insertion']}; more is better)."
    )
    charts.chart(
        map_checks.perturbation_figure(found.to_frame(), dark=widgets.dark()),
        f"attributions.curves.{comparison.key[:12]}",
    )
