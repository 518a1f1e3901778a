"""What the verdict on the Evaluate page hangs on: lambda, the number of probes, and which images they are."""

import streamlit as st

from depara_core.figures import sensitivity
from pages.evaluate import material, measured
from pages.evaluate.measured import View
from pages.evaluate.selection import Evaluate
from pages.shared import charts, selection, widgets
from pages.shared.selection import Pair

lambda_sweep = charts.kept(sensitivity.lambda_sweep)
probe_convergence = charts.kept(sensitivity.probe_convergence)
probe_sets = charts.kept(sensitivity.probe_sets)


def card(view: View) -> None:
    """Draw the figures of DEPARA over lambda, over the number of probes, and over sets of probes."""
    reading = (
        "Figures of DEPARA, mean over targets. Click a point: its figure, and its λ, are taken for the whole page."
    )
    with widgets.card("What the verdict hangs on", reading, key="sensitivity"):
        _draw(view)


def _over_lambda(place: charts.Place) -> None:
    _chosen(place)
    selection.update(Pair, lam=float(place[1]))


def _chosen(place: charts.Place) -> None:
    selection.update(Evaluate, measure=str(place[0]), metric="depara")


def _draw(view: View) -> None:
    job = material.sweep(view.material, view.data)
    done = job.state == "done"  # asked once: it may end while this is drawn
    columns = st.columns(3 if done else [1, 2])
    place, look = view.key, {"targets": view.targets, "dark": view.dark}
    with columns[0]:
        st.markdown("**λ**")
        st.caption("Flat is good: no tuning. Dotted: the λ in use.")
        picture = lambda_sweep(measured.over_lambda(view.material, view.budget), view.lam, **look)
        charts.chart(picture, f"evaluate.lambda.{place}", _over_lambda)
    if not done:
        with columns[1]:
            widgets.progress_panel(job, again=lambda: material.sweep(view.material, view.data, again=True))
        return
    fewer, sets = measured.swept(view.material, view.lam, view.budget, job.result)
    with columns[1]:
        st.markdown("**Number of probes**")
        st.caption("Flat is enough. Band: 5 to 95 % of the subsets.")
        charts.chart(probe_convergence(fewer, **look), f"evaluate.probes.{place}", _chosen)
    with columns[2]:
        st.markdown("**Which images**")
        st.caption("At one height: the images do not matter.")
        charts.chart(probe_sets(sets, **look), f"evaluate.sets.{place}", _chosen)
