"""Background jobs with progress, an estimate, cancelling and re-attaching; knows no user interface."""

import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import zip_longest
from typing import Any, Literal
from weakref import WeakValueDictionary

from cachetools import Cache, LRUCache

from depara_core.errors import Cancelled, OptionError
from depara_core.estimates import Pace, estimate
from depara_core.files import Progress
from depara_core.formatting import duration

State = Literal["queued", "running", "done", "failed", "cancelled"]
Work = Callable[[Progress], Any]
HISTORY = 50  # finished jobs that are remembered, where nothing else is said
WAIT_S = 0.2  # between two looks at what another thread does
PATIENCE_S = 5  # a job that nobody has looked at for so long is abandoned
ATTENTION_S = 60  # who has looked within it keeps a job that another one leaves: a hidden tab looks seldom
SLICE_S = 3  # a job runs at least so long before it gives way
MOST_PAUSED = 4  # jobs that may have given way at once: they hold their images
MOST_ABANDONED = 20  # that wait; older ones are cancelled
_RUNNING = threading.local()  # the job of this thread, and how it gives way
_WORKING: "WeakValueDictionary[str, threading.Lock]" = WeakValueDictionary()
_GUARD = threading.Lock()


def give_way() -> None:
    """Let what others wait for go first, where this thread runs a job; called between two parts of long work.

    It returns when it is this job's turn again. Raises `Cancelled` where the job was cancelled meanwhile.
    """
    yielding = getattr(_RUNNING, "give_way", None)
    if yielding is not None:
        yielding()


def yielding(progress: Progress) -> Progress:
    """Return a progress callback that also gives way: for work that holds nothing which others need."""

    def report(done: int, total: int, message: str) -> None:
        progress(done, total, message)
        give_way()

    return report


def publish(partial: Any) -> None:
    """Show what this thread's job has so far to who waits for it; does nothing where this thread runs no job."""
    job = getattr(_RUNNING, "job", None)
    if job is not None:
        job.partial = partial


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
        self.partial: Any = None  # what there is before the result (`publish`)
        self.error: BaseException | None = None
        self._work = work
        self._lock = threading.Lock()
        self._cancelled, self._finished = threading.Event(), threading.Event()
        self._started = 0.0
        self._watched = time.monotonic()
        self._watchers: dict[str, float] = {}  # who looked, and when last
        self._pace, self._paused_s = Pace(), 0.0
        self.slice_began = 0.0  # by the monotonic clock
        self.paused = False  # gave way, and waits for its turn
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
    def awaited(self) -> bool:
        """Whether somebody has looked at the job a short time ago."""
        return time.monotonic() - self._watched < PATIENCE_S

    @property
    def elapsed_s(self) -> float:
        """Seconds that the work has taken, or took; those in which others had their turn do not count."""
        if not self._started:
            return 0.0
        return (self.ended or time.monotonic()) - self._started - self._paused_s

    @property
    def eta_s(self) -> float | None:
        """Seconds to go in the present stage; None where its parts do not come evenly enough to tell."""
        with self._lock:
            return self._pace.rest(self.elapsed_s) if self.state == "running" and not self.paused else None

    def cancel(self) -> None:
        """Ask the job to stop: at once if it waits, at its next report of progress if it runs."""
        self._cancelled.set()
        with self._lock:
            if self.state == "queued":
                self._end("cancelled")
                self._finished.set()

    def watch(self, watcher: str = "") -> None:
        """Say that somebody waits for the job; what nobody waits for goes last."""
        self._watched = self._watchers[watcher] = time.monotonic()

    def leave(self, watcher: str = "") -> bool:
        """Wait no longer; the job is cancelled where nobody else has looked at it lately. Return whether it is."""
        self._watchers.pop(watcher, None)
        since = time.monotonic() - ATTENTION_S
        if any(looked > since for looked in self._watchers.values()):
            return False
        self.cancel()
        return True

    def wait(self, timeout_s: int | float | None = None, *, watcher: str = "") -> bool:
        """Wait until the job has finished; False if the time ran out first."""
        self.watch(watcher)
        return self._finished.wait(timeout_s)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Let others have their turn: the job's own clock stands meanwhile."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._paused_s += time.monotonic() - began

    def run(self, remember: Callable[["Job"], None]) -> None:
        """Do the work in the calling thread, unless it was cancelled before; `remember` is called before who waits."""
        with self._lock:
            begun = self.state == "queued"
            if begun:
                self.state, self.message, self._started = "running", "starting", time.monotonic()
            self.slice_began = time.monotonic()
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

    def require_going_on(self) -> None:
        """Raise `Cancelled` where the job was cancelled."""
        if self._cancelled.is_set():
            raise Cancelled(f"{self.label} was cancelled.")

    def _report(self, done: int, total: int, message: str) -> None:
        self.require_going_on()
        with self._lock:
            self.done, self.total, self.message = done, total, message
            self._pace.report(self.elapsed_s, done, total)

    def _close(self, state: State, result: Any, error: BaseException | None) -> None:
        with self._lock:
            self.result, self.error = result, error
            self._end(state)

    def _end(self, state: State) -> None:
        self.state, self.ended = state, time.monotonic()
        del self._work  # it may hold models and images


class JobQueue:
    """Runs jobs in background threads, fairly between owners, and remembers finished ones with their results.

    Owners take turns; the jobs of one run in the order they came, and what nobody waits for any more goes last. So who
    asks for one thing waits, beside what runs, for at most one job of every other owner who waits. A long job gives way
    between its parts (`give_way`) and goes on where it was.
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
        self._threads = 0  # that serve; one whose job has given way does not

    def submit(self, key: str, label: str, work: Work, *, owner: str = "", watcher: str = "") -> Job:
        """Queue work(progress) for an owner, or return the job of the same key that waits, runs or is remembered.

        A failed or cancelled job of that key is replaced by a new one. Who asks for a job that waits lends it a turn.
        `watcher` is who waits for it (`Job.leave`).
        """
        with self._changed:
            job = self._known(key)
            if job is None or not job.wanted:
                job = self._unfinished[key] = Job(key, label, work)
            job.watch(watcher)
            if job.state == "queued" or job.paused:
                self._lanes.setdefault(owner, {})[key] = job
                self._changed.notify_all()
                self._start_thread()
            self._forget_abandoned()
        return job

    def get(self, key: str) -> Job | None:
        """Return the job of this key, if it is unfinished or remembered."""
        with self._changed:
            return self._known(key)

    def ahead(self, job: Job) -> tuple[Job, ...]:
        """Return what is done before a job that waits: what runs now, then what has an earlier turn."""
        with self._changed:
            running = [one for one in self._unfinished.values() if one.state == "running" and not one.paused]
            lanes = [list(lane.values()) for lane in self._lanes.values()]
            turns = [one for turn in zip_longest(*lanes) for one in turn if one is not None]
        order = list(dict.fromkeys(sorted(turns, key=lambda one: not one.awaited)))
        before = order[: order.index(job)] if job in order else []
        return tuple(one for one in (*running, *before) if one is not job)

    def jobs(self) -> tuple[Job, ...]:
        """Return the unfinished and the remembered jobs, the newest first; none counts as used."""
        with self._changed:
            finished = [Cache.__getitem__(self._finished, key) for key in self._finished]
            return tuple(reversed([*finished, *self._unfinished.values()]))

    def _known(self, key: str) -> Job | None:
        return self._unfinished.get(key) or self._finished.get(key)

    def _start_thread(self) -> None:
        if self._threads < self._workers:
            self._threads += 1
            threading.Thread(target=self._serve, name="depara-job", daemon=True).start()

    def _forget_abandoned(self) -> None:
        """Cancel what has waited longest of too many jobs that nobody waits for."""
        waiting = {job.key: job for lane in self._lanes.values() for job in lane.values() if not job.paused}
        abandoned = [job for job in waiting.values() if not job.awaited]
        for job in abandoned[: max(0, len(abandoned) - MOST_ABANDONED)]:
            job.cancel()

    def _serve(self) -> None:
        while self._serve_next():
            pass

    def _serve_next(self) -> bool:
        """Run the next job; False where this thread's turn is over: that of a job which had given way goes on."""
        job, resumed = self._next()
        if resumed:
            return False
        _RUNNING.give_way, _RUNNING.job = lambda: self._give_way(job), job
        try:
            job.run(self._remember)
        finally:
            _RUNNING.give_way = _RUNNING.job = None  # they hold the job, whose result may be large
        return not job.paused  # else it was cancelled while it waited

    def _give_way(self, job: Job) -> None:
        """Let this thread's job wait, and another thread serve, where somebody waits for another job."""
        job.require_going_on()
        with self._changed:
            paused = sum(one.paused for one in self._unfinished.values())
            others = any(one.awaited for lane in self._lanes.values() for one in lane.values())
            long_enough = time.monotonic() - job.slice_began > SLICE_S or not job.awaited
            if not others or not long_enough or paused >= MOST_PAUSED:
                return
            job.paused = True
            self._lanes.setdefault("", {})[job.key] = job
            self._lanes.move_to_end("")
            self._threads -= 1
            self._start_thread()
            with job.standing():
                while job.paused and not job.stopping:
                    self._changed.wait(WAIT_S)
            if job.paused:  # cancelled: another thread has its turn
                self._leave_lanes(job)
        job.require_going_on()

    def _next(self) -> tuple[Job, bool]:
        """Wait for a job, take the first awaited one, owners in turn, and tell whether it goes on in its own thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._lanes)
            places = [(owner, job) for owner, lane in self._lanes.items() for job in lane.values()]
            owner, job = next(((owner, job) for owner, job in places if job.awaited), places[0])
            self._lanes.move_to_end(owner)
            self._leave_lanes(job)
            resumed = job.paused
            if resumed:
                job.paused, job.slice_began = False, time.monotonic()
                self._changed.notify_all()
            return job, resumed

    def _leave_lanes(self, job: Job) -> None:
        for owner, lane in list(self._lanes.items()):
            if lane.get(job.key) is job:
                del lane[job.key]
            if not lane:
                del self._lanes[owner]

    def _remember(self, job: Job) -> None:
        with self._changed:
            if self._unfinished.get(job.key) is job:  # else a newer one has taken its place
                del self._unfinished[job.key]
                self._finished.pop(job.key, None)
                with suppress(ValueError):  # larger than all that may be remembered
                    self._finished[job.key] = job
