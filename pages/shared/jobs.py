"""What pages wait for: computed beside them, in the background, and kept in memory for all sessions.

    jobs.require(computation)      # the result; else its progress, or what went wrong, is drawn and the page stops
    jobs.wait(computation)         # the result, or None under the same panel: the page goes on
    jobs.find(computation)         # the result if it is in memory; starts nothing, waits for nothing

A computation's key follows from what is asked for, so a reload or a second tab finds the same job. The queue keeps
finished jobs up to a bound. What the page being drawn needs, this run or the last, its session holds besides: two
results that are larger than the bound together cannot drive each other out while one page shows both.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from depara_core.comparison import Comparison
from depara_core.errors import DeparaError
from depara_core.files import Progress
from depara_core.jobs import Job
from pages.shared import cache, consent, progress
from pages.shared.consent import Ask

PATIENCE_S = 0.6  # a page waits this long before it shows progress: results from the store come without a flicker
_HELD = "_jobs"
_LEFT = "_left"  # keys of jobs that this session waits for no longer
_BROWSER = "_streamlit_xsrf"  # a cookie that every browser is given, and keeps


@dataclass(frozen=True)
class Computation:
    """What is computed beside the pages: the key it is kept under, what it is called, what makes it, what it asks."""

    key: str
    label: str
    make: Callable[[Progress], Any]
    asks: tuple[Ask, ...] = ()  # what must be agreed to before it is begun

    def work(self, progress: Progress) -> Any:
        """Make it; a fault of ours is told in the terminal with its traceback, which no page shows."""
        try:
            return self.make(progress)
        except DeparaError:
            raise
        except Exception:
            logging.getLogger("depara").exception("Computing %s failed.", self.label)
            raise


def enter() -> None:
    """Begin a run of a page: what the one before the last needed is held no longer."""
    st.session_state[_HELD] = (_held()[1], {})


def find(computation: Computation) -> Any:
    """Return the result if it is in memory, else None."""
    job = current(computation)
    return job.result if job is not None and job.state == "done" else None


def current(computation: Computation) -> Job | None:
    """Return the job, if it was begun and is known; starts nothing."""
    before, now = _held()
    job = now.get(computation.key) or before.get(computation.key)
    if job is None or job.state != "done":
        job = cache.queue().get(computation.key) or job
    if job is not None:
        hold(job)
    return job


def hold(job: Job) -> None:
    """Keep a job's result as long as this page shows it, whatever else is computed."""
    _held()[1][job.key] = job


def begin(computation: Computation, *, again: bool = False) -> Job:
    """Start a computation, or attach to it; only `again` starts anew what failed or was cancelled.

    Sessions take turns. One that attaches to what still waits lends it its own turn.
    """
    job = current(computation)
    if again:
        _left().discard(computation.key)
    if job is None or job.state == "queued" or job.paused or (again and not job.wanted):
        turn = {"owner": _owner(), "watcher": _session()}
        job = cache.queue().submit(computation.key, computation.label, computation.work, **turn)
        hold(job)
    return job


def click(computation: Computation, *, again: bool = False) -> None:
    """Begin a computation, in the callback of a button."""
    begin(computation, again=again)


def leave(job: Job) -> None:
    """End this session's wait: the job ends where nobody else waits for it."""
    if not job.leave(_session()):
        _left().add(job.key)


def panel(job: Job, computation: Computation, *, key: str = "job") -> None:
    """Draw the progress of a computation, or what went wrong, with the ways on."""
    progress.panel(
        job,
        lambda: click(computation, again=True),
        partial(leave, job),
        partial(_ahead, job),
        left=job.key in _left(),
        key=key,
    )


def _ahead(job: Job) -> tuple[Job, ...]:
    """Return what is done before a job, and say that this session still waits for it."""
    job.watch(_session())
    return cache.queue().ahead(job)


def offer(computation: Computation, label: str, *, key: str) -> Any:
    """Return the result where it is at hand; else follow the computation, or offer to begin it: nobody asked yet."""
    if current(computation) is not None:
        return wait(computation, key=key)
    st.button(label, key=f"{key}-begin", on_click=click, args=(computation,), icon=":material/play_arrow:")
    return None


def so_far(computation: Computation) -> Any:
    """Return what a computation that runs has shown of itself (`depara_core.jobs.publish`), or None."""
    job = current(computation)
    return None if job is None else job.partial


def wait(computation: Computation, *, key: str = "job", before: Callable[[], object] = lambda: None) -> Any:
    """Return the result, or draw the progress (or what went wrong) and return None.

    `before` draws what stands above the progress; `key` tells the panels of one page apart.
    """
    asks = consent.missing(computation.asks)
    if asks and current(computation) is None:
        before()
        consent.card(asks)
        return None
    left = computation.key in _left()
    job = (current(computation) if left else None) or begin(computation)
    if not left:
        job.wait(PATIENCE_S if job.partial is None else 0, watcher=_session())
    if job.state == "done":
        return job.result
    before()
    panel(job, computation, key=key)
    return None


def require(computation: Computation, *, before: Callable[[], object] = lambda: None) -> Any:
    """Return the result, or draw the progress (or what went wrong) and stop the page here."""
    result = wait(computation, before=before)
    if result is None:
        st.stop()
    return result


def finished(prefix: str) -> list[Job]:
    """Return the jobs in memory that are done and whose keys begin so, the newest first."""
    before, now = _held()
    known = {job.key: job for job in (*now.values(), *before.values(), *cache.queue().jobs())}
    found = [job for job in known.values() if job.state == "done" and job.key.startswith(prefix)]
    return sorted(found, key=lambda job: -job.ended)


def pace() -> float | None:
    """Return pixels a second over all runs in memory that computed something, or None: a single run may be odd."""
    runs = [job for job in cache.queue().jobs() if isinstance(job.result, Comparison) and job.done > 1]
    took = sum(job.elapsed_s for job in runs)
    return sum(map(_pixels, runs)) / took if took > 1 else None


def _pixels(job: Job) -> float:
    """Return the pixels that a run read: those of the probes of models that it computed, not found in the store."""
    found: Comparison = job.result
    every = len(found.specs) * len(found.probes)
    return found.pixels * min(1.0, job.done / every)


def _owner() -> str:
    """Return who asks: the browser, as its cookie tells, so that a reload or a second tab is nobody else."""
    cookie = st.context.cookies.get(_BROWSER)
    return hashlib.sha256(cookie.encode()).hexdigest() if isinstance(cookie, str) else _session()


def _session() -> str:
    """Return who waits: this tab, since another one of the same reader waits for itself."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def _left() -> set[str]:
    return st.session_state.setdefault(_LEFT, set())


def _held() -> tuple[dict[str, Job], dict[str, Job]]:
    """Return the jobs that the last run of this session's page needed, and those that this run does, by key."""
    return st.session_state.setdefault(_HELD, ({}, {}))
