"""What the verdict on the Evaluate page hangs on: lambda, the number of probes, and which images they are."""

from typing import Any

import streamlit as st

from pages.evaluate import computed, sanity
from pages.evaluate.selection import Evaluate
from pages.evaluate.view import View
from pages.shared import charts, jobs, selection, widgets
from pages.shared.cache import evaluation as cache
from pages.shared.parts import Pair


def card(view: View) -> None:
    """Draw the ranking measures of DEPARA over lambda, over the number of probes, over sets of probes; and sanity."""
    reading = "Ranking measures of DEPARA, mean over targets. Click a point to take its measure and λ for the page."
    with widgets.card("What the verdict hangs on", reading, key="sensitivity"):
        _draw(view)
    sanity.card()


def _over_lambda(place: charts.Place) -> None:
    _chosen(place)
    selection.update(Pair, lam=float(place[1]))


def _chosen(place: charts.Place) -> None:
    selection.update(Evaluate, measure=str(place[0]), metric="depara")


def _draw(view: View) -> None:
    if not view.scored.graphs:
        st.caption("It needs the graphs of these models, and the committed scores are numbers alone.")
        scores = computed.scores(view.scored.benchmark, view.data)
        if jobs.current(scores) is None:
            jobs.offer(scores, "Compute them here", key="graphs")
        return
    sweep = computed.sweep(view.scored, view.data)
    waiting = jobs.find(sweep) is None
    columns = st.columns([1, 2] if waiting else 3)
    place = view.key
    look: dict[str, Any] = {"targets": view.targets, "dark": view.dark}
    with columns[0]:
        st.markdown("**λ**")
        st.caption("Flat is good: no tuning. Dotted: the λ in use.")
        picture = cache.lambda_sweep(cache.over_lambda(view.scored, view.budget), view.lam, **look)
        charts.chart(picture, f"evaluate.lambda.{place}", _over_lambda)
    with columns[1]:
        label = "Score fewer images, and other ones"
        found = jobs.offer(sweep, label, key="sweeps")
    if found is None:
        return
    if waiting:  # it came while the page waited: there is room for three now
        st.rerun()
    fewer, sets = cache.over_probes(view.scored, view.lam, view.budget, found)
    with columns[1]:
        st.markdown("**Number of images**")
        st.caption("Flat is enough. Band: 5 to 95 % of the subsets.")
        charts.chart(cache.probe_convergence(fewer, **look), f"evaluate.probes.{place}", _chosen)
    with columns[2]:
        st.markdown("**Which images**")
        st.caption("At one height: the images do not matter.")
        charts.chart(cache.probe_sets(sets, **look), f"evaluate.sets.{place}", _chosen)
