"""Background jobs with progress, an estimate, cancelling and re-attaching; knows no user interface."""

import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal
from weakref import WeakValueDictionary

from depara_core.errors import Cancelled, OptionError
from depara_core.files import Progress

State = Literal["queued", "running", "done", "failed", "cancelled"]
Work = Callable[[Progress], Any]
HISTORY = 50  # finished jobs that are remembered
ETA_AFTER_S = 0.5  # a rate measured over less is no rate
WAIT_S = 0.2  # between two looks at what another thread does
_WORKING: "WeakValueDictionary[str, threading.Lock]" = WeakValueDictionary()
_GUARD = threading.Lock()


def estimate(elapsed_s: float, done: int, total: int) -> float | None:
    """Return the seconds to go at the mean rate so far, or None while nothing can be said."""
    if done <= 0 or total <= 0 or elapsed_s < ETA_AFTER_S:
        return None
    return elapsed_s * max(total - done, 0) / done


def duration(seconds: float) -> str:
    """Return e.g. "8 s", "3 min" or "1 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def alone(key: str, waiting: Callable[[], None]) -> Iterator[None]:
    """Do the work of a key in one thread of this process at a time; who waits calls `waiting`, which may cancel."""
    with _GUARD:
        lock = _WORKING.setdefault(key, threading.Lock())
    while not lock.acquire(timeout=WAIT_S):
        waiting()
    try:
        yield
    finally:
        lock.release()


class Tally:
    """Progress of equal parts that must be done: a part that turns out to be done already leaves the total."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.finished = progress, total, 0

    def report(self, done: int, message: str) -> None:
        """Tell how much of the present part is done."""
        if self.progress is not None:
            nothing_left = self.total == 0
            self.progress(1 if nothing_left else self.finished + done, 1 if nothing_left else self.total, message)

    def part(self) -> Progress:
        """Start the clock of one part and return what follows it and tells how long that part still takes."""
        started = time.monotonic()

        def report(done: int, total: int, message: str) -> None:
            rest = estimate(time.monotonic() - started, done, total)
            self.report(done, f"{message}, {duration(rest)} to go" if rest else message)

        return report

    def close(self, count: int, *, computed: bool, message: str) -> None:
        """Tell that a part of `count` is finished, or take it out of the total."""
        if computed:
            self.finished += count
        else:
            self.total -= count
        self.report(0, message)


class Job:
    """One piece of work: read its state from any thread at any time."""

    def __init__(self, key: str, label: str, work: Work) -> None:
        self.key, self.label = key, label
        self.state: State = "queued"
        self.done, self.total, self.message = 0, 0, "waiting"
        self.result: Any = None
        self.error: Exception | None = None
        self._work = work
        self._lock = threading.Lock()
        self._cancelled, self._finished = threading.Event(), threading.Event()
        self._started = self._ended = 0.0

    @property
    def finished(self) -> bool:
        """Whether the job is done, failed or cancelled."""
        return self._finished.is_set()

    @property
    def stopping(self) -> bool:
        """Whether the job was cancelled and still runs."""
        return self._cancelled.is_set() and not self.finished

    @property
    def wanted(self) -> bool:
        """Whether the job has a result, or works towards one that nobody has cancelled."""
        return self.state == "done" or (self.state in ("queued", "running") and not self._cancelled.is_set())

    @property
    def elapsed_s(self) -> float:
        """Seconds since the work began, or that it took."""
        if not self._started:
            return 0.0
        return (self._ended or time.monotonic()) - self._started

    @property
    def eta_s(self) -> float | None:
        """Seconds to go at the mean rate so far; None while nothing can be said."""
        with self._lock:
            done, total = self.done, self.total
        return estimate(self.elapsed_s, done, total) if self.state == "running" else None

    def cancel(self) -> None:
        """Ask the job to stop: at once if it waits, at its next report of progress if it runs."""
        self._cancelled.set()
        with self._lock:
            if self.state == "queued":
                self._end("cancelled")

    def wait(self, timeout_s: int | float | None = None) -> bool:
        """Wait until the job has finished; False if the time ran out first."""
        return self._finished.wait(timeout_s)

    def run(self) -> None:
        """Do the work in the calling thread, unless it was cancelled before."""
        with self._lock:
            if self.state != "queued":
                return
            self.state, self.message, self._started = "running", "starting", time.monotonic()
        result, failure = None, None
        end: State = "done"
        try:
            result = self._work(self._report)
        except Cancelled as error:
            traceback.clear_frames(error.__traceback__)
            end = "cancelled"
        except Exception as error:  # noqa: BLE001  whatever went wrong belongs to whoever looks at the job
            traceback.clear_frames(error.__traceback__)  # they may hold models and images
            end, failure = "failed", error
        self._close(end, result, failure)  # when all is let go: who waited may leave the program, or need the memory

    def _report(self, done: int, total: int, message: str) -> None:
        if self._cancelled.is_set():
            raise Cancelled(f"{self.label} was cancelled.")
        with self._lock:
            self.done, self.total, self.message = done, total, message

    def _close(self, state: State, result: Any, error: Exception | None) -> None:
        with self._lock:
            self.result, self.error = result, error
            self._end(state)

    def _end(self, state: State) -> None:
        self.state, self._ended = state, time.monotonic()
        del self._work  # it may hold models and images
        self._finished.set()


class JobQueue:
    """Runs jobs in `workers` background threads (one a device: computing is not shared), fairly between owners.

    Owners take turns; the jobs of one run in the order they came. So who asks for one thing waits, beside what runs,
    for at most one job of every other owner, however many those have queued.
    """

    def __init__(self, workers: int = 1, history: int = HISTORY) -> None:
        if workers < 1 or history < 1:
            raise OptionError(f"Expected at least 1 worker and a history of 1 job; {workers} and {history} came.")
        self._workers, self._history = workers, history
        self._jobs: OrderedDict[str, Job] = OrderedDict()  # by key, oldest first
        self._lanes: OrderedDict[str, deque[Job]] = OrderedDict()  # by owner, whose turn it is first
        self._lock = threading.Lock()
        self._ready = threading.Semaphore(0)  # counts what stands in the lanes
        self._threads: list[threading.Thread] = []

    def submit(self, key: str, label: str, work: Work, *, owner: str = "") -> Job:
        """Queue work(progress) for an owner, or return the job of the same key that waits, runs or is done.

        A failed or cancelled job of that key is replaced by a new one. One that waits has the turns of both owners.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None or not job.wanted:
                job = Job(key, label, work)
                self._jobs.pop(key, None)
                self._jobs[key] = job
                self._forget()
            lane = self._lanes.setdefault(owner, deque())
            if job.state != "queued" or job in lane:
                return job
            lane.append(job)
            self._ready.release()
            if len(self._threads) < self._workers:
                thread = threading.Thread(target=self._serve, name=f"depara-job-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        return job

    def get(self, key: str) -> Job | None:
        """Return the job of this key, if it is remembered."""
        with self._lock:
            return self._jobs.get(key)

    def jobs(self) -> tuple[Job, ...]:
        """Return the remembered jobs, the newest first."""
        with self._lock:
            return tuple(reversed(self._jobs.values()))

    def _forget(self) -> None:
        finished = [key for key, job in self._jobs.items() if job.finished]
        for key in finished[: max(0, len(finished) - self._history)]:
            del self._jobs[key]

    def _serve(self) -> None:
        while True:
            self._ready.acquire()
            self._next().run()  # which does nothing where another owner's turn came first, or nobody waits any more

    def _next(self) -> Job:
        with self._lock:
            owner, lane = next(iter(self._lanes.items()))
            job = lane.popleft()
            self._lanes.move_to_end(owner)
            if not lane:
                del self._lanes[owner]
        return job
