"""What the Tour page shows."""

from dataclasses import dataclass

from pages.shared.address import Part, number

LAST = 12  # step


@dataclass(frozen=True)
class Tour(Part):
    """The step, and the six images it works on."""

    PAGE = "tour"
    step: int = number(1, 1, LAST)
    images: tuple[str, ...] = ()  # as numbers; none: six that contrast
    lecture: bool = False  # large, for a hall: keys turn the steps, and a code links to each
