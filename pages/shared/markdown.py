"""Text from outside as markdown that shows it as it is; imports nothing, so that a page can speak while it starts."""

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$:&])")


def plain(text: str) -> str:
    """Return text that markdown shows as it is: file names and messages are data, never markup."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
