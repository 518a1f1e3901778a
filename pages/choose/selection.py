"""What the Choose page compares candidates with."""

from dataclasses import dataclass

from pages.shared.address import Part, choice

AGAINST = {"labels": "Labels of the images", "network": "A trained network", "none": "Nothing"}


@dataclass(frozen=True)
class Choose(Part):
    """What tells which candidate is good, and whether their accuracy is measured too."""

    PAGE = "choose"
    against: str = choice("labels", lambda: AGAINST)
    measured: bool = False
