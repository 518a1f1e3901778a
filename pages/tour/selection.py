"""What the Tour page shows."""

from dataclasses import dataclass

from pages.shared.address import Part, number

LAST = 12  # step


@dataclass(frozen=True)
class Tour(Part):
    """The step, and the six images it works on."""

    PAGE = "tour"
    step: int = number(1, 1, LAST)
    images: tuple[str, ...] = ()  # as numbers; none: a spread
