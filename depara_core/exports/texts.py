"""Names from outside, made fit for files: file names and model ids are data, whatever characters they hold."""

import re

_UNPRINTABLE = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """Return text on one line that XML 1.0 and UTF-8 can hold; what they cannot hold becomes "\ufffd"."""
    return _UNPRINTABLE.sub("\ufffd", " ".join(str(text).split()))


def slug(*parts: str) -> str:
    """Return a file name without a suffix from names, e.g. "rooms-normal-layers"."""
    joined = "-".join(parts)
    return re.sub(r"[^a-z0-9.@_]+", "-", joined.lower()).strip("-.")[:100] or "depara"
