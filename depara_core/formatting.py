"""Numbers and names as people read them, one way each: for pages, figures, exports, reports and the command line."""

import math
import re
from collections.abc import Sequence
from typing import SupportsFloat

_UNPRINTABLE = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def number(value: SupportsFloat, digits: int = 2) -> str:
    """Write a number with a fixed count of decimals, a true minus, and no sign at zero: "−0.25"."""
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def score(value: SupportsFloat) -> str:
    """Write S or a part of it with two decimals, three where it is small, so that columns of scores align."""
    return number(value, _decimals(value))


def signed(value: SupportsFloat, digits: int | None = None) -> str:
    """Write a difference with its sign, and none at zero: "+0.25"; with as many decimals as a score unless told."""
    places = _decimals(value) if digits is None else digits
    rounded = round(float(value), places)
    return f"{rounded:+.{places}f}".replace("-", "−") if rounded else number(0, places)


def decimals_of_sum(*parts: SupportsFloat) -> int:
    """Return with how many decimals parts must be written so that the written ones add up to their written sum."""
    values = [float(part) for part in parts]
    whole = sum(values)
    holds = (n for n in range(_decimals(whole), 9) if round(sum(round(v, n) for v in values), n) == round(whole, n))
    return next(holds, 9)


def interval(low: SupportsFloat, high: SupportsFloat) -> str:
    """Write an interval of scores: "[0.66, 0.82]"."""
    return f"[{score(low)}, {score(high)}]"


def _decimals(value: SupportsFloat) -> int:
    return 3 if 0 < abs(float(value)) < 0.095 else 2


def significant(value: SupportsFloat) -> str:
    """Write a number of any size with three significant digits: "0.123", "−1.5", "19\u2009900"."""
    real = float(value)
    return (f"{real:.3g}" if abs(real) < 100 else f"{real:,.0f}".replace(",", "\u2009")).replace("-", "−")


def exact(value: SupportsFloat) -> str:
    """Write a number that has few decimals by itself, such as a lambda or a rank, in full: "0.25", "7.5"."""
    return f"{float(value) + 0.0:g}".replace("-", "−")


NOTHING = 1e-6  # of a sum that is no larger there are no per cent


def share_of(part: SupportsFloat, whole: SupportsFloat) -> str:
    """Write what a part adds to a sum, or takes from it, in per cent of its size: "+1.5 %"; of no sum, the part."""
    if abs(float(whole)) < NOTHING:
        return signed(part, 4)
    value = 100 * float(part) / abs(float(whole))
    small = 0 < abs(value) < 0.95
    return f"{signed(value, min(6, 1 - math.floor(math.log10(abs(value)))) if small else 1)} %"


def percent(share: SupportsFloat, digits: int = 0) -> str:
    """Write a share of a whole: "70 %"."""
    return f"{number(100 * float(share), digits)} %"


def megabytes(size: SupportsFloat) -> str:
    """Write a number of bytes: "1,234.5 MB"."""
    return f"{float(size) / 1e6:,.1f} MB"


def duration(seconds: SupportsFloat) -> str:
    """Write a time in words: "8 s", "3 min" or "1 h 20 min"."""
    whole = float(seconds)
    if whole < 90:
        return f"{max(1, round(whole))} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def counted(count: int, noun: str) -> str:
    """Write how many things of a kind there are: "1 model", "1,000 models"."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape: "512 × 7 × 7"; nothing where it is not known."""
    return " × ".join(map(str, shape))


def short_name(model: str) -> str:
    """Return a model's id without its source: "normal" of "rooms/normal"."""
    return model.split("/", 1)[-1]


def shorten(name: str, width: int) -> str:
    """Cut a name to `width` characters, keeping both ends, which are what tells two names apart."""
    text = " ".join(str(name).split())
    if len(text) <= width:
        return text
    head = width // 2
    return text[:head] + "…" + text[len(text) - (width - 1 - head) :]


def printable(text: str) -> str:
    """Return text on one line that XML 1.0 and UTF-8 can hold; what they cannot hold becomes "\ufffd"."""
    return _UNPRINTABLE.sub("\ufffd", " ".join(str(text).split()))


def slug(*parts: str) -> str:
    """Return a file name without a suffix from names, e.g. "rooms-normal-layers"."""
    joined = "-".join(parts)
    return re.sub(r"[^a-z0-9.@_]+", "-", joined.lower()).strip("-.")[:100] or "depara"
