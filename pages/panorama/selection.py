"""What the Panorama page shows."""

from dataclasses import dataclass

from pages.shared.address import Part


@dataclass(frozen=True)
class Panorama(Part):
    """Which models have a column."""

    PAGE = "panorama"
    shown: tuple[str, ...] = ()  # model ids; none: the page chooses
