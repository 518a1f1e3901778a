"""What the Attributions page shows."""

from dataclasses import dataclass

from pages.shared.address import Part, choice, number

VIEWS = {"models": "Models", "layers": "Layers of one model"}
SORTS = {"number": "By number", "least": "Least agreement first", "most": "Most agreement first"}


@dataclass(frozen=True)
class Attributions(Part):
    """What stands side by side, and which of the probes, in which order."""

    PAGE = "attributions"
    view: str = choice("models", lambda: VIEWS)
    shown: tuple[str, ...] = ()  # model ids; none: the page chooses
    sort: str = choice("number", lambda: SORTS)
    page: int = number(0, 0, 10**6)  # which batch of the probes
