"""Background jobs with progress, an estimate, cancelling and re-attaching; knows no user interface."""

import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal
from weakref import WeakValueDictionary

from cachetools import Cache, LRUCache

from depara_core.errors import Cancelled, OptionError
from depara_core.files import Progress
from depara_core.formatting import duration

State = Literal["queued", "running", "done", "failed", "cancelled"]
Work = Callable[[Progress], Any]
HISTORY = 50  # finished jobs that are remembered, where nothing else is said
ETA_AFTER_S = 0.5  # a rate measured over less is no rate
WAIT_S = 0.2  # between two looks at what another thread does
_WORKING: "WeakValueDictionary[str, threading.Lock]" = WeakValueDictionary()
_GUARD = threading.Lock()


def estimate(elapsed_s: float, done: int, total: int) -> float | None:
    """Return the seconds to go at the mean rate so far, or None while nothing can be said."""
    if done <= 0 or total <= 0 or elapsed_s < ETA_AFTER_S:
        return None
    return elapsed_s * max(total - done, 0) / done


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
        self.error: BaseException | None = None
        self._work = work
        self._lock = threading.Lock()
        self._cancelled, self._finished = threading.Event(), threading.Event()
        self._started = 0.0
        self.ended = 0.0  # by the monotonic clock, seconds; 0 until then

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
        return (self.ended or time.monotonic()) - self._started

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
                self._finished.set()

    def wait(self, timeout_s: int | float | None = None) -> bool:
        """Wait until the job has finished; False if the time ran out first."""
        return self._finished.wait(timeout_s)

    def run(self, remember: Callable[["Job"], None]) -> None:
        """Do the work in the calling thread, unless it was cancelled before; `remember` is called before who waits."""
        with self._lock:
            begun = self.state == "queued"
            if begun:
                self.state, self.message, self._started = "running", "starting", time.monotonic()
        if begun:
            self._close(*self._outcome())  # when all is let go: who waited may leave the program, or need the memory
        remember(self)
        self._finished.set()

    def _outcome(self) -> tuple[State, Any, BaseException | None]:
        try:
            return "done", self._work(self._report), None
        except Cancelled as error:
            traceback.clear_frames(error.__traceback__)
            return "cancelled", None, None
        except BaseException as error:  # noqa: BLE001  who looks at the job is told; the worker has others to serve
            traceback.clear_frames(error.__traceback__)  # they may hold models and images
            return "failed", None, error

    def _report(self, done: int, total: int, message: str) -> None:
        if self._cancelled.is_set():
            raise Cancelled(f"{self.label} was cancelled.")
        with self._lock:
            self.done, self.total, self.message = done, total, message

    def _close(self, state: State, result: Any, error: BaseException | None) -> None:
        with self._lock:
            self.result, self.error = result, error
            self._end(state)

    def _end(self, state: State) -> None:
        self.state, self.ended = state, time.monotonic()
        del self._work  # it may hold models and images


class JobQueue:
    """Runs jobs in background threads, fairly between owners, and remembers finished ones with their results.

    Owners take turns; the jobs of one run in the order they came. So who asks for one thing waits, beside what runs,
    for at most one job of every other owner, however many those have queued.
    """

    def __init__(
        self, workers: int = 1, *, capacity: int = HISTORY, size: Callable[[Any], int] = lambda result: 1
    ) -> None:
        """Start no thread yet.

        Parameters
        ----------
        workers
            Threads, 1 or more: one a device, as computing is not shared.
        capacity
            How much finished jobs may take together, in the unit of `size`; the least recently used are forgotten
            first. A job that is larger by itself is known to those alone who hold it.
        size
            What a job's result takes.

        Raises
        ------
        OptionError
            For no worker, or no capacity.
        """
        if workers < 1 or capacity < 1:
            raise OptionError(f"Expected at least 1 worker and a capacity of 1; {workers} and {capacity} came.")
        least = -(-capacity // 1000)  # of a job without a result: their number has a bound too
        self._workers = workers
        self._unfinished: dict[str, Job] = {}
        self._finished: LRUCache[str, Job] = LRUCache(capacity, lambda job: max(least, size(job.result)))
        self._lanes: OrderedDict[str, dict[str, Job]] = OrderedDict()  # waiting jobs by owner, whose turn it is first
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []

    def submit(self, key: str, label: str, work: Work, *, owner: str = "") -> Job:
        """Queue work(progress) for an owner, or return the job of the same key that waits, runs or is remembered.

        A failed or cancelled job of that key is replaced by a new one. Who asks for a job that waits lends it a turn.
        """
        with self._changed:
            job = self._known(key)
            if job is None or not job.wanted:
                job = self._unfinished[key] = Job(key, label, work)
            if job.state == "queued":
                self._lanes.setdefault(owner, {})[key] = job
                self._changed.notify()
                if len(self._threads) < self._workers:
                    thread = threading.Thread(target=self._serve, name=f"depara-job-{len(self._threads)}", daemon=True)
                    self._threads.append(thread)
                    thread.start()
        return job

    def get(self, key: str) -> Job | None:
        """Return the job of this key, if it is unfinished or remembered."""
        with self._changed:
            return self._known(key)

    def jobs(self) -> tuple[Job, ...]:
        """Return the unfinished and the remembered jobs, the newest first; none counts as used."""
        with self._changed:
            finished = [Cache.__getitem__(self._finished, key) for key in self._finished]
            return tuple(reversed([*finished, *self._unfinished.values()]))

    def _known(self, key: str) -> Job | None:
        return self._unfinished.get(key) or self._finished.get(key)

    def _serve(self) -> None:
        while True:
            self._next().run(self._remember)  # and held no longer: its result may be large

    def _next(self) -> Job:
        """Wait for a job, and take the first one of the owner whose turn it is out of every lane it stands in."""
        with self._changed:
            self._changed.wait_for(lambda: self._lanes)
            owner = next(iter(self._lanes))
            job = next(iter(self._lanes[owner].values()))
            self._lanes.move_to_end(owner)
            for other, lane in list(self._lanes.items()):
                if lane.get(job.key) is job:
                    del lane[job.key]
                if not lane:
                    del self._lanes[other]
            return job

    def _remember(self, job: Job) -> None:
        with self._changed:
            if self._unfinished.get(job.key) is job:  # else a newer one has taken its place
                del self._unfinished[job.key]
                self._finished.pop(job.key, None)
                with suppress(ValueError):  # larger than all that may be remembered
                    self._finished[job.key] = job
