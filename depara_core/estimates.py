"""How long work still takes, said only where it can be known."""

from dataclasses import dataclass, field

LEAST_SHARE = 0.1  # of a stage, before anything is said
LEAST_S = 0.5  # a rate measured over less is no rate
LEAST_REPORTS = 3  # one step may be an odd one
HOLDS = 1.5  # the rates of the whole and of its newest quarter may differ so much
MOST_MARKS = 64


def estimate(elapsed_s: float, done: int, total: int) -> float | None:
    """Return the seconds to go at the mean rate so far, or None while nothing can be said."""
    if done <= 0 or total <= 0 or elapsed_s < LEAST_S:
        return None
    return elapsed_s * max(total - done, 0) / done


@dataclass
class Pace:
    """The reports of one stage of work after the other, and what they say of the rest of the present one.

    Times are seconds of any one clock that stands while the work does. A stage ends where its total changes or its
    count falls.
    """

    total: int = 0
    marks: list[tuple[float, int]] = field(default_factory=list)  # (time, parts done), the first of the stage first

    def report(self, now: float, done: int, total: int) -> None:
        """Take a report: `done` of `total` parts by now."""
        if total != self.total or (self.marks and done < self.marks[-1][1]):
            self.total, self.marks = total, []
        if not self.marks or done > self.marks[-1][1]:
            self.marks.append((now, done))
        if len(self.marks) > MOST_MARKS:
            self.marks = [*self.marks[:-1:2], self.marks[-1]]

    def rest(self, now: float) -> float | None:
        """Return the seconds that the stage still takes, or None where its parts do not come evenly enough to tell.

        They do where the mean rates of its newer half and of its newest quarter differ by no more than `HOLDS`, and
        the next part is not overdue by as much as all that is left.
        """
        if self.total <= 0 or len(self.marks) < LEAST_REPORTS:
            return None
        (began, first), (last, done) = self.marks[0], self.marks[-1]
        if done >= self.total:
            return 0.0
        if last - began < LEAST_S or done - first < LEAST_SHARE * (self.total - first):
            return None
        rates = [self._rate(share) for share in (0.5, 0.25)]
        if max(rates) > HOLDS * min(rates):
            return None
        left = (self.total - done) / (sum(rates) / 2) - (now - last)
        return left if left > 0 else None

    def _rate(self, share: float) -> float:
        """Return parts a second over the newest share of what is done of the stage."""
        (_, first), (last, done) = self.marks[0], self.marks[-1]
        since, so_far = next(m for m in reversed(self.marks[:-1]) if m[1] <= done - share * (done - first))
        return (done - so_far) / max(last - since, 1e-9)
