"""What the verdict on the Evaluate page hangs on: lambda, the number of probes, and which images they are."""

import streamlit as st

from depara_core.figures import sensitivity
from pages import _charts, _material, _measured, _state, _widgets
from pages._measured import View

lambda_sweep = _charts.kept(sensitivity.lambda_sweep)
probe_convergence = _charts.kept(sensitivity.probe_convergence)
probe_sets = _charts.kept(sensitivity.probe_sets)


def card(view: View) -> None:
    """Draw the figures of DEPARA over lambda, over the number of probes, and over sets of probes."""
    reading = (
        "Figures of DEPARA, mean over targets. Click a point: its figure, and its λ, are taken for the whole page."
    )
    with _widgets.card("What the verdict hangs on", reading, key="sensitivity"):
        _draw(view)


def _over_lambda(place: _charts.Place) -> None:
    _state.update(figure=str(place[0]), lam=float(place[1]), metric="depara")


def _chosen(place: _charts.Place) -> None:
    _state.update(figure=str(place[0]), metric="depara")


def _draw(view: View) -> None:
    job = _material.sweep(view.material, view.selection)
    columns = st.columns(3 if job.state == "done" else [1, 2])
    place, look = view.key, {"targets": view.targets, "dark": view.dark}
    with columns[0]:
        st.markdown("**λ**")
        st.caption("Flat is good: no tuning. Dotted: the λ in use.")
        picture = lambda_sweep(_measured.over_lambda(view.material, view.budget), view.lam, **look)
        _charts.chart(picture, f"evaluate.lambda.{place}", _over_lambda)
    if job.state != "done":
        with columns[1]:
            _widgets.progress_panel(job, again=lambda: _material.sweep(view.material, view.selection, again=True))
        return
    fewer, sets = _measured.swept(view.material, view.lam, view.budget, job.result)
    with columns[1]:
        st.markdown("**Number of probes**")
        st.caption("Flat is enough. Band: 5 to 95 % of the subsets.")
        _charts.chart(probe_convergence(fewer, **look), f"evaluate.probes.{place}", _chosen)
    with columns[2]:
        st.markdown("**Which images**")
        st.caption("At one height: the images do not matter.")
        _charts.chart(probe_sets(sets, **look), f"evaluate.sets.{place}", _chosen)
