"""What the Why page shows."""

from dataclasses import dataclass

from pages.shared.address import Part, choice, number

VIEWS = {
    "probes": "Images",
    "pairs": "Pairs",
    "groups": "Groups",
    "surfaces": "Surfaces",
    "places": "Where it knows",
    "leave_one_out": "One image less",
    "contrast": "A third model",
}
KINDS = {"both alike": "Both find these alike", "only A alike": "Only {a} does", "only B alike": "Only {b} does"}


@dataclass(frozen=True)
class Why(Part):
    """Which evidence is shown, and which part of it."""

    PAGE = "why"
    view: str = choice("probes", lambda: VIEWS)
    kind: str = choice("both alike", lambda: KINDS)  # of the pairs listed, where no box of ranks is brushed
    groups: tuple[str, ...] = ()  # of probes: the one or the two that are looked into
    page: int = number(0, 0, 10**6)  # of a list of probes: 0 both ends of the order, then one batch a page
