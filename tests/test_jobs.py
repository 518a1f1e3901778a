import threading
import time
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depara_core import jobs
from depara_core.errors import ModelError, OptionError
from depara_core.jobs import JobQueue, Tally, alone, give_way, publish


class Gate:
    """Work that reports and then waits until the test opens it."""

    def __init__(self, result="result"):
        self.started, self.open, self.result = threading.Event(), threading.Event(), result

    def __call__(self, progress):
        progress(1, 4, "one of four")
        self.started.set()
        while not self.open.wait(0.01):
            progress(1, 4, "one of four")
        progress(4, 4, "all")
        return self.result


def test_a_job_runs_in_the_background_and_keeps_its_result():
    gate, queue = Gate(), JobQueue()
    job = queue.submit("k", "Label", gate)
    assert gate.started.wait(10)
    assert (job.state, job.label, job.done, job.total, job.message) == ("running", "Label", 1, 4, "one of four")
    assert not job.wait(0.01)
    assert job.result is None
    gate.open.set()
    assert job.wait(10)
    assert (job.state, job.result, job.error, job.done) == ("done", "result", None, 4)
    elapsed = job.elapsed_s
    time.sleep(0.02)
    assert job.elapsed_s == elapsed > 0
    assert job.eta_s is None


def test_the_same_key_attaches_again():
    gate, queue = Gate(), JobQueue()
    job = queue.submit("k", "first", gate)
    assert queue.submit("k", "second", pytest.fail) is job
    assert queue.get("k") is job
    gate.open.set()
    job.wait(10)
    assert queue.submit("k", "third", pytest.fail) is job
    assert queue.get("other") is None


def test_a_failed_job_keeps_its_error_and_can_be_tried_again():
    def fail(progress):
        raise ModelError("no such layer")

    queue = JobQueue()
    job = queue.submit("k", "label", fail)
    assert job.wait(10)
    assert job.state == "failed"
    assert isinstance(job.error, ModelError)
    again = queue.submit("k", "label", lambda progress: 7)
    assert again is not job
    assert again.wait(10)
    assert again.result == 7
    assert queue.jobs() == (again,)


def test_a_running_job_is_cancelled_at_its_next_report():
    gate, queue = Gate(), JobQueue()
    job = queue.submit("k", "label", gate)
    assert gate.started.wait(10)
    job.cancel()
    again = queue.submit("k", "label", lambda progress: "new")  # nobody is tied to work that is being stopped
    assert again is not job
    assert job.wait(10)
    assert (job.state, job.result, job.error) == ("cancelled", None, None)
    assert again.wait(10)
    assert again.result == "new"


def test_a_waiting_job_is_cancelled_at_once_and_never_runs():
    gate, queue = Gate(), JobQueue()
    first = queue.submit("a", "first", gate)
    waiting = queue.submit("b", "waiting", pytest.fail)
    assert (waiting.state, waiting.elapsed_s, waiting.eta_s) == ("queued", 0.0, None)
    waiting.cancel()
    assert waiting.state == "cancelled"
    assert waiting.finished
    gate.open.set()
    last = queue.submit("c", "last", lambda progress: "ran")
    assert last.wait(10)
    assert (first.state, waiting.state, last.result) == ("done", "cancelled", "ran")
    first.cancel()
    assert first.state == "done", "a finished job stays what it is"


def test_one_worker_runs_jobs_in_order_and_several_run_at_once():
    order, queue = [], JobQueue()
    jobs = [queue.submit(str(i), "label", lambda progress, i=i: order.append(i)) for i in range(5)]
    assert all(job.wait(10) for job in jobs)
    assert order == [0, 1, 2, 3, 4]
    barrier, pair = threading.Barrier(2), JobQueue(workers=2)
    both = [pair.submit(str(i), "label", lambda progress: barrier.wait(10) is not None) for i in range(2)]
    assert all(job.wait(10) and job.result is True for job in both)


def test_the_estimate_is_that_of_the_stage_and_paused_time_does_not_count(monkeypatch):
    now, estimates = [100.0], []
    monkeypatch.setattr("depara_core.jobs.time.monotonic", lambda: now[0])

    def work(progress):
        for done in range(5):
            progress(done, 10, "")
            estimates.append(job.eta_s)
            now[0] += 2
        with job.standing():
            now[0] += 1000  # another job had its turn
        progress(5, 10, "")
        estimates.append(job.eta_s)
        progress(0, 3, "another stage")
        estimates.append(job.eta_s)

    queue, ready = JobQueue(), threading.Event()
    job = queue.submit("k", "label", lambda progress: ready.wait(10) and work(progress))
    ready.set()
    assert job.wait(10)
    assert estimates == [None, None, *map(pytest.approx, (16, 14, 12, 10)), None]
    assert job.elapsed_s == 10


def hold(queue):
    """Occupy the one worker, so that what is submitted next waits; returns the gate that opens it."""
    gate = Gate()
    queue.submit("held", "held", gate, owner="nobody")
    assert gate.started.wait(10)
    return gate


def test_owners_take_turns_and_one_owner_s_jobs_keep_their_order():
    order, queue = [], JobQueue()
    gate = hold(queue)
    asked = [("a", f"a{i}") for i in range(4)] + [("b", "b0"), ("b", "b1"), ("c", "c0")]
    jobs = [queue.submit(key, key, lambda progress, key=key: order.append(key), owner=owner) for owner, key in asked]
    assert order == []
    gate.open.set()
    assert all(job.wait(10) for job in jobs)
    assert order == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]


def test_who_attaches_to_a_waiting_job_lends_it_a_turn():
    order, queue = [], JobQueue()
    gate = hold(queue)
    jobs = [queue.submit(f"a{i}", "", lambda progress, i=i: order.append(f"a{i}"), owner="a") for i in range(3)]
    for _ in range(2):  # a page asks on every run
        assert queue.submit("a2", "", pytest.fail, owner="b") is jobs[2]
    gate.open.set()
    assert all(job.wait(10) for job in jobs)
    last = queue.submit("last", "", lambda progress: order.append("last"), owner="a")
    assert last.wait(10)
    assert order == ["a0", "a2", "a1", "last"], "and it ran once"


def test_a_cancelled_job_has_let_go_of_everything_when_it_ends():
    class Large:
        pass

    released = threading.Event()

    def work(progress):
        large = Large()
        weakref.finalize(large, released.set)
        while True:
            progress(1, 2, "half")
            time.sleep(0.01)

    queue = JobQueue()
    gate = hold(queue)
    job = queue.submit("k", "label", work)
    real, at_end = job._close, []
    job._close = lambda *given: (at_end.append(released.is_set()), real(*given))
    gate.open.set()
    while job.done == 0:
        time.sleep(0.01)
    job.cancel()
    assert job.wait(10)
    assert at_end == [True]


def test_a_cancelled_job_takes_no_turn():
    order, queue = [], JobQueue()
    gate = hold(queue)
    first, second = (queue.submit(key, "", lambda progress, key=key: order.append(key), owner="a") for key in "xy")
    other = queue.submit("z", "", lambda progress: order.append("z"), owner="b")
    first.cancel()
    gate.open.set()
    assert second.wait(10)
    assert other.wait(10)
    assert sorted(order) == ["y", "z"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=25))
@settings(max_examples=30)
def test_every_job_runs_once_whoever_asks(asked):
    ran, queue = [], JobQueue()
    gate = hold(queue)
    jobs = [
        queue.submit(str(number), "", lambda progress, number=number: ran.append(number), owner=owner)
        for owner, number in asked
    ]
    gate.open.set()
    assert all(job.wait(10) for job in jobs)
    assert sorted(ran) == sorted({number for _, number in asked})


def test_a_tally_tells_how_long_a_part_still_takes(monkeypatch):
    now, seen = [100.0], []
    monkeypatch.setattr("depara_core.jobs.time.monotonic", lambda: now[0])
    tally = Tally(lambda *report: seen.append(report), 30)
    part = tally.part()
    part(0, 10, "a: 0 of 10")
    now[0] += 20
    part(4, 10, "a: 4 of 10")
    tally.close(10, computed=True, message="a")
    tally.close(10, computed=False, message="b was there")
    now[0] += 80
    part = tally.part()  # a slower one has a clock of its own
    now[0] += 60
    part(1, 10, "c: 1 of 10")
    part(10, 10, "c: 10 of 10")
    assert seen == [
        (0, 30, "a: 0 of 10"),
        (4, 30, "a: 4 of 10, 30 s to go"),
        (10, 30, "a"),
        (10, 20, "b was there"),
        (11, 20, "c: 1 of 10, 9 min to go"),
        (20, 20, "c: 10 of 10"),
    ]


def test_one_key_one_thread_at_a_time_also_after_an_error():
    inside, waits = [], []

    def work(progress):
        with alone("k", lambda: waits.append(1)):
            inside.append(1)
            assert len(inside) == 1
            time.sleep(0.3)
            inside.pop()
            raise ValueError("after its work")

    queue = JobQueue(workers=3)
    jobs = [queue.submit(str(i), "", work) for i in range(3)]
    assert all(job.wait(10) for job in jobs)
    assert [str(job.error) for job in jobs] == ["after its work"] * 3
    assert waits
    with alone("k", pytest.fail), alone("other", pytest.fail):
        pass


def test_only_the_latest_finished_jobs_are_remembered():
    queue = JobQueue(capacity=2)
    for i in range(5):
        assert queue.submit(str(i), "label", lambda progress: None).wait(10)
    assert [job.key for job in queue.jobs()] == ["4", "3"]


def test_results_are_remembered_up_to_a_bound_and_larger_ones_are_held_by_who_waits():
    queue = JobQueue(capacity=100, size=lambda result: len(result or ""))

    def made(key, length):
        job = queue.submit(key, "", lambda progress: "x" * length)
        assert job.wait(10)
        return job

    made("a", 40), made("b", 40)
    assert queue.get("a") is not None, "used again"
    made("c", 40)
    assert [job.key for job in queue.jobs()] == ["c", "a"], "the least recently used went"
    large = made("d", 101)
    assert len(large.result) == 101
    assert queue.get("d") is None
    assert [job.key for job in queue.jobs()] == ["c", "a"], "nothing went for what does not fit anyway"


def test_a_result_that_nobody_holds_is_let_go():
    class Large:
        pass

    queue = JobQueue(capacity=10, size=lambda result: 11 if isinstance(result, Large) else 1)
    released = threading.Event()

    def work(progress):
        large = Large()
        weakref.finalize(large, released.set)
        return large

    assert queue.submit("k", "", work).wait(10)
    assert released.wait(10)


@pytest.mark.parametrize("fault", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_job_that_ends_its_thread_leaves_the_worker_to_the_next(fault):
    def leave(progress):
        raise fault

    queue = JobQueue()
    job = queue.submit("k", "", leave)
    assert job.wait(10)
    assert (job.state, job.error) == ("failed", fault)
    after = queue.submit("after", "", lambda progress: "ran")
    assert after.wait(10)
    assert after.result == "ran"


def test_a_failed_job_lets_go_of_what_its_work_held():
    def fail(progress):
        large = bytearray(10)
        raise ValueError(len(large))

    job = JobQueue().submit("k", "label", fail)
    assert job.wait(10)
    frames, step = [], job.error.__traceback__
    while step is not None:
        frames.append(step.tb_frame)
        step = step.tb_next
    assert [frame for frame in frames if "large" in frame.f_locals] == []
    assert not hasattr(job, "_work")


def test_a_cancelled_job_is_stopping_until_its_next_report():
    reached, go_on = threading.Event(), threading.Event()

    def work(progress):
        reached.set()
        go_on.wait(10)
        progress(1, 2, "half")

    job = JobQueue().submit("k", "label", work)
    assert reached.wait(10)
    assert not job.stopping
    job.cancel()
    assert job.stopping
    go_on.set()
    assert job.wait(10)
    assert (job.state, job.stopping) == ("cancelled", False)


def test_a_queue_needs_a_worker():
    with pytest.raises(OptionError, match="at least 1 worker"):
        JobQueue(workers=0)
    with pytest.raises(OptionError, match="capacity of 1"):
        JobQueue(capacity=0)


class Parts:
    """Work of several parts that gives way before each; a part waits until the test lets it go."""

    def __init__(self, count, log, name):
        self.count, self.log, self.name = count, log, name
        self.reached, self.let = [threading.Event() for _ in range(count)], [threading.Event() for _ in range(count)]

    def __call__(self, progress):
        for part in range(self.count):
            give_way()
            self.log.append(f"{self.name}{part}")
            self.reached[part].set()
            while not self.let[part].wait(0.01):
                progress(part, self.count, "waiting")
        return self.name


def leave(job):
    job._watched -= 10 * jobs.PATIENCE_S


def test_a_long_job_gives_way_between_its_parts_and_goes_on_where_it_was():
    log, queue = [], JobQueue()
    long, short = Parts(3, log, "long"), Parts(1, log, "short")
    first = queue.submit("long", "long", long, owner="a")
    assert long.reached[0].wait(10)
    first.slice_began -= 2 * jobs.SLICE_S
    second = queue.submit("short", "short", short, owner="b")
    for part in long.let:
        part.set()
    assert short.reached[0].wait(10)
    assert log == ["long0", "short0"]
    assert first.state == "running"
    assert first.paused
    short.let[0].set()
    assert second.wait(10)
    assert first.wait(10)
    assert log == ["long0", "short0", "long1", "long2"]
    assert (first.result, second.result) == ("long", "short")


def test_a_job_that_nobody_else_waits_for_beside_runs_on():
    log, queue = [], JobQueue()
    work = Parts(3, log, "p")
    for part in work.let:
        part.set()
    job = queue.submit("p", "p", work)
    leave(job)
    assert job.wait(10)
    assert log == ["p0", "p1", "p2"]


def test_what_nobody_waits_for_goes_last():
    gate, queue, order = Gate(), JobQueue(), []
    running = queue.submit("gate", "gate", gate)
    assert gate.started.wait(10)
    gone = [queue.submit(f"gone{i}", "gone", lambda _, i=i: order.append(f"gone{i}"), owner=f"v{i}") for i in range(10)]
    for job in gone:
        leave(job)
    here = queue.submit("here", "here", lambda _: order.append("here"), owner="me")
    gate.open.set()
    assert here.wait(10)
    for job in (running, *gone):
        assert job.wait(10)
    assert order == ["here", *(f"gone{i}" for i in range(10))]


def test_an_abandoned_job_gives_way_at_once():
    log, queue = [], JobQueue()
    work = Parts(2, log, "gone")
    first = queue.submit("gone", "gone", work, owner="a")
    assert work.reached[0].wait(10)
    leave(first)
    second = queue.submit("here", "here", lambda _: log.append("here"), owner="b")
    for part in work.let:
        part.set()
    assert second.wait(10)
    assert first.wait(10)
    assert log == ["gone0", "here", "gone1"]


def test_who_looks_again_is_awaited_again():
    queue = JobQueue()
    gate = Gate()
    job = queue.submit("k", "k", gate)
    leave(job)
    assert not job.awaited
    queue.submit("k", "k", pytest.fail)
    assert job.awaited
    leave(job)
    job.watch()
    assert job.awaited
    gate.open.set()
    job.wait(10)


def test_a_job_that_gave_way_is_cancelled_at_once_and_the_others_go_on():
    log, queue = [], JobQueue()
    long, short = Parts(2, log, "long"), Parts(1, log, "short")
    first = queue.submit("long", "long", long, owner="a")
    assert long.reached[0].wait(10)
    first.slice_began -= 2 * jobs.SLICE_S
    second = queue.submit("short", "short", short, owner="b")
    long.let[0].set()
    assert short.reached[0].wait(10)
    first.cancel()
    assert first.wait(10)
    assert first.state == "cancelled"
    short.let[0].set()
    assert second.wait(10)
    assert queue.submit("next", "next", lambda _: "after").wait(10)
    assert log == ["long0", "short0"]


def test_too_many_abandoned_jobs_are_cancelled(monkeypatch):
    monkeypatch.setattr(jobs, "MOST_ABANDONED", 3)
    gate, queue = Gate(), JobQueue()
    queue.submit("gate", "gate", gate)
    assert gate.started.wait(10)
    gone = [queue.submit(str(i), "gone", lambda _: "done", owner=str(i)) for i in range(6)]
    for job in gone:
        leave(job)
    last = queue.submit("last", "last", lambda _: "done")
    assert [job.state for job in gone] == ["cancelled"] * 3 + ["queued"] * 3
    gate.open.set()
    assert last.wait(10)
    assert all(job.wait(10) for job in gone)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.booleans(), st.booleans()), max_size=8))
@settings(max_examples=30)
def test_every_job_ends_whatever_gives_way_leaves_or_is_cancelled(plan):
    log, queue, slice_s = [], JobQueue(), jobs.SLICE_S
    jobs.SLICE_S = 0
    try:
        begun = []
        for number, (owner, parts, leaves, cancels) in enumerate(plan):
            work = Parts(parts, log, f"{number}.")
            for part in work.let:
                part.set()
            job = queue.submit(str(number), "", work, owner=owner)
            if leaves:
                leave(job)
            if cancels:
                job.cancel()
            begun.append((job, parts, cancels))
        for number, (job, parts, cancels) in enumerate(begun):
            assert job._finished.wait(20)
            assert job.state in (("done", "cancelled") if cancels else ("done",))
            if job.state == "done":
                assert [entry for entry in log if entry.startswith(f"{number}.")] == [
                    f"{number}.{i}" for i in range(parts)
                ]
        assert queue.submit("after", "", lambda _: 1).wait(20)
    finally:
        jobs.SLICE_S = slice_s


def test_who_leaves_ends_their_own_wait_and_the_others_keep_the_job():
    gate, queue = Gate(), JobQueue()
    job = queue.submit("k", "label", gate, watcher="one")
    assert queue.submit("k", "label", pytest.fail, watcher="two") is job
    assert gate.started.wait(10)
    assert not job.leave("one")
    assert (job.stopping, job.wanted) == (False, True)
    assert job.leave("two")
    assert job.wait(10)
    assert job.state == "cancelled"


def test_who_has_not_looked_for_long_keeps_no_job():
    gate, queue = Gate(), JobQueue()
    job = queue.submit("k", "label", gate, watcher="gone")
    job.watch("here")
    job._watchers["gone"] -= 2 * jobs.ATTENTION_S
    assert job.leave("here")


def test_a_waiting_job_knows_what_is_done_before_it():
    queue, gate = JobQueue(), Gate()
    running = queue.submit("r", "runs", gate, owner="a")
    assert gate.started.wait(10)
    first, second = (queue.submit(key, key, lambda progress: "done", owner="a") for key in ("first", "second"))
    other = queue.submit("other", "other", lambda progress: "other", owner="b")
    assert queue.ahead(running) == ()
    assert queue.ahead(first) == (running,)
    assert queue.ahead(other) == (running, first)  # owners take turns
    assert queue.ahead(second) == (running, first, other)
    gate.open.set()
    assert all(job.wait(10) for job in (first, second, other))
    assert queue.ahead(second) == ()


def test_a_job_shows_what_it_has_so_far():
    queue, seen, go_on = JobQueue(), threading.Event(), threading.Event()

    def work(progress):
        publish({"rsa": 1})
        seen.set()
        go_on.wait(10)
        return {"rsa": 1, "cka": 2}

    job = queue.submit("k", "label", work)
    assert seen.wait(10)
    assert (job.partial, job.result) == ({"rsa": 1}, None)
    go_on.set()
    assert job.wait(10)
    assert job.result == {"rsa": 1, "cka": 2}
    publish("from no job")
