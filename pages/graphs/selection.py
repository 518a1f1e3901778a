"""What the Graphs page shows."""

from dataclasses import dataclass

from depara_core import layouts
from pages.shared.address import Part, choice

VIEWS = {"two": "Two networks", "one": "One network"}


@dataclass(frozen=True)
class Graphs(Part):
    """How many graphs are drawn, how, and with which probes."""

    PAGE = "graphs"
    view: str = choice("two", lambda: VIEWS)
    layout: str = choice("kamada_kawai", lambda: layouts.LAYOUTS)
    around: bool = True  # the probes most alike to the selected one, not a sample of all
