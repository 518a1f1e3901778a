"""What the Models page shows."""

from dataclasses import dataclass

from pages.shared.address import Part, choice

VIEWS = {"nodes": ("nodes s_V", "s_V"), "edges": ("edges s_E", "s_E"), "combined": ("combined S", "S")}


@dataclass(frozen=True)
class Models(Part):
    """Which of the similarities the matrix shows."""

    PAGE = "models"
    view: str = choice("combined", lambda: VIEWS)
