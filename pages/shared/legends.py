"""What the colours of a picture mean: a scale between two words, or a few colours each with its words."""

from dataclasses import dataclass

from depara_core.figures.looks import look_colours
from depara_core.png import png_uri
from pages.shared import cache


@dataclass(frozen=True)
class Legend:
    """A colour scale from `low` to `high`."""

    image: bytes
    low: str
    high: str


@dataclass(frozen=True)
class Key:
    """Colours with their meaning in words."""

    entries: tuple[tuple[str, str], ...]


def legend_data(legend: Legend | Key | None) -> dict[str, object] | None:
    """Return what the components are given of a legend."""
    if isinstance(legend, Legend):
        return {"image": png_uri(legend.image), "low": legend.low, "high": legend.high}
    return None if legend is None else {"entries": [list(entry) for entry in legend.entries]}


def look_key(first: str, second: str, *, dark: bool) -> Key:
    """Return the colours of where both networks look, only the first, only the second."""
    words = ("both look here", f"only {first}", f"only {second}")
    return Key(tuple(zip(look_colours(dark), words, strict=True)))


def legend(*, signed: bool, dark: bool) -> Legend:
    """Return the colour scale of attribution maps."""
    low, high = ("lowers the feature", "raises it") if signed else ("does not matter", "matters most")
    return Legend(cache.scale_bar(signed=signed, dark=dark), low, high)
