"""A job on a page: its stage and how long it takes, what it waits for, Cancel; or why it stopped, and a way on."""

from collections.abc import Callable, Sequence

import streamlit as st

from depara_core.formatting import duration
from depara_core.jobs import Job
from pages.shared import selection, text, widgets


def panel(
    job: Job,
    again: Callable[[], None],
    leave: Callable[[], None],
    ahead: Callable[[], Sequence[Job]] = tuple,
    *,
    left: bool = False,
    key: str = "job",
) -> None:
    """Draw a job that runs (its stage, how long, Cancel) or that stopped (why, and a way on); one key, one panel.

    `again` goes on with it, `leave` ends the reader's own wait, `ahead` tells what is done before it; `left`: the
    reader has ended the wait, and others may go on with theirs.
    """
    if job.state in ("queued", "running", "done") and not left:
        _watch(job, leave, ahead, job.partial, key)
        return
    with st.container(border=True, key=f"card-{key}"):
        if job.state == "failed":
            st.subheader("This could not be computed", anchor=False)
            st.error(text.plain(str(job.error)), icon=":material/error:")
        else:
            goes_on = job.state != "cancelled"
            st.subheader("You wait no longer" if goes_on else "Cancelled", anchor=False)
            others = "Somebody else waits for it too, so that it goes on."
            st.caption(others if goes_on else "What was already computed is kept: going on starts where this stopped.")
        with st.container(horizontal=True):
            label = "Try again" if job.state == "failed" else "Go on"
            st.button(label, key=f"{key}-again", on_click=again, type="primary")
            selection.link("setup", "Change the setup", icon=widgets.ICONS["setup"])


@st.fragment(run_every=0.5)
def _watch(job: Job, leave: Callable[[], None], ahead: Callable[[], Sequence[Job]], shown: object, key: str) -> None:
    """Follow a job; the page runs again when it ends, and when there is more of it than is `shown`."""
    before = ahead()
    if job.state not in ("queued", "running") or job.partial is not shown:
        st.rerun()  # the page takes less than a metric does
    with st.container(border=True, key=f"card-{key}"):
        st.subheader(f"Computing {text.plain(job.label)}", anchor=False)
        bar = st.empty()
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Cancel", key=f"{key}-cancel", disabled=job.stopping):
                leave()
                st.rerun()
            st.caption("Computed once, then kept. You can leave this page or close it: the work goes on.")
        bar.progress(min(1.0, job.done / job.total) if job.total else 0.0, text=_stage(job, before))


def _stage(job: Job, before: Sequence[Job]) -> str:
    """Say what a job does now and how long this stage still takes, or what it waits for and its place."""
    if job.stopping:
        return "Stopping"
    if job.state == "queued" or job.paused:
        if not before:
            return "Waiting for its turn"
        first = text.plain(before[0].label)
        return f"Waiting for {first}" + (f" and {len(before) - 1} more: place {len(before) + 1}" if before[1:] else "")
    eta = f" · about {duration(job.eta_s)} left" if job.eta_s is not None else ""
    return text.plain(job.message or "Starting") + eta
