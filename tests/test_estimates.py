"""An estimate is said where it holds: a simulated clock knows how long the work really takes."""

import numpy as np
import pytest

from depara_core.estimates import Pace, estimate


@pytest.mark.parametrize(
    ("elapsed", "done", "total", "rest"),
    [(2, 1, 4, 6), (2, 4, 4, 0), (2, 5, 4, 0), (2, 0, 4, None), (2, 1, 0, None), (0.1, 1, 4, None)],
)
def test_what_is_left_at_the_mean_rate(elapsed, done, total, rest):
    assert estimate(elapsed, done, total) == rest


def told(steps):
    """(share done, estimate, what was really left) after each step of work that takes `steps` seconds a part."""
    pace, ends = Pace(), np.cumsum(steps)
    pace.report(0.0, 0, len(steps))
    for done, end in enumerate(ends, start=1):
        pace.report(float(end), done, len(steps))
        yield done / len(steps), pace.rest(float(end)), float(ends[-1] - end)


@pytest.mark.parametrize("parts", [10, 100, 2000])
@pytest.mark.parametrize("seed", range(3))
def test_on_a_quiet_machine_it_is_within_a_factor_of_one_and_a_half_after_a_fifth(parts, seed):
    steps = np.random.default_rng(seed).uniform(0.8, 1.2, parts)
    after = [(said, left) for share, said, left in told(steps) if 0.2 <= share < 1]
    assert after
    assert all(said is not None and left / 1.5 <= said <= 1.5 * left for said, left in after)


def test_it_is_silent_where_the_rate_has_changed():
    said = {round(share, 2): rest for share, rest, _ in told([1.0] * 40 + [10.0] * 60)}
    assert said[0.4] is not None
    assert said[0.45] is None
    assert said[0.95] is not None


def test_it_is_silent_once_the_time_it_said_is_over():
    pace = Pace()
    for done in range(8):
        pace.report(float(done), done, 10)
    assert pace.rest(7.0) == pytest.approx(3)
    assert pace.rest(9.0) == pytest.approx(1)
    assert pace.rest(11.0) is None


def test_a_new_stage_begins_anew():
    pace = Pace()
    for done in range(8):
        pace.report(float(done), done, 10)
    pace.report(8.0, 0, 500)
    assert pace.rest(8.0) is None
    pace.report(9.0, 0, 0)
    assert pace.rest(9.0) is None
