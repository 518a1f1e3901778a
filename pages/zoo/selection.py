"""What the Zoo page searches, and for what."""

from dataclasses import dataclass

from pages.shared.address import Part, choice, number

LIKE = {"network": "A network", "labels": "Labels of the images", "table": "A table or embedding"}


@dataclass(frozen=True)
class Zoo(Part):
    """Which zoo is searched, for what, and which of its graphs are let pass."""

    PAGE = "zoo"
    folder: str = ""  # of the zoo; none: the one over the chosen images, beside the other results
    like: str = choice("network", lambda: LIKE)
    where: str = ""  # SQL over the zoo's columns
    most: int = number(10, 1, 200)  # networks found
